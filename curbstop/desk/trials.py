"""The dry run of a draft tariff: upload or paste it, see its faults by line, or what it would have brought; CSV."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from curbstop.desk import clock, pictures
from curbstop.desk.forms import Entries, sentence
from curbstop.office import tariffs
from curbstop.office._once import Refused
from curbstop.office.tariffs import AccountChange, Bin, DryRun
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.tariffs import TariffErrors

MOST_BYTES = 1_000_000
HEAD = ("account", "address", "class", "now", "would be", "change")


def trial(request: HttpRequest) -> HttpResponse:
    """The form, and below it the result."""
    on = clock.today()
    year_ago = date(on.year - 1, on.month, 1)
    values: dict[str, Any] = {"sent": {"from_on": year_ago.isoformat(), "until_on": on.isoformat()}, "errors": {}}
    if request.method != "POST":
        return render(request, "desk/tariffs/try.html", values)
    entries = Entries(request.POST)
    text, file = draft_text(request, entries)
    from_on, until_on = entries.day("from_on"), entries.day("until_on")
    values |= {"sent": {**request.POST.dict(), "text": text, "file_name": file}, "errors": entries.errors}
    if entries.errors or from_on is None or until_on is None:
        return render(request, "desk/tariffs/try.html", values)
    try:
        found = tariffs.try_draft(text=text, file=file, from_on=from_on, until_on=until_on)
    except TariffErrors as wrong:
        entries.errors["text"] = f"{len(wrong.faults)} to correct, listed below by line. Nothing was tried."
        return render(request, "desk/tariffs/try.html", {**values, "faults": wrong.faults})
    except (BadValue, Refused) as bad:
        entries.blame(bad, {"until": "until_on"})
        entries.errors.setdefault("from_on", sentence(bad))
        return render(request, "desk/tariffs/try.html", values)
    if entries.raw("do") == "csv":
        answer = HttpResponse(changes_csv(tariffs.list_changes(found)), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="dry-run-{from_on}-{until_on}.csv"'
        return answer
    return render(request, "desk/tariffs/try.html", {**values, "found": found, **result_pictures(found)})


def draft_text(request: HttpRequest, entries: Entries) -> tuple[str, str]:
    """The draft that was attached, else the one pasted, and the file's name."""
    attached: Any = request.FILES.get("file")
    if attached is not None:
        if attached.size > MOST_BYTES:
            entries.errors["file"] = f"{attached.size:,} bytes are more than a tariff file has; at most {MOST_BYTES:,}."
            return "", attached.name
        try:
            return attached.read().decode("utf-8"), attached.name
        except UnicodeDecodeError as wrong:
            entries.errors["file"] = f"Byte {wrong.start + 1} is not UTF-8 text; save the file as UTF-8."
            return "", attached.name
    text = str(entries.sent.get("text", "")).replace("\r\n", "\n")
    if not text.strip():
        entries.errors["text"] = "Attach the draft's file, or paste its text here."
    if len(text) > MOST_BYTES:
        entries.errors["text"] = f"{len(text):,} characters are more than a tariff file has; at most {MOST_BYTES:,}."
    return text, entries.raw("file_name") or "draft.yaml"


def bin_words(one: Bin) -> str:
    """`no change`, `+0.01 to +5.00`, `over +40.00`."""
    low, high = one.from_cents, one.until_cents
    if low == high == 0:
        return "no change"
    if low is None:
        return f"under −{show(-(high or 0) - 1)}"
    if high is None:
        return f"over +{show(low - 1)}"
    return f"+{show(low)} to +{show(high)}" if low > 0 else f"−{show(-low)} to −{show(-high)}"


def _short(one: Bin) -> str:
    """The bin's outer end, as it stands below its bar."""
    if one.from_cents == one.until_cents == 0:
        return "same"
    if one.from_cents is None or one.until_cents is None:
        return bin_words(one)
    return f"to +{show(one.until_cents)}" if one.from_cents > 0 else f"to −{show(-one.from_cents)}"


def result_pictures(found: DryRun) -> dict[str, Any]:
    """The charts of a dry run and the bins in words, for ``desk/tariffs/result.html``."""
    bars = [(_short(one), one.households, (one.from_cents or -1 if one.until_cents != 0 else 0)) for one in found.bins]
    revenue = [
        (f"{row.service.title()}, {row.customer_class}", row.now_cents, row.would_cents)
        for row in found.services
        if row.in_draft
    ]
    return {
        "histogram": pictures.histogram(bins=bars, what="households"),
        "revenue": pictures.before_after(rows=revenue),
        "bins": [(bin_words(one), one.households) for one in found.bins],
    }


def changes_csv(rows: Iterable[AccountChange]) -> str:
    """A line an account, money in dollars with two decimals."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow(HEAD)
    for row in rows:
        # a spreadsheet takes a text that begins so for a formula
        address = f"'{row.address}" if row.address[:1] in "=+-@\t\r" else row.address
        amounts = (_plain(cents) for cents in (row.now_cents, row.would_cents, row.change_cents))
        write.writerow([row.number, address, row.customer_class, *amounts])
    return out.getvalue()


def _plain(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"
