"""The few pieces of HTML that the desk draws itself. Everything that comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from core.answers import Support
from core.documents import Span
from ui.parts.words import Reference


def claim(text: str, cited: Sequence[Reference], *, support: Support, name: str, meaning: str) -> str:
    """One sentence of the answer, the numbers of its citations, and its support in words and a quiet colour."""
    numbers = "".join(f"<sup>{reference.number}</sup>" for reference in cited)
    said = f"<b>{escape(name)}</b>{': ' + escape(meaning) if meaning else ''}"
    return (
        f'<div class="dossier-claim dossier-{support.value}"><p>{escape(text)}{numbers}</p>'
        f'<p class="dossier-support">{said}</p></div>'
    )


def line(text: str, *, kind: str) -> str:
    """A line of text; `kind` is one of the classes of desk.css, without its prefix."""
    return f'<p class="dossier-{kind}">{escape(text)}</p>'


def screen(name: str) -> str:
    """The heading of a screen, for those who listen to it: the others see the name in the bar above."""
    return f'<h1 class="dossier-screen">{escape(name)}</h1>'


def question(text: str) -> str:
    """The question, as the heading of its answer."""
    return f'<h2 class="dossier-question">{escape(text)}</h2>'


def notice(title: str, *lines: str, kind: str = "notice") -> str:
    """A quiet box: a title and a few lines."""
    body = "".join(f"<p>{escape(text)}</p>" for text in lines if text)
    return f'<div class="dossier-{kind}"><p class="dossier-notice-title">{escape(title)}</p>{body}</div>'


def quote(text: str, *, number: int) -> str:
    """The words that a citation points at, as they stand in the document; `number` 0 is not shown."""
    mark = f"<sup>{number}</sup> " if number else ""
    return f'<blockquote class="dossier-quote">{mark}{escape(text.strip())}</blockquote>'


def decision(text: str, *, kind: str) -> str:
    """What somebody decided on a question; `kind` is one of the supports, for its colour."""
    return f'<p class="dossier-decision dossier-{kind}">{escape(text)}</p>'


def marked(text: str, marks: Sequence[Span]) -> str:
    """The text of a page with `marks` (spans of that text) marked; marks may overlap."""
    out: list[str] = []
    position = 0
    for mark in sorted(marks):
        start = max(mark.start, position)
        if start >= mark.end:
            continue
        out += [escape(text[position:start]), "<mark>", escape(text[start : mark.end]), "</mark>"]
        position = mark.end
    out.append(escape(text[position:]))
    return f'<div class="dossier-page-text">{"".join(out)}</div>'


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """A plain table whose cells wrap and can be copied. `numbers` are the columns (from 0) that are figures."""

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=dossier-number' if column in numbers else ''}>{escape(cell)}</{tag}>"
            for column, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<table class="dossier-table"><thead><tr>{cells("th", headings)}</tr></thead><tbody>{body}</tbody></table>'


def scrolled_to(focus: float) -> str:
    """A script that brings the marked words into sight: `focus` is how far down the picture they are, from 0 to 1.

    It waits until the picture is drawn (half a minute at most): before that the panel has nothing to scroll.
    """
    return f"""<script>
        (() => {{
            let looks = 300;
            const show = () => {{
                const panel = document.querySelector(".st-key-page"), picture = panel && panel.querySelector("img");
                if (!picture || !picture.complete || picture.clientHeight < 50) {{
                    if (looks-- > 0) setTimeout(show, 100);
                    return;
                }}
                const start = picture.getBoundingClientRect().top - panel.getBoundingClientRect().top + panel.scrollTop;
                panel.scrollTo({{top: start + {focus:.4f} * picture.clientHeight - panel.clientHeight / 2}});
            }};
            setTimeout(show, 100);
        }})();
    </script>"""
