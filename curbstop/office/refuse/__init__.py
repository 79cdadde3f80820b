"""Refuse: carts, pickups, vouchers, dumpsters on call, and private haulers of businesses."""

from datetime import date

from curbstop.office.refuse.carts import (
    CartRow,
    CartsThere,
    bill_items,
    change,
    count_carts,
    follow_ground,
    list_carts,
    list_changes,
    refuse_carts,
)
from curbstop.office.refuse.clock import Reminded, Turned, remind_haulers, turn_haulers
from curbstop.office.refuse.dumpsters import (
    Called,
    CallRow,
    DumpsterThere,
    blocked,
    list_calls,
    list_dumpsters,
    move,
    pulled,
)
from curbstop.office.refuse.haulers import (
    CertificateFiled,
    HaulerAsked,
    decide_hauler,
    end_hauler,
    file_certificate,
    recommend_hauler,
    request_hauler,
    says_order,
)
from curbstop.office.refuse.standing import Standing, Without, get_standing, list_standing, list_without
from curbstop.office.refuse.years import (
    Pickups,
    VoucherRow,
    get_pickups,
    get_voucher,
    hand_out_voucher,
    list_vouchers,
    refuse_pickup,
)

__all__ = [
    "CallRow", "Called", "CartRow", "CartsThere", "CertificateFiled", "DumpsterThere", "HaulerAsked", "Pickups",
    "Reminded", "Standing", "Turned", "VoucherRow", "Without", "bill_items", "blocked", "change", "count_carts",
    "decide_hauler", "end_hauler", "file_certificate", "follow_ground", "get_pickups", "get_standing", "get_voucher",
    "hand_out_voucher", "list_calls", "list_carts", "list_changes", "list_dumpsters", "list_standing", "list_vouchers",
    "list_without", "move", "pulled", "recommend_hauler", "refuse_order", "remind_haulers", "request_hauler",
    "says_order", "turn_haulers",
]  # fmt: skip


def refuse_order(*, type: str, premise_id: int, on: date | None, today: date) -> None:
    """What stands in the way of an order of refuse when it is written; of another, nothing.

    :raises Refused: carts where a dumpster is the rule, or a pickup beyond the year's free ones
    """
    if type == "cart_deliver":
        refuse_carts(premise_id, on or today)
    elif type == "big_trash":
        refuse_pickup(premise_id, on, today)
