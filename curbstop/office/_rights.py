"""Who may do what: the table of rights. Rights go with roles; a person of a small office may have several.

It stands apart from ``staff`` because every act asks it, the acts of ``staff`` too.
"""

from __future__ import annotations

from collections.abc import Mapping

from curbstop.office._events import Actor

ROLES: Mapping[str, str] = {
    "csr": "Customer service representative",
    "cashier": "Cashier",
    "supervisor": "Supervisor",
    "field": "Meter reader and field crew",
    "finance": "Finance",
    "finance_director": "Finance director: approves what is above a supervisor's limit",
    "auditor": "Auditor: reads everything, changes nothing",
    "administrator": "Administrator: users and the city's data",
    "system": "The clock",
    "robot": "A kiosk or a telephone robot: posts what it took",
    "public_works": "Public Works: says whether the city can serve a stop",
    "city_manager": "City manager: approves what the code leaves to him",
}

_COUNTER = frozenset(
    {
        "customers.open",
        "customers.note",
        "tariffs.set_facts",
        "moves.start",
        "moves.stop",
        "moves.transfer",
        "moves.undo",
        "moves.agree_reversion",
        "moves.end_reversion",
        "meters.install",
        "meters.exchange",
        "reads.enter",
        "reads.correct",
        "reads.decide",
        "reads.record_route",
        "reads.estimate",
        "reads.hold",
        "reads.reread",
        "reads.answer_reread",
        "reads.load_file",
        "reads.settle_row",
        "bills.true_up",
        "meters.remove",
        "meters.set_state",
        "meters.test",
    }
)
_LOOKS = frozenset({"customers.view", "customers.log_search", "customers.see_paper", "customers.unmask"})
"""Looking at confidential accounts is kept; to break the glass is everybody's who talks to customers or checks."""
_REPORTS = frozenset({"reports.make", "reports.save", "reports.end_saved", "reports.schedule", "reports.end_schedule"})
"""Reports: everybody looks, and whoever answers for figures hands them out."""
_MASTER = frozenset(
    {
        "customers.change",
        "customers.change_holder",
        "customers.confidential",
        "customers.name_person",
        "customers.end_person",
        "customers.prove",
        "customers.attach",
    }
)
"""Master changes, and who is named on an account."""
_CARDS = frozenset({"payments.ask", "payments.record_started", "payments.cancel_ask"})
_TILL = _CARDS | frozenset({"payments.take", "payments.pledge_paid", "tills.open", "tills.count", "tills.hand_over"})
_BILLING = frozenset({"bills.plan", "bills.calculate", "bills.hold", "bills.release", "bills.own"})
_RATES = frozenset(
    {"tariffs.draft", "tariffs.try_draft", "tariffs.approve", "tariffs.withdraw", "tariffs.set_city_fact"}
)
"""Proposing, trying and approving rates: the same roles, never the same person that proposes and approves."""
_ASKS = frozenset({"adjustments.request", "adjustments.withdraw"})
"""Asking that money be given away; which kinds a role may ask for stands in ``office.adjustments.kinds``."""
_APPROVES = frozenset({"adjustments.approve", "adjustments.refuse"})
"""Deciding what others asked; how much a role may approve is the city's policy ``approval.limits``."""
_AUTOPAY = frozenset({"autopay.enrol", "autopay.change", "autopay.end", "autopay.allow"})
"""What a customer asks for at the counter or on the telephone."""
_DRAFTS = frozenset({"autopay.plan", "autopay.make_file", "autopay.post", "autopay.receive_answers", "autopay.answer"})
_FILES = frozenset(
    {
        "payments.load_file",
        "payments.receive_file",
        "payments.record_batch",
        "payments.settle_quarantined",
        "payments.own_money",
    }
)
_RETURNS = frozenset({"payments.return_item", "payments.make_letter", "payments.pledge_paid"})

_CLOSING = frozenset(
    {"closing.prepare_day", "closing.close_day", "closing.prepare_through", "closing.close_through"}
    | {"closing.prepare_month", "closing.close_month", "ledger.open_day"}
)
"""Making ready and closing: the same roles, never the same person."""
_BANKING = frozenset(
    {
        "banking.open_account", "banking.load", "banking.match", "banking.match_all", "banking.settle",
        "banking.undo_match",
    }
)  # fmt: skip

_DEPOSITS = frozenset(
    {"deposits.decide", "deposits.record_check", "deposits.increase", "ledger.charge", "ledger.recover"}
)
"""The counter's: deposits by the written guideline, fees, old debt that a customer comes back to."""
_REFUNDS = frozenset(
    {"refunds.send", "refunds.load_register", "refunds.record_check", "refunds.record_cashed", "refunds.stop"}
)
"""Paying what others asked for and approved; who did either is refused by the act itself."""
_OLD_DEBTS = frozenset(
    {"writeoffs.provide", "writeoffs.place", "writeoffs.recall", "writeoffs.receive_remittance", "ledger.recover"}
)
_CLOCKS = frozenset({"deposits.accrue", "deposits.apply", "refunds.notify", "refunds.cancel_unclaimed"})
"""What a night's run does to deposits; people may do it too."""

_LADDER = frozenset({"delinquency.notify", "delinquency.call", "delinquency.restore", "delinquency.ask_to_restore"})
"""Telling people where they stand, and bringing their water back."""
_CUTOFFS = frozenset({"delinquency.list", "delinquency.sign", "delinquency.call_off", "delinquency.record_forecast"})
_NIGHTS = frozenset({"delinquency.plan_night", "delinquency.go_through", "delinquency.list", "delinquency.call_off"})
"""The clock's, which freezes a list and never signs one."""

_HOLDS = frozenset(
    {
        "delinquency.place_hold", "delinquency.release_hold", "delinquency.lengthen_hold", "delinquency.extend",
        "delinquency.withdraw_extension", "delinquency.agree_arrangement", "delinquency.take_offer",
        "delinquency.decline_offer", "delinquency.withdraw_arrangement", "delinquency.file_petition",
        "delinquency.record_assurance",
    }
)  # fmt: skip
"""What leaves an account alone for a while: the counter's, by the city's policies and criteria."""

_ORDERS = frozenset(
    {
        "orders.write", "orders.change", "orders.reschedule", "orders.assign", "orders.own", "orders.cancel",
        "orders.report_hazard", "orders.confirm_hazard", "orders.end_hazard",
        "orders.complete", "orders.cannot_complete", "orders.confirm_warning", "delinquency.check_at_meter",
    }
)  # fmt: skip
"""The office's, which also enters what a crew wrote on paper; a mark for two persons is the supervisor's by the act."""
_CREW = frozenset(
    {
        "orders.complete", "orders.cannot_complete", "orders.confirm_warning", "orders.change", "orders.write",
        "orders.report_hazard", "orders.confirm_hazard", "delinquency.check_at_meter",
    }
)  # fmt: skip

_REFUSE = frozenset(
    {"refuse.count_carts", "refuse.hand_out_voucher", "refuse.request_hauler", "refuse.file_certificate"}
    | {"refuse.end_hauler", "auditing.look"}
)
_HAULERS_NIGHT = frozenset({"refuse.remind_haulers", "refuse.turn_haulers"})

_TALKS = frozenset({"cases.open_contact", "cases.end_contact", "cases.open", "cases.say", "cases.view"})
_CASES = _TALKS | frozenset(
    {
        "cases.refer", "cases.answer", "cases.assign", "cases.close", "cases.merge", "cases.reopen", "cases.rate",
        "cases.escalate", "cases.dispute",
    }
)  # fmt: skip
"""The counter's; a finding on a dispute is written by who may correct a bill: the supervisor."""

_LETTERS = frozenset(
    {
        "letters.send", "letters.draft", "letters.make_batch", "letters.mark_mailed", "letters.print_copy",
        "letters.record_returned", "letters.settle_returned",
    }
)  # fmt: skip
"""Writing, printing and what comes back; a wording is approved by a supervisor who did not write it."""

RIGHTS: Mapping[str, frozenset[str]] = {
    "public_works": frozenset({"refuse.recommend_hauler", "refuse.count_carts"}),
    "city_manager": frozenset({"refuse.decide_hauler"}),
    "csr": _CASES
    | _LETTERS
    | _REFUSE
    | _ORDERS
    | _REPORTS
    | _LADDER
    | _HOLDS
    | _COUNTER
    | _TILL
    | _AUTOPAY
    | _BILLING
    | _ASKS
    | _DEPOSITS
    | _LOOKS
    | _MASTER
    | {"customers.end_programme", "customers.export"},
    "cashier": _TALKS | _TILL | _ASKS | {"ledger.recover"} | _LOOKS | _LADDER,
    "supervisor": _CASES
    | {"cases.decide", "staff.roster", "staff.end_absence"}
    | _LETTERS
    | {"letters.approve", "letters.drop"}
    | _REFUSE
    | _HAULERS_NIGHT
    | _ORDERS
    | _REPORTS
    | _LADDER
    | _HOLDS
    | {"delinquency.place_holds_at", "delinquency.release_holds_of", "delinquency.end_petition"}
    | _CUTOFFS
    | _COUNTER
    | _DEPOSITS
    | {"deposits.apply"}
    | _TILL
    | _BILLING
    | _RATES
    | _AUTOPAY
    | _DRAFTS
    | _FILES
    | _RETURNS
    | _ASKS
    | _APPROVES
    | _LOOKS
    | _MASTER
    | {
        "customers.confidential",
        "customers.end_confidential",
        "customers.change_many",
        "customers.end_programme",
        "customers.export",
        "payments.accept_pledge",
        "payments.lift_cash_only",
        "customers.link",
        "customers.unlink",
        "bills.approve",
        "payments.reverse",
        "payments.identify",
        "payments.apply_credit",
        "reads.set_averages",
        "delinquency.assess_late",
        "tills.close",
        "closing.prepare_day",
        "closing.close_day",
        "closing.prepare_through",
        "closing.close_through",
        "policies.plan_calendar",
    },
    "field": frozenset({"cases.answer", "cases.view"})
    | frozenset({"refuse.count_carts"})
    | _CREW
    | frozenset({"customers.log_search", "customers.view"})
    | frozenset({"reads.enter", "reads.record_route", "meters.install", "meters.exchange"}),
    "finance": _RATES
    | _REPORTS
    | _LOOKS
    | _REFUNDS
    | _OLD_DEBTS
    | _CLOCKS
    | {"deposits.fund", "ledger.charge"}
    | _CLOSING
    | _BANKING
    | _DRAFTS
    | _FILES
    | _RETURNS
    | _ASKS
    | frozenset(
        {
            "autopay.take_file",
            "tills.deposit",
            "tills.confirm",
            "tills.set_change_fund",
            "tills.restore_float",
            "closing.export_days",
            "closing.acknowledge",
            "ledger.open_day",
            "payments.receive_file",
            "payments.record_batch",
            "payments.reverse",
            "payments.identify",
        }
    ),
    "finance_director": _REPORTS | _LOOKS | _ASKS | _APPROVES | _CLOSING | {"tills.see_report"},
    "auditor": _REPORTS | _LOOKS | {"customers.export"},
    "administrator": _RATES
    | _REPORTS
    | _LOOKS
    | frozenset(
        {
            "customers.link",
            "customers.unlink",
            "staff.enrol",
            "staff.change_roles",
            "staff.retire",
            "tariffs.adopt",
            "tariffs.set_facts",
            "policies.set",
            "policies.install_city",
            "policies.plan_calendar",
            "ledger.adopt_chart",
            "ledger.open_day",
            "customers.enter_premises",
            "meters.enter_stock",
            "meters.install",
            "meters.install_many",
            "tills.install",
        }
    ),
    "robot": frozenset({"payments.collect"}),
    "system": frozenset({"cases.mark_overdue", "staff.end_absences", "staff.mark_unclaimed"})
    | _HAULERS_NIGHT
    | _DRAFTS
    | _NIGHTS
    | {
        "delinquency.settle_promises",
        "delinquency.offer_catch_ups",
        "delinquency.give_back_holds",
        "delinquency.follow_petitions",
    }
    | {"customers.remind_cards", "customers.remind_programmes", "reports.make_due"}
    | _CLOCKS
    | frozenset(
        {
            "payments.load_file",
            "bills.plan",
            "bills.calculate",
            "bills.post",
            "bills.finish",
            "bills.own",
            "payments.receive_file",
            "payments.record_batch",
            "payments.apply_credit",
            "reads.record_route",
            "reads.load_file",
            "reads.estimate",
            "reads.hold",
            "bills.true_up",
            "reads.set_averages",
            "delinquency.assess_late",
            "closing.record_proof",
            "closing.prepare_day",
            "closing.close_day",
            "closing.prepare_through",
            "closing.close_through",
            "delinquency.settle_late",
            "outbox.record_attempt",
            "payments.cancel_ask",
            "payments.expire",
            "payments.receive_report",
            "payments.record_failed",
            "payments.record_paid",
            "payments.record_report",
            "payments.record_started",
            "ledger.open_day",
        }
    ),
}
"""Role -> names of acts. What is not listed is refused; reading is not listed, since every role may look."""


def may(by: Actor, act_name: str) -> bool:
    """Whether any of the actor's roles includes the act."""
    return any(act_name in RIGHTS.get(role, frozenset()) for role in by.roles)


def roles_for(act_name: str) -> str:
    """The roles that include the act, in words."""
    named = [role for role, acts in RIGHTS.items() if act_name in acts]
    return " or ".join(named) if named else "nobody (no role includes it)"
