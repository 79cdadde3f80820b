"""Moves of what runs by the day and the month: bills, late charges, drafts, the bank, the end of days and months."""

from __future__ import annotations

from datetime import date, timedelta

from curbstop.office.autopay import Answer
from curbstop.office.autopay.enrolling import sealed
from curbstop.office.banking import Item
from curbstop.office.bills import figuring
from curbstop.rules.autopay import Terms
from curbstop.rules.returns import BankNumbers
from tests.formats.statements import bai2
from tests.office.machine.world import Call, World, move

ROUTING, BANK = "121042882", "123456789"
RUNS = "select id from bills_run order by id desc limit 2"


# --- days -------------------------------------------------------------------------------------------------------------


@move("ledger.open_day")
def open_day(w: World) -> Call | None:
    """Another day."""
    on = w.today + timedelta(w.one([1, 1, 2, 7]))
    return Call("ledger.open_day", w.who("clock", "fay"), {"on": on})


@move("ledger.open_day bills")
def open_bill_day(w: World) -> Call | None:
    """The day of the next bills."""
    query = "select min(bill_on) from decisions_cycledate where cycle_id = '1' and bill_on > %s"
    on = w.rows(query, w.today)[0][0]
    return Call("ledger.open_day", "fay", {"on": on}) if on else None


@move("ledger.open_day year")
def open_day_of_next_year(w: World) -> Call | None:
    """So long a time passes rarely, or no walk would ever see a day twice."""
    on = w.today + timedelta(400)
    return Call("ledger.open_day", "fay", {"on": on}) if w.sober or w.luck.number(1, 40) == 40 else None


def _open_days(w: World) -> list[date]:
    query = """select d.posted_on from ledger_day d where not exists (
      select from ledger_transaction t where t.closes and t.posted_on >= d.posted_on) order by 1"""
    return w.column(query)


@move("closing.prepare_day")
def prepare_day(w: World) -> Call | None:
    days = _open_days(w)
    inputs = {"on": w.one(days) if w.rarely(4) else days[0]} if days else {}
    return Call("closing.prepare_day", w.who("fay", "sue"), inputs) if days else None


@move("closing.close_day")
def close_day(w: World) -> Call | None:
    found = w.rows("select id, period from ledger_prepared where length(period) = 10 order by id desc limit 2")
    if not found:
        return None
    prepared, on = w.one(found)
    inputs = {"on": date.fromisoformat(on), "prepared_id": prepared}
    return Call("closing.close_day", w.who("finn2", "fay", "sam"), inputs, w.at(20))


@move("closing.prepare_month")
def prepare_month(w: World) -> Call | None:
    return Call("closing.prepare_month", w.who("fay"), {"on": w.today - timedelta(w.one([0, 30]))})


@move("closing.close_month")
def close_month(w: World) -> Call | None:
    found = w.rows("select id, period from ledger_prepared where length(period) = 7 order by id desc limit 2")
    if not found:
        return None
    prepared, on = w.one(found)
    inputs = {"on": date.fromisoformat(f"{on}-01"), "prepared_id": prepared, "posted_on": w.today}
    return Call("closing.close_month", w.who("finn2", "fay"), inputs, w.at(20))


@move("closing.export_days")
def export_days(w: World) -> Call | None:
    closed = w.column("select posted_on from ledger_transaction where closes order by 1 desc limit 3")
    return Call("closing.export_days", w.who("fay"), {"through": w.one(closed)}) if closed else None


@move("closing.acknowledge")
def acknowledge(w: World) -> Call | None:
    files = w.column("select file_id from ledger_export order by 1")
    inputs = {"file_id": w.one(files), "taken": not w.rarely(3), "reference": "GL-1"} if files else {}
    return Call("closing.acknowledge", w.who("fay"), inputs) if files else None


# --- bills ------------------------------------------------------------------------------------------------------------


@move("bills.plan")
def plan(w: World) -> Call | None:
    query = """select bill_on from decisions_cycledate where cycle_id = '1' and bill_on <= %s and bill_on > %s
      order by bill_on desc limit 2"""
    found = w.column(query, w.today, w.today - timedelta(40))
    inputs = (
        {"cycle": "1", "bill_on": w.one(found), "chunk_size": 5000 if w.sober else w.one([2, 10, 5000])}
        if found
        else {}
    )
    return Call("bills.plan", w.who("clock", "cleo"), inputs) if found else None


def _run(w: World) -> int | None:
    found = w.column(RUNS)
    return int(found[0] if not w.rarely() else w.one(found)) if found else None


@move("bills.calculate")
def calculate(w: World) -> Call | None:
    run = _run(w)
    return Call("bills.calculate", w.who("clock", "cleo"), {"run": run}) if run else None


def _account_of_run(w: World, run: int) -> int:
    found = w.column(
        "select distinct g.account_id from bills_chunk c join customers_agreement g on g.id = any(c.agreement_ids)"
        " where c.run_id = %s order by 1", run
    )  # fmt: skip
    return int(w.one(found)) if found else w.account()


@move("bills.hold")
def hold(w: World) -> Call | None:
    run = _run(w)
    inputs = {"run": run, "account_id": _account_of_run(w, run), "reason": "ask the customer"} if run else {}
    return Call("bills.hold", w.who("cleo", "sue"), inputs) if run else None


@move("bills.release")
def release(w: World) -> Call | None:
    run = _run(w)
    inputs = {"run": run, "account_id": _account_of_run(w, run)} if run else {}
    return Call("bills.release", w.who("cleo", "sue"), inputs) if run else None


@move("bills.own")
def own(w: World) -> Call | None:
    run = _run(w)
    if run is None:
        return None
    ownerless = w.column(
        "select account_id from bills_review where run_id = %s group by 1 having bool_and(owner_id is null) order by 1",
        run,
    )  # fmt: skip
    accounts = tuple(ownerless) or (_account_of_run(w, run),)
    inputs = {"run": run, "account_ids": accounts, "owner_id": w.actor("cleo").id}
    return Call("bills.own", w.who("cleo", "clock"), inputs)


@move("bills.approve")
def approve(w: World) -> Call | None:
    run = _run(w)
    if run is None or not w.rows("select 1 from bills_calculated where run_id = %s limit 1", run):
        return None
    figures = figuring.figures(run)
    inputs = {"run": run, "bills": figures.bills, "cents": figures.cents + w.rarely(), "on": w.today}
    return Call("bills.approve", w.who("sue", "sam"), inputs)


@move("bills.post")
def post(w: World) -> Call | None:
    run = _run(w)
    chunks = w.column("select no from bills_chunk where run_id = %s order by no", run) if run else []
    return Call("bills.post", w.who("clock"), {"run": run, "chunk": w.one(chunks)}) if chunks else None


@move("bills.finish")
def finish(w: World) -> Call | None:
    run = _run(w)
    return Call("bills.finish", w.who("clock"), {"run": run}) if run else None


@move("delinquency.assess_late")
def assess_late(w: World) -> Call | None:
    runs = w.column("select id from bills_run order by id")
    return Call("delinquency.assess_late", w.who("clock", "sue"), {"run": w.one(runs), "on": w.today}) if runs else None


@move("delinquency.settle_late")
def settle_late(w: World) -> Call | None:
    return Call("delinquency.settle_late", w.who("clock"), {"on": w.today})


# --- who lives where --------------------------------------------------------------------------------------------------


@move("moves.start")
def start(w: World) -> Call | None:
    premises = w.column("select id from customers_premise order by id")
    inputs = {"account_id": w.account(), "premise_id": w.one(premises), "on": w.today, "instalments": w.one([1, 2])}
    return Call("moves.start", w.who("cleo", "sue"), inputs)


@move("moves.stop")
def stop(w: World) -> Call | None:
    query = """select g.account_id, s.premise_id, max(r.register) from customers_agreement g
      join customers_servicepoint s on s.id = g.service_point_id left join meters_read r on r.service_point_id = s.id
      where upper_inf(g.during) group by 1, 2 order by 1"""
    found = w.rows(query)
    if not found or not w.rarely(3):
        return None
    account, premise, register = w.one(found)
    on = w.today - timedelta(w.one([0, 0, 3]))
    registers = {"water": (register or 0) + 1_000} if w.rarely(2) else {}
    inputs = {"account_id": account, "premise_id": premise, "on": on, "registers": registers}
    return Call("moves.stop", w.who("cleo", "sue"), inputs)


@move("moves.transfer")
def transfer(w: World) -> Call | None:
    query = """select distinct g.account_id, s.premise_id from customers_agreement g
      join customers_servicepoint s on s.id = g.service_point_id where upper_inf(g.during) order by 1"""
    found, premises = w.rows(query), w.column("select id from customers_premise order by id")
    if not found:
        return None
    account, source = w.one(found)
    inputs = {"account_id": account, "from_premise_id": source, "premise_id": w.one(premises), "on": w.today}
    return Call("moves.transfer", w.who("cleo", "sue"), inputs)


@move("moves.undo")
def undo(w: World) -> Call | None:
    moves = w.column("select id from customers_move order by id desc limit 3")
    inputs = {"move_id": w.one(moves), "on": w.today, "reason": w.one(["changed_mind", "our_error"])} if moves else {}
    return Call("moves.undo", w.who("cleo", "sue"), inputs) if moves else None


# --- drafts -----------------------------------------------------------------------------------------------------------


def _terms(w: World) -> Terms:
    return Terms("checking", w.one(["PPD", "WEB"]), w.one([None, None, 5_000]), None)


@move("autopay.enrol")
def enrol(w: World) -> Call | None:
    bills = w.column("select distinct account_id from bills_bill order by 1")
    id = w.account() if w.rarely(4) else w.one(bills)
    inputs = {"account_id": id, "holder": "R. Ortiz", "numbers": sealed(id, BankNumbers(ROUTING, BANK, "checking")),
              "terms": _terms(w), "authorised_on": w.today, "evidence": "form", "from_on": w.today}  # fmt: skip
    return Call("autopay.enrol", w.who("cleo"), inputs)


@move("autopay.change")
def change(w: World) -> Call | None:
    inputs = {"account_id": w.account(), "numbers": None, "terms": _terms(w), "holder": "R. Ortiz",
              "authorised_on": w.today, "evidence": "call", "from_on": w.today}  # fmt: skip
    return Call("autopay.change", w.who("cleo"), inputs)


@move("autopay.end")
def end(w: World) -> Call | None:
    inputs = {"account_id": w.account(), "until_on": w.today, "reason": "asked by telephone"}
    return Call("autopay.end", w.who("cleo"), inputs) if w.rarely(2) else None


@move("autopay.allow")
def allow(w: World) -> Call | None:
    inputs = {"account_id": w.account(), "cents": 20_000, "until_on": w.today + timedelta(30), "how": "by telephone"}
    return Call("autopay.allow", w.who("cleo"), inputs)


@move("autopay.plan")
def plan_drafts(w: World) -> Call | None:
    inputs = {"through_on": w.today + timedelta(w.one([1, 25])), "on": w.today}
    return Call("autopay.plan", w.who("fay", "clock"), inputs)


def _draft_run(w: World) -> int | None:
    found = w.column("select id from payments_draftrun order by id desc limit 2")
    return int(w.one(found)) if found else None


@move("autopay.make_file")
def make_file(w: World) -> Call | None:
    run = _draft_run(w)
    return Call("autopay.make_file", w.who("fay"), {"run": run, "on": w.today}, w.at(16)) if run else None


@move("autopay.post")
def post_drafts(w: World) -> Call | None:
    query = """select f.run_id, b.id from payments_draftfile f join payments_batch b on b.name = f.name
      where not exists (select from payments_batchrow r where r.batch_id = b.id and not exists (
        select from payments_batchrowdone d where (d.batch_id, d.row_no) = (r.batch_id, r.row_no))) order by 1"""
    found = w.rows(query)
    if not found:
        return None
    run, batch = w.one(found)
    return Call("autopay.post", w.who("fay", "clock"), {"run": run, "batch_id": batch, "posted_on": w.today})


@move("payments.receive_file drafts")
def receive_drafts(w: World) -> Call | None:
    """What :func:`autopay.post` does first: the drafts of a run, which settle, are a file of payments."""
    query = """select f.run_id, f.name, r.effective_on
      from payments_draftfile f join payments_draftrun r on r.id = f.run_id
      where r.drafts > 0 order by 1 desc limit 2"""
    found = w.rows(query)
    if not found:
        return None
    run, name, on = w.one(found)
    rows = w.rows(
        "select a.number, d.cents, d.trace from payments_draftentry d join customers_account a on a.id = d.account_id"
        " where d.run_id = %s and d.cents > 0 order by d.trace", run
    )  # fmt: skip
    content = "\n".join("\t".join(map(str, row)) for row in rows)
    inputs = {"channel": "autopay", "name": name, "content": content, "on": min(on, w.today)}
    return Call("payments.receive_file", w.who("fay", "clock"), inputs)


@move("autopay.receive_answers")
def receive_answers(w: World) -> Call | None:
    inputs = {
        "name": "returns.ach",
        "content": f"answers {w.luck.number(1, 9)}",
        "answers": 1,
        "cents": 1,
        "on": w.today,
    }
    return Call("autopay.receive_answers", w.who("fay"), inputs)


@move("autopay.answer")
def answer(w: World) -> Call | None:
    files = w.column("select id from payments_bankfile where layout = 'nacha' order by id")
    traces = w.rows("select trace, cents from payments_draftentry order by trace desc limit 6")
    if not files or not traces:
        return None
    trace, cents = w.one(traces)
    said = Answer(w.luck.number(1, 9), w.one(["R01", "R01", "R02", "R09", "C01"]), trace, cents, "77123456")
    inputs = {"file_id": w.one(files), "said": said, "on": w.today, "posted_on": w.today}
    return Call("autopay.answer", w.who("fay", "clock"), inputs)


# --- the bank ---------------------------------------------------------------------------------------------------------

WAITING = """
select g.object, p.document_id, sum(p.debit_cents - p.credit_cents)::bigint from ledger_posting p
join ledger_gl g on g.id = p.gl_id where p.sub = 1 and g.fund = 10 and g.object in (1030, 1040, 1050, 1060)
group by 1, 2 having sum(p.debit_cents - p.credit_cents) <> 0 order by 1, 2"""


@move("banking.load")
def load(w: World) -> Call | None:
    waiting = w.rows(WAITING)
    lines = [("475" if cents < 0 else "301", abs(cents), "X") for _, _, cents in waiting[: w.luck.number(0, 3)]]
    lines.append(("142", w.luck.number(1, 5_000), "Other"))
    body = bai2(w.today, lines).decode("latin-1")
    return Call("banking.load", w.who("fay"), {"name": "stmt.bai", "body": body})


@move("banking.match")
def match(w: World) -> Call | None:
    query = """select l.id, l.credit_cents - l.debit_cents from payments_statementline l where %s or not exists (
      select from payments_bankmatchline m where m.line_id = l.id and not exists (
        select from payments_bankmatchundone u where u.match_id = m.match_id)) order by l.id"""
    lines, waiting = w.rows(query, w.rarely()), w.rows(WAITING)
    if not lines:
        return None
    line, cents = w.one(lines)
    same = [row for row in waiting if row[2] == cents]
    items = tuple(Item(f"10-{row[0]}", row[1]) for row in same[:1])
    inputs = {"line_ids": (line,), "items": items, "on": w.today, "reason": "" if items else "another department's"}
    return Call("banking.match", w.who("fay"), inputs)


@move("banking.match_all")
def match_all(w: World) -> Call | None:
    return Call("banking.match_all", w.who("fay"), {"on": w.today})


@move("delinquency.file_petition")
def petition(w: World) -> Call | None:
    inputs = {"account_id": w.account(), "chapter": w.one([7, 13, 99]), "court": "W.D. Okla.",
              "case_no": w.nth("delinquency_petition"), "filed_on": w.today - timedelta(w.one([0, 3, 30])),
              "on": w.today}  # fmt: skip
    return Call("delinquency.file_petition", w.who("sue"), inputs) if w.rarely(6) or w.sober else None


@move("banking.undo_match")
def undo_match(w: World) -> Call | None:
    matches = w.column("select id from payments_bankmatch order by id desc limit 4")
    inputs = {
        "match_id": w.one(matches or [0]),
        "reason": w.one(["the court's", "another deposit's", ""]),
        "on": w.today,
    }
    return Call("banking.undo_match", w.who("fay"), inputs) if matches else None


@move("banking.settle")
def settle(w: World) -> Call | None:
    waiting = w.rows(WAITING)
    if not waiting:
        return None
    object, document, cents = w.one(waiting)
    fee = w.one([0, 0, 5])
    inputs = {"gl": f"10-{object}", "document_id": document, "cents": cents - fee, "fee_cents": fee, "on": w.today,
              "shown_on": w.today, "reference": "statement"}  # fmt: skip
    return Call("banking.settle", w.who("fay"), inputs)
