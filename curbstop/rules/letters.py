"""Letters: their templates as data, the little language of their fields, and what the law wants said in which.

A template is a page of YAML: its fields, and in each language a title, paragraphs, figures and closing words. A text
may hold ``{field}`` and nothing else: no expression, no code. A paragraph may hang on a field (``when: agencies``,
``when: not agencies``). A field that has no value is a fault, never a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from curbstop.rules.faults import BadValue, Faults
from curbstop.rules.money import show
from curbstop.rules.sheets import Block, Page

LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Spanish"}
"""The languages of letters; the first is always there."""

KINDS = ("cents", "date", "whole", "text")
"""What a field can be: whole cents of money, a day, a whole number, words."""

PAPERS: Mapping[str, str] = {"letter": "Letter", "hanger": "Door hanger", "message": "E-mail or text, never paper"}

Value = str | int | date
"""A field's value: whole cents and whole numbers are ``int``."""

OFFICE: Mapping[str, tuple[str, str]] = {
    "city": ("text", "the city"),
    "office": ("text", "the office's name"),
    "office_address": ("text", "where the office is"),
    "office_phone": ("text", "the office's telephone"),
    "office_hours": ("text", "when the office is open"),
    "letter_on": ("date", "the day of the letter"),
    "customer": ("text", "the customer's name"),
    "account": ("text", "the account's number"),
    "service_address": ("text", "the place that is served"),
}
"""Fields that every template has without saying so: what they are, and what they mean."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SLOT = re.compile(r"\{([^{}]*)\}")
_BRACE = re.compile(r"[{}]")
_WHEN = re.compile(r"(not )?([a-z][a-z0-9_]*)")

LEAST_PASSAGE = 20
"""Characters that a passage required by law has at least: a heading is no explanation."""

MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ),
}  # fmt: skip
DAYS: Mapping[str, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}


class TemplateErrors(Faults):
    """Everything wrong with a letter's template."""

    what = "letter template"


class BadField(BadValue):
    """A field of a letter that is missing, unknown, or not of its kind."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that whoever queues the letter fills. ``may_lack``: only for texts that hang on it."""

    name: str
    kind: str
    says: str
    may_lack: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph. ``passage``: what the law wants that it says; ``when``: the field it hangs on, or empty."""

    text: str
    when: str = ""
    passage: str = ""


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A line of figures: words, and the field of the amount."""

    words: str
    amount: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """A template in one language. ``text`` is what goes out as a text message, empty: none does."""

    title: str
    paragraphs: tuple[Passage, ...]
    figures: tuple[FigureLine, ...]
    total: FigureLine | None
    closing: tuple[Passage, ...]
    text: str

    def passages(self) -> tuple[Passage, ...]:
        """Paragraphs and closing words, in the order in which they are read."""
        return (*self.paragraphs, *self.closing)


@dataclass(frozen=True, slots=True)
class Template:
    """A letter's template. ``law`` names the requirements it must meet; ``both``: printed in every language it has.

    :ivar paper: ``letter``, ``hanger`` or ``message``
    """

    code: str
    says: str
    law: str
    paper: str
    both: bool
    fields: Mapping[str, Field]
    languages: Mapping[str, Wording]


@dataclass(frozen=True, slots=True)
class Words:
    """A letter's finished words in one language; figures are pairs of words and cents."""

    title: str
    paragraphs: tuple[str, ...]
    figures: tuple[tuple[str, int], ...]
    total: tuple[str, int] | None
    closing: tuple[str, ...]
    text: str


# --- what the law wants ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Requirement:
    """A passage that a kind of letter must have, the fields it must show, and the law."""

    passage: str
    says: str
    fields: tuple[str, ...]
    law: str


_CRAFT = "Memphis Light, Gas & Water Div. v. Craft, 436 U.S. 1 (1978)"

REQUIRED: Mapping[str, tuple[Requirement, ...]] = {
    "cut_off": (
        Requirement("amount", "the amount", ("amount",), _CRAFT),
        Requirement("cut_off_day", "the day of the cut-off", ("cutoff_on",), _CRAFT),
        Requirement("how_to_dispute", "how to dispute", (), _CRAFT),
        Requirement("who_can_correct", "who can correct a bill", (), _CRAFT),
        Requirement("hours", "when the office is open", ("office_hours",), _CRAFT),
        Requirement("telephone", "the office's telephone", ("office_phone",), _CRAFT),
    ),
    "unclaimed_refund": (
        Requirement("amount", "the amount", ("amount",), "11 O.S. 35-107"),
        Requirement("claim_by", "the day by which it is claimed", ("claim_by",), "11 O.S. 35-107"),
    ),
}
"""Kind of letter -> what must be in it, without condition and in every language."""


def find_missing(template: Template) -> tuple[str, ...]:
    """What the law wants and the template does not say, in words; empty where it may be approved."""
    found = []
    for wanted in REQUIRED.get(template.law, ()):
        for language, wording in template.languages.items():
            if not _has(wording, wanted):
                found.append(f"{wanted.says} ({LANGUAGES[language]}; {wanted.law})")
    return tuple(found)


def _has(wording: Wording, wanted: Requirement) -> bool:
    here = [one for one in wording.passages() if wanted.passage in one.passage.split() and not one.when]
    shown = {name for one in here for name in find_slots(one.text)}
    return any(len(one.text) >= LEAST_PASSAGE for one in here) and set(wanted.fields) <= shown


# --- reading a template ----------------------------------------------------------------------------------------------


def read_template(text: str, *, file: str) -> Template:
    """The template of a file.

    :raises TemplateErrors: everything wrong with it
    """
    page = Page(file)
    blocks = page.blocks(text)
    if len(blocks) > 1:
        page.fault(line=0, field="file", value="", why="more than one template", remedy="write one in each file")
    template = _template(blocks[0]) if blocks else None
    if page.faults or template is None:
        raise TemplateErrors(page.faults)
    return template


def _template(block: Block) -> Template:
    code = block.text("code", required="write a short name, for example cut_off_notice") or "?"
    if code != "?" and not _NAME.fullmatch(code):
        block.fault("code", value=code, why="not a name", remedy="write small letters, digits and _")
    law = block.text("law") or ""
    if law and law not in REQUIRED:
        block.fault("law", value=law, why="not known", remedy=f"use one of {', '.join(REQUIRED)}, or leave it out")
    paper = block.choice("paper", PAPERS, default="letter")
    both = block.choice("both", ("yes", "no"), default="no") == "yes"
    fields = {one.name: one for one in (_field(inner) for inner in block.blocks("fields"))}
    languages = {}
    for language in LANGUAGES:
        inner = block.block(language)
        if inner is not None:
            languages[language] = _wording(inner, fields, paper=paper)
    if "en" not in languages:
        block.fault("en", why="missing", remedy="write the letter in English; other languages stand beside it")
    says = block.text("says", required="write what the office calls this letter") or ""
    block.done()
    return Template(code, says, law, paper, both, fields, languages)


def _field(block: Block) -> Field:
    name = block.text("name", required="name the field") or "?"
    if name != "?" and not _NAME.fullmatch(name):
        block.fault("name", value=name, why="not a name", remedy="write small letters, digits and _")
    if name in OFFICE:
        block.fault("name", value=name, why="every letter has it already", remedy="take the line out")
    kind = block.choice("is", KINDS, default="text")
    says = block.text("says", required="say what the field is") or ""
    may_lack = block.choice("may_lack", ("yes", "no"), default="no") == "yes"
    block.done()
    return Field(name, kind, says, may_lack)


def _wording(block: Block, fields: Mapping[str, Field], *, paper: str) -> Wording:
    title = block.text("title", required="write the heading") or ""
    _check_text(block, "title", title, fields, hangs_on="")
    needed = "write what it tells" if paper != "message" else None
    paragraphs = tuple(_passage(one, fields) for one in block.blocks("paragraphs", required=needed))
    figures = tuple(_figure(one, fields) for one in block.blocks("figures"))
    total_block = block.block("total")
    total = _figure(total_block, fields) if total_block is not None else None
    closing = tuple(_passage(one, fields) for one in block.blocks("closing"))
    text = block.text("text") or ""
    _check_text(block, "text", text, fields, hangs_on="")
    block.done()
    return Wording(title, paragraphs, figures, total, closing, text)


def _passage(block: Block, fields: Mapping[str, Field]) -> Passage:
    text = block.text("text", required="write the paragraph, or take it out") or ""
    when = _when(block, fields)
    _check_text(block, "text", text, fields, hangs_on=when)
    passage = " ".join(block.words("passage"))
    block.done()
    return Passage(text, when, passage)


def _figure(block: Block, fields: Mapping[str, Field]) -> FigureLine:
    words = block.text("words", required="say what the figure is") or ""
    amount = block.text("amount", required="name the field of the amount") or ""
    when = _when(block, fields)
    if amount and (amount not in fields or fields[amount].kind != "cents"):
        block.fault("amount", value=amount, why="no field of money", remedy="name a field that `is: cents`")
    elif amount and fields[amount].may_lack and when != amount:
        block.fault("amount", value=amount, why="may be missing", remedy=f"write `when: {amount}` beside it")
    _check_text(block, "words", words, fields, hangs_on=when)
    block.done()
    return FigureLine(words, amount, when)


def _when(block: Block, fields: Mapping[str, Field]) -> str:
    when = block.text("when") or ""
    found = _WHEN.fullmatch(when)
    if when and (found is None or found[2] not in fields):
        block.fault("when", value=when, why="hangs on no field", remedy="name a field of this letter, or `not` and one")
    return when


def _check_text(block: Block, key: str, text: str, fields: Mapping[str, Field], *, hangs_on: str) -> None:
    if _BRACE.search(_SLOT.sub("", text)):
        block.fault(key, value=text, why="a brace without its other", remedy="write a field as {name}")
    for name in find_slots(text):
        if name not in fields and name not in OFFICE:
            known = ", ".join([*fields, *OFFICE])
            block.fault(key, value=f"{{{name}}}", why="no field of this letter", remedy=f"use one of {known}")
        elif name in fields and fields[name].may_lack and hangs_on != name:
            block.fault(key, value=f"{{{name}}}", why="may be missing", remedy=f"write `when: {name}` beside it")


def find_slots(text: str) -> tuple[str, ...]:
    """The names in braces, in their order."""
    return tuple(_SLOT.findall(text))


# --- filling it -------------------------------------------------------------------------------------------------------


def say_day(on: date, language: str) -> str:
    """`Friday, May 1, 2026`, and in Spanish `viernes 1 de mayo de 2026`."""
    weekday, month = DAYS[language][on.weekday()], MONTHS[language][on.month - 1]
    return (
        f"{weekday} {on.day} de {month} de {on.year}" if language == "es" else f"{weekday}, {month} {on.day}, {on.year}"
    )


def say(value: Value, kind: str, language: str) -> str:
    """A value as the letter writes it."""
    if kind == "cents":
        cents = int(value)  # type: ignore[arg-type]  # checked before
        return f"-${show(-cents)}" if cents < 0 else f"${show(cents)}"
    if isinstance(value, date):
        return say_day(value, language)
    return f"{value:,}" if isinstance(value, int) else value


def check_values(template: Template, values: Mapping[str, Value], office: Mapping[str, Value]) -> None:
    """Whether these values fill the template.

    :raises BadField: a field that is unknown, of another kind, or missing
    """
    for name, value in values.items():
        field = template.fields.get(name)
        if field is None:
            remedy = f"give only {', '.join(template.fields) or 'what every letter has'}"
            raise BadField(field=name, value=value, why=f"the letter {template.code} has no such field", remedy=remedy)
        if not _is(value, field.kind):
            why = f"not what the field is ({field.kind})"
            raise BadField(field=name, value=value, why=why, remedy=f"give {field.says}")
    for name, field in template.fields.items():
        if not field.may_lack and values.get(name, "") == "":
            raise BadField(
                field=name, value="", why=f"the letter {template.code} cannot be written without {field.says}",
                remedy="give it, or change the template",
            )  # fmt: skip
    for name in _used_of_office(template):
        if office.get(name, "") == "":
            raise BadField(
                field=name, value="", why=f"the letter {template.code} shows {OFFICE[name][1]}, and it is not set",
                remedy="enter it among the city's facts (office.phone, office.hours), or change the template",
            )  # fmt: skip


def _is(value: Value, kind: str) -> bool:
    if kind in ("cents", "whole"):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, date if kind == "date" else str)


def _used_of_office(template: Template) -> tuple[str, ...]:
    texts = [text for wording in template.languages.values() for text in _texts(wording)]
    return tuple(dict.fromkeys(name for text in texts for name in find_slots(text) if name in OFFICE))


def _texts(wording: Wording) -> Iterable[str]:
    yield wording.title
    yield wording.text
    yield from (one.text for one in wording.passages())
    yield from (one.words for one in (*wording.figures, *([wording.total] if wording.total else [])))


def render(template: Template, values: Mapping[str, Value], office: Mapping[str, Value]) -> dict[str, Words]:
    """The letter in every language the template has, from its own fields and those that every letter has.

    :raises BadField: as :func:`check_values`
    """
    check_values(template, values, office)
    return {
        language: _render(wording, template, values, office, language)
        for language, wording in template.languages.items()
    }


def _render(
    wording: Wording, template: Template, values: Mapping[str, Value], office: Mapping[str, Value], language: str
) -> Words:
    said = {name: say(value, template.fields[name].kind, language) for name, value in values.items() if value != ""}
    said |= {name: say(value, OFFICE[name][0], language) for name, value in office.items()}

    def fill(text: str) -> str:
        return _SLOT.sub(lambda slot: said[slot[1]], text)

    def stands(when: str) -> bool:
        found = _WHEN.fullmatch(when)
        if found is None:
            return True
        return bool(values.get(found[2])) is not bool(found[1])

    def tell(passages: Sequence[Passage]) -> tuple[str, ...]:
        return tuple(fill(one.text) for one in passages if stands(one.when))

    def figure(one: FigureLine) -> tuple[str, int]:
        return fill(one.words), int(values[one.amount])  # type: ignore[arg-type]  # checked: a field of money

    return Words(
        title=fill(wording.title),
        paragraphs=tell(wording.paragraphs),
        figures=tuple(figure(one) for one in wording.figures if stands(one.when)),
        total=figure(wording.total) if wording.total and stands(wording.total.when) else None,
        closing=tell(wording.closing),
        text=fill(wording.text),
    )


# --- the post -----------------------------------------------------------------------------------------------------

_ZIP = re.compile(r"\b([0-9]{5})(?:-([0-9]{4}))?$")


def find_zip(lines: Sequence[str]) -> str:
    """The ZIP code that the last line of an address ends with: five digits or nine; empty where it ends otherwise."""
    found = _ZIP.search(lines[-1].strip()) if lines else None
    return "".join(part for part in found.groups() if part) if found else ""


RETURNED: Mapping[str, str] = {
    "no_such_number": "No such number",
    "moved_no_address": "Moved, left no address",
    "not_known": "Attempted, not known",
    "vacant": "Vacant",
    "unclaimed": "Unclaimed",
    "refused": "Refused",
    "insufficient": "Insufficient address",
    "deceased": "Deceased",
    "other": "Another reason",
}
"""Why the post brought a letter back, in the Postal Service's endorsements."""

# --- consent ------------------------------------------------------------------------------------------------------

MESSAGES: Mapping[str, str] = {
    "bills": "New bills",
    "reminders": "Reminders before something is due",
    "alerts": "Alerts about the water",
}
"""What may be sent by e-mail and text, each with the customer's consent."""

EVERYTHING = "all"
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "alto", "parar"})
START_WORDS = frozenset({"start", "unstop", "yes", "empezar"})
HELP_WORDS = frozenset({"help", "info", "ayuda"})


def hear(text: str) -> str:
    """What a text that came in asks for: ``stop``, ``start``, ``help``, or ``said`` for anything else.

    A word alone counts, whatever its case and full stop; the carriers' own words are among them (CTIA, 47 CFR 64.1200).
    """
    word = re.sub(r"[^\w]", "", text.strip().lower()) if len(text.split()) == 1 else ""
    return (
        "stop" if word in STOP_WORDS else "start" if word in START_WORDS else "help" if word in HELP_WORDS else "said"
    )
