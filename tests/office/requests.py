"""People who ask and people who approve, and how: for tests of approvals."""

import base64

from curbstop.office import adjustments
from curbstop.office.adjustments import File
from tests.books import DAY, at_on, key, person, set_policy

LIMITS = [
    {"role": "supervisor", "up_to_cents": 25000, "per": "account", "days": 30},
    {"role": "finance_director"},
]
PDF = b"%PDF-1.7\n% a receipt of the plumber\n"
PNG = b"\x89PNG\r\n\x1a\n and a picture"


def people():
    person("clerk", "csr")
    person("supervisor", "supervisor")
    person("director", "finance_director")


def set_limits():
    set_policy("approval.limits", LIMITS)


def file(name="bill.pdf", body=PDF):
    return File(name, base64.b64encode(body).decode())


def ask(by="clerk", *, on=DAY, kind="adjust", reason="billing_error", evidence=None, words="", **inputs):
    return adjustments.request(
        key=key("ask"), by=person(by), at=at_on(on), kind=kind, inputs=inputs, reason=reason, on=on, words=words,
        evidence=(file(),) if evidence is None else evidence,
    )  # fmt: skip


def approve(request, by="supervisor", *, on=DAY, **more):
    id = getattr(request, "request_id", request)
    return adjustments.approve(**{"key": key("approve"), "by": person(by), "at": at_on(on), "request_id": id, "on": on,
                                  **more})  # fmt: skip


def refuse(request, by="supervisor", reason="no evidence", *, on=DAY):
    return adjustments.refuse(
        key=key("refuse"), by=person(by), at=at_on(on), request_id=request.request_id, reason=reason, on=on
    )


def withdraw(request, by="clerk", *, on=DAY):
    return adjustments.withdraw(key=key("withdraw"), by=person(by), at=at_on(on), request_id=request.request_id, on=on)
