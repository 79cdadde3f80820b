"""How long a sign-in lasts, who may make one, and what a browser may keep of a page."""

import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from curbstop.office import roster

SINCE, SEEN = "since", "seen"
NOTE_EVERY_SECONDS = 60  # one write a minute keeps the mark true enough and the session table quiet


class StaffAccounts(DefaultAccountAdapter):
    """Staff accounts are opened by an administrator: the sign-up door is shut."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> Any:
        """Nobody signs in under the name of somebody who is marked away today."""
        try:
            roster.refuse_absent(user_id=user.pk, at=timezone.now())
        except roster.Away as away:
            messages.error(request, str(away))
            return redirect("account_login")
        return super().pre_login(request, user, **more)


def idle_sign_out(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: end a sign-in idle for IDLE_MINUTES or as old as a working day; keep its pages out of every cache.

    A counter's screen faces the public and its chair is shared; a page that still opens by the back button after
    sign-out shows one customer's account to the next.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        if signed_in:
            _end_or_note(request.session, now=int(time.time()), request=request)
        response = get_response(request)
        if signed_in and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        return response

    return answer


def _end_or_note(session: Any, *, now: int, request: HttpRequest) -> None:
    since, seen = session.get(SINCE, now), session.get(SEEN, now)
    if now - seen > settings.IDLE_MINUTES * 60 or now - since > settings.SESSION_COOKIE_AGE:
        logout(request)
    elif SEEN not in session or now - seen >= NOTE_EVERY_SECONDS:
        session[SINCE], session[SEEN] = since, now
