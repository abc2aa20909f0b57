"""The golden documents of the formats other than PDF read as they did when somebody last looked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.parse import check
from tests.golden.make_office import BUILDERS, WRITTEN_BY_HAND, read, told

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.mark.parametrize("name", [*BUILDERS, *WRITTEN_BY_HAND])
def test_a_golden_document_reads_as_it_did(name: str) -> None:
    reading = read(GOLDEN / name)
    check(reading)
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(told(reading))) == expected
