"""Which acts the machine leaves out, and why. A new act that moves money is neither tried nor here: a test says so."""

LEFT_OUT_ROOMS = {
    "cases": "notes and tasks: no money",
    "customers": "who somebody is: no money",
    "meters": "what hangs where: no money; what it comes to is billed",
    "orders": "what the field is sent to do; what it charges is ledger.charge's way, a line of the next bill",
    "outbox": "what was sent, and whether it arrived",
    "policies": "what the council chose",
    "reads": "what a meter shows: no money until it is billed",
    "staff": "who works here",
    "tariffs": "what water costs: no money until it is billed",
}
"""Rooms without an act that posts. A test looks that nothing in them does."""

LEFT_OUT = {
    "autopay.take_file": "says who took a file; its bytes hold no money",
    "banking.open_account": "names a bank account; the town has one",
    "bills.true_up": "needs estimates, of which the town has none; it posts nothing, its charge waits for a bill",
    "closing.close_through": "many days by the steps of closing.close_day, which is tried",
    "closing.prepare_through": "many days by the steps of closing.prepare_day, which is tried",
    "closing.record_proof": "what a night's proof found",
    "deposits.record_check": "what a credit check said; the deposit that follows is decided apart",
    "ledger.adopt_chart": "the chart; the town has Moore's",
    "moves.agree_reversion": "a landlord's paper",
    "moves.end_reversion": "the end of it",
    "payments.lift_cash_only": "ends a mark; what it lets in is payments.take",
    "payments.make_letter": "a letter was printed",
    "payments.own_money": "who looks after money; it stays where it is",
    "tills.install": "a drawer; the town has two",
    "tills.see_report": "words on a difference that was posted",
}
"""Acts of the money's rooms that move none."""
