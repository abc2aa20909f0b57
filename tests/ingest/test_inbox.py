"""What is there to read: every file once, in a stable order, and nothing left out without a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import UsageError
from ingest.inbox import files_in, shown


def a_folder(tmp_path: Path, *names: str) -> Path:
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    return tmp_path


def test_a_folder_is_read_through_sorted_and_named_from_where_the_user_pointed(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "deal", "b.txt", "a/z.pdf", "a/c.md", "A.TXT")
    found = files_in([folder])
    assert [file.source for file in found] == ["A.TXT", "a/c.md", "a/z.pdf", "b.txt"]
    assert all(file.skipped is None and file.origin == str(folder / file.source) for file in found)


def test_hidden_files_and_what_systems_leave_behind_do_not_count(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, ".hidden.txt", "~$open.docx", "Thumbs.db", ".git/x.txt", "__MACOSX/y.pdf", "real.txt")
    assert [file.source for file in files_in([folder])] == ["real.txt"]


def test_an_unknown_kind_is_skipped_with_a_reason_in_a_folder_and_tried_when_named(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "model.xyz", "noending")
    assert [file.skipped for file in files_in([folder])] == [
        "Files of this kind (.xyz) are not supported yet.",
        "Files without an ending are not supported yet.",
    ]
    (named,) = files_in([folder / "model.xyz"])
    assert (named.source, named.skipped) == ("model.xyz", None)


def test_links_neither_loop_nor_lead_out(tmp_path: Path) -> None:
    outside = a_folder(tmp_path / "outside", "secret.txt")
    folder = a_folder(tmp_path / "deal", "a.txt")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "out.txt").symlink_to(outside / "secret.txt")
    (folder / "twin.txt").symlink_to(folder / "a.txt")
    (folder / "gone.txt").symlink_to(folder / "nowhere.txt")
    assert {file.source: file.skipped for file in files_in([folder])} == {
        "a.txt": None,
        "gone.txt": "This link leads nowhere.",
        "out.txt": "This link leads out of the folder.",
        "twin.txt": None,
    }


def test_a_file_behind_two_paths_is_found_once(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "a.txt", "x/b.txt")
    assert len(files_in([folder, folder / "a.txt", folder / "x" / ".." / "a.txt"])) == 2


def test_an_empty_folder_is_an_empty_result(tmp_path: Path) -> None:
    assert files_in([tmp_path]) == ()


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no file or folder .*nothing\.pdf\."):
        files_in([tmp_path / "nothing.pdf"])


def test_a_name_too_long_for_any_disk_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="longer than a path can be"):
        files_in([tmp_path / ("n" * 300 + ".pdf")])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert [file.skipped for file in files_in([tmp_path])] == ["This is not a regular file."]
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        files_in([tmp_path / "pipe.txt"])


def test_a_name_of_255_bytes_and_a_name_of_no_characters_are_files_like_others(tmp_path: Path) -> None:
    (tmp_path / ("ü" * 125 + "1.txt")).write_text("text")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("text")
    found = files_in([tmp_path])
    assert len(found) == 2
    for file in found:
        assert file.path.read_text() == "text"
        assert (file.source + file.origin).encode()


def test_what_could_forge_a_line_of_output_is_replaced() -> None:
    assert shown("a\nb\x1b[2J\u202efdp.txt") == "a\ufffdb\ufffd[2J\ufffdfdp.txt"
