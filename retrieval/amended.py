"""Which document an amendment amends: the title, date and parties that it names, against the facts of the others.

A date that both tell must be the same, and so must the parties be; then one document is left, or it is said that
none or several are. A person who changes the facts of a document changes what is found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from core.documents import DocumentId
from core.facts import SURE, FactKind
from core.names import key_of, squashed
from core.periods import period_of
from core.terms import AgreementNamed
from retrieval.scope import Candidate

_GENERIC = ("agreement", "contract", "vertrag", "vereinbarung", "deed", "note", "license", "licence")
"""Titles that do not tell one agreement from another: then only the date does."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The documents that may be meant: one is the agreement, none or several are told in `because`. `concluded`: the
    document does not name it by its date, so that a reader is told why it was taken."""

    documents: tuple[DocumentId, ...]
    because: str
    concluded: bool = False


def agreement_meant(
    named: AgreementNamed | None, amendment: Candidate, others: Sequence[Candidate], *, amending: Collection[DocumentId]
) -> Meant:
    """The agreement among `others`, documents of one collection. Those that are amendments themselves, `amending`, are
    meant only by their title."""
    if named is None:
        return Meant((), "the amendment does not say which agreement it amends")
    title = f"“{named.title}”" + (f" of {named.day.isoformat()}" if named.day else "")
    of_amendment = any(word in named.title for word in ("amendment", "addendum", "nachtrag"))
    fitting = [
        one
        for one in others
        if one.document_id != amendment.document_id
        and (of_amendment or one.document_id not in amending)
        and _may_be(named, amendment, one)
    ]
    dated = [one for one in fitting if named.day is not None and named.day.isoformat() in _days(one, 0.0)]
    fitting = dated or fitting
    found = tuple(dict.fromkeys(one.document_id for one in fitting))
    if len(found) == 1:
        return Meant(found, f"it names the {title}")
    if not found:
        return Meant((), f"the agreement that it names, the {title}, is not among the documents here")
    return Meant(found, f"it names the {title}, and {len(found)} documents here may be that")


def agreement_restated(
    named: AgreementNamed,
    day: date | None,
    own: Candidate,
    others: Sequence[Candidate],
    *,
    amending: Collection[DocumentId],
) -> Meant:
    """The agreement that a document of `day` restates without naming its date: the only earlier one of the same title
    between the same parties."""
    title = f"“{named.title}”"
    if day is None:
        return Meant((), f"it restates a {title} and tells neither its date nor its own")
    parties = _parties(own)
    fitting = [
        one.document_id
        for one in others
        if one.document_id != own.document_id
        and one.document_id not in amending
        and any(value.kind is FactKind.KIND and squashed(value.value) == squashed(named.title) for value in one.facts)
        and len(parties & _parties(one)) >= 2
        and (days := _days(one, 0.0))
        and max(days) < day.isoformat()
    ]
    found = tuple(dict.fromkeys(fitting))
    if len(found) == 1:
        return Meant(
            found, f"it names no date of what it restates: the only earlier {title} of its parties is taken", True
        )
    many = f"{len(found)} earlier ones of its parties are" if found else "none of its parties is"
    return Meant(found, f"it restates a {title} without its date, and {many} among the documents here")


def _may_be(named: AgreementNamed, amendment: Candidate, one: Candidate) -> bool:
    asked = squashed(named.title)
    days = _days(one, SURE)
    fits_day = named.day is not None and named.day.isoformat() in _days(one, 0.0)
    if named.day is not None and days and not fits_day:
        return False
    own, theirs = _parties(amendment), _parties(one)
    if own and theirs and not own & theirs:
        return False
    titles = [squashed(value.value) for value in one.facts if value.kind is FactKind.KIND]
    if named.title in _GENERIC:
        return fits_day and bool(titles)
    titles.append(squashed(one.source.rsplit("/", 1)[-1]))
    fits_title = any(asked in title or (title and title not in _GENERIC and asked.endswith(title)) for title in titles)
    return fits_title or (fits_day and any(title in _GENERIC for title in titles))


def _days(one: Candidate, sure: float) -> frozenset[str]:
    return frozenset(
        fact.value
        for fact in one.facts
        if fact.kind is FactKind.PERIOD and fact.sure >= sure and (period := period_of(fact.value)) and period.day
    )


def _parties(one: Candidate) -> frozenset[str]:
    return frozenset(key_of(fact.value) for fact in one.facts if fact.kind is FactKind.PARTY)
