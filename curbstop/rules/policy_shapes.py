"""The policies that the programs know, each with the shape of its value.

A shape is `amount` (whole cents come out, under a name that ends in `_cents` inside a table), `percent` (text of a
plain number), `whole`, `days`, `yes_no`, `text`, `words`, `on` (a date); a table of them by name (`?` after a name:
may be left out); or a list holding one table. A city's own policy of another name says its shape with `is:`.
"""

from __future__ import annotations

Shape = str | dict[str, "Shape"] | list["Shape"]

SCALARS = ("amount", "percent", "whole", "days", "yes_no", "text", "words", "on")

BANDS: Shape = [
    {
        "class": "text",
        "high_percent": "whole",
        "low_percent": "whole",
        "least_gal": "whole",
        "zero_above_gal": "whole",
        "same_in_a_row": "whole",
    }
]

BY_BILLS: Shape = {
    "amount": "amount",
    "instalments": "whole",
    "times?": "percent",
    "of?": "text",
    "over_months?": "whole",
    "when?": "text",
    "late_most?": "whole",
}
"""A deposit: a fixed amount; with `times`, so many times the `largest` or `average` bill at the place in `over_months`,
never less than the amount; with `when: not_good_standing` the amount is for good standing, the bills for the rest."""

HOLD: Shape = {"late": "yes_no", "notice": "yes_no", "cutoff": "yes_no"}
"""What a hold of a reason holds: the late charge, the notice, the cut-off."""

SHAPES: dict[str, Shape] = {
    # calendar
    "calendar.every_days": "days",
    "calendar.cycles": [{"code": "text", "name": "text", "read_on": "on"}],
    "calendar.bill_days_after_read": "days",
    "calendar.roll": "text",
    "calendar.holidays": "words",
    # bills
    "bill.due_days": "days",
    "bill.proration": "text",
    "bill.rounding": "text",
    "bill.messages": "words",
    "explain.order": "words",
    "backbill.limit_months": "whole",
    "rebill.due": "text",
    "rebill.late": "text",
    "rebill.instalments": "whole",
    # late charges, notices, cut-off
    "late.percent": "percent",
    "late.day": "days",
    "late.government_days": "days",
    "late.pending_waits": "yes_no",
    "dispute.after_finding": "days",
    "delinquency.notice.minimum": "amount",
    "delinquency.notice.days_before_cutoff": "days",
    "delinquency.notice.must_say": "words",
    "delinquency.cutoff.days_after_bill": "days",
    "delinquency.cutoff.weekdays": "words",
    "delinquency.hanger.hours_before_cutoff": "whole",
    "delinquency.call": "yes_no",
    "delinquency.weather": "text",
    "dispute.amount": "text",
    "hold.extension": HOLD,
    "hold.arrangement": HOLD,
    "hold.dispute": HOLD,
    "hold.medical": HOLD,
    "hold.bankruptcy": HOLD,
    "hold.pledge": HOLD,
    "hold.weather": HOLD,
    "hold.government": HOLD,
    "hold.life_support": HOLD,
    "hold.disaster": HOLD,
    "hold.pending_payment": HOLD,
    "hold.returned_mail": HOLD,
    "hold.comes_back_days": "days",
    "hold.longest_days": [{"reason": "text", "days": "days"}],
    "extension.rule": "text",
    "arrangement.rule": "text",
    "restore.rule": "text",
    # fees
    "fee.new_service": "amount",
    "fee.transfer": "amount",
    "fee.cutoff": "amount",
    "fee.reconnect": "amount",
    "fee.after_hours": "amount",
    "fee.returned_payment": "amount",
    "fee.door_hanger": "amount",
    "fee.tampering": "amount",
    "fee.reread": "amount",
    "fee.card": "amount",
    "fee.stormwater": "amount",
    "fee.ambulance": "amount",
    "fee.capital": "amount",
    "fee.recycling": "amount",
    # deposits
    "deposit.renter.residential": BY_BILLS,
    "deposit.owner.residential": BY_BILLS,
    "deposit.owner.by_credit": [{"grade": "whole", "amount": "amount", "instalments": "whole"}],
    "deposit.credit.tenures": "words",
    "deposit.letter_of_credit": {"amount": "amount", "instalments": "whole", "months": "whole"},
    "deposit.standing": {"amount": "amount", "instalments": "whole", "late_most": "whole", "over_months": "whole"},
    "deposit.commercial": BY_BILLS,
    "deposit.prior_debt": {"amount": "amount", "instalments": "whole"},
    "deposit.instalments.when": "text",
    "deposit.paid_first": "yes_no",
    "deposit.waiver": {"days": "days"},
    "deposit.held_until": "text",
    "deposit.instalments.days": "days",
    "deposit.no_ssn": {"amount": "amount", "instalments": "whole"},
    "deposit.interest": "percent",
    "deposit.interest.year": "text",
    "deposit.increment": {"amount": "amount"},
    "deposit.ceiling": {"months": "whole", "over_months": "whole"},
    "deposit.review": {
        "after_months": "whole",
        "late_most?": "whole",
        "returned_most?": "whole",
        "cutoffs_most?": "whole",
        "then": "text",
    },
    "deposit.refund.days": "days",
    "deposit.unclaimed": {"cancel_at": "amount", "after_years": "whole", "notice_days": "days"},
    # refunds, write-offs, the collection agency
    "writeoff.criteria": {"days_after_due": "whole", "least": "amount", "most?": "amount"},
    "writeoff.limits": [{"role": "text", "up_to?": "amount", "per?": "text", "days?": "days"}],
    "writeoff.provision": [{"bucket": "text", "percent": "percent"}],
    "agency.terms": [{"agency": "text", "name": "text", "percent": "percent", "remits": "text"}],
    # money
    "payments.application": "text",
    "till.float": "amount",
    "till.report_up": "amount",
    "till.deposit_days": "days",
    "bank.clear_days": "days",
    "approval.limits": [{"role": "text", "up_to?": "amount", "per?": "text", "days?": "days"}],
    "void.when": "text",
    "void.second_person": "yes_no",
    "void.reason": "yes_no",
    # payments that a bank did not pay
    "returned.count": {"times": "whole", "months": "whole", "mark_months": "whole"},
    "returned.counts": "words",
    "returned.represent": "whole",
    "returned.make_good": "words",
    "returned.notice": {"document": "text", "working_days": "whole"},
    # autopay
    "autopay.draft_on": "text",
    "autopay.lead_days": "days",
    "autopay.prenote": "yes_no",
    "autopay.same_day": "yes_no",
    "autopay.originator": {
        "destination": "text",
        "destination_name": "text",
        "origin": "text",
        "origin_name": "text",
        "company_name": "text",
        "company_id": "text",
        "odfi": "text",
        "description": "text",
        "entry_limit?": "amount",
        "file_limit?": "amount",
        "offset_routing?": "text",
        "offset_account?": "text",
        "offset_type?": "text",
    },
    # agencies
    "pledge.accepted": "yes_no",
    "pledge.days": "days",
    # reads and averages
    "reads.bands": BANDS,
    "reads.estimates_in_a_row": "whole",
    "reads.estimate": {"method": "text", "uses": "whole"},
    "reads.true_up": "text",
    "reads.undecided": "text",
    "meters.accuracy": {"least_bp": "whole", "most_bp": "whole"},
    "sewer.average": {
        "reset_month": "whole",
        "lowest": "whole",
        "take": "whole",
        "needs_reads": "whole",
        "new_account_gal": "whole",
    },
    "leak.rule": {
        "baseline": "words",
        "prior_bills": "whole",
        "least_percent": "whole",
        "hidden": "yes_no",
        "in_writing": "yes_no",
    },
    "leak.share": "percent",
    "leak.once": "whole",
    # cases, contacts, the day
    "office.closes": "text",
    "case.promise": [{"category": "text", "days": "days"}],
    "case.referral.answer": "days",
    "talk.who": {"proofs": "words", "needed": "whole"},
    "roster.unclaimed": "whole",
    "queue.most_rows": "whole",
    "records.copy_fee": {"page": "amount", "certified": "amount"},
    "records.search_fee": "amount",
    # programmes and sanitation
    "senior.rule": "text",
    "bigtrash.free_per_year": "whole",
    "voucher.landfill": "whole",
    "dumpster.call": "text",
    "hauler.order": "text",
    "carts.most_units": "whole",
    # office
    "office.phone": "text",
    "office.email": "text",
    "office.hours": "text",
    "transfer.sewer_cap": "text",
    "landlord.reversion": "amount",
    "identity.start": "words",
    "connect.windows": "words",
    "connect.someone_home": "yes_no",
    "orders.per_window": "whole",
    "hazard.review_days": "days",
    "confidential.substitute_address": "text",
}
