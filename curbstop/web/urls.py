"""Addresses: the doors are here, the rooms are the desk's."""

from allauth.account import views as account
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the office can reach its books, for a watchdog or a load balancer; it tells nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    # Sign in and out, and one's own password. No sign-up, no reset by mail: an administrator opens staff accounts.
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("api/v1/", include("curbstop.api.urls")),
    path("", include("curbstop.desk.urls")),
]
