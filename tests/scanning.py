"""Looking for card numbers where none may be: in every row of the database, in pages, in what was logged."""

import re

from django.db import connection

from curbstop.rules.cards import find_card_numbers

TEST_NUMBER = "4111 1111 1111 1111"
"""Visa's test number; it passes the card check and belongs to nobody."""


def rows() -> list[tuple[str, str]]:
    """Every row of every table of the city, as text."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c where c.relkind in ('r', 'p')"
            " and c.relnamespace = current_schema()::regnamespace order by 1"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'select t::text from "{table}" t')
            found += [(table, row[0]) for row in cursor.fetchall()]
    return found


def tables_with_card_numbers() -> set[str]:
    """Tables in which a row holds a card number."""
    return {table for table, text in rows() if find_card_numbers(text)}


CARD_FIELD = re.compile(
    r'autocomplete="cc-|name="(?:card_?(?:no|number|num)|cc_?\w*|pan|cvv\d?|cvc\d?|expiry|exp_?\w*)"', re.I
)
"""What a field for a card looks like to a browser."""


def card_fields(html: str) -> list[str]:
    """Fields of a page that ask for a card."""
    return CARD_FIELD.findall(html)
