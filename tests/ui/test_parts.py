"""The words and marks of the desk: names made safe, text escaped, numbers that stay with their place."""

from __future__ import annotations

import io
import socket
from html import unescape
from pathlib import Path
from re import sub

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.answers import Coverage, NotSent
from core.documents import DocumentId, Span
from core.errors import UsageError
from tests.ui.fake import ALTERED, VERIFIED, an_answer
from ui.launch import ADDRESS, launch, options
from ui.parts import markup
from ui.parts.uploads import LONGEST_BYTES, LONGEST_NAME, safe_name, spool
from ui.parts.words import coverage_words, pages_words, plain, references


@given(some.text(max_size=400))
def test_a_safe_name_is_one_plain_file_name_that_a_file_system_takes(name: str) -> None:
    safe = safe_name(name)
    assert safe == Path(safe).name and safe not in ("", ".", "..")
    assert not safe.startswith(".") and "\\" not in safe and safe.isprintable()
    assert len(safe) <= LONGEST_NAME and len(safe.encode()) <= LONGEST_BYTES
    assert safe_name(safe) == safe


def test_a_safe_name_keeps_the_ending_that_tells_the_format() -> None:
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("..\\..\\secret\\plan.PDF") == "plan.PDF"
    assert safe_name("ü" * 300 + ".docx").endswith("ü.docx")
    assert safe_name("no:such*name?.pdf") == "no such name.pdf"
    assert safe_name("\x00\x1f") == safe_name("") == safe_name("///") == "document"


class NamedBytes(io.BytesIO):
    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def test_uploads_of_one_name_are_all_kept_and_removed_with_their_folder() -> None:
    folder, count = spool(NamedBytes("a/x.pdf", bytes([number])) for number in range(3))
    with folder:
        kept = {path.name: path.read_bytes() for path in Path(folder.name).iterdir()}
        assert count == 3 and kept == {"x.pdf": b"\x00", "x (2).pdf": b"\x01", "x (3).pdf": b"\x02"}
        assert Path(folder.name).stat().st_mode & 0o077 == 0
    assert not Path(folder.name).exists()


@given(some.text(max_size=200), some.lists(some.tuples(some.integers(0, 200), some.integers(0, 200)), max_size=5))
def test_marking_changes_no_character_of_the_page(text: str, places: list[tuple[int, int]]) -> None:
    marks = [Span(min(place), max(place)) for place in places if max(place) <= len(text)]
    drawn = markup.marked(text, marks)
    assert unescape(sub(r"</?(div|mark)[^>]*>", "", drawn)) == text


def test_marks_cover_exactly_the_quoted_words() -> None:
    assert "due <mark>in 30 days</mark>, net" in markup.marked("due in 30 days, net", [Span(4, 14)])


def test_what_comes_from_outside_is_never_markup() -> None:
    drawn = markup.table(("<i>",), [("<b>",)]) + markup.quote("<u>", number=1) + markup.notice("<s>", "<em>")
    for tag in ("<i>", "<b>", "<u>", "<s>", "<em>"):
        assert tag not in drawn


def test_a_label_shows_dollars_and_underscores_as_they_are_written() -> None:
    assert plain("a_b_c $5 and $6 :red[x]") == r"a\_b\_c \$5 and \$6 \:red\[x\]"


def test_the_same_place_keeps_its_number_through_the_answer() -> None:
    numbered = references(an_answer("?", VERIFIED, ALTERED, VERIFIED))
    assert [[reference.number for reference in cited] for _, cited in numbered] == [[1], [2, 3], [1]]


def test_pages_are_named_as_a_reader_would() -> None:
    assert [pages_words(pages) for pages in ((4,), (4, 5), (4, 5, 6))] == ["p. 4", "p. 4 and 5", "p. 4–6"]


def test_the_desk_is_for_this_machine_and_calls_nobody() -> None:
    chosen = options(8501, open_browser=False)
    assert chosen["server.address"] == chosen["browser.serverAddress"] == "127.0.0.1"
    assert chosen["browser.gatherUsageStats"] is False and chosen["server.enableXsrfProtection"] is True
    assert chosen["server.enableAgentApi"] is False and chosen["client.showErrorDetails"] == "none"
    assert not any("http" in str(value) for value in chosen.values())


def test_a_port_that_is_taken_is_said_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind((ADDRESS, 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        with pytest.raises(UsageError, match=f"Port {port} is taken"):
            launch(port, open_browser=False)


def test_pages_that_were_not_sent_are_told_beside_what_could_not_be_read() -> None:
    missing = NotSent(DocumentId("a"), "lease.pdf", (1, 2), (4,))
    searched, left = coverage_words(Coverage(1, 0, 0, 9, 1, (missing,)))
    assert "9 pages" in searched
    assert left == "1 page could not be read; 3 pages did not fit into Claude's window, in whole or in part."
