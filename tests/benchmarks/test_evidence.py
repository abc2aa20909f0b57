"""The measure of what the reader finds: words in order, whatever stands between them."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.evidence import in_order, main, words_of

GOLDEN = Path(__file__).parent.parent / "golden"
words = st.lists(st.sampled_from("abcd"), max_size=12)


def test_words_are_compared_without_ligatures_quotes_dashes_and_soft_hyphens() -> None:
    assert words_of("The “ﬁnal\xad” 10-K:\t$1,234") == words_of("the 'final' 10–k\n$1 234")


@given(words, words)
def test_the_longest_common_subsequence_is_that_of_the_textbook(wanted: list[str], there: list[str]) -> None:
    row = [0] * (len(there) + 1)
    for word in wanted:
        before = 0
        for index, other in enumerate(there, start=1):
            before, row[index] = row[index], before + 1 if word == other else max(row[index], row[index - 1])
    assert in_order(wanted, there) == row[-1]


def test_the_share_counts_the_words_on_the_stated_page(tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    rows = [
        {"page": 2, "text": "Cash and cash equivalents $13,709"},
        {"page": 3, "text": "Cash and cash equivalents $13,709"},
    ]
    queries.write_text(
        "\n".join(
            json.dumps(
                {"id": str(number), "query": "?", "doc_id": "d", "evidence": [{"doc_id": "annual-report", **row}]}
            )
            for number, row in enumerate(rows)
        ),
        encoding="utf-8",
    )
    done = CliRunner().invoke(main, [str(queries), str(GOLDEN), "--ocr", "never", "--json", "--least", "0.9"])
    (report,) = json.loads(done.stdout)["sets"]
    assert report["words"] == 12
    assert 6 <= report["words_found"] < 9
    assert report["whole"] == 1
    assert done.exit_code == 1
