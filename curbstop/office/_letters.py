"""A letter written inside another act: the city's template in its approved wording, filled and kept as it is sent.

It stands beneath the nouns that write to people (moves, delinquency, cases) and imports none of them. The words are
fixed when the letter is queued; printing it later, or again, changes none.
"""

from __future__ import annotations

import functools
import json
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib import resources
from typing import Any

import numpy as np
from django.db import connection

from curbstop.office import _masks, policies
from curbstop.office._events import Acting
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, plain
from curbstop.office._rows import write_rows
from curbstop.office._statements import array, ask
from curbstop.office.bills.statements import letterhead
from curbstop.records.bulk.columns import Column
from curbstop.records.cases.letters import Letter, Wording, WordingApproved
from curbstop.rules.letters import BadField, Template, Value, Words, find_missing, find_zip, read_template, render

NUMBERS = ("account_id", "customer_id", "premise_id", "again_of_id")
GENERAL = "general"
"""The source of a wording that came with the programs; a city's own has its code, one of the office ``office``."""


@dataclass(frozen=True)
class ToQueue:
    """One letter to be queued: to whom, and what fills it. ``to_lines`` empty: where the account's mail goes."""

    fields: Mapping[str, Value]
    account_id: int | None = None
    customer_id: int | None = None
    premise_id: int | None = None
    to_lines: tuple[str, ...] = ()
    again_of: int | None = None


@dataclass(frozen=True)
class InForce:
    """The wording of a template that is sent on a day."""

    wording_id: int
    no: int
    template: Template


@dataclass(frozen=True)
class _Whom:
    name: str = ""
    number: str = ""
    language: str = "en"
    customer_id: int | None = None
    premise_id: int | None = None
    address: str = ""
    lines: tuple[str, ...] = field(default_factory=tuple)


def queue(
    event: Acting,
    *,
    template: str,
    account_id: int | None = None,
    customer_id: int | None = None,
    premise_id: int | None = None,
    to_address: str = "",
    fields: Mapping[str, Value],
    channel: str = "mail",
    about: Iterable[str] = (),
    on: date | None = None,
) -> int:
    """Write a letter of the city's template, as part of the act under way; its id.

    :param to_address: the lines of another address than the account's, a line each
    :param channel: ``mail``, or ``hanger`` for a door; a template of a hanger is always one
    :param on: the letter's day; None: the city's day of the act
    :raises Refused: no approved wording, the law wants something that it does not say, or a field is not right
    """
    lines = tuple(line.strip() for line in to_address.splitlines() if line.strip())
    wanted = ToQueue(fields, account_id, customer_id, premise_id, lines)
    (made,) = queue_many(event, template=template, letters=[wanted], channel=channel, on=on)
    event.about(*([f"account:{account_id}"] if account_id else []), f"letter:{made}", *about)
    return made


def queue_many(
    event: Acting, *, template: str, letters: Sequence[ToQueue], channel: str = "mail", on: date | None = None
) -> tuple[int, ...]:
    """Write many letters of one template, in a handful of statements; their ids in the order given.

    :raises Refused: as :func:`queue`; then none is written
    """
    if channel not in ("mail", "hanger"):
        raise Refused(f"{channel} is no way of a letter on paper; choose mail or hanger.", field="channel")
    day = on or _city_day(event)
    found = get_in_force(event, template, on=day)
    _refuse_unlawful(found.template)
    office = office_values(day)
    whom = _load_whom([one.account_id for one in letters if one.account_id], day)
    rows = [_row(found, one, whom.get(one.account_id or 0, _Whom()), office) for one in letters]
    ids = _reserve(len(rows))
    kind = "hanger" if found.template.paper == "hanger" else channel
    write_rows((Letter, {
        "id": np.array(ids), "wording_id": found.wording_id, "code": template, "channel": kind, "on": day,
        **{name: _ids([row[name] for row in rows]) for name in NUMBERS},
        **{name: np.array([row[name] for row in rows], dtype=object)
           for name in ("to_lines", "zip", "languages", "words", "fields")},
        "total_cents": np.array([row["total_cents"] for row in rows], dtype=np.int64),
        "event_id": event.id,
    }))  # fmt: skip
    return tuple(ids)


def _city_day(event: Acting) -> date:
    return event.at.astimezone(zoneinfo.ZoneInfo(policies.get_city().time_zone)).date()


def _reserve(count: int) -> list[int]:
    sql = "select nextval(pg_get_serial_sequence('cases_letter', 'id')) from generate_series(1, %(count)s::int)"
    return [row[0] for row in ask(sql, {"count": count})]


def _ids(values: list[int | None]) -> Column:
    null = np.array([value is None for value in values])
    return Column(np.array([value or 0 for value in values], dtype=np.int64), null)


def _row(found: InForce, one: ToQueue, whom: _Whom, office: Mapping[str, Value]) -> dict[str, Any]:
    template = found.template
    more = {"customer": whom.name, "account": whom.number, "service_address": whom.address}
    try:
        said = render(template, one.fields, {**office, **{name: text for name, text in more.items() if text}})
    except BadField as bad:
        raise Refused(f"{template.says}: {bad}", field="fields") from bad
    lines = one.to_lines or whom.lines
    if not lines:
        told = f"{template.says}: nobody knows where to send it. Enter a mailing address, or give one."
        raise Refused(told, field="to_address")
    total = next((words.total[1] for words in said.values() if words.total), 0)
    return {
        "account_id": one.account_id,
        "customer_id": one.customer_id or whom.customer_id,
        "premise_id": one.premise_id or whom.premise_id,
        "again_of_id": one.again_of,
        "to_lines": "\n".join(lines),
        "zip": find_zip(lines),
        "languages": " ".join(printed(template, whom.language)),
        "words": json.dumps({language: asdict(words) for language, words in said.items()}, ensure_ascii=False),
        "fields": json.dumps(plain(one.fields), ensure_ascii=False),
        "total_cents": total,
    }


def printed(template: Template, language: str) -> tuple[str, ...]:
    """The languages in which a letter is printed: the customer's, or English; the rest behind it if it has both."""
    first = language if language in template.languages else "en"
    others = tuple(one for one in template.languages if one != first) if template.both else ()
    return (first, *others)


def read_words(text: str) -> dict[str, Words]:
    """The words of a letter as they were kept."""
    told = json.loads(text)
    return {
        language: Words(
            title=words["title"],
            paragraphs=tuple(words["paragraphs"]),
            figures=tuple((name, cents) for name, cents in words["figures"]),
            total=tuple(words["total"]) if words["total"] else None,
            closing=tuple(words["closing"]),
            text=words["text"],
        )
        for language, words in told.items()
    }


_WHOM = """
select a.id, c.name, a.number, c.language, c.id, p.id, coalesce(p.address, ''), a.mail_to,
  coalesce(p.city || ', ' || p.state || ' ' || p.zip, '')
from customers_account a join customers_customer c on c.id = a.customer_id
left join lateral (
  select pr.* from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
  join customers_premise pr on pr.id = s.premise_id where g.account_id = a.id
  order by upper(g.during) desc nulls first, g.id limit 1) p on true
where a.id = any(%(ids)s::bigint[])"""


def _load_whom(account_ids: Iterable[int], on: date) -> dict[int, _Whom]:
    """Whom and where the letters go. Of a confidential account nothing is opened here: printing asks where."""
    found = {}
    for id, name, number, language, customer, premise, address, mail_to, place in ask(
        _WHOM, {"ids": array(sorted(set(account_ids)))}
    ):
        lines = tuple(mail_to) or tuple(line for line in (address, place) if line)
        found[id] = _Whom(name, number, language, customer, premise, address, (name, *lines)[:5] if lines else ())
    for id in _masks.load_marked(found):
        was = found[id]
        hidden = (was.name, _masks.HIDDEN)
        found[id] = _Whom(was.name, was.number, was.language, was.customer_id, was.premise_id, _masks.HIDDEN, hidden)
    return found


def office_values(on: date) -> dict[str, Value]:
    """What every letter knows of the office; what the city has not set is not there, and who shows it is refused."""
    head = letterhead(on=on)
    told = {
        "city": head.city,
        "office": head.office,
        "office_address": ", ".join(head.address_lines),
        "office_phone": head.phone,
        "office_hours": head.hours,
    }
    return {**{name: text for name, text in told.items() if text}, "letter_on": on}


def _refuse_unlawful(template: Template) -> None:
    if missing := find_missing(template):
        told = f"{template.says} does not say {'; '.join(missing)}. Mend its wording first; nothing is sent without it."
        raise Refused(told, field="template")


# --- wordings ---------------------------------------------------------------------------------------------------------

_IN_FORCE = """
select w.id, w.no, w.body from cases_wording w join cases_wordingapproved a on a.wording_id = w.id
where w.code = %(code)s::text and a.from_on <= %(on)s::date order by a.from_on desc, w.no desc limit 1"""


def get_in_force(event: Acting, code: str, *, on: date) -> InForce:
    """The approved wording of a template on the day. That which came with the city's pack is in force from the start.

    :raises Refused: there is no such template, or none of its wordings is approved for the day
    """
    rows = ask(_IN_FORCE, {"code": code, "on": on.isoformat()})
    if not rows:
        _take_in(event, code, on)
        rows = ask(_IN_FORCE, {"code": code, "on": on.isoformat()})
    if not rows:
        raise Refused(
            f"No wording of {code} is approved for {on.isoformat()}; a supervisor approves one first.", field="template"
        )
    return InForce(rows[0][0], rows[0][1], parse(rows[0][2]))


@functools.lru_cache(maxsize=256)
def parse(body: str) -> Template:
    """The template of a wording's page, read once."""
    return read_template(body, file="letter")


@functools.cache
def load_file(city: str, code: str) -> tuple[str, str] | None:
    """The page of a template as it came with the programs, and its source: the city's own before the general one."""
    if not code.isidentifier():
        return None
    folder = resources.files("curbstop") / "cities"
    for source, file in ((city, folder / city / "letters"), (GENERAL, folder / "letters")):
        if (page := file / f"{code}.yaml").is_file():
            return page.read_text("utf-8"), source
    return None


_INSTALLED = "select by_id, at from base_event where act = 'policies.install_city' and not denied order by id limit 1"


def _take_in(event: Acting, code: str, on: date) -> None:
    """Keep the pack's wording as version 1, approved by whoever installed the city's data, when first asked."""
    take_turn(f"letters.wording:{code}")
    if Wording.objects.filter(code=code).exists():
        return
    found = load_file(policies.get_city().code, code)
    if found is None:
        raise Refused(f"There is no letter {code!r}; the page Letters lists those that there are.", field="template")
    with connection.cursor() as cursor:
        cursor.execute(_INSTALLED)
        by_id, at = cursor.fetchone() or (event.by.id, event.at)
    wording = Wording.objects.create(
        code=code, no=1, body=found[0], source=found[1], by_id=by_id, at=at, event_id=event.id
    )
    WordingApproved.objects.create(
        wording=wording, from_on=min(at.date(), on), by_id=by_id, at=at, written_by_id=None, event_id=event.id
    )


def try_wording(
    *,
    wording_id: int,
    account_id: int,
    read: Callable[[InForce, Mapping[str, str]], Mapping[str, Value]],
    values: Mapping[str, str],
    on: date,
) -> tuple[dict[str, Words], tuple[str, ...]]:
    """A version filled for an account, without keeping anything: its words, and the languages that would be printed.

    :raises Refused: no such version or account, or a field is not right
    """
    row = Wording.objects.filter(pk=wording_id).first()
    whom = _load_whom([account_id], on).get(account_id)
    if row is None or whom is None:
        raise Refused("There is no such wording, or no such account.", field="wording_id")
    found = InForce(row.pk, row.no, parse(row.body))
    filled = _row(found, ToQueue(read(found, values), account_id=account_id), whom, office_values(on))
    return read_words(filled["words"]), tuple(filled["languages"].split())
