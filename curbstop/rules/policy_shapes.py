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

PROMISE: dict[str, Shape] = {
    "rule": "text",
    "who": "words",
    "channels": "words",
    "before": "words",
    "service_months": "whole",
    "no_disconnect_months": "whole",
    "no_returned_payment_months": "whole",
    "no_broken_months": "whole",
    "one_at_a_time": "yes_no",
    "per_calendar_year": "whole",
    "per_rolling_year": "whole",
    "until": {"next_due?": "yes_no", "days?": "days"},
}
"""Who may be promised a later day or instalments, each criterion a policy of its own under ``extension.`` and
``arrangement.``; ``rule`` is the sentence, and without it nobody may."""

PROGRAMME: Shape = {
    "least_age?": "whole",
    "income_most?": "amount",
    "credit": "text",
    "months?": "whole",
    "per": "text",
    "holds_on": "text",
    "renewal_days?": "days",
    "back_days?": "days",
    "proofs": "words",
    "renews_with": "text",
}
"""Who qualifies (age on the day, income of the household), for how many months (left out: until it is ended), one
`per` `household` or `account`; it counts for a billed period on whose `first_day` or `last_day` it `holds_on`. `credit`
says in words what the rate takes off: the figures are the tariff's."""

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
    "ageing.buckets": {"by": "text", "days": "words"},
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
    "delinquency.notice.days_after_due": "days",
    "delinquency.reminder.days_after_due": "days",
    "delinquency.reminder.days_before_due": "days",
    "delinquency.call.days_after_notice": "days",
    "delinquency.cutoff.working_days_after_due": "days",
    "delinquency.cutoff.not_before_closing": "yes_no",
    "delinquency.cutoff.hours": "text",
    "delinquency.cutoff.fee": "text",
    "delinquency.cutoff.list_working_days_before": "days",
    "delinquency.chronic": {"times": "whole", "months": "whole"},
    "delinquency.weather": {"cold_f?": "whole", "heat_f?": "whole"},
    "delinquency.off_check.days": "days",
    "delinquency.close.days": "days",
    "delinquency.final.days_after_due": "days",
    "delinquency.collections.days_after_due": "days",
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
    **{
        f"{promise}.{criterion}": shape
        for promise in ("extension", "arrangement")
        for criterion, shape in PROMISE.items()
    },
    "arrangement.most_instalments": "whole",
    "arrangement.most_days": "days",
    "arrangement.every": "text",
    "arrangement.down_percent": "percent",
    "arrangement.down_least": "amount",
    "arrangement.rounding": "text",
    "arrangement.current_bills": "yes_no",
    "arrangement.grace_days": "days",
    "arrangement.remind_days": "days",
    "catchup.offer": {"least": "amount", "most_instalments?": "whole", "every?": "text"},
    "bankruptcy.assurance": {"of": "text", "bills?": "whole"},
    "restore.rule": "text",
    "restore.pays_off": "text",
    "restore.same_day": [{"weekday": "text", "until": "text"}],
    "restore.deposit": "yes_no",
    # fees
    "fee.new_service": "amount",
    "fee.transfer": "amount",
    "fee.cutoff": "amount",
    "fee.chronic": "amount",
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
    "programme.senior": PROGRAMME,
    "programme.low_income": PROGRAMME,
    "programme.medical": PROGRAMME,
    "programme.sewer_average": PROGRAMME,
    "programme.carry_out": PROGRAMME,
    "bigtrash.free_per_year": "whole",
    "voucher.landfill": "whole",
    "bigtrash.cancel_by": {"weekday": "text", "hour": "whole"},
    "dumpster.call": [{"yards?": "whole", "pull": "amount", "included_tons?": "percent", "over_ton?": "amount"}],
    "dumpster.blocked": "amount",
    "hauler.order": "text",
    "hauler.letters": [{"days": "days"}],
    "hauler.lapse": "text",
    "carts.most_units": "whole",
    "carts.billed_from": "text",
    "carts.damage": "amount",
    # water that nobody pays for, and what an audit finds
    "unauthorised.billed": {"services": "words", "fixed": "yes_no"},
    "unauthorised.state_from": "amount",
    "unauthorised.paid_first": "yes_no",
    "backbill.plan": "text",
    "audit.residential_most_gal": "whole",
    # office
    "office.phone": "text",
    "letters.imb": {"mailer_id": "text", "service_type": "text"},
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
    # master changes, confidential accounts
    "change.by_phone": "words",
    "change.in_person": "words",
    "death.proof": "words",
    "death.fee": "text",
    "glass.minutes": "whole",
    "glass.reason": "whole",
    "glass.tells": "text",
}

SHAPES |= {
    f"{id}.{customer_class}": shape
    for id, shape in SHAPES.items()
    if id.startswith("delinquency.")
    for customer_class in ("residential", "commercial")
}
"""A rung of the ladder may have a value of its own for a class of customers, in the place of the city's."""
