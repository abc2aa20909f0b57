"""Two lines against each other: in letters for a terminal, and as an SVG for a memorandum."""

from __future__ import annotations

from app.costs import OwnMachines, Point

WIDTH, HEIGHT = 60, 14
"""Letters of the drawing on a terminal."""

_PAGE = (720, 400)
_PLOT = (80, 30, 600, 310)  # left, top, width, height


def on_terminal(comparison: OwnMachines) -> list[str]:
    """Claude's cost (●) and that of machines (─) over the questions of a month; │ is where last month was."""
    points = comparison.points
    most = _most(points)
    rows = [[" "] * WIDTH for _ in range(HEIGHT)]

    def mark(column: int, value: float, sign: str) -> None:
        rows[HEIGHT - 1 - min(int(value / most * (HEIGHT - 1) + 0.5), HEIGHT - 1)][column] = sign

    here = min(int(comparison.questions / points[-1].questions * (WIDTH - 1)), WIDTH - 1)
    for row in rows:
        row[here] = "│"
    for column in range(WIDTH):
        point = points[round(column / (WIDTH - 1) * (len(points) - 1))]
        mark(column, point.machines, "─")
        mark(column, point.claude, "●")
    top, bottom = f"{most:>9,.0f} ┤", f"{0:>9} ┤"
    heads = [top, *([" " * 10 + "│"] * (HEIGHT - 2)), bottom]
    lines = [head + "".join(row) for head, row in zip(heads, rows, strict=True)]
    right = f"{points[-1].questions:,.0f} questions a month"
    return ["USD a month", *lines, " " * 10 + "0" + right.rjust(WIDTH)]


def as_svg(comparison: OwnMachines) -> str:
    """The same as a picture, with its legend in words."""
    left, top, width, height = _PLOT
    points = comparison.points
    most, widest = _most(points), points[-1].questions

    def place(questions: float, usd: float) -> str:
        return f"{left + questions / widest * width:.1f},{top + height - usd / most * height:.1f}"

    def line(values: list[str], colour: str) -> str:
        return f'<polyline points="{" ".join(values)}" fill="none" stroke="{colour}" stroke-width="2.5"/>'

    def words(x: float, y: float, text: str, anchor: str = "start", colour: str = "#333") -> str:
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'

    month = left + comparison.questions / widest * width
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_PAGE[0]} {_PAGE[1]}" '
        f'font-family="sans-serif" font-size="13" role="img" aria-label="What questions cost in a month">',
        f'<rect width="{_PAGE[0]}" height="{_PAGE[1]}" fill="white"/>',
        f'<path d="M{left},{top} V{top + height} H{left + width}" fill="none" stroke="#333"/>',
        line([place(point.questions, point.claude) for point in points], "#b5542b"),
        line([place(point.questions, point.machines) for point in points], "#2b5fb5"),
        f'<path d="M{month:.1f},{top} V{top + height}" stroke="#999" stroke-dasharray="4 4"/>',
        words(month + 4, top + 12, f"{comparison.questions:,} questions", colour="#666"),
        words(left - 8, top + 5, f"USD {most:,.0f}", "end"),
        words(left - 8, top + height, "0", "end"),
        words(left + width, top + height + 20, f"{widest:,.0f} questions a month", "end"),
        words(left, _PAGE[1] - 12, "Claude", colour="#b5542b"),
        words(left + 70, _PAGE[1] - 12, "machines of one's own", colour="#2b5fb5"),
    ]
    if comparison.break_even is not None:
        x, y = place(comparison.break_even, comparison.break_even * comparison.claude / comparison.questions).split(",")
        parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="#333"/>')
        parts.append(words(float(x) + 9, float(y) + 16, f"even at {comparison.break_even:,.0f}"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _most(points: tuple[Point, ...]) -> float:
    return max(max(point.claude, point.machines) for point in points)
