"""How money, dates and people's text are written on paper."""

import unicodedata
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from curbstop.rules import money

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def amount(cents: int) -> str:
    """`12992` as `129.92`; what is below zero as a credit, `6.50 CR`, as the desk shows it."""
    return f"{money.show(-cents)} CR" if cents < 0 else money.show(cents)


def gallons(gal: int) -> str:
    """`12000` as `12,000 gal`."""
    return f"{gal:,} gal"


def short_day(on: date) -> str:
    """`13 Nov 2026`. English by rule, never by the machine's locale."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def day(on: date) -> str:
    """`Fri 13 Nov 2026`."""
    return f"{_DAYS[on.weekday()]} {short_day(on)}"


def moment(at: datetime) -> str:
    """`Mon 23 Nov 2026, 11:52`, in whatever zone `at` is given."""
    return f"{day(at)}, {at:%H:%M}"


def month(on: date) -> str:
    """`Nov`."""
    return _MONTHS[on.month - 1]


def printable(text: str) -> str:
    """What the paper's face can print of what somebody typed, on one line.

    A letter that the face lacks loses its marks before it is given up as `?`; pictures (emoji), joiners, direction
    marks and control characters go. PDF/UA forbids a glyph that is not there, so this is also what keeps a run from
    failing on one customer's name. See docs/decisions/020-latin-paper.md.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    face = covered()
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        if character.isspace():
            kept.append(" ")
        elif ord(character) in face and unicodedata.category(character)[0] != "C":
            kept.append(character)
        else:
            bare = [c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)]
            if bare and bare != [character] and all(ord(c) in face for c in bare):
                kept.extend(bare)
            elif unicodedata.category(character)[0] in "LNP":
                kept.append("?")
    line = " ".join("".join(kept).split())
    return line or ("?" if text.strip() else "")


_PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u00d7": "x",
        "\u00b7": "-",
        "\u00df": "ss",
        "\u00e6": "ae",
        "\u00c6": "AE",
        "\u00f8": "o",
        "\u00d8": "O",
        "\u0142": "l",
        "\u0141": "L",
        "\u0111": "d",
        "\u0110": "D",
        "\u0131": "i",
    }
)


def plain(text: str) -> str:
    """`printable`, down to ASCII: thermal printers agree on nothing more. `Zo\u00eb \u0141uk` is `Zoe Luk`."""
    letters = unicodedata.normalize("NFKD", printable(text).translate(_PLAIN))
    return "".join("" if unicodedata.combining(c) else c if c.isascii() else "?" for c in letters)


@cache
def covered() -> frozenset[int]:
    """The code points that Public Sans has a glyph for, read from the face's own character map."""
    return characters_of((files("fontpkg_public_sans") / "files" / "PublicSans[wght].ttf").read_bytes())


def characters_of(ttf: bytes) -> frozenset[int]:
    """Read the code points of a TrueType face's Unicode map (OpenType `cmap`, formats 4 and 12).

    :raises ValueError: no such map in the bytes
    """

    def u16(at: int) -> int:
        return int.from_bytes(ttf[at : at + 2], "big")

    def u32(at: int) -> int:
        return int.from_bytes(ttf[at : at + 4], "big")

    tables = {ttf[at : at + 4]: u32(at + 8) for at in range(12, 12 + 16 * u16(4), 16)}
    if b"cmap" not in tables:
        raise ValueError("not a TrueType face: it has no cmap table")
    cmap = tables[b"cmap"]
    found: set[int] = set()
    for record in range(cmap + 4, cmap + 4 + 8 * u16(cmap + 2), 8):
        at = cmap + u32(record + 4)
        if u16(at) == 12:
            for group in range(at + 16, at + 16 + 12 * u32(at + 12), 12):
                found.update(range(u32(group), u32(group + 4) + 1))
        elif u16(at) == 4:
            segments = u16(at + 6)
            for segment in range(at + 14, at + 14 + segments, 2):
                last, first = u16(segment), u16(segment + segments + 2)
                delta, offset_at = u16(segment + 2 * segments + 2), segment + 3 * segments + 2
                for code in range(first, last + 1):
                    offset = u16(offset_at)
                    glyph = u16(offset_at + offset + 2 * (code - first)) if offset else (code + delta) & 0xFFFF
                    if glyph and code != 0xFFFF:
                        found.add(code)
    if not found:
        raise ValueError("the face has no Unicode map of format 4 or 12")
    return frozenset(found)
