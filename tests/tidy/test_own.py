"""Nobody acts on his own account: every act that takes an account asks ``refuse_own``, or is listed with the reason."""

import ast

from tests.tidy.sources import here, python
from tests.tidy.test_acts import acts

NAMES = {"account_id", "account_ids", "accounts", "request_id"}
ASKS = ("refuse_own", "own_account")
HELPS_NOBODY = {
    "adjustments.withdraw": "takes back what one asked oneself",
    "autopay.allow": "a limit that the customer sets on his own drafts",
    "autopay.change": "the customer's own bank account",
    "autopay.end": "the customer's own bank account",
    "autopay.enrol": "the customer's own bank account",
    "bills.own": "names who looks after a finding",
    "cases.escalate": "a complaint that a supervisor answers",
    "cases.open": "a question that somebody answers; closing it asks",
    "cases.open_contact": "words of a call",
    "customers.attach": "a paper beside the account",
    "customers.confidential": "masks, and gives nothing",
    "customers.link": "says whose account it is",
    "customers.log_search": "keeps that somebody looked",
    "customers.note": "words on the timeline",
    "customers.unmask": "looks, for minutes, and the supervisor is told",
    "customers.view": "keeps that somebody looked",
    "deposits.accrue": "interest by the city's rate, for all",
    "ledger.charge": "asks for more, never for less",
    "payments.take": "asks it with the lock of the drawer (payments.taking)",
    "writeoffs.recall": "takes a list back from an agency; what is owed does not change",
}


def name_of(node: ast.FunctionDef) -> str:
    """The act's name, as the table of rights has it."""
    (call,) = [d for d in node.decorator_list if isinstance(d, ast.Call) and getattr(d.func, "id", "") == "act"]
    assert isinstance(call.args[0], ast.Constant)
    return str(call.args[0].value)


def unguarded(source: str) -> list[str]:
    """Acts of a module that take accounts, and ask nothing about whose they are."""
    return [
        name_of(node)
        for node in acts(ast.parse(source))
        if NAMES & {argument.arg for argument in node.args.kwonlyargs}
        if not any(word in ast.unparse(node) for word in ASKS)
    ]


def test_acts_on_accounts_ask_whose_they_are() -> None:
    found = {here(path): set(unguarded(path.read_text())) - set(HELPS_NOBODY) for path in python("curbstop/office")}
    assert {name: acts for name, acts in found.items() if acts} == {}


def test_the_list_is_current() -> None:
    found = {name for path in python("curbstop/office") for name in unguarded(path.read_text())}
    assert set(HELPS_NOBODY) <= found, "an act that asks now, or is gone, leaves the list"


def test_an_act_that_does_not_ask_is_found() -> None:
    bad = '@act("gifts.give")\ndef give(event: Acting, /, *, key, by, at, account_id: int):\n    lock(account_id)\n'
    assert unguarded(bad) == ["gifts.give"]
    assert unguarded(bad.replace("lock(account_id)", "refuse_own(by, [account_id])")) == []
