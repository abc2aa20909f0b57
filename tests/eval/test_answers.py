"""Answers measured: the figure expected, the citations, and how far the judge agrees with people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import UsageError
from eval.answers import judge_judged
from eval.judge import Correctness, expected_figure, judge_figure
from tests.ui.test_cli import dossier

MONEY = "What was the revenue of Tessera in 2023 (in USD millions)?"
RATIO = "What is the gross margin of Tessera? Answer in percent, one decimal."


@pytest.mark.parametrize(
    ("question", "expected", "answer", "correctness"),
    [
        (MONEY, 8120, "Net sales were $8,120 million.", "right"),
        (MONEY, "$8120.00", "It was $8.12 billion.", "right"),
        (MONEY, 8120, "Revenue: 8,120", "right"),
        (MONEY, 8120, "Net sales were $8,210 million.", "wrong"),
        (MONEY, 8120, "Net sales were $8,120 thousand.", "wrong"),
        (MONEY, 8120, "Net sales were -$8,120 million.", "wrong"),
        (MONEY, 8120, "Net sales were EUR 8,120 million.", "right"),
        (MONEY, 8120, "I cannot provide the revenue; the filing does not include it.", "silent"),
        (RATIO, 0.383, "38.3%", "right"),
        (RATIO, "38.3%", "Sales 8,120, costs 5,010.\nTherefore the margin is 38.30 %.", "right"),
        (RATIO, 0.383, "The margin is 3.83%.", "wrong"),
        (RATIO, 0.383, "", "silent"),
        ("What was the turnover ratio? Round to two decimal places.", 3.46, "About 3.45.", "right"),
        ("How much was paid (in USD billions)?", 0.4, "$0.33 billion", "wrong"),
    ],
)
def test_an_answer_is_right_when_it_concludes_with_the_figure(
    question: str, expected: str | float, answer: str, correctness: str
) -> None:
    figure = expected_figure(expected)
    assert figure is not None
    assert judge_figure(question, figure, answer) is Correctness(correctness)


def test_prose_is_not_judged_by_its_figures() -> None:
    assert expected_figure("Gross margin rose from 4.8% in 2021 to 5.3% in 2022.") is None


def test_the_agreement_with_people_is_counted(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": "1", "question": MONEY, "gold_answer": 8120, "response": "$8,120 million", "label": "Correct Answer"},
        {"id": "2", "question": MONEY, "gold_answer": 8120, "response": "$8,000 million", "label": "Incorrect Answer"},
        {"id": "3", "question": MONEY, "gold_answer": 8120, "response": "$8,120 million", "label": "Refusal"},
        {"id": "4", "question": "Why?", "gold_answer": "Because of many things.", "response": "", "label": "Refusal"},
    ]
    path = tmp_path / "judged.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    agreement = judge_judged([path])
    assert (agreement.answers, agreement.skipped) == (3, 1)
    assert agreement.three_way.value == pytest.approx(2 / 3)
    path.write_text(json.dumps({**rows[0], "label": "Perhaps"}))
    with pytest.raises(UsageError, match="labels"):
        judge_judged([path])


def test_modes_are_measured_on_the_same_questions_through_the_command(tmp_path: Path) -> None:
    home = tmp_path / "home"
    contract = tmp_path / "contract.txt"
    contract.write_text("The Supplier shall deliver within ninety days.\n\nThe fee is due in thirty (30) days.\n")
    assert dossier("ingest", str(contract), "-c", "m", "--json", home=home).returncode == 0
    text = contract.read_text()
    start = text.index("The fee")
    place = {"doc_id": "contract", "start": start, "end": len(text) - 1, "text": text[start:]}
    rows = [
        {"id": "1", "query": "When is the fee due?", "doc_id": "contract", "evidence": [place], "answer": "30 days"},
        {"id": "2", "query": "Who won the football cup?", "doc_id": "contract", "evidence": [], "answerable": False},
    ]
    queries = tmp_path / "queries.jsonl"
    queries.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    done = dossier("eval", "answers", str(queries), "-c", "m", "--json", home=home)
    assert done.returncode == 0, done.stderr
    (mode,) = json.loads(done.stdout)["modes"]
    first, second = mode["answers"]
    assert (mode["mode"], first["correct"], first["citation_recall"]) == ("extractive", "right", 1.0)
    assert second["correct"] == "silent"
    assert dossier("eval", "answers", str(queries), "-c", "m", "--modes", "psychic", home=home).returncode == 2
