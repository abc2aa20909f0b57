"""Answers from Claude, for documents that may leave: whole documents in one window, cited by Claude's own pointers.

Citations are made by the service: a document is sent as one text block per passage, and each sentence of the answer
comes back with the blocks that it rests on. Only `ClearedChunks` and `ClearedTitles` are accepted: what is not cleared
does not type-check.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from core.answers import Usage
from core.documents import DocumentId, Span
from core.errors import ConfigError, DossierError, ServiceDown, UsageError
from core.privacy import ClearedChunks, ClearedTitles
from core.sentences import cuts
from generation.draft import BrokenOff, Draft, DraftClaim
from generation.passages import Passage, passages_of
from generation.prompts import (
    CLAUDE_FIND,
    CLAUDE_PLAN,
    CLAUDE_SYSTEM,
    EXCERPTS,
    NOT_IN_DOCUMENTS,
    PART,
    PLAN_SCHEMA,
    PROMPT_VERSION,
    claude_titles,
)

if TYPE_CHECKING:
    from anthropic.types import Message
    from anthropic.types import Usage as Counted

log = logging.getLogger("dossier.generation")

Reply = TypeVar("Reply")

_ADDRESS = "https://api.anthropic.com"
"""Said out loud, or the SDK would take ANTHROPIC_BASE_URL or a profile from the environment."""

_WITHOUT_ADAPTIVE_THINKING = ("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5")
"""These answer the parameter with an error; all later models think adaptively."""

_CHARACTERS_PER_TOKEN = 2.5
"""A careful estimate where the service does not count: prose has three to four, rows of figures two and a half."""

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
"""Seconds before the second attempt, doubled for each one after it; and the longest that a `retry-after` is waited for.
The SDK waits as long as a server says, be it an hour: so its own retries are off."""

_PASSING = frozenset({408, 409, 429})
"""Statuses that another attempt may cure, beside those from 500 on."""

_PASSING_KINDS = frozenset({"overloaded_error", "api_error", "rate_limit_error", "timeout_error"})
"""The same, as the first event of a stream whose status was 200."""

_CUT_OFF = {
    "max_tokens": "The answer was cut off at its longest allowed length (DOSSIER_CLAUDE_MAX_TOKENS).",
    "model_context_window_exceeded": "The answer was cut off: with the documents it filled Claude's window. "
    "Name fewer documents.",
}

_MOST_SEARCHES = 4
"""Searches of a plan that are made: each costs a search and room in the Llama's window."""


class Given(Enum):
    """What the chunks of a question are, and so what Claude is told of them: (system prompt, context of a document).

    Whole documents are kept in the cache for an hour: writing costs twice and reading a tenth or less, so it pays from
    the third question on, and hardly costs anything with two. Sections and parts are other ones the next time.
    """

    WHOLE = (CLAUDE_SYSTEM, None)
    EXCERPTS = (CLAUDE_SYSTEM, EXCERPTS)
    PART = (CLAUDE_FIND, PART)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to search for, and the documents whose titles promise an answer."""

    searches: tuple[str, ...]
    documents: tuple[DocumentId, ...]
    usage: Usage


class Claude:
    """Holds the connection to the Messages API. `max_tokens` bounds the answer together with the thinking before it.

    `window` bounds what is sent at once, in tokens, beside what the model itself can take.
    """

    def __init__(
        self,
        api_key: str,
        model: str,
        *,
        base_url: str | None = None,
        max_tokens: int = 4096,
        window: int = 200_000,
        timeout: float = 600.0,
        max_retries: int = 3,
    ) -> None:
        import anthropic

        if not api_key:
            raise ConfigError("Claude needs a key: set DOSSIER_CLAUDE_API_KEY.")
        # At debug, which ANTHROPIC_LOG switches on, the SDK logs whole requests: the words of documents.
        logging.getLogger("anthropic").setLevel(logging.WARNING)
        self.model = model
        self.max_tokens = max_tokens
        self.window = window
        self._room: int | None = None
        self._max_retries = max_retries
        self._client = anthropic.Anthropic(
            api_key=api_key,
            base_url=base_url or _ADDRESS,
            timeout=timeout,
            max_retries=0,  # see _LONGEST_WAIT
            open_telemetry=False,  # spans could carry the words of documents to a collector
        )

    # ── before anything is answered ───────────────────────────────────────────────────────────────────────────────

    def room(self) -> int:
        """Most tokens that may be sent at once: the setting, or what the model's own record leaves beside the answer.

        A gateway that keeps no records is no error: then the setting stands. Raises ServiceDown, ConfigError.
        """
        if self._room is None:
            import anthropic

            try:
                record = self._patiently(lambda: self._client.models.retrieve(self.model))
                own = record.max_input_tokens
            except ConfigError as error:
                if not isinstance(error.__cause__, anthropic.NotFoundError):
                    raise
                own = None
            self._room = self.window if own is None else max(min(self.window, own - self.max_tokens), 0)
        return self._room

    def count(self, question: str, chunks: ClearedChunks, given: Given = Given.WHOLE) -> int:
        """Tokens of the request that `answer` would send, counted by the service; free of charge, but it reads them.

        Where the service does not count, for a gateway or because too much was counted already, they are estimated.
        Raises ServiceDown when it cannot be reached, ConfigError for a refused key.
        """
        import anthropic

        passages = _readable(question, chunks)
        if not passages:
            return 0
        request = _request(question, _groups(passages), given)
        try:
            counted = self._client.messages.count_tokens(model=self.model, **request)
        except (
            anthropic.AuthenticationError,
            anthropic.PermissionDeniedError,
            anthropic.PaymentRequiredError,
        ) as error:
            raise _translated(error, self.model) from error
        except anthropic.APIStatusError:
            return int(len(json.dumps(request, ensure_ascii=False)) / _CHARACTERS_PER_TOKEN)
        except anthropic.APIError as error:
            raise _translated(error, self.model) from error
        return counted.input_tokens

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def answer(
        self,
        question: str,
        chunks: ClearedChunks,
        on_text: Callable[[str], None] | None = None,
        given: Given = Given.WHOLE,
    ) -> Draft:
        """The sentences of Claude's answer, each with the passages that it cites; `question` must be the cleared one.

        An answer that was cut at `max_tokens` keeps its whole sentences and says so in `reason`; so does a refusal.
        Raises ServiceDown when Claude cannot be reached or is overloaded, BrokenOff when it stopped in the middle,
        ConfigError for a refused key or an unknown model, UsageError when the documents are too long.
        """
        started = time.perf_counter()
        passages = _readable(question, chunks)
        if not passages:
            return Draft((), (), "There is nothing to read for this question.", self.model, PROMPT_VERSION)
        groups = _groups(passages)
        message = self._message(_request(question, groups, given), on_text)
        usage = _usage(message.usage, time.perf_counter() - started)
        claims, reason, complete = _answer(message, groups)
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
            model=self.model,
            prompt_version=PROMPT_VERSION,
            usage=usage,
            complete=complete,
        )

    def plan(self, question: str, titles: ClearedTitles) -> Plan:
        """The searches that a question needs, made from titles alone; the question itself when Claude makes none.

        Raises as `answer` does.
        """
        if not isinstance(titles, ClearedTitles) or titles.question != question:
            raise TypeError("Claude plans over ClearedTitles alone, with the question that was cleared with them")
        started = time.perf_counter()
        request: dict[str, Any] = {
            "system": CLAUDE_PLAN,
            "messages": [{"role": "user", "content": claude_titles(question, [title for _, title in titles.titles])}],
            "output_config": {"format": {"type": "json_schema", "schema": PLAN_SCHEMA}},
        }
        message = self._message(request, None)
        usage = _usage(message.usage, time.perf_counter() - started)
        try:
            said = json.loads("".join(block.text for block in message.content if block.type == "text"))
            searches = [str(search).strip() for search in said["searches"]]
            numbers = [int(number) for number in said["documents"]]
        except (ValueError, KeyError, TypeError):  # refused, or cut off: the question can be searched for as it is
            searches, numbers = [], []
        wanted = tuple(search for search in dict.fromkeys(searches) if search)[:_MOST_SEARCHES]
        named = tuple(titles.titles[number - 1][0] for number in numbers if 1 <= number <= len(titles.titles))
        return Plan(wanted or (question,), named, usage)

    def _message(self, request: dict[str, Any], on_text: Callable[[str], None] | None) -> Message:
        request = {"model": self.model, "max_tokens": self.max_tokens, **request}
        if not self.model.startswith(_WITHOUT_ADAPTIVE_THINKING):
            request["thinking"] = {"type": "adaptive"}
        return self._patiently(lambda: self._streamed(request, on_text))

    def _streamed(self, request: dict[str, Any], on_text: Callable[[str], None] | None) -> Message:
        """One attempt. What breaks after the first event is BrokenOff: it was billed, and maybe shown."""
        import anthropic
        import httpx2

        tell = _teller(on_text)
        message: Message | None = None
        with self._client.messages.stream(**request) as stream:
            try:
                for event in stream:
                    message = stream.current_message_snapshot
                    if event.type == "text":
                        tell(event.text)
            except (anthropic.APIError, httpx2.HTTPError, ValueError, AssertionError) as error:
                if message is None and isinstance(error, anthropic.APIError):
                    raise
                raise _broken_off(message) from error
        # A connection that is closed in the middle looks to the SDK like an end.
        if message is None or message.stop_reason is None:
            raise _broken_off(message)
        return message

    def _patiently(self, call: Callable[[], Reply]) -> Reply:
        """The reply, after another attempt where that may help. The SDK's errors come out as ours."""
        import anthropic
        import httpx2

        for attempt in range(self._max_retries + 1):
            try:
                return call()
            except anthropic.APIError as error:
                wait = _wait(error, attempt)
                if attempt == self._max_retries or wait is None or wait > _LONGEST_WAIT:
                    raise _translated(error, self.model, wait) from error
                log.info("trying again", extra={"model": self.model, "attempt": attempt + 2, "wait": round(wait, 1)})
                time.sleep(wait)
            except httpx2.HTTPError as error:
                raise ServiceDown("Claude could not be reached.") from error
        raise AssertionError("the last attempt returns or raises")


def _wait(error: Exception, attempt: int) -> float | None:
    """Seconds to wait before another attempt: what the service asks for, else ever longer; None when none helps."""
    import anthropic

    if isinstance(error, anthropic.APIStatusError):
        if error.status_code not in _PASSING and error.status_code < 500 and error.type not in _PASSING_KINDS:
            return None
        try:
            return float(error.response.headers["retry-after"])
        except (KeyError, ValueError):
            pass
    elif isinstance(error, anthropic.APITimeoutError) or not isinstance(error, anthropic.APIConnectionError):
        return None  # ten minutes were waited already
    return _FIRST_WAIT * 2.0**attempt * random.uniform(0.75, 1.0)


def _readable(question: str, chunks: ClearedChunks) -> tuple[Passage, ...]:
    if not isinstance(chunks, ClearedChunks) or chunks.question != question:
        raise TypeError("Claude is given ClearedChunks alone, with the question that was cleared with them")
    # Dot leaders are passages, and nothing is left of them: the service refuses a block without words.
    return tuple(passage for passage in passages_of(chunks) if passage.readable)


def _groups(passages: Sequence[Passage]) -> list[tuple[Passage, ...]]:
    """The passages document by document: each becomes a block of its own, under its title."""
    return [tuple(group) for _, group in groupby(passages, key=lambda passage: (passage.document_id, passage.title))]


def _request(question: str, groups: Sequence[Sequence[Passage]], given: Given) -> dict[str, Any]:
    """Documents first and the question last: long prompts are answered better so, and the documents can be cached."""
    system, context = given.value
    documents: list[dict[str, Any]] = [
        {
            "type": "document",
            "source": {
                "type": "content",
                "content": [{"type": "text", "text": passage.readable} for passage in group],
            },
            "title": group[0].title,
            **({} if context is None else {"context": context}),
            "citations": {"enabled": True},
        }
        for group in groups
    ]
    if given is Given.WHOLE:
        documents[-1]["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    return {
        "system": system,
        "messages": [{"role": "user", "content": [*documents, {"type": "text", "text": question}]}],
    }


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


def _answer(message: Message, groups: Sequence[Sequence[Passage]]) -> tuple[tuple[DraftClaim, ...], str | None, bool]:
    """The claims, the reason why there are none or why they may not be all, and whether Claude came to its end."""
    if message.stop_reason == "refusal":
        category = message.stop_details.category if message.stop_details else None
        return (), f"Claude declined to answer{f' (category {category})' if category else ''}.", False
    text, cited = _text_and_citations(message, groups)
    said, _, missing = text.partition(NOT_IN_DOCUMENTS)
    claims = tuple(_claims(said, cited))
    if message.stop_reason in _CUT_OFF:
        return claims[:-1], _CUT_OFF[message.stop_reason], False  # the last sentence is a torso
    explanation = " ".join(missing.split()).lstrip(".:– -")
    if claims:
        return claims, explanation or None, True
    return (), explanation or "Claude found nothing in the documents that answers the question.", True


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


def _usage(counted: Counted, seconds: float) -> Usage:
    written = counted.cache_creation_input_tokens or 0
    return Usage(
        input_tokens=counted.input_tokens + written,
        output_tokens=counted.output_tokens,
        cache_read_tokens=counted.cache_read_input_tokens or 0,
        cache_write_tokens=written,
        seconds=seconds,
    )


def _broken_off(message: Message | None) -> BrokenOff:
    usage = Usage() if message is None else _usage(message.usage, 0.0)
    return BrokenOff("The connection to Claude broke off while it was answering. Ask again.", usage)


def _translated(error: Exception, model: str, wait: float | None = None) -> DossierError:
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
        later = "in a minute" if wait is None or wait <= 60 else f"in {-int(-wait // 60)} minutes"
        return ServiceDown(f"Claude is refusing requests because too many were sent. Try again {later}.")
    if isinstance(error, anthropic.APITimeoutError):
        return ServiceDown("Claude did not answer in time.")
    if isinstance(error, anthropic.APIConnectionError):
        return ServiceDown("Claude could not be reached.")
    return ServiceDown("Claude could not answer: the service is overloaded or has failed.")
