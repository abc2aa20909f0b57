"""The reader: every claim is read once and whole, beside what it shares most with, and one wrong word stands out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigError
from generation.evidence import units_of
from generation.reader import CLAIMS, LONGEST, MATCHES, UNREAD, Reader, passes
from generation.tokens import TokenModel
from retrieval.embed import default_folder
from retrieval.encoder import layers_of
from tests.conftest import CONTRACT

MODEL = TokenModel(default_folder, layers=layers_of)
READER = Reader(MODEL)
CLS, SEP = 1, 2

tokens = st.lists(st.integers(3, 40), min_size=1, max_size=200)


def read(answer: str, context: str, reader: Reader = READER) -> dict[str, float]:
    """What is said of each word of an answer."""
    claims = units_of(answer)
    words = [word.folded for claim in claims for word in claim.words]
    said = np.concatenate(reader.read(claims, [unit for unit in units_of(context) if unit.words]))
    return dict(zip(words, said.tolist(), strict=True))


@settings(deadline=None)
@given(claims=st.lists(tokens, min_size=1, max_size=8), units=st.lists(tokens, min_size=1, max_size=12))
def test_every_claim_is_read_once_with_evidence_and_no_pass_is_too_long(
    claims: list[list[int]], units: list[list[int]]
) -> None:
    made = list(passes(claims, units, cls=CLS, sep=SEP))
    assert [number for one in made for number, _, _ in one.claims] == list(range(len(claims)))
    for one in made:
        assert len(one.ids) == len(one.matches) <= LONGEST
        assert (one.ids[0], one.ids[-1], one.ids.count(SEP)) == (CLS, SEP, 2)
        assert all(0 <= kind < MATCHES for kind in one.matches)
        for number, first, length in one.claims:
            assert length == min(len(claims[number]), CLAIMS)
            assert list(one.ids[first : first + length]) == claims[number][:length]
        assert one.ids.index(SEP) < len(one.ids) - 2, "something stands beside the claims"


def test_a_token_says_how_it_is_matched() -> None:
    (one,) = passes([[10, 11, 12, 13]], [[11, 12, 20]], cls=CLS, sep=SEP)
    assert one.ids == (CLS, 10, 11, 12, 13, SEP, 11, 12, 20, SEP)
    assert one.matches == (0, 0, 2, 2, 0, 0, 6, 6, 4, 0)


@pytest.mark.parametrize(
    ("right", "said", "instead"),
    [
        ("Late payments bear interest at 8% per annum.", "8", "6"),
        ("Late payments bear interest at 8% per annum.", "late", "early"),
        ("The Customer shall pay each invoice within thirty (30) days of receipt.", "30", "60"),
        ("The Customer shall pay each invoice within thirty (30) days of receipt.", "pay", "dispute"),
    ],
)
def test_a_word_that_the_contract_has_not_there_stands_out(right: str, said: str, instead: str) -> None:
    wrong = right.replace(said, instead).replace(said.capitalize(), instead.capitalize())
    before, after = read(right, CONTRACT), read(wrong, CONTRACT)
    assert max(before.values()) < 0 < after[instead]
    assert after[instead] == max(after.values())


def test_what_a_claim_has_beyond_the_tokens_that_are_read_is_said_to_be_unread() -> None:
    claim = units_of(" ".join(["invoice"] * (CLAIMS + 30)))[0]
    (said,) = READER.read([claim], units_of(CONTRACT))
    assert len(said) == CLAIMS + 30
    assert (said[CLAIMS:] == UNREAD).all()


def test_the_faster_forward_pass_reads_as_that_of_transformers_does() -> None:
    plain = Reader(TokenModel(default_folder, layers=lambda _: None))
    answer = "Late payments bear interest at 9% per annum. The Supplier is liable for loss of profit."
    ours, theirs = read(answer, CONTRACT), read(answer, CONTRACT, plain)
    assert np.corrcoef(list(ours.values()), list(theirs.values()))[0, 1] > 0.99


def test_other_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "reader.npz"
    np.savez(path, on_top=np.zeros((3, 384)), out=np.zeros(384), base=np.zeros(()))
    with pytest.raises(ConfigError, match="weights of the reader"):
        Reader(MODEL, path).read(units_of("The rent is due."), units_of(CONTRACT))
