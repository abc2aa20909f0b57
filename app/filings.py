"""The filings that a question for figures is read from: those of one company, each for itself.

Search over all of them brings the pages that fit best, often of one report alone. What became of a figure over the
years, and whether a later report restates it, stands in the statements of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from app.facts import Known
from core.documents import DocumentId
from core.facts import FactKind, values_of
from core.names import key_of

FILINGS = 16
"""Reports that are read for one question, the likeliest first: a search of each takes some milliseconds, and reading
the statements of one a tenth of a second."""

EACH = 6
"""Hits of each report: its statements are raised to the front by the lines that the question needs."""


def filings_of(documents: Sequence[DocumentId], known: Sequence[Known]) -> Mapping[DocumentId, str]:
    """Of `documents`, the likeliest first, those of the same company as the first one, with its name as each gives it.

    A document of which no party is known is left out: figures of two companies are never put beside each other.
    """
    parties = {one.document_id: values_of(one.facts, FactKind.PARTY) for one in known}
    first = next((key_of(parties[document][0]) for document in documents if parties.get(document)), None)
    named = {document: name for document in documents for name in parties.get(document, ()) if key_of(name) == first}
    return dict(islice(named.items(), FILINGS))
