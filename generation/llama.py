"""Answers from a Llama model on our own server, through llama-index's client for any OpenAI-compatible API (vLLM).

The reply is bound to a JSON schema on the server and parsed strictly here: a bad reply is an error, never repaired.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.answers import Usage
from core.documents import Chunk
from core.errors import ConfigError, ServiceDown, UsageError
from generation.draft import Draft, DraftClaim
from generation.judge import Verdicts, verdicts_in
from generation.passages import Passage, passages_of
from generation.prompts import JUDGE_SYSTEM, LLAMA_SYSTEM, PROMPT_VERSION, judge_text, llama_user

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.llms.openai_like import OpenAILike  # type: ignore[import-untyped]

log = logging.getLogger("dossier.generation")

_CHARACTERS_PER_TOKEN = 3
"""A careful estimate where the server does not count: English prose has over 4, German 3.5, tables of numbers 3."""

_SMALLEST_WINDOW = 8192
"""Taken when the server does not say how much it reads: the window of the first Llama 3; all later ones have more."""

_LOOK_TIMEOUT = 10.0
"""Seconds for the small calls that list models and count tokens."""

_NO_KEY = "none"
"""Sent where no key is set: the OpenAI client insists on one, and would look for OPENAI_API_KEY in the environment."""


class _Claim(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1)
    passages: list[int]


class _Reply(BaseModel):
    """What the model must answer with; its JSON schema is sent along."""

    model_config = ConfigDict(extra="forbid")
    claims: list[_Claim]
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The passages that fit the window, how many chunks did not, and the messages that carry them."""

    passages: tuple[Passage, ...]
    messages: Sequence[ChatMessage]
    chunks_left_out: int


class Llama:
    """Holds the connection to one server. `url` ends in /v1; `window` (tokens) is asked of the server if unset."""

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None = None,
        *,
        timeout: float = 300.0,
        max_retries: int = 2,
        max_tokens: int = 1024,
        window: int | None = None,
    ) -> None:
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
            trust_env=False, timeout=timeout, headers={"Authorization": f"Bearer {api_key}"} if api_key else {}
        )

    def answer(self, question: str, chunks: Sequence[Chunk], on_text: Callable[[str], None] | None = None) -> Draft:
        """The claims of the model, each pointing at passages of `chunks`, which come best first.

        Where not all chunks fit the window, the last ones are left out and counted in the draft.
        Raises ServiceDown when the server does not answer or its reply is not of the agreed shape, ConfigError when it
        refuses the key or does not serve the model, UsageError when not even one chunk fits.
        """
        started = time.perf_counter()
        if not chunks:
            return Draft((), (), "The search found nothing to read for this question.", self._model, PROMPT_VERSION)
        fitted = self._fitted(question, chunks)
        text, tokens_in, tokens_out = self._reply(fitted.messages, on_text, _Reply)
        reply = _parsed(text)
        usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out, seconds=time.perf_counter() - started)
        log.info(
            "answered",
            extra={"model": self._model, "claims": len(reply.claims), "passages": len(fitted.passages)},
        )
        return Draft(
            claims=tuple(DraftClaim(claim.text, tuple(dict.fromkeys(claim.passages))) for claim in reply.claims),
            passages=fitted.passages,
            reason=None if reply.claims else reply.reason or "The model found no answer in what it was given to read.",
            model=self._model,
            prompt_version=PROMPT_VERSION,
            usage=usage,
            chunks_left_out=fitted.chunks_left_out,
        )

    def verdicts(self, context: str, asked: str, claims: int) -> tuple[bool, ...]:
        """Whether each of the `claims` claims in `asked` (see generation.prompts.judge_user) is supported by `context`.

        Raises as `answer` does.
        """
        from llama_index.core.base.llms.types import ChatMessage, MessageRole

        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=JUDGE_SYSTEM),
            ChatMessage(role=MessageRole.USER, content=f"{judge_text(context)}\n\n{asked}"),
        ]
        text, _, _ = self._reply(messages, None, Verdicts)
        return verdicts_in(text, claims, of="The Llama server")

    def _fitted(self, question: str, chunks: Sequence[Chunk]) -> _Fitted:
        """As many chunks, from the first, as the window holds beside the longest answer."""
        kept = list(chunks)
        window = self._window
        while kept:
            passages = passages_of(kept)
            messages = _messages(question, passages)
            tokens, served_window = self._counted(messages)
            window = window or served_window or self._served_window() or _SMALLEST_WINDOW
            room = window - self._max_tokens
            if tokens <= room:
                return _Fitted(passages, messages, len(chunks) - len(kept))
            kept = kept[: min(len(kept) - 1, max(len(kept) * room // tokens, 0))]
        raise UsageError(f"The question and the first chunk do not fit into the window of {self._model}.")

    def _reply(
        self, messages: Sequence[ChatMessage], on_text: Callable[[str], None] | None, shape: type[BaseModel]
    ) -> tuple[str, int, int]:
        """The text of the reply, and the tokens read and written as the server counted them."""
        import openai

        try:
            return _streamed(self._client(shape), messages, on_text)
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise ConfigError(f"The Llama server at {self._host} refused the key (DOSSIER_LLAMA_API_KEY).") from error
        except openai.NotFoundError as error:
            raise ConfigError(
                f"The Llama server at {self._host} does not serve {self._model} (DOSSIER_LLAMA_MODEL)."
            ) from error
        except openai.APITimeoutError as error:
            raise ServiceDown(
                f"The Llama server at {self._host} did not answer within {self._timeout:.0f} seconds."
            ) from error
        except openai.APIStatusError as error:
            raise ServiceDown(
                f"The Llama server at {self._host} could not answer (status {error.status_code})."
            ) from error
        except (openai.APIError, httpx.HTTPError) as error:
            raise ServiceDown(f"The Llama server at {self._host} did not answer.") from error

    def _client(self, shape: type[BaseModel]) -> OpenAILike:
        import openai
        from llama_index.llms.openai_like import OpenAILike

        client = openai.OpenAI(
            api_key=self._api_key or _NO_KEY,
            base_url=self._url,
            timeout=self._timeout,
            max_retries=self._max_retries,
            http_client=self._http,
        )
        client.organization = client.project = None  # the client took them from OPENAI_ORG_ID and OPENAI_PROJECT_ID
        return OpenAILike(
            model=self._model,
            api_key=self._api_key or _NO_KEY,
            api_base=self._url,
            openai_client=client,
            is_chat_model=True,
            temperature=0.0,
            max_tokens=self._max_tokens,
            max_retries=0,  # the OpenAI client retries already
            additional_kwargs={
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "strict": True, "schema": shape.model_json_schema()},
                },
                "stream_options": {"include_usage": True},
            },
        )

    def _counted(self, messages: Sequence[ChatMessage]) -> tuple[int, int | None]:
        """Tokens of the prompt, and the window if the server tells. vLLM counts at /tokenize, beside /v1.

        A server that has no such address, or hides it, is no error: then characters are counted.
        """
        estimate = sum(len(message.content or "") for message in messages) // _CHARACTERS_PER_TOKEN
        body = {
            "model": self._model,
            "messages": [{"role": message.role.value, "content": message.content} for message in messages],
        }
        try:
            response = self._http.post(f"{self._url.removesuffix('/v1')}/tokenize", json=body, timeout=_LOOK_TIMEOUT)
            counted = response.json() if response.is_success else {}
        except httpx.ConnectError as error:
            raise ServiceDown(f"The Llama server at {self._host} did not answer.") from error
        except (httpx.HTTPError, ValueError):
            return estimate, None
        if not isinstance(counted, dict) or not isinstance(counted.get("count"), int):
            return estimate, None
        window = counted.get("max_model_len")
        return counted["count"], window if isinstance(window, int) else None

    def _served_window(self) -> int | None:
        models = _models(self._http, self._url, self._host)
        window = next((model.get("max_model_len") for model in models if model.get("id") == self._model), None)
        return window if isinstance(window, int) else None


def served_models(url: str, api_key: str | None) -> tuple[str, ...]:
    """The names under which the server at `url` (ending in /v1) serves models. Raises ServiceDown, ConfigError."""
    host = urlsplit(url).hostname or url
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    with httpx.Client(trust_env=False, headers=headers) as http:
        return tuple(str(model["id"]) for model in _models(http, url.rstrip("/"), host) if "id" in model)


def _models(http: httpx.Client, url: str, host: str) -> list[dict[str, Any]]:
    try:
        response = http.get(f"{url}/models", timeout=_LOOK_TIMEOUT)
        if response.status_code in (401, 403):
            raise ConfigError(f"The Llama server at {host} refused the key (DOSSIER_LLAMA_API_KEY).")
        if response.status_code == 404:  # a server that answers, but does not list its models
            return []
        models = response.raise_for_status().json()["data"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise ServiceDown(f"The Llama server at {host} did not answer.") from error
    return [model for model in models if isinstance(model, dict)]


def _messages(question: str, passages: Sequence[Passage]) -> list[ChatMessage]:
    from llama_index.core.base.llms.types import ChatMessage, MessageRole

    return [
        ChatMessage(role=MessageRole.SYSTEM, content=LLAMA_SYSTEM),
        ChatMessage(role=MessageRole.USER, content=llama_user(question, passages)),
    ]


def _streamed(
    client: OpenAILike, messages: Sequence[ChatMessage], on_text: Callable[[str], None] | None
) -> tuple[str, int, int]:
    text, told, usage = "", 0, {"prompt_tokens": 0, "completion_tokens": 0}
    for response in client.stream_chat(messages):
        text += response.delta or ""
        usage.update({name: count for name, count in response.additional_kwargs.items() if name in usage})
        if on_text is not None:
            said = _texts_in(text)
            if len(said) > told:
                on_text(said[told:])
                told = len(said)
    return text, usage["prompt_tokens"], usage["completion_tokens"]


_TEXT = re.compile(r'"text"\s*:\s*"((?:[^"\\]|\\.)*)"')


def _texts_in(reply: str) -> str:
    """The claims that are complete in an unfinished reply, as running text: what a reader sees while it is written."""
    return "".join(json.loads(f'"{text}"', strict=False) + " " for text in _TEXT.findall(reply))


def _parsed(text: str) -> _Reply:
    """The reply, or ServiceDown with its hash: enough to find it in the server's log, and none of its words."""
    try:
        return _Reply.model_validate_json(text)
    except ValidationError as error:
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        raise ServiceDown(
            f"The Llama server gave a reply that is not of the agreed shape ({len(text)} characters, SHA-256 {digest})."
        ) from error
