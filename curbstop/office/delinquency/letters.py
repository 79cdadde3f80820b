"""The ladder's letters: the city's template filled for an account, and queued in the words in which it is sent.

A notice that does not say how to dispute, or who can correct the bill, is not queued at all (``rules.letters``).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from importlib import resources

from curbstop.office import policies
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office._statements import ask
from curbstop.office.bills.statements import letterhead
from curbstop.records.payments.received import Letter
from curbstop.rules.letters import BadField, Template, Value, find_missing, read_template, render


def write(
    event: Acting, *, template: str, account_id: int, on: date, fields: Mapping[str, Value], hanger: bool = False
) -> int:
    """Queue a letter to the account, or a hanger for its door, as part of the act under way; its id.

    :raises Refused: the template does not say what the law wants, or something that it shows is not set
    """
    found = load_template(policies.get_city().code, template)
    if missing := find_missing(found):
        told = f"{found.says} does not say {'; '.join(missing)}. Mend its wording first; nothing is sent without it."
        raise Refused(told, field="template")
    who = ask(_WHO, {"account": account_id, "on": on})[0]
    try:
        said = render(found, fields, {**_office(on), "customer": who[0], "account": who[1], "service_address": who[2]})
    except BadField as bad:
        raise Refused(f"{found.says}: {bad}", field="template") from bad
    english, others = said["en"], [words for language, words in said.items() if language != "en" and found.both]
    paragraphs = [*english.paragraphs[1:], *english.closing]
    for words in others:
        paragraphs += [words.title.upper(), *words.paragraphs, *words.closing]
    letter = Letter.objects.create(
        account_id=account_id,
        kind=f"{template.removesuffix('_hanger')}_hanger" if hanger else template,
        says=english.paragraphs[0],
        facts={
            "title": english.title,
            "paragraphs": paragraphs,
            "words": {language: asdict(words) for language, words in said.items()},
            "cents": int(str(fields.get("amount", 0))),
        },
        queued_on=on,
        event_id=event.id,
    )
    return int(letter.pk)


@functools.cache
def load_template(city: str, code: str) -> Template:
    """The template: the city's own where it has one, else the general one."""
    folder = resources.files("curbstop") / "cities"
    own = folder / city / "letters" / f"{code}.yaml"
    file = own if own.is_file() else folder / "letters" / f"{code}.yaml"
    return read_template(file.read_text("utf-8"), file=f"letters/{code}.yaml")


_WHO = """
select c.name, a.number, coalesce((
    select p.address from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
    join customers_premise p on p.id = s.premise_id where g.account_id = a.id
    order by upper_inf(g.during) desc, upper(g.during) desc limit 1), 'no place')
from customers_account a join customers_customer c on c.id = a.customer_id where a.id = %(account)s::bigint"""


def _office(on: date) -> dict[str, Value]:
    head = letterhead(on=on)
    return {
        "city": head.city,
        "office": head.office,
        "office_address": ", ".join(head.address_lines),
        "office_phone": head.phone,
        "office_hours": head.hours,
        "letter_on": on,
    }
