"""How wide words are in the face we print with: what lets sizes be chosen before the typesetter is called.

typst can measure while it lays out, but a page that measures itself in several sizes is laid out several times;
measured here, a bill takes a fifth of the time. The widths come from the typesetter itself, once a process, and hold
because the templates switch kerning off. Points throughout; they are lengths, never money.
"""

import json
from functools import cache, lru_cache

import typst

from curbstop.formats.paper.typeset import faces
from curbstop.formats.paper.words import covered

REGULAR, BOLD, HEAVY = 400, 650, 700
LEADING = 0.45  # between the lines of a paragraph, in ems of its size, as the templates set it

_MEASURE = b"""
#let letters = json(bytes(sys.inputs.letters))
#let tabular = sys.inputs.tabular == "yes"
#set text(font: "Public Sans", size: 1000pt, weight: int(sys.inputs.weight), kerning: false,
  number-width: if tabular { "tabular" } else { "proportional" })
#let wide(letter) = measure(text(letter)).width
#context metadata((
  letters.map(letter => calc.round((if letter == " " { wide("x x") - 2 * wide("x") } else { wide(letter) }).pt())),
  calc.round(measure("X").height.pt()),
))
"""


@cache
def _measured(weight: int, tabular: bool) -> tuple[dict[str, int], int]:
    """The advance of each letter and the height of a capital, in thousandths of an em."""
    letters = [chr(code) for code in sorted(covered())]
    inputs = {"letters": json.dumps(letters), "weight": str(weight), "tabular": "yes" if tabular else "no"}
    found = json.loads(
        typst.query(
            _MEASURE,
            "metadata",
            field="value",
            one=True,
            font_paths=faces(),
            ignore_system_fonts=True,
            sys_inputs=inputs,
        )
    )
    return {letter: int(wide) for letter, wide in zip(letters, found[0], strict=True)}, int(found[1])


def capital(size: float) -> float:
    """The height of one line of words, from its foot to the top of its capitals."""
    return _measured(REGULAR, False)[1] * size / 1000


@lru_cache(maxsize=50_000)
def _advance(words: str, weight: int, tabular: bool) -> int:
    letters = _measured(weight, tabular)[0]
    return sum([letters.get(letter, 1000) for letter in words])


def width(words: str, size: float, *, weight: int = REGULAR, tabular: bool = False) -> float:
    """The width of `printable` words on one line."""
    return _advance(words, weight, tabular) * size / 1000


@lru_cache(maxsize=20_000)
def lines(words: str, wide: float, size: float, *, weight: int = REGULAR, tabular: bool = False) -> int:
    """How many lines the words take in a column: breaks at spaces, and inside a word only where it is too wide."""
    room = int(wide * 1000 / size)
    space = _advance(" ", weight, tabular)
    if _advance(words, weight, tabular) <= room:
        return 1
    count, at = 1, 0
    for word in words.split(" "):
        need = _advance(word, weight, tabular)
        if at and at + space + need > room:
            count, at = count + 1, need
        else:
            at += need + (space if at else 0)
        if at > room > 0:
            count += -(-at // room) - 1
            at = room
    return count


def height(count: int, size: float, *, leading: float = LEADING) -> float:
    """The height of a paragraph of so many lines."""
    return count * capital(size) + (count - 1) * leading * size


def squeeze(words: str, wide: float, size: float, *, weight: int = REGULAR, tabular: bool = False) -> float:
    """By how much one line must be narrowed to fit; 1.0 where it fits."""
    need = width(words, size, weight=weight, tabular=tabular)
    return 1.0 if need <= wide else round(wide / need, 4)


def breakable(words: str, wide: float, size: float, *, weight: int = REGULAR, tabular: bool = False) -> str:
    """The words with invisible places to break (U+200B) in those that no line could hold."""
    if width(words, size, weight=weight, tabular=tabular) <= wide:
        return words
    if not any(width(word, size, weight=weight, tabular=tabular) > wide for word in words.split(" ")):
        return words
    made: list[str] = []
    for word in words.split(" "):
        part, kept = "", []
        for letter in word:
            if part and width(part + letter, size, weight=weight, tabular=tabular) > wide:
                kept.append(part)
                part = ""
            part += letter
        made.append("\u200b".join([*kept, part]))
    return " ".join(made)
