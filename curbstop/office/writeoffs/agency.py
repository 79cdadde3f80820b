"""The collection agency: debts placed and recalled, what it collected, its commission net or by invoice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from django.db import connection

from curbstop.formats.agency import AgencyRow, Placed, read_remittance, write_placement
from curbstop.formats.layouts import BadField, built_in
from curbstop.office import ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.writeoffs.listing import _recover, get_open, list_written_off
from curbstop.records.payments.writeoffs import AgencyFile, AgencyPaid, Placement, Recall
from curbstop.rules.money import half_up, show
from curbstop.rules.policies import NotSet
from curbstop.rules.writeoffs import Item, agency_invoice, agency_paid, take

PLACEMENT, REMITTANCE = "agency_csv", "agency_remittance_csv"


@dataclass(frozen=True)
class Terms:
    """A collection agency of the city: the share that it keeps, and whether it keeps it (net) or sends a bill."""

    agency: str
    name: str
    percent: Fraction
    net: bool


@dataclass(frozen=True)
class AgencyFileMade:
    """A file to an agency, as stored: its id, digest and totals."""

    id: int
    file_id: str
    sha256: str
    rows: int
    cents: int


@dataclass(frozen=True)
class Remitted:
    """What an agency sent: how many accounts, what it collected, its commission, what the bank should show."""

    id: int
    file_id: str
    rows: int
    cents: int
    commission_cents: int
    net_cents: int
    invoice_txn_id: int | None


@dataclass(frozen=True)
class PlacementRow:
    """A debt with an agency: since when, how much then, what came of it, what is left; or when it was recalled."""

    id: int
    account_id: int
    number: str
    name: str
    agency: str
    placed_on: date
    cents: int
    collected_cents: int
    left_cents: int
    recalled_on: date | None
    reason: str


def list_terms(*, on: date) -> tuple[Terms, ...]:
    """The agencies on file. :raises Refused: there is none"""
    try:
        rows = policies.load("agency.terms").rows("agency.terms", on=on)
    except NotSet as missing:
        raise Refused(f"{missing.says} {missing.why} The office sets agency.terms.", field="agency") from missing
    return tuple(
        Terms(str(row["agency"]), str(row["name"]), Fraction(str(row["percent"])), str(row["remits"]) != "gross")
        for row in rows
        if isinstance(row, dict)
    )


def get_terms(agency: str, *, on: date) -> Terms:
    """The terms of an agency. :raises Refused: it is none of the city's"""
    known = list_terms(on=on)
    found = next((terms for terms in known if terms.agency == agency), None)
    if found is None:
        names = ", ".join(terms.agency for terms in known)
        raise Refused(f"{agency!r} is no collection agency of this city; it has {names}.", field="agency")
    return found


def _with_agency() -> dict[int, Placement]:
    """Every account that is with an agency now."""
    open_ = Placement.objects.filter(recall__isnull=True).order_by("account_id")
    return {placement.account_id: placement for placement in open_}


@act("writeoffs.place")
def place(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, agency: str, account_ids: tuple[int, ...], on: date
) -> AgencyFileMade:
    """Give written-off debts to a collection agency, in a file that is stored as it was sent. Nothing is posted.

    :raises Refused: an account without written-off debt, or one that is with an agency already
    """
    get_terms(agency, on=on)
    wanted = sorted(set(account_ids))
    event.about(*(f"account:{id}" for id in wanted))
    if not wanted:
        raise Refused("Choose the accounts to place.", field="account_ids")
    refuse_own(by, wanted)
    lock_accounts(wanted)
    there = _with_agency()
    if taken := [id for id in wanted if id in there]:
        says = f"Account {_number(taken[0])} is with {there[taken[0]].agency} since"
        raise Refused(f"{says} {there[taken[0]].placed_on.isoformat()}. Recall it first.", field="account_ids")
    left = _left_by_account(wanted)
    if lacking := [id for id in wanted if not left.get(id)]:
        raise Refused(f"Account {_number(lacking[0])} has no written-off debt to place.", field="account_ids")
    last = {
        recall.placement.account_id: recall
        for recall in Recall.objects.filter(placement__account_id__in=wanted)
        .select_related("placement")
        .order_by("placement_id")
    }
    file = _write_file(event, agency, "placement", wanted, left, on)
    Placement.objects.bulk_create(
        Placement(
            account_id=id,
            agency=agency,
            file=file,
            placed_on=on,
            cents=left[id],
            follows=last.get(id),
            event_id=event.id,
        )
        for id in wanted
    )
    event.about(says=f"{len(wanted)} accounts, {show(file.cents)}, placed with {agency} in file {file.file_id}.")
    return AgencyFileMade(file.id, file.file_id, bytes(file.sha256).hex(), file.rows, file.cents)


@act("writeoffs.recall")
def recall(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, account_ids: tuple[int, ...], reason: str, on: date
) -> AgencyFileMade:
    """Take debts back from their agency: paid here, the customer has come back, placed by mistake.

    :raises Refused: no reason, an account that is with no agency, or accounts of two agencies
    """
    if not reason.strip():
        raise Refused("Say why it is recalled; the agency reads it.", field="reason")
    wanted = sorted(set(account_ids))
    event.about(*(f"account:{id}" for id in wanted))
    lock_accounts(wanted)
    there = _with_agency()
    if not wanted or (missing := [id for id in wanted if id not in there]):
        says = f"Account {_number(missing[0])} is with no agency." if wanted else "Choose the accounts to recall."
        raise Refused(says, field="account_ids")
    agencies = {there[id].agency for id in wanted}
    if len(agencies) > 1:
        raise Refused(
            f"These are with {' and '.join(sorted(agencies))}; recall them one agency at a time.", field="account_ids"
        )
    cents = {id: there[id].cents for id in wanted}
    file = _write_file(event, agencies.pop(), "recall", wanted, cents, on)
    Recall.objects.bulk_create(
        Recall(placement=there[id], recalled_on=on, reason=reason.strip(), event_id=event.id) for id in wanted
    )
    event.about(says=f"{len(wanted)} accounts recalled from {file.agency}: {reason.strip()}.")
    return AgencyFileMade(file.id, file.file_id, bytes(file.sha256).hex(), file.rows, file.cents)


def _left_by_account(account_ids: Sequence[int]) -> dict[int, int]:
    left: dict[int, int] = {}
    for document in list_written_off(account_ids=account_ids):
        left[document.account_id] = left.get(document.account_id, 0) + document.left_cents
    return left


def _number(account_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select number from customers_account where id = %s", [account_id])
        row = cursor.fetchone()
    return row[0] if row else str(account_id)


_DEBTORS = """
select a.id, a.number, c.name, c.phone,
  case when a.mail_to <> '{}' then array_to_string(a.mail_to, ', ') else coalesce(pl.address, '') end, pl.closed_on,
  (select min(t.posted_on) from ledger_posting p join ledger_transaction t on t.id = p.txn_id
   where p.account_id = a.id and p.sub = 4 and p.debit_cents > 0)
from customers_account a join customers_customer c on c.id = a.customer_id
left join lateral (
  select (array_agg(pr.address order by upper(x.during) desc nulls first))[1] address,
    case when not bool_or(upper_inf(x.during)) then max(upper(x.during)) end closed_on
  from customers_agreement x join customers_servicepoint s on s.id = x.service_point_id
  join customers_premise pr on pr.id = s.premise_id where x.account_id = a.id) pl on true
where a.id = any(%s) order by a.number"""


def _write_file(
    event: Acting, agency: str, kind: str, account_ids: Sequence[int], cents: dict[int, int], on: date
) -> AgencyFile:
    (id,) = ledger.reserve_documents(1)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('agency.file', 4))")
        begins = f"{policies.get_city().code}-{agency}-{kind}-{on:%Y%m%d}-"
        cursor.execute("select count(*) from payments_agencyfile where starts_with(file_id, %s)", [begins])
        file_id = f"{begins}{cursor.fetchone()[0] + 1}"
        cursor.execute(_DEBTORS, [list(account_ids)])
        rows = [
            Placed(number, name, address, phone, closed_on, written_on, cents[id])
            for id, number, name, phone, address, closed_on, written_on in cursor.fetchall()
        ]
    body = write_placement(built_in(PLACEMENT), rows, file_id=file_id, kind=kind, made_on=on)
    return AgencyFile.objects.create(
        id=id, file_id=file_id, agency=agency, kind=kind, on=on, rows=len(rows), cents=sum(row.cents for row in rows),
        sha256=hashlib.sha256(body).digest(), body=body, event_id=event.id,
    )  # fmt: skip


def get_agency_file(file_id: str) -> bytes:
    """The bytes of a file of an agency. :raises Refused: there is none"""
    row = AgencyFile.objects.filter(file_id=file_id).first()
    if row is None:
        raise Refused(f"There is no file {file_id}.", field="file_id")
    return bytes(row.body)


# --- what it collected ------------------------------------------------------------------------------------------------


@act("writeoffs.receive_remittance", secret=("text",))
def receive_remittance(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    agency: str,
    name: str,
    text: str,
    on: date,
    layout: str = REMITTANCE,
) -> Remitted:
    """Take in what an agency collected: each debt is brought back and paid, its commission an expense (E65, E66, E76).

    An agency that remits net keeps its commission; one that remits gross is owed it, and sends an invoice. The file is
    taken whole or not at all, and the same bytes once. Its money waits on 10-1060 for the bank.

    :param text: the file: account, collected, commission (worked out from the agency's share where it is empty)
    :raises formats.agency.RemittanceErrors: every line that cannot be read
    :raises Refused: taken before; an account that was never placed there, or that owes less than was collected
    """
    terms = get_terms(agency, on=on)
    body = text.encode("utf-8")
    digest = hashlib.sha256(body).digest()
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('agency.file', 4))")
    before = AgencyFile.objects.filter(agency=agency, sha256=digest).first()
    if before is not None:
        raise Refused(f"This file was taken on {before.on.isoformat()} as {before.file_id}.", field="text")
    try:
        rows = read_remittance(built_in(layout), body, file=name)
    except KeyError as error:
        raise Refused(f"No such layout of a remittance: {layout}.", field="layout") from error
    except BadField as error:
        raise Refused(f"{name}: {error.field}: {error.why}; {error.remedy}.", field="text") from error
    placements = _placements(rows, agency)
    accounts = [placements[row.line].account_id for row in rows]
    event.about(*(f"account:{id}" for id in accounts))
    lock_accounts(accounts)
    (batch,) = ledger.reserve_documents(1)
    paid, invoiced = [], []
    for row in rows:
        placement = placements[row.line]
        commission = row.commission_cents if row.commission_cents is not None else _share(row.cents, terms)
        items = _bring_back(event, placement.account_id, row, on)
        kept = commission if terms.net else 0
        legs = agency_paid(items, batch=batch, line=row.line, commission_cents=kept)
        txn = ledger._post(event, act="agency", posted_on=on, effective_on=on, legs=legs)
        paid.append((row, placement, commission, txn))
        invoiced += [] if terms.net else [(items, commission)]
    file = _keep_remittance(event, agency, name, body, batch, on, [(row, share) for row, _, share, _ in paid])
    AgencyPaid.objects.bulk_create(
        AgencyPaid(file=file, line=row.line, placement=one, cents=row.cents, commission_cents=share, txn_id=txn)
        for row, one, share, txn in paid
    )
    invoice = _invoice(event, invoiced, on)
    kept = file.commission_cents if terms.net else 0
    how = "kept" if terms.net else "to be invoiced"
    says = f"{terms.name} collected {show(file.cents)} on {len(rows)} accounts"
    event.about(says=f"{says}, commission {show(file.commission_cents)} {how}.")
    return Remitted(batch, file.file_id, len(rows), file.cents, file.commission_cents, file.cents - kept, invoice)


def _share(cents: int, terms: Terms) -> int:
    exact = cents * terms.percent * Fraction(1, 100)
    return half_up(exact.numerator, exact.denominator)


def _placements(rows: Sequence[AgencyRow], agency: str) -> dict[int, Placement]:
    """The placement that each row is about: also one recalled since, since its money was on the way."""
    found = {}
    for row in rows:
        placement = Placement.objects.filter(agency=agency, account_id__in=_ids(row.account)).order_by("-id").first()
        if placement is None:
            says = f"Line {row.line}: account {row.account} was never placed with {agency}."
            raise Refused(f"{says} Ask the agency whose money it is; nothing of the file is taken.", field="text")
        found[row.line] = placement
    return found


def _ids(number: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("select id from customers_account where number = %s", [number])
        return [row[0] for row in cursor.fetchall()]


def _bring_back(event: Acting, account_id: int, row: AgencyRow, on: date) -> tuple[Item, ...]:
    """So much of the debt lives again as was collected, less what lives already; the items it pays, oldest first."""
    open_items = get_open(account_id)
    lacking = row.cents - sum(item.cents for item in open_items)
    left = _left_by_account([account_id]).get(account_id, 0)
    if lacking > left:
        says = f"Line {row.line}: account {row.account} owes {show(row.cents - lacking + left)} in all"
        raise Refused(f"{says}, and {show(row.cents)} was collected. Ask the agency; nothing is taken.", field="text")
    if lacking > 0:
        _recover(event, account_id, on, lacking, "collected by the agency")
        open_items = get_open(account_id)
    items, _ = take(open_items, row.cents)
    return items


def _keep_remittance(
    event: Acting, agency: str, name: str, body: bytes, batch: int, on: date, rows: Sequence[tuple[AgencyRow, int]]
) -> AgencyFile:
    return AgencyFile.objects.create(
        id=batch, file_id=f"{agency}-{name}-{batch}", agency=agency, kind="remittance", on=on, rows=len(rows),
        cents=sum(row.cents for row, _ in rows), commission_cents=sum(share for _, share in rows),
        sha256=hashlib.sha256(body).digest(), body=body, event_id=event.id,
    )  # fmt: skip


def _invoice(event: Acting, invoiced: Sequence[tuple[tuple[Item, ...], int]], on: date) -> int | None:
    legs = [leg for items, commission in invoiced if commission for leg in agency_invoice(items, commission)]
    return ledger._post(event, act="agency_invoice", posted_on=on, effective_on=on, legs=legs) if legs else None


_PLACED = """
select x.id, x.account_id, a.number, c.name, x.agency, x.placed_on, x.cents,
  coalesce((select sum(p.cents) from payments_agencypaid p where p.placement_id = x.id), 0)::bigint,
  coalesce((select sum(p.debit_cents - p.credit_cents) from ledger_posting p where p.account_id = x.account_id
    and p.sub = 4), 0)::bigint,
  r.recalled_on, coalesce(r.reason, '')
from payments_placement x join customers_account a on a.id = x.account_id
join customers_customer c on c.id = a.customer_id left join payments_recall r on r.placement_id = x.id
where %(all)s or r.placement_id is null order by x.placed_on, a.number"""


def list_placements(*, everything: bool = False) -> tuple[PlacementRow, ...]:
    """The debts that are with an agency; those recalled too with ``everything``."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACED, {"all": everything})
        return tuple(PlacementRow(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class AgencyFileRow:
    """A file to or from an agency."""

    file_id: str
    agency: str
    kind: str
    on: date
    rows: int
    cents: int
    commission_cents: int
    sha256: str


def list_agency_files(*, limit: int = 50) -> tuple[AgencyFileRow, ...]:
    """The latest files to and from agencies, newest first."""
    return tuple(
        AgencyFileRow(
            row.file_id,
            row.agency,
            row.kind,
            row.on,
            row.rows,
            row.cents,
            row.commission_cents,
            bytes(row.sha256).hex(),
        )
        for row in AgencyFile.objects.order_by("-id")[:limit]
    )
