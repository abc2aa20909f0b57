"""Plots as SVG: a line over runs, bars, and a diagram of calibration. Text that comes from outside is escaped.

Colours are those of the page that the picture stands in (`--ink`, `--quiet`, `--rule`, `--accent`), with values of
their own where it stands alone. Every picture says in words what it shows; the figures stand in a table beside it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.statistics import Interval

INK, QUIET = "var(--ink,#1d2126)", "var(--quiet,#565d66)"
RULE, ACCENT = "var(--rule,#c9cdd3)", "var(--accent,#2457a6)"

_LETTER = 7.4
"""Width of a letter at the size of a label, generously."""

_DOTS = 40
"""Runs up to which each has its dot and its interval; more of them are a line in a band."""

_APART = 13.0
"""Pixels between two letters of changes: those that would lie on one another are left to the table."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that changed before the point `at` (counted from 0), told by a letter; without one it is a tick on the
    axis. It `breaks` the line where what comes after it cannot be compared with what came before."""

    at: int
    letter: str
    breaks: bool = False


def over_runs(
    title: str,
    values: Sequence[Interval | None],
    *,
    first: str,
    last: str,
    marks: Sequence[Mark] = (),
    highest: float | None = 1.0,
) -> Markup:
    """A figure over the runs, oldest first, with its intervals; None where a run has none, which breaks the line.

    `first` and `last` stand under the ends. `highest` is the most that the figure can be, None where there is no such.
    `marks` are dashed lines with their letters.
    """
    width, height, left, top, bottom, right = 340, 190, 46, 22, 26, 12
    known = [value for value in values if value is not None]
    low, high = _ends(
        min((one.low for one in known), default=0.0), max((one.high for one in known), default=1.0), highest
    )
    inner_width, inner_height = width - left - right, height - top - bottom

    def x(number: int) -> float:
        return left + inner_width * (0.5 if len(values) == 1 else number / (len(values) - 1))

    def y(value: float) -> float:
        return top + inner_height * (1 - (value - low) / (high - low))

    parts = [_frame(left, top, inner_width, inner_height)]
    for tick in _ticks(low, high):
        parts.append(_line(left, y(tick), left + inner_width, y(tick), RULE))
        parts.append(_text(left - 6, y(tick) + 4, f"{tick:g}", anchor="end", fill=QUIET))
    taken = float("-inf")
    for mark in marks:
        at = x(mark.at) - (0 if mark.at == 0 else inner_width / (len(values) - 1) / 2)
        if not mark.letter:
            parts.append(_line(at, top + inner_height - 5, at, top + inner_height, QUIET))
            continue
        parts.append(_line(at, top, at, top + inner_height, QUIET, dash=True))
        if at - taken >= _APART:
            parts.append(_text(at, top - 6, mark.letter, anchor="middle", fill=QUIET))
            taken = at
    many = len(values) > _DOTS
    for piece in _pieces(values, {mark.at for mark in marks if mark.breaks}):
        line = " ".join(f"{x(number):.1f},{y(value.value):.1f}" for number, value in piece)
        if many:
            band = [f"{x(number):.1f},{y(value.high):.1f}" for number, value in piece]
            band += [f"{x(number):.1f},{y(value.low):.1f}" for number, value in reversed(piece)]
            parts.append(Markup('<polygon points="{}" style="fill:{};opacity:.18"/>').format(" ".join(band), ACCENT))
        else:
            for number, value in piece:
                parts += [_line(x(number), y(value.low), x(number), y(value.high), ACCENT, width=1.2)]
                parts += [_dot(x(number), y(value.value), 3)]
        if len(piece) > 1:
            parts.append(
                Markup('<polyline points="{}" style="fill:none;stroke:{};stroke-width:1.8"/>').format(line, ACCENT)
            )
        elif many:
            parts.append(_dot(x(piece[0][0]), y(piece[0][1].value), 2))
    parts.append(_text(left, height - 8, first, fill=QUIET))
    if len(values) > 1:
        parts.append(_text(left + inner_width, height - 8, last, anchor="end", fill=QUIET))
    newest = known[-1] if known else None
    told = f"{title} over {len(values)} runs" + (f", {newest.value:.3f} at the end" if newest else "")
    return _picture(width, height, told, parts)


def bars(title: str, rows: Sequence[tuple[str, Interval]], *, highest: float = 1.0) -> Markup:
    """A bar for each row, with its interval and its value; values from 0 to `highest`."""
    longest = max((len(label) for label, _ in rows), default=0)
    left, right, step = min(max(60.0, longest * _LETTER + 10), 240.0), 50, 24
    width, height = 520, step * len(rows) + 12
    room = width - left - right

    def x(value: float) -> float:
        return left + room * min(max(value / highest, 0.0), 1.0)

    parts = [_line(left, 4, left, height - 8, QUIET)]
    for number, (label, (value, low, high)) in enumerate(rows):
        middle = 6 + step * number + step / 2
        parts.append(_text(left - 8, middle + 4, _shortened(label, round((left - 10) / _LETTER)), anchor="end"))
        parts.append(
            Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="12" style="fill:{};opacity:.55"/>').format(
                left, middle - 6, max(x(value) - left, 0.5), ACCENT
            )
        )
        parts.append(_line(x(low), middle, x(high), middle, INK, width=1.4))
        parts += [_line(x(end), middle - 4, x(end), middle + 4, INK, width=1.4) for end in (low, high)]
        parts.append(_text(width - right + 8, middle + 4, f"{value:.2f}"))
    told = "; ".join(f"{label} {interval.value:.2f}" for label, interval in rows)
    return _picture(width, height, f"{title}: {told}", parts)


def reliability(title: str, bins: Sequence[tuple[float, Interval, int]]) -> Markup:
    """What came true over what was said. A bin is (mean score, share that came true with its interval, how many).

    On the dashed line a score means what it says. Under the diagram stands how many items each bin has.
    """
    side, left, top, below = 280, 46, 14, 62
    width, height = left + side + 14, top + side + below
    most = max((count for *_, count in bins), default=1)

    def x(value: float) -> float:
        return left + side * value

    def y(value: float) -> float:
        return top + side * (1 - value)

    parts = [_frame(left, top, side, side), _line(x(0), y(0), x(1), y(1), QUIET, dash=True)]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(_text(left - 6, y(tick) + 4, f"{tick:g}", anchor="end", fill=QUIET))
        parts.append(_text(x(tick), top + side + 15, f"{tick:g}", anchor="middle", fill=QUIET))
    floor = height - 4
    for said, (value, low, high), count in bins:
        parts.append(_line(x(said), y(low), x(said), y(high), ACCENT, width=1.4))
        parts.append(_dot(x(said), y(value), 4))
        tall = 22 * count / most
        parts.append(
            Markup('<rect x="{:.1f}" y="{:.1f}" width="12" height="{:.1f}" style="fill:{};opacity:.55"/>').format(
                x(said) - 6, floor - tall, max(tall, 0.5), ACCENT
            )
        )
        parts.append(_text(x(said), floor - tall - 3, str(count), anchor="middle", fill=QUIET, size=10))
    points = [f"{x(said):.1f},{y(interval.value):.1f}" for said, interval, _ in bins]
    if len(points) > 1:
        parts.append(
            Markup('<polyline points="{}" style="fill:none;stroke:{};stroke-width:1.6"/>').format(
                " ".join(points), ACCENT
            )
        )
    told = "; ".join(f"said {said:.2f}, came true {one.value:.2f} of {count}" for said, one, count in bins)
    return _picture(width, height, f"{title}: {told}", parts)


# ── strokes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _picture(width: float, height: float, told: str, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:g} {1:g}" width="{0:g}" height="{1:g}" '
        'font-family="system-ui,sans-serif" font-size="12" role="img" aria-label="{2}">{3}</svg>'
    ).format(width, height, _drawable(told), Markup("").join(parts))


def _text(x: float, y: float, words: str, *, anchor: str = "start", fill: str = INK, size: int = 12) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-size="{}" style="fill:{}">{}</text>').format(
        x, y, anchor, size, fill, _drawable(words)
    )


def _line(
    x: float, y: float, to_x: float, to_y: float, stroke: str, *, width: float = 1.0, dash: bool = False
) -> Markup:
    return Markup(
        '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" style="stroke:{};stroke-width:{:g}{}"/>'
    ).format(x, y, to_x, to_y, stroke, width, ";stroke-dasharray:3 3" if dash else "")


def _dot(x: float, y: float, radius: float) -> Markup:
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:g}" style="fill:{}"/>').format(x, y, radius, ACCENT)


def _frame(left: float, top: float, width: float, height: float) -> Markup:
    return Markup('<path d="M{0:g},{1:g} V{2:g} H{3:g}" style="fill:none;stroke:{4}"/>').format(
        left, top, top + height, left + width, QUIET
    )


def _pieces(values: Sequence[Interval | None], breaks: Collection[int]) -> list[list[tuple[int, Interval]]]:
    """The stretches without a gap or a break, each value with its number."""
    pieces: list[list[tuple[int, Interval]]] = [[]]
    for number, value in enumerate(values):
        if value is None or number in breaks:
            pieces.append([])
        if value is not None:
            pieces[-1].append((number, value))
    return [piece for piece in pieces if piece]


def _ends(low: float, high: float, highest: float | None) -> tuple[float, float]:
    """The values a little beyond both ends, so that no dot lies on the frame; never a hair's breadth magnified."""
    room = max((high - low) * 0.08, 0.05 if highest else 0.2 * high, 1e-3)
    return max(0.0, low - room), high + room if highest is None else min(high + room, highest * 1.02)


def _ticks(low: float, high: float) -> list[float]:
    """Three to six round values between the ends."""
    span = high - low
    power = 10.0 ** _floor_log10(span / 4)
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if span / (size * power) <= 5)
    first = int(low / step) + (low > 0 and low % step > 0)
    return [round(step * number, 10) for number in range(first, int(high / step + 1e-9) + 1) if step * number >= low]


def _floor_log10(value: float) -> int:
    from math import floor, log10

    return floor(log10(value)) if value > 0 else 0


def _shortened(label: str, letters: int) -> str:
    return label if len(label) <= letters else f"{label[: letters - 1]}…"


_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 takes for no character (production 2 of the recommendation): a picture that holds one is not drawn."""


def _drawable(text: str) -> str:
    return _NO_CHARACTER.sub("\ufffd", text)
