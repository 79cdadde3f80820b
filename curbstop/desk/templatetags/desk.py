"""How the desk writes money, volumes, dates and numbers, and the doors that a person's roles open.

Values come in as the office keeps them: whole cents, whole gallons, dates, aware instants. Nothing is computed here.
"""

import re
from datetime import date, datetime
from typing import Any

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from curbstop.desk.papers import LETTERS, TENDERS
from curbstop.formats.paper import words
from curbstop.office import staff
from curbstop.office.bills import outcomes
from curbstop.rules import money

register = template.Library()

_CREDIT = mark_safe(' <span aria-hidden="true">CR</span><span class="vh">credit</span>')


@register.filter
def cents(value: int | None) -> str:
    """`12992` as `129.92`; a credit as `6.50 CR`, and "credit" for who listens."""
    if value is None:
        return mark_safe('<span class="mute">none</span>')
    return format_html("{}{}", money.show(-value), _CREDIT) if value < 0 else money.show(value)


@register.filter
def usd(value: int) -> str:
    """`12992` as `$129.92`, for a sentence; a credit as `$6.50 credit`."""
    return f"${money.show(-value)} credit" if value < 0 else f"${money.show(value)}"


@register.filter
def taken(value: int) -> SafeString:
    """Money that came in: `94.59 CR`, because it takes off what is owed."""
    return format_html("{}{}", money.show(value), _CREDIT)


@register.filter
def change(value: int) -> str:
    """A difference: `+2.51`, `−0.10`, `0.00`. The minus is the long one, as wide as the plus."""
    return ("+" if value > 0 else "−" if value < 0 else "") + money.show(abs(value))


@register.filter
def gal(value: int | None) -> str:
    """`12000` as `12,000 gal`."""
    return "not read" if value is None else f"{value:,} gal"


@register.filter
def count(value: int | None) -> str:
    """`6214` as `6,214`."""
    return "" if value is None else f"{value:,}"


@register.filter
def day(value: date | None) -> SafeString | str:
    """`Mon 23 Nov 2026`, marked as a date."""
    if value is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), words.day(value))


@register.filter
def on(value: date | None) -> str:
    """`Mon 23 Nov 2026` as plain text, for a chip or an option."""
    return "" if value is None else words.day(value)


@register.filter
def short_day(value: date | None) -> str:
    """`23 Nov 2026`."""
    return "" if value is None else words.short_day(value)


_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")


@register.filter
def dated(text: object) -> str:
    """A sentence of the office with its days as the desk writes them: `2026-11-23` as `Mon 23 Nov 2026`."""

    def written(found: re.Match[str]) -> str:
        try:
            return words.day(date(*(int(part) for part in found.groups())))
        except ValueError:
            return found.group()

    return _ISO.sub(written, str(text))


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """`Mon 23 Nov 2026 11:44`, by the city's clock."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return format_html('<time datetime="{}">{} {}</time>', local.isoformat(), words.day(local), f"{local:%H:%M}")


@register.filter
def hour(value: datetime | None) -> str:
    """`11:44`, by the city's clock."""
    return "" if value is None else f"{timezone.localtime(value):%H:%M}"


@register.filter
def times(value: int, one: str) -> str:
    """`1 bill`, `2 bills`, `6,131 bills`: the words for one and for many, `bill,bills` where an s is not enough."""
    single, _, many = one.partition(",")
    return f"{value:,} {single if value == 1 else many or single + 's'}"


@register.filter
def once(values: Any) -> list[Any]:
    """Each value once, in its order: `T1, T1, T2` as `T1, T2`."""
    return list(dict.fromkeys(values))


@register.filter
def at(value: Any, key: Any) -> Any:
    """The item of a mapping, for a key that is a variable."""
    return value.get(key) if hasattr(value, "get") else None


@register.simple_tag(takes_context=True)
def closed(context: Context, act: str) -> str:
    """Why this act is closed to who is signed in; empty when it is open."""
    return _closed(context, act)


def _closed(context: Context, act: str) -> str:
    frame = context.get("frame")
    if frame is not None and frame.may(act):
        return ""
    return f"Only for {staff.roles_for(act)}."


@register.inclusion_tag("desk/parts/door.html", takes_context=True)
def door(
    context: Context, act: str, href: str, says: str, key: str = "", look: str = "quiet", why: str = ""
) -> dict[str, Any]:
    """A link that leads to an act; closed, with the reason in words, to who may not do it (or while ``why`` holds)."""
    return {
        "href": href,
        "says": says,
        "key": key,
        "look": look,
        "why": _closed(context, act) or why,
        "ref": "why-" + act.replace(".", "-") + ("-" + key if key else ""),
    }


@register.inclusion_tag("desk/parts/press.html", takes_context=True)
def press(
    context: Context, act: str, says: str, key: str = "Ctrl Enter", look: str = "primary", why: str = "", do: str = ""
) -> dict[str, Any]:
    """The button that does an act; closed, with the reason in words, to who may not do it (or while ``why`` holds)."""
    return {
        "says": says,
        "key": key,
        "look": look,
        "do": do,
        "why": _closed(context, act) or why,
        "ref": "why-" + act.replace(".", "-"),
    }


@register.simple_tag
def mark(text: str, spans: Any) -> SafeString:
    """The text with the found parts marked; ``spans`` are half-open places in it, in order."""
    parts: list[tuple[str, str]] = []
    done = 0
    for start, end in spans:
        parts.append((text[done:start], text[start:end]))
        done = end
    return format_html("{}{}", format_html_join("", "{}<mark>{}</mark>", parts), text[done:])


@register.filter
def role(name: str) -> str:
    """`finance_director` as `finance director`."""
    return staff.ROLES.get(name, name).partition(":")[0].lower()


@register.filter
def account(number: str) -> str:
    """`10000017` as it is spoken, the check digit apart: `1000001-7`."""
    return f"{number[:-1]}-{number[-1]}" if len(number) >= 8 and number.isdigit() else number


@register.filter
def phone(number: str) -> str:
    """`+14055550142` as `405-555-0142`; what is not a number of this country as it is."""
    digits = number[2:] if number.startswith("+1") and len(number) == 12 else ""
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if digits else number


@register.filter
def tenders(how: str) -> str:
    """`cash, check 2187` as `Cash, check 2187`."""
    said = []
    for part in how.split(", "):
        kind, _, reference = part.partition(" ")
        said.append(f"{TENDERS.get(kind, kind)} {reference}".strip())
    return ", ".join([*said[:1], *(s[:1].lower() + s[1:] for s in said[1:])])


_FINDINGS = {
    "zero": "Nothing used",
    "below_last": "Below the read before",
    "high": "High use",
    "low": "Low use",
    "same": "The same use again",
    "rolled_over": "Register rolled over",
    "beyond_dials": "More digits than the dial has",
    "first": "First bill",
    "final": "Final bill",
    "held": "Held",
}


@register.filter
def finding(code: str) -> str:
    """A finding or outcome of the office, in words; a reason that somebody wrote stays as it is."""
    said = _FINDINGS.get(code) or outcomes.SAYS.get(code, "").partition(":")[0].partition(";")[0]
    return said or code


@register.filter
def findings(codes: Any) -> str:
    """Several findings, in words."""
    return ", ".join(finding(code) for code in codes)


@register.filter
def next_step(code: str) -> str:
    """What happens next with a service that was not billed."""
    return outcomes.NEXT.get(code, "")


@register.filter("words")
def in_words(name: str) -> str:
    """A name that programs use as a person reads it: ``lot_area`` is Lot area."""
    return name.replace("_", " ").capitalize()


@register.filter
def abs_usd(value: int) -> str:
    """`-650` as `$6.50`, where the sentence says that it is a credit."""
    return f"${money.show(abs(value))}"


@register.filter
def owed_before(item: Any) -> int:
    """What a line was open for before a payment paid part of it."""
    return int(item.cents + item.open_after_cents)


@register.filter
def handed(tender: Any) -> int:
    """What came over the counter, before change was given out of it."""
    return int(tender.cents + tender.change_cents)


@register.filter
def words_of(text: str) -> list[str]:
    """`name phone` as two words, to go through in a template."""
    return text.split()


@register.filter
def hundredths(value: int) -> str:
    """A rate in hundredths of a percent, `50` as `0.50 %`."""
    return f"{value // 100}.{value % 100:02d} %"


@register.filter
def letter_kind(kind: str) -> str:
    """What kind of paper a queued letter is."""
    return LETTERS.get(kind, ("Letter", ""))[0]


@register.filter
def letter_title(kind: str) -> str:
    """The heading of a queued letter."""
    return LETTERS.get(kind, ("", "A word from the office"))[1]
