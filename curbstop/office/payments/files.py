"""Many payments at once: the file of a channel (online cards, autopay, lockbox, bank bill-pay, mail).

The file is taken whole first, once, whoever sends it again. Then its rows are posted in blocks of 500 accounts, each
its own commit and event, in the order of accounts. Whatever stops it, the same call goes on where it stopped: a row's
mark is in the same commit as its money.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import numpy as np
from django.db import connection

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import check_locked, locking, turning
from curbstop.office._once import Refused, act
from curbstop.office._rows import write_rows
from curbstop.office._statements import Asked, array, ask, ask_all
from curbstop.office.payments.owing import Loaded, Owing, asking, less, read
from curbstop.records.bulk.columns import Column, Values
from curbstop.records.payments.models import Batch, BatchRow, BatchRowDone, Receipt, Series, Tender
from curbstop.rules.ledger import Tendered
from curbstop.rules.ledger import take as take_legs
from curbstop.rules.ledger.recipes import UNIDENTIFIED, Unapplied
from curbstop.rules.money import show
from curbstop.rules.payments import apply, check_cents

BLOCK = 500
"""Accounts (or rows without one) of a block."""


@dataclass(frozen=True)
class Channel:
    """Where the money of a channel waits for the bank, and what its tenders are called."""

    name: str
    gl: str
    tender: str


CHANNELS: Mapping[str, Channel] = {
    "online_card": Channel("Online card", "10-1040", "card"),
    "autopay": Channel("Autopay draft", "10-1050", "ach"),
    "lockbox": Channel("Lockbox", "10-1060", "lockbox"),
    "bill_pay": Channel("Bank bill-pay", "10-1060", "bill_pay"),
    "mail": Channel("Mail", "10-1060", "mail"),
}


@dataclass(frozen=True, slots=True)
class FileRow:
    """One payment of a file: the account number as the payer gave it, the amount, and what names the row."""

    account_number: str
    cents: int
    reference: str


@dataclass(frozen=True)
class FileReceived:
    """A file as taken: how many rows, how much, and how many rows name an account that is known."""

    batch_id: int
    rows: int
    cents: int
    identified: int
    blocks: int
    already: bool


@dataclass(frozen=True)
class BlockRecorded:
    """A block of a file as posted."""

    rows: int
    cents: int
    unidentified: int
    unidentified_cents: int
    credit_cents: int


@dataclass(frozen=True)
class BatchRecorded:
    """A whole file as posted. ``already``: the same file had been taken before; nothing was posted twice."""

    batch_id: int
    rows: int
    cents: int
    unidentified: int
    unidentified_cents: int
    already: bool


def record_batch(
    *,
    key: Key,
    by: Actor,
    at: datetime,
    channel: str,
    name: str,
    rows: Sequence[FileRow],
    on: date,
    posted_on: date | None = None,
) -> BatchRecorded:
    """Take a channel's file and post every payment in it: one receipt a row, applied by policy.

    A row whose account nobody knows waits on 10-2340, with the row kept, until :func:`identify` names it. Call it again
    with the same file after an interruption: it goes on, and posts nothing twice.

    :param key: of the file; its blocks get keys of their own
    :param on: the day the money came; posted on ``posted_on``, by default the same day
    :raises Refused: an unknown channel, an empty file
    :raises BadPayment: an amount that cannot be, naming the row
    """
    text = "\n".join(f"{row.account_number}\t{row.cents}\t{row.reference}" for row in rows)
    received = receive_file(key=Key(f"{key}"), by=by, at=at, channel=channel, name=name, content=text, on=on)
    post_blocks(key=key, by=by, at=at, batch_id=received.batch_id, on=on, posted_on=posted_on or on)
    return _recorded(received)


def post_blocks(*, key: Key, by: Actor, at: datetime, batch_id: int, on: date, posted_on: date) -> None:
    """Post what of a file is not posted yet, a block at a time, each its own commit and event."""
    for block in _blocks_to_do(batch_id):
        _record_block(
            key=Key(f"{key}:{batch_id}:{block}"), by=by, at=at, batch_id=batch_id, block=block, on=on,
            posted_on=posted_on,
        )  # fmt: skip


@act("payments.receive_file", secret=("content",))
def receive_file(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, channel: str, name: str, content: str, on: date
) -> FileReceived:
    """Take a channel's file whole: its rows are kept as they came, cut into blocks of accounts; nothing is posted yet.

    :param content: a row a line: account number, cents, reference, with tabs between
    """
    if channel not in CHANNELS:
        raise Refused(f"There is no channel {channel!r}; the channels are {', '.join(CHANNELS)}.", field="channel")
    return keep_rows(event, channel, name, _read(content), sha256=hashlib.sha256(content.encode()).digest(), on=on)


def keep_rows(
    event: Acting, channel: str, name: str, rows: Sequence[FileRow], *, sha256: bytes, on: date
) -> FileReceived:
    """Keep the rows of a file for the act under way, once for a channel and digest."""
    code = channel.upper().replace("_", "-")
    values = {"channel": channel, "sha256": sha256.hex(), "code": code}
    turn = turning(f"payments.file:{channel}:{sha256.hex()}")
    _, before, series, ((batch_id,),) = ask_all(turn, (_BEFORE, values), (_SERIES, values), (_DOCUMENT, {}))
    if before:
        id, told, count, cents = before[0]
        event.about(f"batch:{id}", says=f"{name}: this file was taken before, as {told}.")
        return _received(id, count, cents)
    cents = sum(row.cents for row in rows)
    placed = _placed(batch_id, rows)
    Batch.objects.create(
        id=batch_id,
        channel=channel,
        series_id=series[0][0] if series else Series.objects.get_or_create(code=code)[0].pk,
        name=name,
        sha256=sha256,
        received_on=on,
        rows=len(rows),
        cents=cents,
        event_id=event.id,
    )
    write_rows((BatchRow, placed.columns))
    event.about(f"batch:{batch_id}", says=f"{CHANNELS[channel].name} file {name}: {len(rows)} payments, {show(cents)}.")
    return FileReceived(batch_id, len(rows), cents, placed.identified, placed.blocks, False)


_BEFORE = """
select id, name, rows, cents from payments_batch
where channel = %(channel)s::text and sha256 = decode(%(sha256)s::text, 'hex')"""
_SERIES = "select id from payments_series where code = %(code)s::text"
_DOCUMENT = "select nextval('ledger_document_seq')"


def _read(content: str) -> list[FileRow]:
    rows = []
    for place, line in enumerate(content.split("\n"), 1):
        parts = line.split("\t")
        if len(parts) != 3 or not parts[1].lstrip("-").isdigit():
            raise Refused(f"Row {place} is no payment; correct the file and send it again.", field=f"rows[{place}]")
        rows.append(FileRow(parts[0].strip(), int(parts[1]), parts[2].strip()))
        check_cents(rows[-1].cents, field=f"rows[{place}].cents")
    return rows


@dataclass(frozen=True)
class _Placed:
    """The rows of a file as they are kept, how many name an account that is known, and how many blocks they make."""

    columns: Mapping[str, Values]
    identified: int
    blocks: int


def _placed(batch_id: int, rows: Sequence[FileRow]) -> _Placed:
    """The rows with the account each names, numbered by blocks of accounts in order; the nameless come last."""
    ids = account_ids({row.account_number for row in rows})
    accounts = [ids.get(row.account_number) for row in rows]
    places = {id: place // BLOCK for place, id in enumerate(sorted({id for id in accounts if id is not None}))}
    last = max(places.values(), default=-1) + 1
    nameless = 0
    blocks = []
    for id in accounts:
        if id is None:
            blocks.append(last + nameless // BLOCK)
            nameless += 1
        else:
            blocks.append(places[id])
    missing = np.array([id is None for id in accounts])
    columns: Mapping[str, Values] = {
        "batch_id": batch_id,
        "row_no": np.arange(1, len(rows) + 1),
        "block_no": np.array(blocks),
        "account_id": Column(np.array([id or 0 for id in accounts], dtype=np.int64), missing),
        "cents": np.array([row.cents for row in rows], dtype=np.int64),
        "account_number": np.array([row.account_number for row in rows]),
        "reference": np.array([row.reference for row in rows]),
    }
    return _Placed(columns, len(rows) - nameless, max(blocks, default=-1) + 1)


def account_ids(numbers: Iterable[str]) -> dict[str, int]:
    """The accounts that numbers name as payers write them: with dashes and spaces, or filled with zeros in front."""
    bare = {given: "".join(c for c in given if c in "0123456789").lstrip("0") for given in numbers}
    with connection.cursor() as cursor:
        cursor.execute("select number, id from customers_account where number = any(%s)", [list(set(bare.values()))])
        ids = dict(cursor.fetchall())
    return {given: ids[number] for given, number in bare.items() if number in ids}


def _received(batch_id: int, rows: int, cents: int) -> FileReceived:
    """A file that was taken before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(account_id), max(block_no) + 1 from payments_batchrow where batch_id = %s", [batch_id]
        )
        identified, blocks = cursor.fetchone()
    return FileReceived(batch_id, rows, cents, identified, blocks, True)


def _blocks_to_do(batch_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct r.block_no from payments_batchrow r where r.batch_id = %s and not exists"
            " (select from payments_batchrowdone d where (d.batch_id, d.row_no) = (r.batch_id, r.row_no)) order by 1",
            [batch_id],
        )
        return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class _Row:
    row_no: int
    account_id: int | None
    account_number: str
    cents: int
    reference: str


_BATCH = "select channel, series_id, name from payments_batch where id = %(batch)s::bigint"
_ROWS = """
select row_no, account_id, account_number, cents, reference from payments_batchrow
where batch_id = %(batch)s::bigint and block_no = %(block)s::int order by account_id nulls last, row_no"""


def _block(given: Mapping[str, Any]) -> list[Asked]:
    values = {"batch": given["batch_id"], "block": given["block"]}
    return [(_BATCH, values), (_ROWS, values)]


@act("payments.record_batch", ahead=_block)
def _record_block(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, batch_id: int, block: int, on: date, posted_on: date
) -> BlockRecorded:
    """Post one block of a file: lock its accounts, apply every row in order, write receipts, mark the rows done."""
    ((channel, series_id, name),), rows = event.ahead
    batch = Batch(id=batch_id, channel=channel, series_id=series_id, name=name)
    return _post_rows(event, batch, block, [_Row(*row) for row in rows], on=on, posted_on=posted_on)


_DONE = """
select row_no from payments_batchrowdone where batch_id = %(batch)s::bigint and row_no = any(%(rows)s::int[])"""
_DOCUMENTS = "select nextval('ledger_document_seq') from generate_series(1, %(count)s::int)"


def _post_rows(
    event: Acting, batch: Batch, block: int, rows: list[_Row], *, on: date, posted_on: date
) -> BlockRecorded:
    """Post rows of a file for the act under way."""
    channel, batch_id = CHANNELS[batch.channel], batch.pk
    accounts = sorted({row.account_id for row in rows if row.account_id is not None})
    held, posted, ids, *owed = ask_all(
        locking(accounts),
        (_DONE, {"batch": batch_id, "rows": array(row.row_no for row in rows)}),
        (_DOCUMENTS, {"count": len(rows)}),
        *([asking(accounts, on=on)] if accounts else []),
    )
    check_locked(held, accounts)
    done = {row_no for (row_no,) in posted}
    rows = [row for row in rows if row.row_no not in done]
    documents = [row[0] for row in ids[: len(rows)]]
    loaded = read(owed[0], accounts, on=on) if accounts else None
    postings, credit_cents = _apply(channel, batch_id, rows, documents, loaded, on)
    txn_ids = ledger._post_many(event, posted_on=posted_on, postings=postings)
    _write_receipts(batch, channel, rows, documents, txn_ids, loaded, on)
    nameless = [row.cents for row in rows if row.account_id is None]
    cents = sum(row.cents for row in rows)
    event.about(
        f"batch:{batch_id}",
        *(f"account:{id}" for id in accounts),
        says=f"{channel.name} {batch.name}, block {block}: {len(rows)} payments, {show(cents)}.",
    )
    return BlockRecorded(len(rows), cents, len(nameless), sum(nameless), credit_cents)


def _apply(
    channel: Channel, batch_id: int, rows: Iterable[_Row], documents: Sequence[int], loaded: Loaded | None, on: date
) -> tuple[list[ledger.Posting], int]:
    """The transaction of each row; of several rows of one account, each finds what the one before left."""
    postings: list[ledger.Posting] = []
    credit_cents = 0
    numbered = zip(rows, documents, strict=True)
    for account_id, group in groupby(numbered, key=lambda pair: pair[0].account_id):
        owing: Owing | None = loaded.accounts[account_id] if loaded and account_id is not None else None
        waiting = list(group)
        for place, (row, document) in enumerate(waiting, 1):
            came = [Tendered(channel.gl, batch_id, 1, row.cents)]
            if owing is None or loaded is None:
                held = Tendered(UNIDENTIFIED, document, 1, row.cents)
                postings.append(ledger.Posting("take", on, take_legs(came, (), (), unidentified=held)))
                continue
            applied, rest = apply(row.cents, owing.targets, loaded.policy, on=on)
            rests = [Unapplied(owing.id, document, 1, rest)] if rest else []
            postings.append(ledger.Posting("take", on, take_legs(came, applied, rests)))
            credit_cents += rest
            if place < len(waiting):
                owing = less(owing, applied, rest)
    return postings, credit_cents


def _write_receipts(
    batch: Batch,
    channel: Channel,
    rows: Sequence[_Row],
    documents: Sequence[int],
    txn_ids: Sequence[int],
    loaded: Loaded | None,
    on: date,
) -> None:
    """A receipt a row, its tender and its mark; the numbers are taken last, all at once."""
    if not rows:
        return
    ((after,),) = ask(_NUMBERS, {"count": len(rows), "series": batch.series_id})
    first = after - len(rows)
    numbers = np.arange(first, first + len(rows), dtype=np.int64)
    nameless = np.array([row.account_id is None for row in rows])
    cents = np.array([row.cents for row in rows], dtype=np.int64)
    payers = [
        loaded.accounts[row.account_id].name
        if loaded is not None and row.account_id is not None
        else f"account {row.account_number} as given"
        for row in rows
    ]
    receipts: Mapping[str, Values] = {
        "series_id": batch.series_id,
        "no": numbers,
        "txn_id": np.array(txn_ids, dtype=np.int64),
        "account_id": Column(np.array([row.account_id or 0 for row in rows], dtype=np.int64), nameless),
        "document_id": np.array(documents, dtype=np.int64),
        "effective_on": on,
        "payer": np.array(payers),
        "cents": cents,
    }
    tenders: Mapping[str, Values] = {
        "series_id": batch.series_id,
        "no": numbers,
        "line": 1,
        "type": channel.tender,
        "cents": cents,
        "reference": np.array([row.reference for row in rows]),
        "batch_document_id": batch.pk,
    }
    done: Mapping[str, Values] = {
        "batch_id": batch.pk,
        "row_no": np.array([row.row_no for row in rows]),
        "receipt_no": numbers,
        "identified": ~nameless,
    }
    write_rows((Receipt, receipts), (Tender, tenders), (BatchRowDone, done))


_NUMBERS = """
update payments_series set next_no = next_no + %(count)s::int where id = %(series)s::int returning next_no"""


def _recorded(received: FileReceived) -> BatchRecorded:
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(cents), 0)::bigint from payments_batchrow where batch_id = %s and account_id is null",
            [received.batch_id],
        )
        nameless_cents = cursor.fetchone()[0]
    nameless = received.rows - received.identified
    return BatchRecorded(received.batch_id, received.rows, received.cents, nameless, nameless_cents, received.already)
