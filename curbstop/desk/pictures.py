"""Pictures drawn on the server: the bridge between two bills, the funnel of a run. To scale from zero, in whole tenths.

Each has a title and a description for who does not see it, and a table behind it on the page. Colours are classes of
the stylesheet, so that dark and print follow.
"""

from collections.abc import Sequence
from html import escape

from django.utils.safestring import SafeString, mark_safe

from curbstop.rules import money

_WIDE = 8800  # tenths of the viewBox's 880


def _t(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"


def _rect(look: str, x: int, y: int, width: int, height: int) -> str:
    return f'<rect class="{look}" x="{_t(x)}" y="{y}" width="{_t(max(width, 0))}" height="{height}" rx="1.5"/>'


def _text(x: int, y: int, words: str, *, on: bool = False, anchor: str = "start") -> str:
    look = ' class="on"' if on else ""
    return f'<text{look} x="{_t(x)}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def funnel(*, total: int, ready: int, outs: Sequence[tuple[str, int]], done: bool = False) -> SafeString:
    """Of all services that were due, those ready to bill and, enlarged below, those that fell out and why."""
    fell = total - ready
    said = ", ".join(f"{words} {count:,}" for words, count in outs)
    word = "billed" if done else "ready"
    title = f"Of {total:,} services due, {ready:,} are {word} and {fell:,} fell out"
    least = 134 if fell else 0
    out = max(least, (_WIDE - 20) * fell // total) if total else 0
    in_wide = _WIDE - out - (20 if fell else 0)
    parts = [_rect("bar1", 0, 20, in_wide, 28), _text(0, 12, f"{ready:,} {word}", on=True)]
    if fell:
        parts.append(_rect("up", in_wide + 20, 20, out, 28))
        parts.append(_text(_WIDE, 12, f"{fell:,} fell out", on=True, anchor="end"))
        parts.append(f'<path class="veil" d="M{_t(in_wide + 20)} 48L0 78H{_t(_WIDE)}V48Z"/>')
        parts += _enlarged(outs, fell)
    return _svg(f"0 0 880 {128 if fell else 52}", "f", title, f"{title}. {said}." if said else title, parts)


def _enlarged(outs: Sequence[tuple[str, int]], fell: int) -> list[str]:
    """The ones that fell out, each at least wide enough to be seen; a name only where there is room for it."""
    least = 200
    room = _WIDE - least * len(outs) - 15 * (len(outs) - 1)
    parts, x = [], 0
    for words, count in outs:
        wide = least + room * count // fell
        parts += [_rect("soft", x, 78, wide, 30), _rect("up", x, 78, wide, 3)]
        parts.append(_text(x + wide // 2, 99, f"{count:,}", on=True, anchor="middle"))
        room_for = wide // 82  # a letter is 8 units wide where the picture is shown small
        name = words if len(words) <= room_for else words[: max(room_for - 1, 0)].rstrip(" ,;") + "…"
        if room_for >= 6 or len(words) <= room_for:
            parts.append(_text(x, 123, name))
        x += wide + 15
    return parts


def bridge(*, last: tuple[str, int], this: tuple[str, int], parts: Sequence[tuple[str, int]]) -> SafeString:
    """How one bill became the next: both bars to scale, the parts that came on top, and those that went.

    :param last: words and cents of the earlier bill; :param this: of the later; :param parts: words and cents, signed
    """
    most = max(last[1] + sum(cents for _, cents in parts if cents > 0), this[1], 1)
    ups = [(words, cents) for words, cents in parts if cents > 0]
    downs = [(words, cents) for words, cents in parts if cents < 0]
    gone = -sum(cents for _, cents in downs)

    def wide(cents: int) -> int:
        return max(cents, 0) * _WIDE // most

    said = "; ".join(
        f"{words} {'adds' if cents > 0 else 'takes off'} {money.show(abs(cents))}" for words, cents in parts
    )
    title = f"From {money.show(last[1])} to {money.show(this[1])}, to scale"
    desc = f"The last bill was {money.show(last[1])}. {said or 'Nothing changed'}. This bill is {money.show(this[1])}."
    at, kept = wide(last[1]), wide(last[1] - gone)
    drawn = [_text(0, 12, last[0]), _rect("ghost", 0, 18, kept, 24)]
    if gone:
        drawn.append(_rect("gone", kept + 10, 18, at - kept - 10, 24))
    drawn.append(_text(max(at, 500), 12, money.show(last[1]), on=True, anchor="end"))
    drawn += [_text(0, 62, this[0]), _rect("ghost", 0, 68, kept, 24)]
    x = kept
    for number, (words, cents) in enumerate(ups):
        step = wide(cents)
        drawn.append(_rect(("hot", "bar1", "up")[number % 3], x + 10, 68, max(step - 10, 12), 24))
        name = f"{words} +{money.show(cents)}"
        if step >= 82 * len(name):
            drawn.append(_text(x + 10, 108, name, on=True))
        x += step
    if parts:
        drawn.append(f'<path class="rule" d="M{_t(kept)} 42V68"/>')
    drawn.append(_text(max(x, kept, 2200), 62, money.show(this[1]), on=True, anchor="end"))
    return _svg("0 0 880 116", "w", title, desc, drawn)


def histogram(*, bins: Sequence[tuple[str, int, int]], what: str) -> SafeString:
    """How many fall into each bin, upright bars to scale from zero.

    :param bins: words below the bar, how many, and -1, 0 or 1: less, no change, more
    :param what: what is counted, in the plural
    """
    most = max((count for _, count, _ in bins), default=0) or 1
    total = sum(count for _, count, _ in bins)
    step = _WIDE // max(len(bins), 1)
    said = "; ".join(f"{words}: {count:,}" for words, count, _ in bins if count)
    drawn = []
    for place, (words, count, way) in enumerate(bins):
        high = max(count * 130 // most, 1 if count else 0)
        x, middle = place * step, place * step + step // 2
        drawn.append(
            _rect(("soft", "ghost", "up")[0 if way < 0 else 1 if way == 0 else 2], x + 15, 150 - high, step - 30, high)
        )
        if count:
            drawn.append(_text(middle, 145 - high, f"{count:,}", on=True, anchor="middle"))
        drawn.append(_text(middle, 166 if place % 2 == 0 or len(bins) < 9 else 180, words, anchor="middle"))
    drawn.append(f'<path class="rule" d="M0 150.5H{_t(_WIDE)}"/>')
    return _svg("0 0 880 186", "h", f"{total:,} {what} by the change in their bills", f"{said or 'None'}.", drawn)


def uses(*, ids: str, past: Sequence[tuple[str, int, bool]], now: tuple[str, int] | None) -> SafeString:
    """The uses before a read that waits, and the one it would be, as small upright bars to scale from zero.

    :param ids: tells this picture's parts from others on the page
    :param past: day in words, gallons, whether it was estimated; the latest last
    :param now: day in words and gallons of the read that waits; None: there is no use to show
    """
    most = max([gal for _, gal, _ in past] + [now[1] if now else 0], default=0) or 1
    drawn, step = [], 22
    for place, (_, gal, estimated) in enumerate(past):
        high = max(gal * 44 // most, 1)
        look = "bar1 est" if estimated else "bar1"
        drawn.append(f'<rect class="{look}" x="{place * step}" y="{48 - high}" width="16" height="{high}" rx="1.5"/>')
    if now:
        high = max(now[1] * 44 // most, 1)
        drawn.append(f'<rect class="hot" x="{len(past) * step}" y="{48 - high}" width="16" height="{high}" rx="1.5"/>')
    drawn.append('<path class="rule" d="M0 48.5H308"/>')
    said = "; ".join(f"{words} {gal:,} gal{', estimated' if estimated else ''}" for words, gal, estimated in past)
    title = f"{now[1]:,} gal on {now[0]} beside the uses before it" if now else "The uses before this read"
    return _svg("0 0 308 50", ids, title, said or "There are none", drawn)


def before_after(*, rows: Sequence[tuple[str, int, int]]) -> SafeString:
    """Two bars a row, to scale from zero: what came in, and what would have.

    :param rows: words, cents as billed, cents as they would be
    """
    most = max((max(now, would) for _, now, would in rows), default=0) or 1
    drawn = []
    for place, (words, now, would) in enumerate(rows):
        y = place * 62
        change = would - now
        sign = "+" if change > 0 else "−" if change < 0 else ""
        drawn.append(_text(0, y + 12, words, on=True))
        drawn.append(_text(_WIDE, y + 12, f"{sign}{money.show(abs(change))}", on=True, anchor="end"))
        drawn.append(_rect("ghost", 0, y + 18, max(now, 0) * _WIDE // most, 14))
        drawn.append(_rect("up" if change > 0 else "bar1", 0, y + 35, max(would, 0) * _WIDE // most, 14))
    said = "; ".join(f"{words}: from {money.show(now)} to {money.show(would)}" for words, now, would in rows)
    title = "Revenue as it was billed (above) and as it would be (below), to scale"
    return _svg(f"0 0 880 {max(len(rows) * 62, 20)}", "r", title, f"{said or 'Nothing was billed'}.", drawn)


def bars(*, rows: Sequence[tuple[str, int, str]], title: str) -> SafeString:
    """A bar a row, lying, to scale from zero, with its figure behind it.

    :param rows: words, how much, the same in words
    """
    most = max((value for _, value, _ in rows), default=0) or 1
    room, left = _WIDE - 3400, 2100  # the words before a bar, the figure behind the longest
    drawn = []
    for place, (words, value, told) in enumerate(rows):
        y, wide = place * 24, max(value, 0) * room // most
        drawn.append(_text(0, y + 14, words, on=True))
        drawn.append(_rect("bar1", left, y + 4, wide, 14))
        drawn.append(_text(left + wide + 80, y + 15, told))
    said = "; ".join(f"{words}: {told}" for words, _, told in rows)
    return _svg(f"0 0 880 {max(len(rows) * 24, 20)}", "b", title, f"{said or 'Nothing'}.", drawn)


def _svg(box: str, ids: str, title: str, desc: str, parts: Sequence[str]) -> SafeString:
    return mark_safe(  # every text that came from outside went through escape above
        f'<svg viewBox="{box}" role="img" aria-labelledby="{ids}-t {ids}-d"><title id="{ids}-t">{escape(title)}</title>'
        f'<desc id="{ids}-d">{escape(desc)}</desc>{"".join(parts)}</svg>'
    )
