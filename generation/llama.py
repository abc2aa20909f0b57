"""Answers from a Llama model on our own server, through llama-index's client for any OpenAI-compatible API (vLLM).

count → leave out what does not fit → ask, bound to a JSON schema → claims that point at numbered passages

The chat form is the server's: it gets messages and applies the template of the model. Its reply is parsed strictly: a
bad reply is an error, never repaired. What was sent is compared with what the server says it read: some servers cut
long prompts without a word.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from core.answers import Usage
from core.documents import Chunk
from core.errors import ConfigError, DossierError, ServiceDown, UsageError
from generation.draft import BrokenOff, Draft, DraftClaim
from generation.judge import Verdicts, misshapen, verdicts_in
from generation.passages import Passage, passages_of
from generation.prompts import JUDGE_SYSTEM, LLAMA_SYSTEM, PROMPT_VERSION, judge_text, llama_schema, llama_user

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.llms.openai_like import OpenAILike  # type: ignore[import-untyped]

log = logging.getLogger("dossier.generation")

Reply = TypeVar("Reply")

_CHARACTERS_PER_TOKEN = 3
"""A careful estimate where the server does not count: English prose has over 4, German 3.5, tables of numbers 3."""

_MOST_CHARACTERS_PER_TOKEN = 8
"""No text has more: where a server says it read fewer tokens than this gives, it cut the prompt."""

_SMALLEST_WINDOW = 8192
"""Taken when the server does not say how much it reads: the window of the first Llama 3; all later ones have more."""

_CONNECT_TIMEOUT = 10.0
"""Seconds to reach the server, and for the small calls that list models and count tokens."""

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
"""Seconds before the second attempt, doubled each time; a server that asks for a longer wait is told to be down."""

_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Statuses that another attempt may cure: vLLM is full, or starts, behind its proxy."""

_REFUSED = frozenset({401, 403})

_TOO_LONG = re.compile(r"context[ _-]?(?:length|size|window)", re.IGNORECASE)
"""How vLLM, llama.cpp and OpenAI word it, with status 400, that prompt and answer are longer than the window."""

_NO_KEY = "none"
"""Sent where no key is set: the OpenAI client insists on one, and would look for OPENAI_API_KEY in the environment."""


class _Claim(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    passages: list[int]


class _Reply(BaseModel):
    """What the model must answer with. The schema that is sent along also bounds lengths and passage numbers."""

    model_config = ConfigDict(extra="forbid")
    claims: list[_Claim]
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Counted:
    """Tokens of a prompt; `exact` when the server counted them. `window` as the server told, if it did."""

    tokens: int
    exact: bool
    window: int | None = None


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The chunks that fit the window, their passages, and the messages that carry them."""

    chunks: Sequence[Chunk]
    passages: tuple[Passage, ...]
    messages: Sequence[ChatMessage]
    counted: _Counted


@dataclass(frozen=True, slots=True)
class _Said:
    """A reply as it came; `cut` when it reached the longest allowed answer."""

    text: str
    tokens_in: int
    tokens_out: int
    cut: bool


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as a server lists it. `root` is its folder or repository, `parent` the model that it is an adapter of."""

    name: str
    root: str | None = None
    parent: str | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """The folder or repository of the model, the tokens it reads at once, whether the server counts; None: not told."""

    root: str | None
    window: int | None
    counts: bool


class _TooMuch(DossierError):
    """The server refuses the prompt as longer than its window. Never leaves this module."""


class Llama:
    """Holds the connection to one server. `url` ends in /v1; `window` (tokens) is asked of the server if unset.

    `timeout` is the longest silence in seconds, before the first word and between two.
    """

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None = None,
        *,
        timeout: float = 300.0,
        max_retries: int = 3,
        max_tokens: int = 1024,
        window: int | None = None,
    ) -> None:
        # At debug, which OPENAI_LOG switches on, the SDK logs whole requests: the words of documents.
        logging.getLogger("openai").setLevel(logging.WARNING)
        self._url = url.rstrip("/")
        self._host = urlsplit(url).hostname or url
        self._model = model
        self._api_key = api_key
        self._timeout = timeout
        self._max_retries = max_retries
        self._max_tokens = max_tokens
        self._window = window
        # No proxy from the environment: the words of the documents go to this server and nowhere else.
        self._http = httpx.Client(
            trust_env=False,
            timeout=httpx.Timeout(timeout, connect=_CONNECT_TIMEOUT),
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
        )
        self._llm: OpenAILike | None = None

    def answer(self, question: str, chunks: Sequence[Chunk], on_text: Callable[[str], None] | None = None) -> Draft:
        """The claims of the model, each pointing at passages of `chunks`, which come best first.

        Where not all chunks fit the window, the last ones are left out and counted in the draft. An answer that was
        cut at `max_tokens` keeps its whole claims and says so in `reason`.
        Raises ServiceDown when the server does not answer, breaks off, or its reply is not of the agreed shape;
        ConfigError when it refuses the key, does not serve the model or cuts the prompt; UsageError when not even one
        chunk fits.
        """
        started = time.perf_counter()
        if not chunks:
            return Draft((), (), "The search found nothing to read for this question.", self._model, PROMPT_VERSION)
        fitted = self._fitted(question, chunks)
        while True:
            try:
                said = self._said(fitted.messages, llama_schema(len(fitted.passages)), on_text)
                break
            except _TooMuch:  # the tokens were only estimated, and too few
                fitted = self._fitted(question, fitted.chunks[: len(fitted.chunks) * 3 // 4])
        self._must_have_read(fitted.messages, fitted.counted, said)
        reply = _whole_claims(said.text) if said.cut else _parsed(said.text)
        claims = tuple(
            DraftClaim(claim.text, tuple(dict.fromkeys(claim.passages))) for claim in reply.claims if claim.text.strip()
        )
        log.info(
            "answered",
            extra={"model": self._model, "claims": len(claims), "passages": len(fitted.passages)},
        )
        return Draft(
            claims=claims,
            passages=fitted.passages,
            reason=(
                f"The answer was cut off at its longest allowed length, {self._max_tokens} tokens."
                if said.cut
                else None
                if claims
                else reply.reason or "The model found no answer in what it was given to read."
            ),
            model=self._model,
            prompt_version=PROMPT_VERSION,
            usage=Usage(said.tokens_in, said.tokens_out, seconds=time.perf_counter() - started),
            chunks_left_out=len(chunks) - len(fitted.chunks),
            complete=not said.cut,
        )

    def verdicts(self, context: str, asked: str, claims: int) -> tuple[bool, ...]:
        """Whether each of the `claims` claims in `asked` (see generation.prompts.judge_user) is supported by `context`.

        Raises as `answer` does; UsageError when the context does not fit the window.
        """
        said = self.reply(JUDGE_SYSTEM, f"{judge_text(context)}\n\n{asked}", Verdicts.model_json_schema())
        return verdicts_in(said, claims, of="The Llama server")

    def reply(self, system: str, user: str, schema: dict[str, Any]) -> str:
        """The reply to a task that is no question on documents, as JSON text of `schema`, which the server enforces.

        Raises as `answer` does; UsageError when the task does not fit the window; ServiceDown for a reply that was cut.
        """
        messages = _messages(system, user)
        try:
            said = self._said(messages, schema, None)
        except _TooMuch as error:
            raise UsageError(f"The text does not fit into the window of {self._model}.") from error
        self._must_have_read(messages, self._counted(messages), said)
        if said.cut:
            raise misshapen(said.text, of="The Llama server")
        return said.text

    # ── what an operator asks ─────────────────────────────────────────────────────────────────────────────────────

    def look(self) -> Look:
        """What the server says of itself, without asking a question. Raises ServiceDown, ConfigError."""
        served = self._served()
        if served and self._model not in (names := [one.name for one in served]):
            raise ConfigError(
                f"The Llama server at {self._host} serves {', '.join(names)}, not {self._model} (DOSSIER_LLAMA_MODEL)."
            )
        counted = self._counted(_messages("", ""))
        root = next((one.root for one in served if one.name == self._model), None)
        return Look(root, counted.window or window_of(self._model, served), counted.exact)

    # ── before anything is answered ───────────────────────────────────────────────────────────────────────────────

    def _fitted(self, question: str, chunks: Sequence[Chunk]) -> _Fitted:
        """As many chunks, from the first, as the window holds beside the longest answer."""
        kept = chunks
        while kept:
            passages = passages_of(kept)
            messages = _messages(LLAMA_SYSTEM, llama_user(question, passages))
            counted = self._counted(messages)
            window = self._window or counted.window or window_of(self._model, self._served()) or _SMALLEST_WINDOW
            room = window - self._max_tokens
            if counted.tokens <= room:
                return _Fitted(kept, passages, messages, counted)
            kept = kept[: min(len(kept) - 1, max(len(kept) * room // counted.tokens, 0))]
        raise UsageError(f"The question and the first chunk do not fit into the window of {self._model}.")

    def _counted(self, messages: Sequence[ChatMessage]) -> _Counted:
        """Tokens of the prompt under the model's own chat form. vLLM counts at /tokenize, beside /v1.

        A server that has no such address, or hides it, is no error: then characters are counted.
        """
        body = {
            "model": self._model,
            "messages": [{"role": message.role.value, "content": message.content} for message in messages],
        }
        response = self._patiently(
            lambda: self._http.post(f"{self._url.removesuffix('/v1')}/tokenize", json=body, timeout=_CONNECT_TIMEOUT)
        )
        counted = _json(response) if response.is_success else {}
        estimate = -(-_characters(messages) // _CHARACTERS_PER_TOKEN)
        if not isinstance(counted.get("count"), int):
            return _Counted(estimate, exact=False)
        window = counted.get("max_model_len")
        return _Counted(counted["count"], exact=True, window=window if isinstance(window, int) else None)

    def _served(self) -> tuple[ServedModel, ...]:
        return _listed(self._patiently(lambda: self._http.get(f"{self._url}/models", timeout=_CONNECT_TIMEOUT)))

    # ── the question ──────────────────────────────────────────────────────────────────────────────────────────────

    def _said(
        self, messages: Sequence[ChatMessage], schema: dict[str, Any], on_text: Callable[[str], None] | None
    ) -> _Said:
        import openai

        try:
            return self._patiently(lambda: self._streamed(messages, schema, on_text))
        except ServiceDown as error:
            cause = error.__cause__
            if isinstance(cause, openai.BadRequestError) and _TOO_LONG.search(str(cause)):
                raise _TooMuch from error
            raise

    def _streamed(
        self, messages: Sequence[ChatMessage], schema: dict[str, Any], on_text: Callable[[str], None] | None
    ) -> _Said:
        """One attempt. What breaks after the first word is not tried again: it was maybe shown."""
        import openai

        text, told, finish = "", "", None
        usage = {"prompt_tokens": 0, "completion_tokens": 0}
        shape = {"name": "answer", "strict": True, "schema": schema}
        stream = self._client().stream_chat(messages, response_format={"type": "json_schema", "json_schema": shape})
        try:
            for response in stream:
                text += response.delta or ""
                usage.update({name: count for name, count in response.additional_kwargs.items() if name in usage})
                finish = next((choice.finish_reason for choice in response.raw.choices), None) or finish
                if on_text is not None and (said := _texts_in(text)).startswith(told) and said != told:
                    on_text(said[len(told) :])
                    told = said
        except (openai.APIError, httpx.HTTPError, ValueError) as error:
            if not text and isinstance(error, openai.APIError):
                raise
            raise self._broken_off(usage) from error
        if finish is None:  # a connection that is closed in the middle looks to the SDK like an end
            raise self._broken_off(usage)
        return _Said(text, usage["prompt_tokens"], usage["completion_tokens"], cut=finish == "length")

    def _must_have_read(self, messages: Sequence[ChatMessage], counted: _Counted, said: _Said) -> None:
        """Raises ConfigError for a server that cut the prompt without a word, as ollama does with its default."""
        sent = counted.tokens if counted.exact else _characters(messages) // _MOST_CHARACTERS_PER_TOKEN
        if 0 < said.tokens_in < sent:
            raise ConfigError(
                f"The Llama server at {self._host} read {said.tokens_in} tokens of at least {sent} that it was sent: "
                "it cuts long prompts. Have it serve the model with a larger context."
            )

    def _client(self) -> OpenAILike:
        if self._llm is None:
            import openai
            from llama_index.llms.openai_like import OpenAILike

            key = self._api_key or _NO_KEY
            client = openai.OpenAI(api_key=key, base_url=self._url, max_retries=0, http_client=self._http)
            # It took them from OPENAI_ORG_ID and OPENAI_PROJECT_ID.
            client.organization = client.project = None
            self._llm = OpenAILike(
                model=self._model,
                api_key=key,
                api_base=self._url,
                openai_client=client,
                is_chat_model=True,
                temperature=0.0,
                max_tokens=self._max_tokens,
                timeout=self._timeout,
                max_retries=0,  # see `_patiently`
                additional_kwargs={"stream_options": {"include_usage": True}},
            )
        return self._llm

    # ── when it does not answer ───────────────────────────────────────────────────────────────────────────────────

    def _patiently(self, call: Callable[[], Reply]) -> Reply:
        """The reply, after another attempt where that may help. The SDK's errors come out as ours."""
        import openai

        for attempt in range(self._max_retries + 1):
            try:
                reply = call()
                if isinstance(reply, httpx.Response) and reply.status_code in _PASSING | _REFUSED:
                    reply.raise_for_status()
                return reply
            except (openai.APIError, httpx.HTTPError) as error:
                wait = _wait(error, attempt)
                if attempt == self._max_retries or wait is None or wait > _LONGEST_WAIT:
                    raise self._translated(error) from error
                log.info("trying again", extra={"model": self._model, "attempt": attempt + 2, "wait": round(wait, 1)})
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _translated(self, error: Exception) -> DossierError:
        import openai

        status = _status(error)
        if status in _REFUSED:
            return ConfigError(f"The Llama server at {self._host} refused the key (DOSSIER_LLAMA_API_KEY).")
        if status == 404:
            return ConfigError(f"The Llama server at {self._host} does not serve {self._model} (DOSSIER_LLAMA_MODEL).")
        if status is not None:
            return ServiceDown(f"The Llama server at {self._host} could not answer (status {status}).")
        if isinstance(error, (openai.APITimeoutError, httpx.ReadTimeout)):
            return ServiceDown(f"The Llama server at {self._host} did not answer within {self._timeout:.0f} seconds.")
        return ServiceDown(f"The Llama server at {self._host} did not answer.")

    def _broken_off(self, usage: dict[str, int]) -> BrokenOff:
        return BrokenOff(
            f"The Llama server at {self._host} broke off in the middle of its answer. Ask again.",
            Usage(usage["prompt_tokens"], usage["completion_tokens"]),
        )


def window_of(model: str, served: Sequence[ServedModel]) -> int | None:
    """Tokens that a model reads at once; an adapter reads as many as the model under it."""
    by_name = {one.name: one for one in served}
    one = by_name.get(model)
    while one is not None and one.window is None and one.parent in by_name and one.parent != one.name:
        one = by_name[one.parent]
    return one.window if one else None


def _listed(response: httpx.Response) -> tuple[ServedModel, ...]:
    """What a server lists; nothing where it keeps no list."""
    listed = _json(response).get("data") if response.is_success else None
    models = [one for one in listed if isinstance(one, dict) and "id" in one] if isinstance(listed, list) else []
    return tuple(
        ServedModel(
            str(one["id"]),
            root=one.get("root"),
            parent=one.get("parent"),
            window=window if isinstance(window := one.get("max_model_len"), int) else None,
        )
        for one in models
    )


def _json(response: httpx.Response) -> dict[str, Any]:
    """The object in a response, or an empty one where there is none."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _status(error: Exception) -> int | None:
    import openai

    if isinstance(error, openai.APIStatusError):
        return error.status_code
    return error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None


def _wait(error: Exception, attempt: int) -> float | None:
    """Seconds to wait before another attempt: what the server asks for, else ever longer; None when none helps."""
    import openai

    if isinstance(error, (openai.APIStatusError, httpx.HTTPStatusError)):
        if _status(error) not in _PASSING:
            return None
        try:
            return float(error.response.headers["retry-after"])
        except (KeyError, ValueError):
            pass
    elif isinstance(error, (openai.APITimeoutError, httpx.ReadTimeout)):
        return None  # minutes were waited already, and a second request would lengthen the queue
    return _FIRST_WAIT * 2.0**attempt * random.uniform(0.75, 1.0)


def _messages(system: str, user: str) -> list[ChatMessage]:
    from llama_index.core.base.llms.types import ChatMessage, MessageRole

    return [
        ChatMessage(role=MessageRole.SYSTEM, content=system),
        ChatMessage(role=MessageRole.USER, content=user),
    ]


def _characters(messages: Sequence[ChatMessage]) -> int:
    return sum(len(message.content or "") for message in messages)


def _texts_in(reply: str) -> str:
    """The claims of an unfinished reply as running text: what a reader sees while it is written."""
    try:
        said = from_json(reply, allow_partial="trailing-strings")
    except ValueError:  # nothing yet, or no JSON at all: `_parsed` will say so
        return ""
    claims = said.get("claims") if isinstance(said, dict) else None
    texts = [claim.get("text") for claim in claims if isinstance(claim, dict)] if isinstance(claims, list) else []
    return " ".join(text for text in texts if isinstance(text, str))


def _parsed(text: str) -> _Reply:
    """The reply, or ServiceDown with its hash: enough to find it in the server's log, and none of its words."""
    try:
        return _Reply.model_validate_json(text)
    except ValidationError as error:
        raise misshapen(text, of="The Llama server") from error


def _whole_claims(text: str) -> _Reply:
    """The claims that were finished when the reply was cut: all but the last one begun."""
    try:
        return _Reply.model_validate({"claims": from_json(text, allow_partial=True)["claims"][:-1], "reason": None})
    except (ValueError, TypeError, KeyError) as error:
        raise misshapen(text, of="The Llama server") from error
