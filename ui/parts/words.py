"""The words of the desk: support, coverage, fates and results in plain sentences, and text made safe for the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.reports import Ingested, Progress, Status
from core.answers import Answer, Citation, Claim, Coverage, Support, Term
from core.documents import DocumentId, Fate
from core.privacy import Clearance, Mode
from core.terms import Change, Force
from eval.review import Question

SUPPORT = {
    Support.VERIFIED: (
        "Verified",
        "the quotes carry it, figures, dates and names included",
    ),
    Support.UNVERIFIED: ("Not fully covered", "the quotes do not contradict it, nor do they carry all of it"),
    Support.ALTERED: ("Differs from the source", ""),
    Support.NONE: ("No source", "no words of a document were given for it"),
}
"""For each support its name and, after it, what that means."""

FORCES = {
    Force.IN_FORCE: "in force",
    Force.SUPERSEDED: "superseded: an amendment changed this",
    Force.NOT_YET: "not yet in force on that day",
    Force.UNCLEAR: "whether this is in force is not clear",
}

CHANGES = {
    Change.REPLACED: "is replaced by",
    Change.REWORDED: "is reworded by",
    Change.INSERTED: "is inserted by",
    Change.DELETED: "is deleted by",
    Change.EXTENDED: "is extended by",
    Change.RESTATED: "is restated by",
}

EVERYWHERE = "All collections"
"""The choice that names no collection."""

MODES = {
    Mode.AUTO: "Automatic",
    Mode.EXTRACTIVE: "Quotes only",
    Mode.GDPR: "Own Llama server",
    Mode.LONG_DOCUMENT: "Claude, cleared documents only",
    Mode.HYBRID: "Claude plans over titles, own Llama reads",
}

CLEARANCES = {
    Clearance.RESTRICTED: "Restricted",
    Clearance.CLOUD: "Cloud",
}

CLEARANCE_MEANS = {
    Clearance.RESTRICTED: "The words of these documents stay on this machine and on the servers that your operator "
    "has named for Dossier. They are never sent to Claude.",
    Clearance.CLOUD: "The words of these documents may be sent to Claude, a service outside your walls, "
    "when a question is answered in long-document mode.",
}

STATUSES = {
    Status.ADDED: "Added",
    Status.UPDATED: "Updated",
    Status.UNCHANGED: "Already here, unchanged",
    Status.REMOVED: "Removed",
    Status.QUARANTINED: "Could not be read",
}

FATES = {
    Fate.TEXT: "text",
    Fate.OCR: "scanned (OCR)",
    Fate.BLANK: "blank",
    Fate.UNREADABLE: "unreadable",
}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!$~:|<>&^=])")


@dataclass(frozen=True, slots=True)
class Reference:
    """A citation with its number in the answer, counted from 1."""

    number: int
    citation: Citation


def plain(text: str) -> str:
    """`text` escaped for a Streamlit label, so that a file name or a sum in dollars is shown as it is written."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 page", "1,204 pages"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def references(answer: Answer) -> tuple[tuple[Claim, tuple[Reference, ...]], ...]:
    """The claims with their citations numbered through the answer; the same place keeps its number."""
    numbers: dict[tuple[DocumentId, int, int], int] = {}

    def number(citation: Citation) -> int:
        place = (citation.document_id, citation.span.start, citation.span.end)
        return numbers.setdefault(place, len(numbers) + 1)

    return tuple(
        (claim, tuple(Reference(number(citation), citation) for citation in claim.citations)) for claim in answer.claims
    )


def support_words(claim: Claim) -> tuple[str, str]:
    """The name of a claim's support and what stands behind it: for an altered claim what differs; then the estimate."""
    name, meaning = SUPPORT[claim.support]
    estimate = f"estimated support {claim.score:.0%}" if claim.score is not None else ""
    return name, "; ".join(filter(None, ("; ".join(claim.differences) or meaning, estimate)))


def term_words(term: Term, sources: Mapping[DocumentId, tuple[str, str]]) -> str:
    """ "Clause 8.2 is replaced by amendment-no-1.pdf from 2024-10-01: in force"."""
    source, _ = sources.get(term.amended_by, ("another document", ""))
    day = f" from {term.effective.isoformat()}" if term.effective else ""
    since = f"{day} ({term.effective_because})"
    section = term.section[:1].upper() + term.section[1:]
    note = f"; {term.note}" if term.note else ""
    return f"{section} {CHANGES[term.change]} {source}{since}: {FORCES[term.in_force].split(':')[0]}{note}"


def as_of_words(answer: Answer) -> str:
    """Up to when the amendments count that stand behind an answer; empty where none is concerned."""
    if answer.as_of is not None:
        return f"Terms as of {answer.as_of.isoformat()}."
    if answer.amended_until is not None:
        return f"With all amendments in the collection, the latest in effect from {answer.amended_until.isoformat()}."
    return ""


def pages_words(pages: Sequence[int]) -> str:
    """ "p. 4", "p. 4 and 5", "p. 4–7"."""
    first, *rest = pages
    if not rest:
        return f"p. {first}"
    return f"p. {first} and {rest[0]}" if len(rest) == 1 else f"p. {first}–{rest[-1]}"


def coverage_words(coverage: Coverage) -> tuple[str, str]:
    """What was searched, and what was not: two sentences, the second empty when everything was read."""
    searched = f"{counted(coverage.documents_searched, 'document')} searched"
    if coverage.pages_searched:
        searched += f", {counted(coverage.pages_searched, 'page')}"
    if coverage.documents_excluded:
        searched += f"; {counted(coverage.documents_excluded, 'other document')} left out of the question"
    unsent = sum(len(one.pages) + len(one.partly) for one in coverage.not_sent)
    missing = [
        f"{counted(coverage.pages_unreadable, 'page')} could not be read" if coverage.pages_unreadable else "",
        f"{counted(coverage.documents_quarantined, 'file')} could not be read at all"
        if coverage.documents_quarantined
        else "",
        f"{counted(unsent, 'page')} did not fit into Claude's window, in whole or in part" if unsent else "",
        f"the last {counted(coverage.hits_unread, 'hit')} did not fit into the Llama's window"
        if coverage.hits_unread
        else "",
    ]
    return f"{searched}.", "; ".join(part for part in missing if part) + "." if any(missing) else ""


def made_words(answer: Answer) -> str:
    """How the answer was made: mode, why, where it looked, model, time."""
    parts = (
        f"Searched: {', '.join(answer.scope.because)}." if answer.scope.because else "",
        f"Answered by: {', '.join(filter(None, (MODES[answer.mode], answer.model)))} ({answer.mode_because}).",
        f"{answer.usage.seconds:.1f} s.",
    )
    return " ".join(part for part in parts if part)


def as_text(question: str, answer: Answer, sources: Mapping[DocumentId, tuple[str, str]]) -> str:
    """The answer for an e-mail or a memorandum: claims with numbers, support in words, then the quotes."""
    lines = [question, ""]
    notes: dict[int, str] = {}
    for claim, cited in references(answer):
        name, meaning = support_words(claim)
        marks = "".join(f" [{reference.number}]" for reference in cited)
        difference = f": {meaning}" if claim.support is Support.ALTERED and meaning else ""
        lines.append(f"{claim.text}{marks} ({name.lower()}{difference})")
        if claim.force is not None:
            lines.append(f"  ({FORCES[claim.force]})")
        for reference in cited:
            citation = reference.citation
            source, _ = sources.get(citation.document_id, ("", ""))
            quote = " ".join(citation.quote.split())
            notes[reference.number] = f"[{reference.number}] {source}, {pages_words(citation.pages)}: “{quote}”"
    if not answer.claims:
        lines.append(answer.reason or "")
    lines += [term_words(one, sources) for one in answer.terms]
    lines += [as_of_words(answer)] if as_of_words(answer) else []
    lines += ["", *notes.values(), ""] if notes else [""]
    lines.append(" ".join(part for part in coverage_words(answer.coverage) if part))
    return "\n".join(lines)


def fates_words(fates: Mapping[Fate, int]) -> str:
    """ "3 text, 1 unreadable"; fates that no page met are left out."""
    return ", ".join(f"{fates[fate]:,} {FATES[fate]}" for fate in Fate if fates.get(fate))


def progress_words(progress: Progress) -> str:
    """ "Document 2 of 5, page 14 of 160"."""
    page = f", page {progress.page:,} of {progress.pages:,}" if progress.pages else ""
    return f"{progress.stage.capitalize()} document {progress.document:,} of {progress.documents:,}{page}"


def progress_share(progress: Progress) -> float:
    """How much of the run is behind us, between 0 and 1; documents count alike whatever their length."""
    within = progress.page / progress.pages if progress.pages else 0.0
    return min(max((progress.document - 1 + within) / max(progress.documents, 1), 0.0), 1.0)


def ingested_words(report: Ingested) -> str:
    """One line over a whole run."""
    counts = report.counts
    parts = [f"{counts[status.value]:,} {STATUSES[status].lower()}" for status in Status if counts[status.value]]
    parts += [f"{counts['skipped']:,} skipped"] if counts["skipped"] else []
    pages = counted(counts["pages"], "page")
    if counts["pages_unreadable"]:
        pages += f", of which {counts['pages_unreadable']:,} unreadable"
    return f"{'; '.join(parts)}. {pages}, {report.seconds:.1f} s."


KINDS = {"definition": "Definition", "clause": "Clause", "table": "Cell of a table", "model": "Free question"}
"""What kinds of generated questions are called."""

MAKERS = {"patterns": "made by a pattern", "model": "made by a language model"}


def reviewed_words(question: Question) -> str:
    """What a reviewer should know of a question: kind, maker, half of the set, and how close it is to its source."""
    parts = (
        KINDS.get(question.type, question.type),
        MAKERS.get(question.by, question.by),
        f"for {question.split}" if question.split else "",
        f"{question.overlap:.0%} of its words stand in the evidence" if question.overlap is not None else "",
        "search does not find it" if question.hard else "",
    )
    return " · ".join(part for part in parts if part)
