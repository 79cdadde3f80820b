"""Where the street's people are found, for tests."""

import re

from django.http import HttpResponse

from curbstop.records.bills.models import Bill
from curbstop.records.customers.models import Account


def account(house: int) -> Account:
    """The account of a house."""
    place = f"{house} Sage Wren Dr"
    return Account.objects.get(
        agreements__service_point__premise__address=place, agreements__service_point__service="water"
    )


def bill(house: int, place: int = -1) -> Bill:
    """A bill of a house: the last, or by place."""
    return list(Bill.objects.filter(account=account(house)).order_by("id"))[place]


def text(response: HttpResponse) -> str:
    """What a page says, without its tags."""
    bare = re.sub(r"<(script|style|title)[^>]*>.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", bare).replace("&amp;", "&").replace("&#x27;", "'").split())


def key_of(response: HttpResponse) -> str:
    """The key of the form that a page holds."""
    found = re.search(r'name="key" value="([^"]+)"', response.content.decode())
    assert found is not None
    return found.group(1)
