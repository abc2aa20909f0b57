"""Answers made to learn from: what is wrong is marked, what is told otherwise is not, words keep their inflection."""

from __future__ import annotations

import random

import pytest

from benchmarks.lexicon import Lexicon
from benchmarks.reader_data import Maker
from benchmarks.support_data import Example
from generation.evidence import units_of
from tests.conftest import CONTRACT

INDEX = {
    "noun": "husband n 1 2 @ ! 1 1 00000001\nwife n 1 2 @ ! 1 1 00000002\nspouse n 1 1 ~ 1 1 00000003\n",
    "verb": "increase v 1 1 ! 1 1 00000001\ndecrease v 1 1 ! 1 1 00000002\npay v 1 0 1 1 00000003\n"
    "settle v 1 0 1 1 00000003\n",
    "adj": "",
    "adv": "",
}
DATA = {
    "noun": "00000001 18 n 01 husband 0 002 @ 00000003 n 0000 ! 00000002 n 0101 | a man\n"
    "00000002 18 n 01 wife 0 002 @ 00000003 n 0000 ! 00000001 n 0101 | a woman\n"
    "00000003 18 n 01 spouse 0 000 | either\n",
    "verb": "00000001 30 v 01 increase 0 001 ! 00000002 v 0101 01 + 08 00 | more\n"
    "00000002 30 v 01 decrease 0 001 ! 00000001 v 0101 01 + 08 00 | less\n"
    "00000003 40 v 02 pay 0 settle 0 000 01 + 08 00 | give\n",
    "adj": "",
    "adv": "",
}
TAGGED = "husband%1 wife%1 spouse%1 increase%2 decrease%2 pay%2 settle%2"


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    """A WordNet of seven words."""
    folder = tmp_path_factory.mktemp("wordnet")
    for name in INDEX:
        (folder / f"index.{name}").write_text(f"  1 licence\n{INDEX[name]}")
        (folder / f"data.{name}").write_text(f"  1 licence\n{DATA[name]}")
    (folder / "noun.exc").write_text("wives wife\n")
    (folder / "verb.exc").write_text("paid pay\n")
    (folder / "cntlist.rev").write_text("".join(f"{word}:18:00:: 1 9\n" for word in TAGGED.split()))
    return Lexicon(folder)


def test_related_words_are_inflected_as_the_word_is(lexicon: Lexicon) -> None:
    assert lexicon.related("increases").opposite == ("decreases",)
    assert lexicon.related("increased").opposite == ("decreased",)
    assert lexicon.related("increasing").opposite == ("decreasing",)
    assert lexicon.related("pays").same == ("settles",)
    assert lexicon.related("settled").same == (), "what is inflected in a way of its own is left alone"
    assert lexicon.related("husband").opposite == lexicon.related("husband").siblings == ("wife",)
    assert lexicon.related("husbands").opposite == (), "wives"
    assert lexicon.related("invoice").same == ()


@pytest.fixture(scope="module")
def examples(lexicon: Lexicon) -> list[Example]:
    text = [unit.text for unit in units_of(CONTRACT * 2)]
    other = [unit.text for unit in units_of("The Tenant shall pay a rent of USD 500 to Harbour Estates. " * 3)]
    return list(Maker(lexicon, random.Random(1)).made([text, other * 4], 60))


def test_each_word_of_a_made_answer_has_a_flag_and_an_answer_is_wrong_when_one_of_its_words_is(
    examples: list[Example],
) -> None:
    assert {one.label for one in examples} == {0, 1}
    for one in examples:
        assert [len(claim.words) for claim in one.claims] == [len(flags) for flags in one.wrong]
        assert one.label == any(flag for flags in one.wrong for flag in flags)
        assert one.claims == units_of(one.response)


def test_the_same_seed_makes_the_same_answers(lexicon: Lexicon, examples: list[Example]) -> None:
    text = [unit.text for unit in units_of(CONTRACT * 2)]
    twice = [[one.response for one in Maker(lexicon, random.Random(7)).made([text], 20)] for _ in range(2)]
    assert twice[0] == twice[1]


def test_what_is_retouched_begins_with_what_people_found_supported(lexicon: Lexicon) -> None:
    def judged(source: str, answer: str, wrong: bool) -> Example:
        claims = units_of(answer)
        flags = tuple((wrong,) * len(claim.words) for claim in claims)
        return Example("ragtruth", source, "QA", "", CONTRACT, answer, claims, flags, int(wrong))

    right = "The Customer shall pay each invoice within thirty days of receipt."
    read = [judged(source, right, False) for source in "ab"] + [judged("a", "The moon is made of cheese.", True)]
    made = list(Maker(lexicon, random.Random(1)).retouched(read, answers=20))
    assert {one.source for one in made} == {"a", "b"}
    assert not any("moon" in one.response for one in made)
    assert {one.label for one in made} == {0, 1}
