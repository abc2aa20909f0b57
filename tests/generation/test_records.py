"""A record's facts against a claim: what it denies, what it leaves open, and the hours of each day."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.evidence import Unit, units_of
from generation.records import Record

PIER = """{
 "name": "Pier 9",
 "hours": {"Monday": "0:0-0:0", "Tuesday": "9:0-17:0", "Wednesday": "9:0-17:0", "Saturday": "10:30-22:0"},
 "attributes": {
  "RestaurantsTakeOut": true, "RestaurantsReservations": false, "OutdoorSeating": false, "WiFi": "free", "Music": null,
  "Ambience": {"casual": false, "upscale": false}
 },
 "reviews": [{"text": "A casual place by the water, and the soup was warm. Ask for the table by the window."}]
}"""


def told(sentence: str, record: str = PIER) -> tuple[set[str], set[str]]:
    """The words of a sentence that name a fact told otherwise, and those that name one left open."""
    claim = a_claim(sentence)
    agrees, unknown = Record(units_of(record)).facts(claim)
    return (
        {word.folded for word, sign in zip(claim.words, agrees, strict=True) if sign < 0},
        {word.folded for word, flag in zip(claim.words, unknown, strict=True) if flag},
    )


def a_claim(sentence: str) -> Unit:
    (claim,) = units_of(sentence)
    return claim


@pytest.mark.parametrize(
    ("sentence", "otherwise"),
    [
        ("It has outdoor seating.", {"outdoor", "seating"}),
        ("It has no outdoor seating.", set()),
        ("It does not offer reservations or outdoor seating, but it has WiFi.", set()),
        ("It takes reservations, although WiFi is not available.", {"reservations", "wifi"}),
        ("Wi-Fi is free.", set()),
        ("They do not offer takeout.", {"takeout"}),
        ("Take-out is offered and it does not take reservations.", set()),
        ("The place is upscale.", {"upscale"}),
    ],
)
def test_what_a_record_denies_or_affirms_is_held_against_the_clause_that_names_it(
    sentence: str, otherwise: set[str]
) -> None:
    assert told(sentence)[0] == otherwise


def test_where_a_sentence_of_the_record_uses_the_word_nothing_is_told_from_its_key() -> None:
    assert told("The place is casual.") == (set(), set())


def test_what_a_record_leaves_open_is_neither_affirmed_nor_denied_but_may_be_said_to_be_open() -> None:
    assert told("There is live music.") == (set(), {"music"})
    assert told("There is no music.") == (set(), {"music"})
    assert told("Whether there is music is not specified.") == (set(), set())


def hours(sentence: str) -> list[float]:
    return [share for share in Record(units_of(PIER)).hours(a_claim(sentence)) if share >= 0]


def test_a_time_of_day_counts_on_the_days_that_it_is_said_of() -> None:
    assert hours("It is open from 9 am to 5 pm on Tuesday and Wednesday.") == [1.0, 1.0]
    assert hours("Saturday: 10:30 AM to 10 PM.") == [1.0, 1.0]
    assert hours("It is open from 9 am to 6 pm on Tuesday.") == [1.0, 0.0]
    assert hours("On Saturday it opens at 9 am.") == [0.0]


def test_a_day_on_which_the_record_is_shut_is_told() -> None:
    assert hours("It is open on Mondays.") == [0.0]
    assert hours("It is closed on Mondays.") == []


def test_prose_has_no_facts() -> None:
    record = Record(units_of("There is no outdoor seating. It opens at 9 am on Monday."))
    claim = a_claim("There is outdoor seating on Monday at 10 am.")
    assert not record.exists
    assert not record.facts(claim)[0].any()
    assert set(record.hours(claim)) == {-1.0}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["no", "WiFi", "Monday", "to", "9 am", "music", "but", ",", "weekends", "7", "days"])))
def test_every_word_gets_a_sign_whatever_is_said(words: list[str]) -> None:
    record = Record(units_of(PIER))
    for claim in units_of(" ".join(words)):
        agrees, unknown = record.facts(claim)
        assert len(agrees) == len(unknown) == len(claim.words)
        assert set(agrees) <= {-1.0, 0.0, 1.0}
        assert all(share == -1.0 or 0.0 <= share <= 1.0 for share in record.hours(claim))
