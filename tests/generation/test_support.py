"""The support score: planted faults fall, what is copied stands, places are exact, and nothing depends on the day."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.answers import Citation, Claim, Support
from core.documents import DocumentId, Span
from core.errors import ConfigError
from generation.reader import WEIGHTS as READ_BY
from generation.reader import Reader
from generation.support import SUPPORTED, WEIGHTS, BuiltIn, with_scores
from generation.tokens import TokenModel
from generation.verify import verified
from retrieval.embed import default_folder
from retrieval.encoder import layers_of
from tests.conftest import CONTRACT, ROOT

MODEL = TokenModel(default_folder, layers=layers_of)
SCORER = BuiltIn(MODEL, Reader(MODEL))

LEASE = (
    "The Tenant shall pay a rent of USD 500 per month to Harbour Estates LLC. The rent is due on the first day of each "
    "month. The Tenant shall not sublet the Premises without the prior written consent of the Landlord. Either party "
    "may terminate this Lease by giving at least three months' written notice."
)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("The Customer shall pay each invoice within thirty (30) days of receipt.", ("thirty (30)", "sixty (60)")),
        ("Late payments bear interest at 8% per annum.", ("8%", "9%")),
        ("The total liability of the Supplier shall not exceed EUR 1,500,000.", ("1,500,000", "1,700,000")),
        ("The Supplier shall not be liable for loss of profit.", ("shall not", "shall")),
        ("The total liability of the Supplier shall not exceed EUR 1,500,000.", ("shall not exceed", "shall exceed")),
        ("The Supplier shall not be liable for loss of profit.", ("Supplier", "Customer")),
    ],
)
def test_one_changed_word_in_a_sentence_of_the_contract_is_told(right: str, wrong: tuple[str, str]) -> None:
    before, after = SCORER.score(right, CONTRACT), SCORER.score(right.replace(*wrong), CONTRACT)
    assert before.score >= SUPPORTED
    assert after.score < SUPPORTED
    assert after.claims[0].score < SUPPORTED <= before.claims[0].score


def test_one_wrong_sentence_among_right_ones_brings_the_answer_down_and_is_the_one_that_is_named() -> None:
    right = "Late payments bear interest at 8% per annum. The Supplier shall not be liable for loss of profit."
    wrong = right.replace("shall not", "shall")
    before, after = SCORER.score(right, CONTRACT), SCORER.score(wrong, CONTRACT)
    assert after.score < SUPPORTED <= before.score
    assert [claim.score < SUPPORTED for claim in after.claims] == [False, True]


def test_a_sentence_of_another_contract_is_told() -> None:
    right = "Late payments bear interest at 8% per annum."
    foreign = f"{right} The Tenant shall not sublet the Premises without the prior written consent of the Landlord."
    before, after = SCORER.score(right, CONTRACT), SCORER.score(foreign, CONTRACT)
    assert after.score < SUPPORTED <= before.score
    assert [claim.score < SUPPORTED for claim in after.claims] == [False, True]


def test_what_a_record_denies_scores_less_when_it_is_affirmed() -> None:
    record = '{"name": "Pier 9", "attributes": {"OutdoorSeating": false, "WiFi": true}}'
    affirmed = SCORER.score("Pier 9 offers outdoor seating.", record).score
    assert affirmed < SCORER.score("Pier 9 does not offer outdoor seating.", record).score


def test_two_runs_give_the_same_figures_to_the_last_digit() -> None:
    answer = "Rent is due monthly. The tenant may not sublet without consent. The notice period is three months."
    fresh = TokenModel(default_folder, layers=layers_of)
    again = BuiltIn(fresh, Reader(fresh))
    assert SCORER.score(answer, LEASE, "What must the tenant do?") == again.score(
        answer, LEASE, "What must the tenant do?"
    )


def test_an_answer_without_words_has_nothing_to_support_and_a_context_without_words_supports_nothing() -> None:
    assert SCORER.score("", LEASE).score == 1.0
    assert SCORER.score(" … ", LEASE).claims == ()
    alone = SCORER.score("The rent is USD 500.", "")
    assert (alone.score, alone.claims[0].score, alone.claims[0].support) == (0.0, 0.0, Support.NONE)


@settings(max_examples=25, deadline=None)
@given(
    response=st.lists(
        st.sampled_from([*LEASE.split(), "§ 4.2", "東京", "\n\n", "A\tB\t1,5", "…", "{", "'"]), max_size=30
    ),
    context=st.sampled_from([LEASE, CONTRACT, '{"a": [1, {"b": null}]}', "x\ty\n1\t2", "?", "東京は日本の首都です。"]),
)
def test_scores_are_probabilities_and_places_are_places(response: list[str], context: str) -> None:
    text = " ".join(response)
    scored = SCORER.score(text, context)
    assert 0.0 <= scored.score <= 1.0
    end = 0
    for claim in scored.claims:
        assert 0.0 <= claim.score <= 1.0
        assert claim.span.start >= end
        end = claim.span.end
        assert " ".join(claim.span.of(text).split()) == claim.text
        assert all(0 <= span.start < span.end <= len(context) for span in claim.evidence)


def test_the_evidence_of_a_claim_is_where_it_stands() -> None:
    scored = SCORER.score("The rent is due on the first day of each month.", LEASE)
    assert scored.claims[0].evidence[0].of(LEASE) == "The rent is due on the first day of each month."


def test_the_faster_forward_pass_says_of_each_token_what_that_of_transformers_says() -> None:
    texts = [*re.findall(r"[^.]+\.", LEASE), "§ 4.2 東京", "", LEASE * 12]
    plain = TokenModel(default_folder, layers=lambda _: None).encode(texts)
    for one, other in zip(MODEL.encode(texts), plain, strict=True):
        assert one.places == other.places
        assert one.vectors.shape == other.vectors.shape
        norms = np.linalg.norm(one.vectors, axis=2) * np.linalg.norm(other.vectors, axis=2)
        assert ((one.vectors * other.vectors).sum(axis=2) >= 0.99 * norms).all()


def test_each_claim_of_an_answer_is_scored_on_its_own_quotes_and_one_without_a_quote_is_not() -> None:
    quote = Citation(DocumentId("lease"), Span(0, 71), "The Tenant shall pay a rent of USD 500 per month.", (1,))
    claims = [verified(Claim(text, (quote,))) for text in (quote.quote, "The rent is USD 900 per month.")]
    first, second, bare = with_scores([*claims, Claim("So it goes.", ())], SCORER, question="What is the rent?")
    assert first.score is not None and second.score is not None
    assert second.score < SUPPORTED <= first.score
    assert (bare.score, bare.support) == (None, Support.NONE)


@pytest.mark.parametrize("path", [WEIGHTS, READ_BY], ids=lambda path: path.name)
def test_the_weights_are_the_ones_that_their_page_describes_and_hold_no_objects(path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest in (ROOT / "docs" / "faithfulness.md").read_text(encoding="utf-8")
    assert path.stat().st_size < 2_000_000
    with np.load(path, allow_pickle=False) as arrays:
        texts = [arrays[name] for name in arrays.files if arrays[name].dtype.kind in "US"]
        assert all(arrays[name].dtype != object for name in arrays.files)
    assert all(re.fullmatch(r"[a-z 0-9]+", word) for array in texts for word in array.tolist())


def test_weights_of_another_kind_are_refused_in_a_sentence() -> None:
    path = WEIGHTS.with_name("forest.py")
    with pytest.raises(ConfigError, match="cannot be read"):
        BuiltIn(MODEL, Reader(MODEL), path).score("The rent is due.", LEASE)
