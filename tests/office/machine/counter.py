"""Moves of the counter: payments, drawers, cards, files, pledges, what comes back."""

from __future__ import annotations

from datetime import timedelta

from curbstop.office.payments import PayFirst, Paying, Tender
from curbstop.rules.cards import Method
from curbstop.rules.tills import Counted
from tests.office.machine.world import Call, World, move
from tests.office.scene import at_on

VISA = Method(token="pm_1", brand="visa", last_four="4242", expires="2030-12")
RECEIPTS = """
select s.code, r.no from payments_receipt r join payments_series s on s.id = r.series_id order by r.document_id desc
limit 12"""
DRAWERS = """
select t.code, s.id, u.username, s.document_id, s.float_cents, (select max(c.id) from payments_tillcount c
  where c.session_id = s.id), s.opened_on
from payments_till t join payments_tillsession s on s.till_id = t.id join base_user u on u.id = s.cashier_id
where not exists (select from payments_tillclose x where x.session_id = s.id) order by t.code"""
CAME = """
select line_no, sum(debit_cents - credit_cents)::bigint from ledger_posting where document_id = %s and sub = 1
group by line_no"""


# --- payments ---------------------------------------------------------------------------------------------------------


@move("payments.take")
def take(w: World) -> Call | None:
    drawers = [row for row in w.rows(DRAWERS) if row[5] is None or w.rarely()]
    if not drawers:
        return None
    till, _, cashier, *_ = w.one(drawers)
    accounts = [w.account()]
    if w.rarely(4):
        accounts.append(w.account())
    paying = tuple(Paying(id, w.cents(w.balance(id))) for id in accounts)
    total = sum(one.cents for one in paying)
    first = PayFirst(words=("deposit",)) if w.rarely(5) else None
    came_by = w.one(["", "", "", "", "mail", "night_drop"])
    on = w.today - timedelta(w.luck.number(1, 3)) if came_by == "night_drop" else w.today
    inputs = {"till": till, "on": on, "accounts": paying, "tenders": _tenders(w, total), "first": first,
              "came_by": came_by}  # fmt: skip
    return Call("payments.take", w.who(cashier, cashier, cashier, "cass"), inputs)


def _tenders(w: World, total: int) -> tuple[Tender, ...]:
    how = w.luck.number(0, 9)
    if how < 4:
        return (Tender("cash", total + w.luck.number(0, 3) * 100),)
    if how < 7:
        return (Tender("check", total, str(w.luck.number(100, 120))),)
    if how == 7:
        return (Tender("money_order", total, "MO-7"),)
    part = w.luck.number(1, max(total - 1, 1))
    return (Tender("check", part, "121"), Tender("cash", total - part + (how == 9) * 500))


@move("payments.take deposit")
def take_deposit(w: World) -> Call | None:
    """What is asked of a deposit."""
    found = w.rows("select account_id, sum(cents)::bigint from payments_depositdemand group by 1 order by 1 desc")
    drawers = [row for row in w.rows(DRAWERS) if row[5] is None]
    if not found or not drawers:
        return None
    account, cents = found[0] if w.sober else w.one(found)
    inputs = {"till": drawers[0][0], "on": w.today, "accounts": (Paying(account, cents),),
              "tenders": (Tender("cash", cents),), "first": PayFirst(words=("deposit",))}  # fmt: skip
    return Call("payments.take", drawers[0][2], inputs)


@move("payments.reverse")
def reverse(w: World) -> Call | None:
    found = w.rows(RECEIPTS)
    if not found:
        return None
    series, no = w.one(found)
    why = w.one(["returned", "returned", "misposted"])
    inputs = {"series": series, "no": no, "why": why, "reason": "R01 insufficient funds", "on": w.today}
    return Call("payments.reverse", w.who("sue", "fay"), inputs)


@move("payments.identify")
def identify(w: World) -> Call | None:
    query = """select p.document_id, min(t.effective_on) from ledger_posting p join ledger_gl g on g.id = p.gl_id
      join ledger_transaction t on t.id = p.txn_id where g.object = 2340 group by p.document_id
      having sum(p.credit_cents - p.debit_cents) > 0 or %s order by 1"""
    found = w.rows(query, w.rarely())
    if not found:
        return None
    document, on = w.one(found)
    inputs = {"document_id": document, "account_id": w.account(), "on": on, "posted_on": w.today}
    return Call("payments.identify", w.who("sue", "fay"), inputs)


@move("payments.apply_credit")
def apply_credit(w: World) -> Call | None:
    accounts = tuple(w.accounts()) if w.rarely(3) else (w.account(),)
    return Call("payments.apply_credit", w.who("clock", "sue"), {"account_ids": accounts, "on": w.today})


# --- files ------------------------------------------------------------------------------------------------------------


def _numbers(w: World) -> list[str]:
    return [*w.column("select number from customers_account order by id"), "00000000"]


@move("payments.receive_file")
def receive_file(w: World) -> Call | None:
    numbers = _numbers(w)
    rows = [(w.one(numbers), w.luck.number(1, 15_000), f"L{n}") for n in range(w.luck.number(1, 4))]
    rows += [("00000000", 700, "whose?")] if w.sober else []
    content = "\n".join("\t".join(map(str, row)) for row in rows)
    channel = w.one(["lockbox", "bill_pay", "mail", "online_card"])
    name = f"box-{w.nth('payments_batch')}"
    inputs = {"channel": channel, "name": name, "content": content, "on": w.today}
    return Call("payments.receive_file", w.who("fay", "clock"), inputs)


@move("payments.load_file")
def load_file(w: World) -> Call | None:
    kept = w.rows("select 1 from payments_bankfile")
    seed = w.luck.number(1, 3) if kept and w.rarely(3) else w.luck.number(4, 400)  # the same bytes again, now and then
    numbers = _numbers(w)
    day = f"{w.today:%m/%d/%Y}"
    rows = [f"{numbers[(seed + n) % len(numbers)]},{seed}.{n}5,{day},S{seed},Payer" for n in range(2)]
    rows.append(f"{numbers[0]},ninety,{day},S{seed},")
    content = "Account,Amount,Date,Reference,Payer\r\n" + "\r\n".join(rows) + "\r\n"
    inputs = {"name": "box.csv", "layout": "bank_csv", "content": content, "on": w.today}
    return Call("payments.load_file", w.who("fay", "sue"), inputs)


@move("payments.record_batch")
def record_batch(w: World) -> Call | None:
    query = """select distinct r.batch_id, r.block_no, b.received_on from payments_batchrow r
      join payments_batch b on b.id = r.batch_id where %s or not exists (
        select from payments_batchrowdone d where (d.batch_id, d.row_no) = (r.batch_id, r.row_no)) order by 1, 2"""
    found = w.rows(query, w.rarely())
    if not found:
        return None
    batch, block, on = w.one(found)
    inputs = {"batch_id": batch, "block": block, "on": on, "posted_on": w.today}
    return Call("payments.record_batch", w.who("fay", "clock"), inputs)


@move("payments.settle_quarantined")
def settle_quarantined(w: World) -> Call | None:
    rows = w.column("select id from payments_quarantined order by id desc limit 5")
    if not rows:
        return None
    how = w.one(["posted", "posted", "dropped"])
    inputs = {"row_id": w.one(rows), "how": how, "reason": "the bank said so", "on": w.today,
              "account_number": w.one(_numbers(w)), "cents": w.luck.number(1, 9_000)}  # fmt: skip
    return Call("payments.settle_quarantined", w.who("fay"), inputs)


# --- cards ------------------------------------------------------------------------------------------------------------

ASKS = """
select k.id, k.reference, k.cents
from payments_ask k order by k.id desc limit 6"""


@move("payments.ask")
def ask(w: World) -> Call | None:
    id = w.account()
    inputs = {"account_id": id, "cents": w.cents(w.balance(id)), "channel": w.one(["phone", "online"]),
              "gateway": "demo", "until": at_on(w.today, 17)}  # fmt: skip
    return Call("payments.ask", w.who("cleo", "cass"), inputs)


def _an_ask(w: World) -> tuple[object, ...] | None:
    found = w.rows(ASKS)
    return w.one(found) if found else None


@move("payments.record_started")
def record_started(w: World) -> Call | None:
    found = _an_ask(w)
    inputs = {"ask_id": found[0], "gateway_ref": f"g{found[0]}", "url": "https://pay.example/1"} if found else {}
    return Call("payments.record_started", w.who("cass", "clock"), inputs) if found else None


@move("payments.cancel_ask")
def cancel_ask(w: World) -> Call | None:
    found = _an_ask(w)
    inputs = {"ask_id": found[0], "reason": "gave up"} if found else {}
    return Call("payments.cancel_ask", w.who("cass", "clock"), inputs) if found else None


@move("payments.expire")
def expire(w: World) -> Call | None:
    found = _an_ask(w)
    return Call("payments.expire", w.who("clock"), {"ask_id": found[0]}, w.at(18)) if found else None


@move("payments.record_failed")
def record_failed(w: World) -> Call | None:
    found = _an_ask(w)
    inputs = {"ask_id": found[0], "reason": "card declined"} if found else {}
    return Call("payments.record_failed", w.who("clock"), inputs) if found else None


@move("payments.record_paid")
def record_paid(w: World) -> Call | None:
    found = _an_ask(w)
    reference, cents = (str(found[1]), int(found[2])) if found and not w.rarely() else ("nobody's", 4_000)
    # the same money under another key, or another payment for the same ask
    ref = f"p{reference}-{w.luck.number(1, 2)}"
    inputs = {"gateway": "demo", "payment_ref": ref, "reference": reference, "cents": w.one([cents, cents, 1234]),
              "paid_at": w.at(14), "on": w.today, "method": VISA}  # fmt: skip
    return Call("payments.record_paid", w.who("clock"), inputs, w.at(16))


@move("payments.receive_report")
def receive_report(w: World) -> Call | None:
    inputs = {"gateway": "demo", "gateway_event": f"e{w.luck.number(1, 6)}", "kind": "paid", "body": "{}"}
    return Call("payments.receive_report", w.who("clock"), inputs)


@move("payments.record_report")
def record_report(w: World) -> Call | None:
    reports = w.column("select id from payments_gatewayreport order by id")
    inputs = {"report_id": w.one(reports), "outcome": "open", "words": "a page was opened"} if reports else {}
    return Call("payments.record_report", w.who("clock"), inputs) if reports else None


@move("payments.collect")
def collect(w: World) -> Call | None:
    inputs = {"account": w.one(_numbers(w)), "cents": w.luck.number(1, 12_000), "paid_at": w.at(14), "on": w.today,
              "payment_ref": f"k{w.luck.number(1, 9)}", "channel": w.one(["kiosk", "robot"]),
              "method": VISA}  # fmt: skip
    return Call("payments.collect", w.who("robo"), inputs)


# --- pledges ----------------------------------------------------------------------------------------------------------


@move("payments.accept_pledge")
def accept_pledge(w: World) -> Call | None:
    inputs = {"account_id": w.account(), "agency": "Helping Hands", "reference": f"HH-{w.nth('payments_pledge')}",
              "cents": w.luck.number(1, 6_000), "on": w.today}  # fmt: skip
    return Call("payments.accept_pledge", w.who("sue", "sam"), inputs)


@move("payments.pledge_paid")
def pledge_paid(w: World) -> Call | None:
    pledges = w.rows("select id, cents from payments_pledge order by id")
    drawers = [row for row in w.rows(DRAWERS) if row[5] is None]
    if not pledges or not drawers:
        return None
    (pledge, cents), drawer = w.one(pledges), w.one(drawers)
    inputs = {"pledge_id": pledge, "till": drawer[0], "type": w.one(["check", "cash"]), "cents": w.cents(cents),
              "reference": "77", "on": w.today}  # fmt: skip
    return Call("payments.pledge_paid", w.who(drawer[2]), inputs)


# --- drawers ----------------------------------------------------------------------------------------------------------


@move("tills.open")
def open_till(w: World) -> Call | None:
    till = w.one(["T1", "T2"])
    inputs = {"till": till, "on": w.today, "float_cents": w.one([0, 0, 5_000, 20_000])}
    return Call("tills.open", w.who("cass" if till == "T1" else "cass2"), inputs)


def _drawer(w: World) -> tuple[object, ...] | None:
    drawers = w.rows(DRAWERS)
    return w.one(drawers) if drawers else None


@move("tills.open float")
def open_with_float(w: World) -> Call | None:
    till = w.one(["T1", "T2"])
    inputs = {"till": till, "on": w.today, "float_cents": 20_000}
    return Call("tills.open", "cass" if till == "T1" else "cass2", inputs)


@move("tills.count short")
def count_short(w: World) -> Call | None:
    """A drawer that holds less than its float."""
    drawers = [row for row in w.rows(DRAWERS) if row[4] > 3_000]
    if not drawers:
        return None
    drawer = w.one(drawers)
    came = dict(w.rows(CAME, drawer[3]))
    counted = Counted((), coin_cents=drawer[4] - 3_000, check_cents=came.get(2, 0), money_order_cents=came.get(3, 0))
    return Call("tills.count", drawer[2], {"till": drawer[0], "counted": counted})


@move("tills.count")
def count(w: World) -> Call | None:
    drawer = _drawer(w)
    if drawer is None:
        return None
    came = dict(w.rows(CAME, drawer[3]))
    off = 0 if w.sober else w.one([0, 0, 0, 0, 8, -5, 15_000])
    cash = max(came.get(1, 0) + int(str(drawer[4])) + off, 0)
    counted = Counted((), coin_cents=cash, check_cents=came.get(2, 0), money_order_cents=came.get(3, 0))
    return Call("tills.count", w.who(str(drawer[2])), {"till": drawer[0], "counted": counted})


@move("tills.close")
def close(w: World) -> Call | None:
    drawer = _drawer(w)
    if drawer is None:
        return None
    inputs = {"till": drawer[0], "count_id": drawer[5] or 0, "reason": w.one(["unknown", "unknown", ""])}
    return Call("tills.close", w.who("sue", "sam"), inputs)


@move("tills.hand_over")
def hand_over(w: World) -> Call | None:
    drawer = _drawer(w)
    if drawer is None:
        return None
    inputs = {"till": drawer[0], "count_id": drawer[5] or 0, "on": w.today}
    return Call("tills.hand_over", w.who("cass", "cass2"), inputs)


@move("tills.deposit")
def deposit(w: World) -> Call | None:
    sessions = w.column("select session_id from payments_tillclose order by session_id desc limit 4")
    if not sessions:
        return None
    chosen = tuple(sessions[:2]) if w.rarely(3) else (w.one(sessions),)
    return Call("tills.deposit", w.who("fay"), {"session_ids": chosen, "on": w.today})


@move("tills.confirm")
def confirm(w: World) -> Call | None:
    slips = w.rows("select id, cash_cents + check_cents + money_order_cents from payments_slip order by id")
    if not slips:
        return None
    slip, cents = w.one(slips)
    inputs = {"slip_id": slip, "on": w.today, "cents": cents + w.rarely(), "reference": "stmt"}
    return Call("tills.confirm", w.who("fay"), inputs)


@move("tills.set_change_fund")
def set_change_fund(w: World) -> Call | None:
    inputs = {"cents": w.one([0, 20_000, 40_000, 60_000]), "on": w.today}
    return Call("tills.set_change_fund", w.who("fay"), inputs)


@move("tills.restore_float")
def restore_float(w: World) -> Call | None:
    query = "select session_id from payments_tillclose where %s or short_cents > 0 order by session_id desc limit 4"
    sessions = w.column(query, w.rarely())
    inputs = {"session_id": w.one(sessions), "on": w.today} if sessions else {}
    return Call("tills.restore_float", w.who("fay"), inputs) if sessions else None
