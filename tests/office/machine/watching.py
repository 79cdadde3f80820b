"""A second pair of eyes: a connection of its own that sees only what was committed, digests it, and can put it back.

A digest is a row's place and the transaction that wrote it (``ctid``, ``xmin``): a committed insert, update or delete
changes it, whatever it wrote, and an undone one does not. Sequences are no table: a number may be lost.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

KEPT = "kept_{}"
"""The schema that a saved state is kept in."""

Digest = dict[str, tuple[int, int]]

_TABLES = """
select c.relname, array_agg(quote_ident(a.attname) order by a.attnum) filter (where a.attgenerated = '')
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'city'::regnamespace and c.relkind = 'r' group by c.relname order by c.relname"""

BOOKS = """
select 'transaction ' || txn_id || ' does not balance in fund ' || fund from ledger_posting
group by txn_id, fund having sum(debit_cents) <> sum(credit_cents)
union all
select 'item ' || document_id || '.' || line_no || ' of account ' || account_id || ' crossed zero' from ledger_posting
where sub in (2, 3) group by account_id, document_id, line_no, gl_id, sub
having sum(debit_cents - credit_cents) * (case sub when 2 then 1 else -1 end) < 0
union all
select 'batch item ' || p.document_id || ' of ' || g.fund || '-' || g.object || ' was used beyond what came'
from ledger_posting p join ledger_gl g on g.id = p.gl_id where g.object in (1003, 2340)
group by p.document_id, p.line_no, g.fund, g.object having sum(p.credit_cents - p.debit_cents) < 0
union all
select 'the pool and fund ' || g.partner || ' differ' from (
  select case when g.object = 1010 then g.fund else g.object - 2800 end partner,
    sum(p.debit_cents - p.credit_cents) cents
  from ledger_posting p join ledger_gl g on g.id = p.gl_id where g.object = 1010 or g.object between 2850 and 2899
  group by 1) g where g.cents <> 0
union all
select 'transaction ' || t.id || ' (' || t.act || ') has no event' from ledger_transaction t
where not exists (select from base_event e where e.id = t.event_id and not e.denied)
union all
select 'event ' || e.id || ' (' || e.act || ') does not name account ' || p.account_id || ', which it touched'
from ledger_posting p join ledger_transaction t on t.id = p.txn_id join base_event e on e.id = t.event_id
where p.account_id is not null and t.id > %(after)s and not ('account:' || p.account_id = any(e.subjects))
  and e.act <> all(%(in_bulk)s) group by e.id, e.act, p.account_id
union all
select 'receipt ' || r.series_id || '-' || r.no || ' is not the sum of its tenders' from payments_receipt r
left join payments_tender t on (t.series_id, t.no) = (r.series_id, r.no) group by r.series_id, r.no, r.cents
having r.cents is distinct from sum(t.cents)
union all
select 'series ' || s.code || ' has a gap' from payments_series s left join payments_receipt r on r.series_id = s.id
group by s.id having count(r.no) <> s.next_no - 1
union all
select 'posting ' || p.txn_id || '.' || p.leg_no || ' names what is not there' from ledger_posting p
left join ledger_transaction t on t.id = p.txn_id
left join ledger_gl g on (g.id, g.fund, g.sub) = (p.gl_id, p.fund, p.sub)
left join customers_account a on a.id = p.account_id
where t.id is null or g.id is null or (p.account_id is not null and a.id is null)"""

IN_BULK = ["bills.post"]
"""Acts whose event names the run instead of each account: a chunk bills five thousand."""


class Watch:
    """What is committed in the test's database."""

    def __init__(self, url: str) -> None:
        self.link = psycopg.connect(
            url, autocommit=True, options="-c search_path=city,public -c jit=off -c max_parallel_workers_per_gather=0"
        )
        self.link.prepare_threshold = 0
        self.tables: dict[str, list[str]] = dict(self.link.execute(_TABLES).fetchall())
        row = "hashtextextended(ctid::text || ' ' || xmin::text, 0)"
        one = f"select {{name}}, count(*), coalesce(sum({row}), 0) from {{table}}"
        self._digest = sql.SQL(" union all ").join(
            sql.SQL(one).format(  # type: ignore[arg-type]
                name=sql.Literal(table), table=sql.Identifier(table)
            )
            for table in self.tables
        )

    def close(self) -> None:
        """Leave the database alone."""
        self.link.close()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self.link.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def column(self, query: str, *values: Any) -> list[Any]:
        """The first column of what a query finds."""
        return [row[0] for row in self.rows(query, *values)]

    def digest(self) -> Digest:
        """What every table holds: how many rows, and which."""
        return {name: (count, total) for name, count, total in self.link.execute(self._digest)}

    def faults(self, after: int) -> list[str]:
        """What is wrong with the books; transactions up to ``after`` were looked at for their events before."""
        found = self.link.execute(BOOKS, {"after": after, "in_bulk": IN_BULK})  # type: ignore[arg-type]
        return [row[0] for row in found]

    def control_cents(self, objects: list[int]) -> int:
        """What these control accounts come to, debit less credit."""
        query = (
            "select coalesce(sum(p.debit_cents - p.credit_cents), 0)::bigint from ledger_posting p"
            " join ledger_gl g on g.id = p.gl_id where g.object = any(%s)"
        )
        return int(self.rows(query, objects)[0][0])

    def save(self, name: str) -> Digest:
        """Keep the state under a name; returns its digest."""
        schema = KEPT.format(name)
        with self.link.transaction():
            self.link.execute(f"drop schema if exists {schema} cascade")  # type: ignore[arg-type]
            self.link.execute(f"create schema {schema}")  # type: ignore[arg-type]
            for table in self.tables:
                self.link.execute(f'create table {schema}."{table}" as table city."{table}"')  # type: ignore[arg-type]
        return self.digest()

    def restore(self, name: str, saved: Digest) -> Digest:
        """Put back the rows of a saved state where they changed since; returns the digest by then."""
        schema, now = KEPT.format(name), self.digest()
        with self.link.transaction():
            self.link.execute("set local session_replication_role = replica")
            for table, columns in self.tables.items():
                if now[table] != saved[table]:
                    named = ", ".join(columns)
                    self.link.execute(f'delete from city."{table}"')  # type: ignore[arg-type]
                    copied = f'insert into city."{table}" ({named}) overriding system value select {named} from'
                    self.link.execute(f'{copied} {schema}."{table}"')  # type: ignore[arg-type]
        return self.digest()


def changed(before: Digest, after: Digest) -> list[str]:
    """The tables whose rows differ."""
    return [table for table in before if before[table] != after[table]]
