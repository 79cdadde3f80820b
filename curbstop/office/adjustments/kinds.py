"""The kinds of request: one table. Another room adds a kind by a value here and a module of its own beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from curbstop.office._once import Refused
from curbstop.office.adjustments import (
    backbills,
    credits,
    deposit_exceptions,
    extension_exceptions,
    leaks,
    programmes,
    rebills,
    receipts,
    refunding,
    setting_off,
    transfers,
    writing_off,
)
from curbstop.office.adjustments.weighing import DEFAULT_LIMITS, Asked, Post, Weigh, Weighed, post_entries

COUNTER = frozenset({"csr", "supervisor", "finance", "finance_director"})
TILL = COUNTER | {"cashier"}
LISTS = frozenset({"supervisor", "finance", "finance_director"})
"""Who makes up a list of debts to write off."""


def accounts_in(inputs: Mapping[str, Any]) -> tuple[int, ...]:
    """The accounts that a request's inputs name, by the names that kinds use for them."""
    named = [inputs.get(name) for name in ("account_id", "from_account_id", "to_account_id")]
    return tuple(dict.fromkeys(id for id in named if isinstance(id, int)))


@dataclass(frozen=True)
class Kind:
    """A kind of request.

    :ivar says: what people call it
    :ivar act: of its transaction (``rules.ledger.recipes``)
    :ivar asks: roles that may ask for it
    :ivar limits: the policy of its limits; empty: no money is given away, so any second person with the right approves
    :ivar evidence: whether a file is needed
    :ivar reasons: code -> words
    :ivar weigh: what it comes to now; reads rows, writes nothing, raises ``Refused``
    :ivar post: posts what was weighed, once it is approved; returns the transactions
    :ivar lock: what an approval holds before the accounts (a drawer)
    :ivar accounts: whom a request of these inputs is about, before it is weighed
    :ivar letter: paragraphs for the customer once it is approved; None: no letter
    """

    name: str
    says: str
    act: str
    asks: frozenset[str]
    reasons: Mapping[str, str]
    weigh: Weigh
    post: Post = post_entries
    limits: str = DEFAULT_LIMITS
    evidence: bool = True
    accounts: Callable[[Mapping[str, Any]], tuple[int, ...]] = accounts_in
    letter: Callable[[Asked, Weighed], tuple[str, ...]] | None = None
    lock: Callable[[Asked], None] | None = None


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("adjust", "Adjustment", "adjust", COUNTER, credits.REASONS, credits.weigh_adjust),
        Kind(
            "waive", "Waiver of a fee or late charge", "waive", COUNTER, credits.WAIVE_REASONS, credits.weigh_waive,
            evidence=False,
        ),
        Kind(
            "leak", "Leak credit", "adjust", COUNTER, leaks.REASONS, leaks.weigh, letter=leaks.letter,
        ),
        Kind("transfer", "Transfer to another account", "move", COUNTER, transfers.REASONS, transfers.weigh_transfer),
        Kind(
            "services", "Transfer between services", "move", COUNTER, transfers.REASONS, transfers.weigh_services,
            limits="", evidence=False,
        ),
        Kind(
            "void", "Void of a receipt", "void", TILL, receipts.VOID_REASONS, receipts.weigh_void, receipts.post_void,
            limits="", evidence=False, accounts=receipts.accounts_of, lock=receipts.lock_till,
        ),
        Kind(
            "move_payment", "Payment moved to the right account", "move", TILL, receipts.MOVE_REASONS,
            receipts.weigh_move, receipts.post_move, limits="", accounts=receipts.accounts_of,
        ),
        Kind(
            "refund", "Refund", "refund", COUNTER, refunding.REASONS, refunding.weigh_refund, refunding.post_refund,
            evidence=False,
        ),
        Kind(
            "write_off", "Write-off", "write_off", LISTS, writing_off.REASONS, writing_off.weigh_write_off,
            writing_off.post_write_off, writing_off.LIMITS, evidence=False, accounts=writing_off.accounts_of,
        ),
        Kind(
            "rebill", "Cancel and rebill", "cancel", COUNTER, rebills.REASONS, rebills.weigh, rebills.post_rebill,
            accounts=rebills.accounts_of, letter=rebills.letter,
        ),
        Kind(
            "back_bill", "Back-bill", "charge", COUNTER, backbills.REASONS, backbills.weigh, backbills.post,
            evidence=False, letter=backbills.letter,
        ),
        Kind(
            "deposit_exception", "Exception to the deposit", "none", COUNTER, deposit_exceptions.REASONS,
            deposit_exceptions.weigh_exception, deposit_exceptions.post_exception, evidence=False,
        ),
        Kind(
            "programme", "Programme", "none", COUNTER, programmes.REASONS, programmes.weigh_programme,
            programmes.post_programme, limits="", letter=programmes.letter,
        ),
        Kind(
            "set_off", "Deposit set off after a petition", "apply_deposit", COUNTER, setting_off.REASONS,
            setting_off.weigh_set_off, setting_off.post_set_off, evidence=False,
        ),
        Kind(
            "extension_exception", "Extension as an exception", "none", COUNTER, extension_exceptions.REASONS,
            extension_exceptions.weigh_extension, extension_exceptions.post_extension, limits="", evidence=False,
        ),
    )
}  # fmt: skip
"""Every kind by its name."""


def kind_of(name: str) -> Kind:
    """A kind by its name. :raises Refused: there is none"""
    found = KINDS.get(name)
    if found is None:
        raise Refused(f"There is no request of the kind {name!r}; the kinds are {', '.join(KINDS)}.", field="kind")
    return found
