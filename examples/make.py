"""Build the example matter: `python -m examples.make` writes the documents and the judged questions anew.

The same code makes the same bytes on every run. Look at the pages before you commit them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pypdfium2

from examples.agreement import write_agreement, write_amendment
from examples.filing import write_annual_report
from examples.letter import write_letter
from examples.questions import AGREEMENT, AMENDMENT, LETTER, REPORT, judged

HERE = Path(__file__).parent
DOCUMENTS: dict[str, Callable[[Path], None]] = {
    AGREEMENT: write_agreement,
    AMENDMENT: write_amendment,
    REPORT: write_annual_report,
    LETTER: write_letter,
}


def make(folder: Path) -> None:
    """Write `matter/*.pdf` and `questions.jsonl` into `folder`."""
    matter = folder / "matter"
    matter.mkdir(parents=True, exist_ok=True)
    for name, write in DOCUMENTS.items():
        write(matter / f"{name}.pdf")
    rows = judged({name: page_texts(matter / f"{name}.pdf") for name in DOCUMENTS})
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / "questions.jsonl").write_text("".join(lines), encoding="utf-8")


def page_texts(path: Path) -> list[str]:
    """The text layer of each page as pdfium reads it, lines broken by line feeds."""
    with pypdfium2.PdfDocument(path) as pdf:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pdf]


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
