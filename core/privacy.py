"""Who may see what: clearance is a fact about a document, and the only way to Claude is a type.

`ClearedChunks` and `ClearedTitles` cannot be built outside `EgressPolicy`, and what calls Claude accepts nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from core.errors import EgressDenied

if TYPE_CHECKING:
    from core.documents import Chunk, DocumentId


class Mode(StrEnum):
    """How an answer is made. `auto` is resolved to one of the others before anything is sent anywhere.

    In `hybrid` Claude sees the question and the titles of cleared documents, and a Llama of one's own reads.
    """

    AUTO = "auto"
    EXTRACTIVE = "extractive"
    GDPR = "gdpr"
    LONG_DOCUMENT = "long-document"
    HYBRID = "hybrid"


class Clearance(StrEnum):
    """Where the words of a document may go: `restricted` never leaves our walls, `cloud` may be shown to Claude."""

    RESTRICTED = "restricted"
    CLOUD = "cloud"


class Privacy(StrEnum):
    """How the whole process is run: `gdpr` seals it (see core.egress), `standard` lets cleared documents out."""

    STANDARD = "standard"
    GDPR = "gdpr"


_DOOR = object()


@dataclass(frozen=True, slots=True)
class ClearedChunks(Sequence["Chunk"]):
    """Chunks, and a question, that a policy has let out. Only `EgressPolicy.clear` can make one."""

    question: str
    chunks: tuple[Chunk, ...]
    _key: object

    def __post_init__(self) -> None:
        if self._key is not _DOOR:
            raise TypeError("ClearedChunks are made by EgressPolicy.clear alone")

    def __len__(self) -> int:
        return len(self.chunks)

    def __iter__(self) -> Iterator[Chunk]:
        return iter(self.chunks)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self.chunks[index]


@dataclass(frozen=True, slots=True)
class ClearedTitles:
    """A question, and titles that may be named outside. Only `EgressPolicy.clear_titles` can make one."""

    question: str
    titles: tuple[tuple[DocumentId, str], ...]
    _key: object

    def __post_init__(self) -> None:
        if self._key is not _DOOR:
            raise TypeError("ClearedTitles are made by EgressPolicy.clear_titles alone")


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Decides what may leave. The question leaves together with the chunks or titles, so both pass here."""

    privacy: Privacy

    def clear(
        self, question: str, chunks: Sequence[Chunk], clearances: Mapping[DocumentId, Clearance]
    ) -> ClearedChunks:
        """The same chunks, free to leave.

        A document without a known clearance counts as restricted.
        Raises EgressDenied when the process is sealed or any chunk comes from a restricted document.
        """
        documents = dict.fromkeys(chunk.document_id for chunk in chunks)
        self.must_be_cleared({key: clearances.get(key, Clearance.RESTRICTED) for key in documents})
        return ClearedChunks(question, tuple(chunks), _DOOR)

    def clear_titles(
        self, question: str, titles: Mapping[DocumentId, str], clearances: Mapping[DocumentId, Clearance]
    ) -> ClearedTitles:
        """The titles of the cleared documents alone; those of restricted ones are left out.

        The question leaves although restricted documents are in scope, so this is for a user who asked for it in words.
        Raises EgressDenied when the process is sealed or no document is cleared: then nothing vouches for the question.
        """
        self._must_be_open()
        cleared = {key: title for key, title in titles.items() if clearances.get(key) is Clearance.CLOUD}
        if not cleared:
            raise EgressDenied(
                "None of the documents in scope is of clearance cloud, so neither a title nor the question may be sent "
                "to Claude. Ask in gdpr mode."
            )
        return ClearedTitles(question, tuple(cleared.items()), _DOOR)

    def must_be_cleared(self, clearances: Mapping[DocumentId, Clearance]) -> None:
        """Raises EgressDenied when the process is sealed or one of these documents may not leave."""
        self._must_be_open()
        restricted = sum(clearance is not Clearance.CLOUD for clearance in clearances.values())
        if restricted:
            raise EgressDenied(
                f"{restricted} of the documents in scope are restricted and may not be sent to Claude. "
                "Ask in extractive or gdpr mode, or name documents of clearance cloud."
            )

    def _must_be_open(self) -> None:
        if self.privacy is Privacy.GDPR:
            raise EgressDenied("This process runs in GDPR mode: nothing may be sent to Claude.")
