"""The bills of a run as they were issued, for the printer and the drafts."""

from datetime import timedelta

import pytest

from curbstop.office.bills.issued import list_issued
from curbstop.records.payments.models import DepositDemand
from tests.books import account
from tests.office import requests
from tests.office.draft_town import BILLED, DUE, bill, raise_town

pytestmark = pytest.mark.django_db


def test_a_deposit_that_was_let_go_is_not_asked_for():
    raise_town()
    requests.people()
    requests.set_limits()
    of = account()
    bill(of)
    for n in (1, 2):
        DepositDemand.objects.create(
            account=of, document_id=900 + n, cents=5000, instalment=n, due_on=DUE, authority="FAQ", event_id=1
        )

    def issued():
        (one,) = list_issued(from_on=BILLED, until_on=BILLED + timedelta(1))
        return one.deposit_cents, one.asked_cents

    assert issued() == (10_000, 9_459 + 10_000)
    let_go = {"kind": "deposit_exception", "reason": "discretion", "words": "This once", "account_id": of.id}
    requests.approve(requests.ask(on=DUE, cents=7_000, **let_go), on=DUE)
    assert issued() == (3_000, 9_459 + 3_000)
