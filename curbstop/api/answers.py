"""What the JSON door answers: values, or what is wrong with which field and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.rules.faults import BadValue
from curbstop.rules.policies import NotSet


class Wrong(Exception):
    """A request that cannot be answered with values: status, what and why, and the field at fault."""

    def __init__(self, status: int, says: str, field: str = "") -> None:
        super().__init__(says)
        self.status = status
        self.says = says
        self.field = field


def said(values: Mapping[str, Any], status: int = 200) -> JsonResponse:
    """Values as JSON that nobody keeps a copy of."""
    return JsonResponse(dict(values), status=status, headers={"Cache-Control": "no-store"})


def answered(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turn what the office refuses into a status and a sentence; an act refused here is an event, as anywhere."""

    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except Wrong as wrong:
            return _error(wrong.status, wrong.says, wrong.field)
        except NotPermitted as no:
            return _error(403, str(no), "")
        except KeyReused as no:
            return _error(409, str(no), "Idempotency-Key")
        except BadValue as bad:
            return _error(422, str(bad), bad.field)
        except (Refused, NotSet) as no:
            return _error(409, str(no), getattr(no, "field", "") or "")

    answer.__name__ = getattr(view, "__name__", "answer")
    return answer


def _error(status: int, says: str, field: str) -> JsonResponse:
    return said({"error": {"says": says, "field": field}}, status=status)


def read(request: HttpRequest, fields: Mapping[str, type], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """The request's JSON object with exactly these fields; anything else in it is refused, not passed over.

    :raises Wrong: not JSON, a field missing, of another kind, or unknown
    """
    try:
        told = json.loads(request.body)
    except ValueError:
        raise Wrong(400, "The body is not JSON; send one object, as docs/reference/api.md shows.") from None
    if not isinstance(told, dict):
        raise Wrong(400, "The body is not an object; send one, as docs/reference/api.md shows.")
    for name in told:
        if name not in fields:
            raise Wrong(400, f"{name} is not taken here; send {', '.join(fields)}.", name)
    for name, kind in fields.items():
        if name not in told and name not in optional:
            raise Wrong(400, f"{name} is missing; send {', '.join(fields)}.", name)
        if name in told and not isinstance(told[name], kind):
            raise Wrong(400, f"{name} must be {kind.__name__}, not {type(told[name]).__name__}.", name)
    return told
