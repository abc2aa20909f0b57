"""Words in quotation marks are meant as they stand: chunks that hold them, side by side, come first.

They are looked for among many more candidates than a plain question has, and nothing is dropped: who quotes a heading
that is not in the documents still sees what comes nearest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_QUOTED = re.compile(r"[\"“”„«»]([^\"“”„«»]{2,200})[\"“”„«»]")


def quoted(question: str) -> tuple[str, ...]:
    """The phrases in quotation marks, as `held` compares them, in order and each once."""
    phrases = (_plain(match.group(1)).strip(" ,.;:?!") for match in _QUOTED.finditer(question))
    return tuple(dict.fromkeys(phrase for phrase in phrases if phrase))


def held(text: str, phrases: Sequence[str]) -> int:
    """How many of the phrases stand in `text`, whole words side by side, whatever their case and line breaks."""
    if not phrases:
        return 0
    plain = _plain(text)
    return sum(re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", plain) is not None for phrase in phrases)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())
