"""Answers from Claude, for documents that may leave: whole documents in one window, cited by Claude's own pointers.

Citations are made by the service: a document is sent as one text block per passage, and each sentence of the answer
comes back with the blocks that it rests on. Only `ClearedChunks` are accepted: what is not cleared does not type-check.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from core.answers import Usage
from core.documents import Span
from core.errors import ConfigError, DossierError, ServiceDown, UsageError
from core.privacy import ClearedChunks
from generation.draft import Draft, DraftClaim
from generation.judge import Verdicts, verdicts_in
from generation.passages import Passage, cuts, passages_of
from generation.prompts import CLAUDE_SYSTEM, JUDGE_SYSTEM, NOT_IN_DOCUMENTS, PROMPT_VERSION, judge_text

if TYPE_CHECKING:
    from anthropic.types import Message
    from anthropic.types import Usage as Counted

log = logging.getLogger("dossier.generation")

_ADDRESS = "https://api.anthropic.com"
"""Said out loud, or the SDK would take ANTHROPIC_BASE_URL or a profile from the environment."""

_PRICES = {
    "claude-fable-5-2": (8.0, 40.0),
    "claude-opus-5-5": (4.0, 20.0),
    "claude-sonnet-5-5": (2.0, 10.0),
    "claude-haiku-5-5": (0.1, 0.5),
    "claude-opus-5": (5.0, 25.0),
    "claude-haiku-4-5": (1.0, 5.0),
}
"""US dollars per million tokens (read, written): platform.claude.com release notes and model pages, 9 November 2026.
The cost of a model that is not here is reported as 0."""

_CACHE_WRITE, _CACHE_READ = 2.0, 0.1
"""Times the price of a token read, for writing to the one-hour cache and for reading from it (same pages)."""

_WITHOUT_ADAPTIVE_THINKING = ("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5")
"""These answer the parameter with an error; all later models think adaptively."""


class Claude:
    """Holds the connection to the Messages API. `max_tokens` bounds the answer together with the thinking before it."""

    def __init__(
        self,
        api_key: str,
        model: str,
        *,
        base_url: str | None = None,
        max_tokens: int = 4096,
        timeout: float = 600.0,
        max_retries: int = 3,
    ) -> None:
        import anthropic

        if not api_key:
            raise ConfigError("Claude needs a key: set DOSSIER_CLAUDE_API_KEY.")
        self._model = model
        self._max_tokens = max_tokens
        self._client = anthropic.Anthropic(
            api_key=api_key,
            base_url=base_url or _ADDRESS,
            timeout=timeout,
            max_retries=max_retries,
            open_telemetry=False,  # spans could carry the words of documents to a collector
        )

    def answer(self, question: str, chunks: ClearedChunks, on_text: Callable[[str], None] | None = None) -> Draft:
        """The sentences of Claude's answer, each with the passages that it cites; `question` must be the cleared one.

        An answer that was cut at `max_tokens` keeps its whole sentences and says so in `reason`.
        Raises ServiceDown when Claude cannot be reached or is overloaded, ConfigError for a refused key or an unknown
        model, UsageError when the documents are too long.
        """
        if not isinstance(chunks, ClearedChunks) or chunks.question != question:
            raise TypeError("Claude is given ClearedChunks alone, with the question that was cleared with them")
        started = time.perf_counter()
        passages = passages_of(chunks)
        if not passages:
            return Draft((), (), "There is nothing to read for this question.", self._model, PROMPT_VERSION)
        groups = [
            tuple(group) for _, group in groupby(passages, key=lambda passage: (passage.document_id, passage.title))
        ]
        message = self._message(_content(question, groups), on_text)
        claims, reason = _answer(message, groups)
        log.info(
            "answered",
            extra={
                "model": message.model,
                "claims": len(claims),
                "passages": len(passages),
                "stop": message.stop_reason,
            },
        )
        return Draft(
            claims=claims,
            passages=passages,
            reason=reason,
            model=self._model,
            prompt_version=PROMPT_VERSION,
            usage=_usage(message.usage, self._model, time.perf_counter() - started),
        )

    def verdicts(self, cleared: ClearedChunks, claims: int) -> tuple[bool, ...]:
        """Whether each of the `claims` claims in `cleared.question` (see generation.prompts.judge_user) is supported by
        the chunks. Raises as `answer` does."""
        import anthropic
        import httpx2

        if not isinstance(cleared, ClearedChunks):
            raise TypeError("Claude is given ClearedChunks alone")
        text = judge_text("\n\n".join(chunk.text for chunk in cleared))
        request: dict[str, Any] = {
            "model": self._model,
            "max_tokens": self._max_tokens,
            "system": JUDGE_SYSTEM,
            "messages": [{"role": "user", "content": f"{text}\n\n{cleared.question}"}],
            "output_config": {"format": {"type": "json_schema", "schema": Verdicts.model_json_schema()}},
        }
        try:
            message = self._client.messages.create(**request)
        except anthropic.APIError as error:
            raise _translated(error, self._model) from error
        except httpx2.HTTPError as error:
            raise ServiceDown("The connection to Claude broke off while it was answering.") from error
        said = "".join(block.text for block in message.content if block.type == "text")
        return verdicts_in(said, claims, of="Claude")

    def _message(self, content: list[dict[str, Any]], on_text: Callable[[str], None] | None) -> Message:
        import anthropic
        import httpx2

        request: dict[str, Any] = {
            "model": self._model,
            "max_tokens": self._max_tokens,
            "system": CLAUDE_SYSTEM,
            "messages": [{"role": "user", "content": content}],
        }
        if not self._model.startswith(_WITHOUT_ADAPTIVE_THINKING):
            request["thinking"] = {"type": "adaptive"}
        tell = _teller(on_text)
        try:
            with self._client.messages.stream(**request) as stream:
                for event in stream:
                    if event.type == "text":
                        tell(event.text)
                return stream.get_final_message()
        except anthropic.APIError as error:
            raise _translated(error, self._model) from error
        except httpx2.HTTPError as error:
            raise ServiceDown("The connection to Claude broke off while it was answering.") from error


def _content(question: str, groups: Sequence[Sequence[Passage]]) -> list[dict[str, Any]]:
    """Documents first and the question last: long prompts are answered better so, and the documents can be cached."""
    documents: list[dict[str, Any]] = [
        {
            "type": "document",
            "source": {
                "type": "content",
                "content": [{"type": "text", "text": passage.readable} for passage in group],
            },
            "title": group[0].title,
            "citations": {"enabled": True},
        }
        for group in groups
    ]
    documents[-1]["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    return [*documents, {"type": "text", "text": question}]


def _teller(on_text: Callable[[str], None] | None) -> Callable[[str], None]:
    """Passes text on as it comes, but holds back what may still become the word for "nothing found"."""
    held = ""
    silent = on_text is None

    def tell(text: str) -> None:
        nonlocal held, silent
        if silent or on_text is None:
            return
        held += text
        beginning = held.lstrip()
        if beginning.startswith(NOT_IN_DOCUMENTS):
            silent = True
        elif not NOT_IN_DOCUMENTS.startswith(beginning):
            on_text(held)
            held = ""

    return tell


def _answer(message: Message, groups: Sequence[Sequence[Passage]]) -> tuple[tuple[DraftClaim, ...], str | None]:
    """The claims, and the reason why there are none or why they may not be all."""
    if message.stop_reason == "refusal":
        category = message.stop_details.category if message.stop_details else None
        return (), f"Claude declined to answer{f' (category {category})' if category else ''}."
    if message.stop_reason == "model_context_window_exceeded":
        raise UsageError("The documents and the answer do not fit into Claude's window. Name fewer documents.")
    text, cited = _text_and_citations(message, groups)
    said, _, missing = text.partition(NOT_IN_DOCUMENTS)
    claims = tuple(_claims(said, cited))
    if message.stop_reason == "max_tokens":
        claims = claims[:-1]  # the last sentence is a torso
        return claims, "The answer was cut off at its longest allowed length (DOSSIER_CLAUDE_MAX_TOKENS)."
    explanation = " ".join(missing.split()).lstrip(".:– -")
    if claims:
        return claims, explanation or None
    return (), explanation or "Claude found nothing in the documents that answers the question."


def _text_and_citations(
    message: Message, groups: Sequence[Sequence[Passage]]
) -> tuple[str, list[tuple[Span, tuple[int, ...]]]]:
    """The whole text, and for each stretch of it the passages that it cites."""
    text = ""
    cited: list[tuple[Span, tuple[int, ...]]] = []
    for block in message.content:
        if block.type != "text":
            continue
        numbers = tuple(
            passage.number
            for citation in block.citations or ()
            if citation.type == "content_block_location" and 0 <= citation.document_index < len(groups)
            for passage in groups[citation.document_index][citation.start_block_index : citation.end_block_index]
        )
        cited.append((Span(len(text), len(text) + len(block.text)), numbers))
        text += block.text
    return text, cited


def _claims(text: str, cited: Sequence[tuple[Span, tuple[int, ...]]]) -> Iterator[DraftClaim]:
    """One claim per sentence, with the citations of every stretch that has words in it."""
    for sentence in cuts(text):
        numbers = [
            number
            for span, pointed in cited
            if span.overlaps(sentence)
            and _has_words(text[max(span.start, sentence.start) : min(span.end, sentence.end)])
            for number in pointed
        ]
        if _has_words(sentence.of(text)):
            yield DraftClaim(" ".join(sentence.of(text).split()), tuple(dict.fromkeys(numbers)))


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _usage(counted: Counted, model: str, seconds: float) -> Usage:
    written, cached = counted.cache_creation_input_tokens or 0, counted.cache_read_input_tokens or 0
    price = next((price for name, price in _PRICES.items() if model.startswith(name)), (0.0, 0.0))
    cost = (
        price[0] * (counted.input_tokens + _CACHE_WRITE * written + _CACHE_READ * cached)
        + price[1] * counted.output_tokens
    ) / 1e6
    return Usage(
        input_tokens=counted.input_tokens + written,
        output_tokens=counted.output_tokens,
        cache_read_tokens=cached,
        cost_usd=cost,
        seconds=seconds,
    )


def _translated(error: Exception, model: str) -> DossierError:
    """The SDK's error as one of ours. The texts of the service are not repeated: they may quote the request."""
    import anthropic

    if isinstance(error, (anthropic.AuthenticationError, anthropic.PermissionDeniedError)):
        return ConfigError("Claude refused the key (DOSSIER_CLAUDE_API_KEY).")
    if isinstance(error, anthropic.PaymentRequiredError):
        return ConfigError("Claude refused to answer: the account of the key has no credit.")
    if isinstance(error, anthropic.NotFoundError):
        return ConfigError(f"Claude does not know the model {model} (DOSSIER_CLAUDE_MODEL).")
    if isinstance(error, anthropic.ContentTooLargeError):
        return UsageError("The documents are too long to be sent to Claude at once. Name fewer documents.")
    if isinstance(error, anthropic.BadRequestError):
        return UsageError(
            f"Claude could not take the request: the documents are too long for {model}, or a setting does not fit it."
        )
    if isinstance(error, anthropic.RateLimitError):
        return ServiceDown("Claude is refusing requests because too many were sent. Try again in a minute.")
    if isinstance(error, anthropic.APITimeoutError):
        return ServiceDown("Claude did not answer in time.")
    if isinstance(error, anthropic.APIConnectionError):
        return ServiceDown("Claude could not be reached.")
    return ServiceDown("Claude could not answer: the service is overloaded or has failed.")
