"""Writes the golden documents and what reading them must give: `make golden`. Look at the difference."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Run as a script, from wherever: the packages lie at the repository's root.
sys.path.insert(0, str(HERE.parent.parent))

from ingest.ocr import OcrChoice  # noqa: E402
from ingest.pdf import read_pdf  # noqa: E402
from ingest.reading import Reading  # noqa: E402
from tests.golden import documents  # noqa: E402
from tests.ingest.pdfs import amendment, annual_report, contract, two_columns  # noqa: E402

BUILDERS = {
    "amendment": amendment,
    "annual-report": annual_report,
    "contract": contract,
    "footnotes": documents.footnotes,
    "garbage": documents.garbage,
    "japanese": documents.japanese,
    "labels": documents.labels,
    "layers": documents.layers,
    "ligatures": documents.ligatures,
    "right-to-left": documents.right_to_left,
    "rotated": documents.rotated,
    "run-in-headings": documents.run_in_headings,
    "scans": documents.scans,
    "tables": documents.tables,
    "two-columns": two_columns,
    "unseen": documents.unseen,
}


def told(reading: Reading) -> dict[str, object]:
    """A reading as JSON: places as [start, end), boxes as [page, left, top, right, bottom]."""
    return {
        "title": reading.title,
        "parser": reading.parser,
        "warnings": list(reading.warnings),
        "pages": [
            [page.number, page.label, page.span.start, page.span.end, page.fate.value, list(page.size or ())]
            for page in reading.pages
        ],
        "blocks": [
            {
                "kind": block.kind.value,
                "level": block.level,
                "span": [block.span.start, block.span.end],
                "text": block.span.of(reading.text),
                "boxes": [[box.page, box.left, box.top, box.right, box.bottom] for box in block.boxes],
            }
            for block in reading.blocks
        ],
        "hidden": [[hidden.kind.value, hidden.page, hidden.text] for hidden in reading.hidden],
        "text": reading.text,
    }


def main() -> None:
    for name, build in BUILDERS.items():
        path = build(HERE / f"{name}.pdf")
        expected = json.dumps(told(read_pdf(path, ocr=OcrChoice.NEVER)), ensure_ascii=False, indent=1)
        (HERE / f"{name}.json").write_text(expected + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
