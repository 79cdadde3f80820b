"""The one search box: name in any order with a typo, account, phone, address, meter.

One row an account in ``customers_finding`` is what the box looks through: ``words`` (a space, then name, service
address and zip in plain lower-case letters, so that ``% sage%`` finds a word by its beginning) and ``digits`` (every
number that finds the account, with its beginnings, so that a number finds while it is being typed). Acts that change a
name, number, phone, address or meter call :func:`refresh`.

A search asks for what was typed first, and for what may have been meant only when that finds too little: each word with
one letter wrong, missing, too many or swapped, as one pattern a word that the trigram index answers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from curbstop.office import _masks
from curbstop.office._statements import array, ask

LONGEST = 80
MOST_WORDS = 5
SURE_FIRST = 6
"""Letters from which on even the first may be a slip."""
_CANDIDATES = 300
SHORT_FORMS = {
    "street": "st", "avenue": "ave", "av": "ave", "drive": "dr", "road": "rd", "lane": "ln", "court": "ct",
    "place": "pl", "boulevard": "blvd", "circle": "cir", "terrace": "ter", "parkway": "pkwy", "highway": "hwy",
    "north": "n", "south": "s", "east": "e", "west": "w", "apartment": "apt", "suite": "ste",
}  # fmt: skip
"""USPS Publication 28, appendix C: what people type, and what a service address says."""


@dataclass(frozen=True)
class Hit:
    """One account found. The marks are half-open places in the text that answer to what was typed."""

    account_id: int
    number: str
    name: str
    address: str
    by: str  # what found it, where name and address do not show it: "phone 405-555-0142", "meter 40218867"
    name_marks: tuple[tuple[int, int], ...]
    address_marks: tuple[tuple[int, int], ...]
    number_marks: tuple[tuple[int, int], ...]
    balance_cents: int
    due_on: date | None
    closed_on: date | None
    active: bool
    confidential: bool = False  # then nothing but its number is told


@dataclass(frozen=True)
class Found:
    """What a search found: the best first, active before closed. ``more``: there were others than these."""

    text: str
    hits: tuple[Hit, ...]
    more: bool
    meant: bool  # nothing has these letters; the hits are close to them


def plain(text: str) -> str:
    """Lower-case letters and digits with single spaces: accents, punctuation and case are not what people remember."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in bare if not unicodedata.combining(c)).replace("'", "").replace("’", "")
    return " ".join(re.sub(r"[^\w]+|_", " ", kept).split())


def enter(account_id: int, *, number: str, name: str, phone: str) -> None:
    """Write what finds an account that was opened just now: it has no service yet, so nothing need be looked up."""
    _write([(account_id, f" {plain(name)} ", _numbers(number, phone, ()), True)])


def refresh(account_ids: Iterable[int]) -> None:
    """Write again what finds these accounts. Called by the acts that change a name, number, phone, address or meter."""
    ids = sorted(set(account_ids))
    if not ids:
        return
    rows = ask(_SOURCES, {"ids": array(ids)})
    hidden = [row[0] for row in rows if row[2] == _masks.NAME]
    marked = _masks.load_marked(hidden) if hidden else {}
    written = []
    for account_id, number, name, phone, addresses, serials, active in rows:
        if account_id in marked:  # it is found by what it is, and told by its number only
            name, phone = marked[account_id].truth.name, marked[account_id].truth.phone
        words = f" {plain(' '.join([name, *addresses, *serials]))} "
        written.append((account_id, words, _numbers(number, phone, serials), active))
    _write(written)


def _write(rows: Sequence[tuple[int, str, list[str], bool]]) -> None:
    ids, active = array([row[0] for row in rows]), array([row[3] for row in rows])
    texts = {"words": [row[1] for row in rows], "digits": ["|".join(row[2]) for row in rows]}
    ask(_WRITE, {"ids": ids, "active": active, **texts})


_SOURCES = """
select a.id, a.number, c.name, c.phone, coalesce(p.addresses, '{}'), coalesce(m.serials, '{}'),
  coalesce(p.active, true)
from customers_account a join customers_customer c on c.id = a.customer_id
left join lateral (
  select array_agg(distinct pr.address || ' ' || pr.zip) addresses, bool_or(upper_inf(g.during)) active
  from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
  join customers_premise pr on pr.id = s.premise_id where g.account_id = a.id) p on true
left join lateral (
  select array_agg(distinct mt.serial) serials
  from customers_agreement g
  join meters_installation i on i.service_point_id = g.service_point_id and i.during && g.during
  join meters_meter mt on mt.id = i.meter_id where g.account_id = a.id) m on true
where a.id = any(%(ids)s::bigint[])"""

_WRITE = """
insert into customers_finding (account_id, words, digits, active)
select i, w, string_to_array(d, '|'), a
from unnest(%(ids)s::bigint[], %(words)s::text[], %(digits)s::text[], %(active)s::boolean[]) as t(i, w, d, a)
on conflict (account_id) do update set words = excluded.words, digits = excluded.digits, active = excluded.active
where (customers_finding.words, customers_finding.digits, customers_finding.active)
  is distinct from (excluded.words, excluded.digits, excluded.active)"""


def _numbers(number: str, phone: str, serials: Sequence[str]) -> list[str]:
    """Every number of an account with its beginnings, from four digits on."""
    found: dict[str, None] = {}

    def begin(digits: str, least: int) -> None:
        found.update(dict.fromkeys(digits[:size] for size in range(least, len(digits) + 1)))

    begin(number, 4)
    digits = re.sub(r"\D", "", phone)
    ten = digits[-10:] if len(digits) >= 10 else digits
    if len(ten) >= 7:
        begin(ten, 6)  # an area code and exchange alone would find the whole town
        begin(ten[-7:], 4)
        found[ten[-4:]] = None
    for serial in serials:
        bare = re.sub(r"\D", "", serial)
        begin(bare, 4)
        if len(bare) >= 4:
            found[bare[-4:]] = None
    return list(found)


def find(text: str, limit: int = 8) -> Found:
    """The accounts that the text may mean, at most ``limit``. Fewer than two letters or digits find nothing."""
    wanted = plain(text[:LONGEST])
    if len(wanted.replace(" ", "")) < 2:
        return Found(text=text, hits=(), more=False, meant=False)
    words = [SHORT_FORMS.get(word, word) for word in wanted.split()][:MOST_WORDS]
    ids, meant = _candidates(wanted, words, limit)
    hits = _hits(ids[:limit], words, _digits(wanted))
    return Found(text=text, hits=hits, more=len(ids) > limit, meant=meant)


def _digits(wanted: str) -> str:
    """The number that was typed, whatever stood between its digits; empty when there are letters."""
    bare = wanted.replace(" ", "")
    if not bare.isdigit() or len(bare) < 4:
        return ""
    return bare[1:] if len(bare) == 11 and bare[0] == "1" else bare


def _candidates(wanted: str, words: Sequence[str], limit: int) -> tuple[list[int], bool]:
    """Account ids, best first, more than ``limit`` when there are; and whether only close ones were found."""
    scored: dict[int, tuple[bool, int, str]] = {}
    if digits := _digits(wanted):
        for account_id, text, active in _ask(["digits @> array[%s]"], [digits], limit):
            scored[account_id] = (not active, -30, text)
    for account_id, text, active in _ask(["words like %s"] * len(words), [f"% {_safe(w)}%" for w in words], limit):
        scored.setdefault(account_id, (not active, _score(words, text), text))
    meant = False
    if len(scored) < 3 and any(_can_slip(word) for word in words):
        meant = not scored
        for near in _guesses(words):
            for account_id, text, active in _ask(*_near(words, near), limit, few=True):
                scored.setdefault(account_id, (not active, 100 + _score(words, text), text))
            if scored:
                break
    return sorted(scored, key=lambda account_id: (*scored[account_id], account_id)), meant


def _can_slip(word: str) -> bool:
    """Two letters have too many neighbours, and a number none: they are right or wrong."""
    return len(word) >= 3 and word.isalpha()


def _guesses(words: Sequence[str]) -> list[set[str]]:
    """Which words to take as slips: first those that nothing begins with, then all that can be one.

    Words of three letters only in the company of a longer one, which narrows what they can mean.
    """
    longest = max(len(word) for word in words)
    able = {word for word in words if _can_slip(word) and (len(word) > 3 or longest > 3)}
    unknown = {word for word in able if not _begins(word)}
    if not able:
        return []
    return [unknown, able] if unknown and unknown != able else [able]


def _begins(word: str) -> bool:
    """Whether any word begins with this."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from customers_finding where words like %s)", [f"% {_safe(word)}%"])
        return bool(cursor.fetchone()[0])


def _ask(tests: Sequence[str], values: Sequence[str], limit: int, few: bool = False) -> list[tuple[int, str, bool]]:
    """Rows of the search table that pass all tests: active ones, and closed ones where those are too few.

    ``few``: rows are rare, so all are found by the index before they are cut; left to itself the planner takes many
    tests for many rows and reads the table from its beginning.
    """
    found: list[tuple[int, str, bool]] = []
    pick = f"select account_id, words, active from customers_finding where {' and '.join(tests)} and active = %s"
    sql = f"with few as materialized ({pick}) select * from few" if few else pick
    with connection.cursor() as cursor:
        for active in (True, False):
            cursor.execute(f"{sql} limit {_CANDIDATES}", [*values, active])
            found += cursor.fetchall()
            if len(found) > limit:
                break
    return found


def _score(words: Sequence[str], text: str) -> int:
    """Lower is better: whole words before beginnings, the order as typed before another."""
    score, last = 0, -1
    for word in words:
        whole = text.find(f" {word} ")
        place = whole if whole >= 0 else text.find(f" {word}")
        score += 0 if whole >= 0 else 4
        score += 1 if place < last else 0
        last = place
    return score


def _safe(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _near(words: Sequence[str], near: set[str]) -> tuple[list[str], list[str]]:
    """Tests for the words as typed, those of ``near`` with one slip of the finger: one scan of the index a word."""
    tests = ["words ~ %s" if word in near else "words like %s" for word in words]
    values = [f" ({'|'.join(slips(word))}) " if word in near else f"% {_safe(word)}%" for word in words]
    return tests, values


def slips(word: str) -> list[str]:
    """Patterns (``.`` is any letter) of the words one slip away: a letter wrong, too many or missing, two swapped.

    The first letter of a short word is taken as right: people seldom miss it, and without it too much is near.

    >>> slips("sage")[:3]
    ['s.ge', 'sa.e', 'sag.']
    """
    first = 0 if len(word) >= SURE_FIRST else 1
    found = [word[:i] + "." + word[i + 1 :] for i in range(first, len(word))]
    found += [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(first, len(word) - 1)]
    found += [word[:i] + word[i + 1 :] for i in range(first, len(word)) if len(word) > 3]
    found += [word[:i] + "." + word[i:] for i in range(1, len(word) + 1)]
    return list(dict.fromkeys(found))


_HITS = """
select a.id, a.number, c.name, c.phone, pl.address, pl.serials, coalesce(o.balance, 0), o.due_on,
  case when not f.active then pl.closed_on end, f.active,
  exists (select from customers_mark k join customers_account ka on ka.id = k.account_id
    where ka.customer_id = a.customer_id and upper_inf(k.during))
from unnest(%(ids)s::bigint[]) with ordinality as w(id, place)
join customers_account a on a.id = w.id join customers_customer c on c.id = a.customer_id
join customers_finding f on f.account_id = a.id
left join lateral (
  select (array_agg(pr.address order by upper(g.during) desc nulls first))[1] address, max(upper(g.during)) closed_on,
    array(select mt.serial from customers_agreement ga
      join meters_installation i on i.service_point_id = ga.service_point_id and i.during && ga.during
      join meters_meter mt on mt.id = i.meter_id where ga.account_id = a.id and %(digits)s <> '') serials
  from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
  join customers_premise pr on pr.id = s.premise_id where g.account_id = a.id) pl on true
left join lateral (
  select sum(open_cents)::bigint balance, max(due_on) filter (where open_cents > 0) due_on
  from (select sum(p.debit_cents - p.credit_cents) open_cents, max(p.due_on) due_on
    from ledger_posting p join ledger_gl l on l.id = p.gl_id
    where p.account_id = a.id and (p.sub = 2 or l.object in (2310, 2320))
    group by p.document_id, p.line_no, p.gl_id) item) o on true
order by w.place"""


def _hits(ids: Sequence[int], words: Sequence[str], digits: str) -> tuple[Hit, ...]:
    if not ids:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_HITS, {"ids": list(ids), "digits": digits})
        rows = cursor.fetchall()
    hits = []
    for account_id, number, name, phone, address, serials, balance, due_on, closed_on, active, marked in rows:
        if marked:
            hits.append(Hit(account_id, number, _masks.NAME, "", "", (), (), (), 0, None, None, active, True))
            continue
        name_marks, address_marks = _marks(name, words), _marks(address or "", words)
        number_marks = ((0, len(digits)),) if digits and number.startswith(digits) else ()
        shown = name_marks or address_marks or number_marks
        by = "" if shown or not digits else _found_by(digits, phone, serials)
        hits.append(
            Hit(account_id, number, name, address or "no service yet", by, name_marks, address_marks, number_marks,
                balance, due_on, closed_on, active)
        )  # fmt: skip
    return tuple(hits)


def _found_by(digits: str, phone: str, serials: Sequence[str]) -> str:
    ten = re.sub(r"\D", "", phone)[-10:]
    if ten.startswith(digits) or ten[-7:].startswith(digits) or ten[-4:] == digits:
        return f"phone {ten[:-7]}-{ten[-7:-4]}-{ten[-4:]}" if len(ten) == 10 else f"phone {ten[:-4]}-{ten[-4:]}"
    for serial in serials:
        bare = re.sub(r"\D", "", serial)
        if bare.startswith(digits) or bare[-4:] == digits:
            return f"meter {serial}"
    return ""


_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def _marks(text: str, words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Places in ``text`` where a word begins as one of ``words`` does, or is one slip away from it."""
    marks = []
    for found in _WORD.finditer(text):
        word = plain(found.group())
        for wanted in words:
            if word.startswith(wanted):
                exact = len(word) == len(found.group())
                marks.append((found.start(), found.start() + len(wanted) if exact else found.end()))
                break
            if _can_slip(wanted) and _is_near(wanted, word):
                marks.append((found.start(), found.end()))
                break
    return tuple(marks)


def _is_near(wanted: str, word: str) -> bool:
    """Whether ``word`` is one of the slips of ``wanted``."""
    return any(re.fullmatch(pattern, word) for pattern in slips(wanted))
