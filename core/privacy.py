"""Who may see what: clearance is a fact about a document, and the only way to Claude is a type.

`ClearedChunks` cannot be built outside `EgressPolicy.clear`, and the function that calls Claude accepts nothing else.
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
    """How an answer is made. `auto` is resolved to one of the others before anything is sent anywhere."""

    AUTO = "auto"
    EXTRACTIVE = "extractive"
    GDPR = "gdpr"
    LONG_DOCUMENT = "long-document"


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
class EgressPolicy:
    """Decides what may leave. The question leaves together with the chunks, so both pass here."""

    privacy: Privacy

    def clear(
        self, question: str, chunks: Sequence[Chunk], clearances: Mapping[DocumentId, Clearance]
    ) -> ClearedChunks:
        """The same chunks, free to leave.

        A document without a known clearance counts as restricted.
        Raises EgressDenied when the process is sealed or any chunk comes from a restricted document.
        """
        if self.privacy is Privacy.GDPR:
            raise EgressDenied("This process runs in GDPR mode: nothing may be sent to Claude.")
        restricted = {
            chunk.document_id
            for chunk in chunks
            if clearances.get(chunk.document_id, Clearance.RESTRICTED) is not Clearance.CLOUD
        }
        if restricted:
            raise EgressDenied(
                f"{len(restricted)} of the documents in scope are restricted and may not be sent to Claude. "
                "Ask in extractive or gdpr mode, or name documents of clearance cloud."
            )
        return ClearedChunks(question, tuple(chunks), _DOOR)
