"""Wordings: a change is a draft, somebody else approves it from a day on, and every version is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources

from django.db import connection

from curbstop.office import _letters, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.records.cases.letters import Wording, WordingApproved, WordingDropped
from curbstop.rules.customers import check_text
from curbstop.rules.letters import Template, find_missing


@dataclass(frozen=True)
class Drafted:
    """A draft as it was kept, and what the law wants that it does not say."""

    wording_id: int
    no: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class TemplateRow:
    """A letter that the office can send: the version in force today, and the draft that waits for approval."""

    code: str
    says: str
    paper: str
    law: str
    source: str
    no: int
    draft_id: int | None


@dataclass(frozen=True)
class WordingRow:
    """A version of a template. ``state``: ``draft``, ``approved`` (from its day) or ``dropped``."""

    wording_id: int
    code: str
    no: int
    source: str
    state: str
    by: str
    by_id: int
    at: datetime
    from_on: date | None
    approved_by: str
    reason: str
    body: str
    template: Template


@act("letters.draft")
def draft(event: Acting, /, *, key: Key, by: Actor, at: datetime, code: str, body: str, on: date) -> Drafted:
    """Write a new wording of a template. It is sent to nobody until another person approved it.

    :param body: the whole page of YAML, as the version before has it
    :raises rules.letters.TemplateErrors: everything wrong with the page
    :raises Refused: another letter, no change, or a draft waits already
    """
    event.about(f"wording:{code}")
    before = _letters.get_in_force(event, code, on=on)
    template = _letters.parse(body)
    _refuse_another(before.template, template)
    take_turn(f"letters.wording:{code}")
    waiting = _waiting(code)
    if waiting is not None:
        told = f"Version {waiting.no} of {code} waits for approval; approve or drop it, then write the next."
        raise Refused(told, field="body")
    held = Wording.objects.filter(code=code).order_by("-no")
    if held.get(pk=before.wording_id).body.strip() == body.strip():
        raise Refused("Nothing would change: these are the words in force.", field="body")
    first = held.first()
    no = (first.no if first else 0) + 1
    row = Wording.objects.create(code=code, no=no, body=body, source="office", by_id=by.id, at=at, event_id=event.id)
    event.about(says=f"{template.says}: version {no} drafted; it waits for approval by somebody else.")
    return Drafted(row.pk, no, find_missing(template))


def _refuse_another(before: Template, after: Template) -> None:
    """A wording changes words. What the letter is, and what the law wants of it, stays."""
    for name, was, now in (
        ("code", before.code, after.code), ("law", before.law, after.law), ("paper", before.paper, after.paper),
        ("fields", tuple(before.fields.values()), tuple(after.fields.values())),
    ):  # fmt: skip
        if was != now:
            told = f"A wording changes words; {name} stays as it is. Write it back, or ask for a new letter."
            raise Refused(told, field="body")


def _waiting(code: str) -> Wording | None:
    return Wording.objects.filter(code=code, approved__isnull=True, dropped__isnull=True).order_by("no").first()


@act("letters.approve")
def approve(event: Acting, /, *, key: Key, by: Actor, at: datetime, wording_id: int, from_on: date) -> None:
    """Approve a draft from a day on; the version before it ends on that day, and is kept.

    :raises Refused: whoever wrote it approves it, it does not say what the law wants, or it is decided already
    """
    row = _draft(wording_id)
    event.about(f"wording:{row.code}")
    template = _letters.parse(row.body)
    if row.by_id == by.id:
        raise Refused("You wrote this draft; somebody else approves it.", field="wording_id")
    if missing := find_missing(template):
        told = f"{template.says} cannot be approved without {'; '.join(missing)}. Write it back into a new draft."
        raise Refused(told, field="wording_id")
    later = WordingApproved.objects.filter(wording__code=row.code, from_on__gt=from_on).order_by("from_on").first()
    if later is not None:
        told = f"A version is approved from {later.from_on.isoformat()}; choose that day or a later one."
        raise Refused(told, field="from_on")
    WordingApproved.objects.create(
        wording=row, from_on=from_on, by_id=by.id, at=at, written_by_id=row.by_id, event_id=event.id
    )
    event.about(says=f"{template.says}: version {row.no} approved from {from_on.isoformat()}.")


@act("letters.drop")
def drop(event: Acting, /, *, key: Key, by: Actor, at: datetime, wording_id: int, reason: str) -> None:
    """Say that a draft will not be approved, and why; it is kept.

    :raises Refused: it is decided already
    """
    row = _draft(wording_id)
    why = check_text(reason, field="reason", longest=500, required=True)
    WordingDropped.objects.create(wording=row, reason=why, event_id=event.id)
    event.about(f"wording:{row.code}", says=f"{row.code}: draft version {row.no} dropped: {why}")


def _draft(wording_id: int) -> Wording:
    row = Wording.objects.filter(pk=wording_id).first()
    if row is None:
        raise Refused(f"There is no wording {wording_id}; the page Letters lists them.", field="wording_id")
    take_turn(f"letters.wording:{row.code}")
    if WordingApproved.objects.filter(wording=row).exists() or WordingDropped.objects.filter(wording=row).exists():
        raise Refused(f"Version {row.no} of {row.code} was decided already; look at its page.", field="wording_id")
    return row


# --- reads ------------------------------------------------------------------------------------------------------------


def list_templates(*, on: date) -> tuple[TemplateRow, ...]:
    """Every letter of the city, by name: its version in force on the day (1 where nobody changed it), and its draft."""
    city = policies.get_city().code
    rows = {row.code: row for row in _in_force(on)}
    drafts = {row.code: row.pk for row in Wording.objects.filter(approved__isnull=True, dropped__isnull=True)}
    found = []
    for code in _codes(city):
        file = _letters.load_file(city, code)
        if file is None:
            continue
        row = rows.get(code)
        template = _letters.parse(row.body if row else file[0])
        source, no = (row.source, row.no) if row else (file[1], 1)
        found.append(TemplateRow(code, template.says, template.paper, template.law, source, no, drafts.get(code)))
    return tuple(sorted(found, key=lambda one: one.says))


def _codes(city: str) -> list[str]:
    cities = resources.files("curbstop") / "cities"
    folders = [folder for folder in (cities / "letters", cities / city / "letters") if folder.is_dir()]
    names = {file.name for folder in folders for file in folder.iterdir() if file.name.endswith(".yaml")}
    return sorted(name.removesuffix(".yaml") for name in names)


def _in_force(on: date) -> list[Wording]:
    return list(
        Wording.objects.filter(approved__from_on__lte=on).order_by("code", "-approved__from_on", "-no").distinct("code")
    )


_WORDINGS = """
select w.id, w.code, w.no, w.source, case when a.wording_id is not null then 'approved'
    when d.wording_id is not null then 'dropped' else 'draft' end,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), u.id, w.at, a.from_on,
  coalesce(nullif(trim(x.first_name || ' ' || x.last_name), ''), x.username, ''), coalesce(d.reason, ''), w.body
from cases_wording w join base_user u on u.id = w.by_id
left join cases_wordingapproved a on a.wording_id = w.id left join base_user x on x.id = a.by_id
left join cases_wordingdropped d on d.wording_id = w.id
where w.code = %(code)s or w.id = %(id)s order by w.no desc"""


def list_wordings(code: str) -> tuple[WordingRow, ...]:
    """The versions of a template that were kept, the newest first; that of the pack is kept when it is first used."""
    return _read(code, 0)


def get_wording(wording_id: int) -> WordingRow:
    """One version. :raises Refused: there is none"""
    found = _read("", wording_id)
    if not found:
        raise Refused(f"There is no wording {wording_id}; the page Letters lists them.", field="wording_id")
    return found[0]


def _read(code: str, wording_id: int) -> tuple[WordingRow, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_WORDINGS, {"code": code, "id": wording_id})
        return tuple(WordingRow(*[*row, _letters.parse(row[-1])]) for row in cursor.fetchall())


def get_body(code: str) -> str:
    """The page of a template as it came with the city's pack. :raises Refused: there is none"""
    found = _letters.load_file(policies.get_city().code, code)
    if found is None:
        raise Refused(f"There is no letter {code!r}; the page Letters lists those that there are.", field="code")
    return found[0]


def get_missing(wording_id: int) -> tuple[str, ...]:
    """What the law wants and this version does not say. :raises Refused: there is no such version"""
    return find_missing(get_wording(wording_id).template)
