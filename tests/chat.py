"""A small server on loopback that speaks the chat API of OpenAI as vLLM does: what a Llama would be asked, without one.

It lists its models, counts tokens (one for three characters), streams what it was told to say, and can be told to fail.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Trouble:
    """What goes wrong once: a status with its message, or after some events of the stream a break or an error event.

    `silence` is the seconds before anything is answered.
    """

    status: int = 200
    message: str = "internal words"
    headers: dict[str, str] = field(default_factory=dict)
    after_events: int | None = None
    event: str = ""
    silence: float = 0.0


@dataclass
class ChatServer:
    """`says` is the whole reply, or what `writes` makes of a request; `troubles` are taken from the front, one for each
    chat, `small_troubles` for the rest. `reads` are the tokens of a prompt that it keeps: what is longer is cut without
    a word.
    """

    says: str = '{"claims":[],"reason":"Nothing."}'
    writes: Callable[[dict[str, Any]], str] | None = None
    finish: str | None = "stop"
    model: str = "llama"
    window: int | None = 8192
    reads: int | None = None
    counts: bool = True
    models: list[dict[str, Any]] | None = None
    troubles: list[Trouble] = field(default_factory=list)
    small_troubles: list[Trouble] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    origin: str = ""

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    def asked(self, path: str = "/v1/chat/completions") -> list[dict[str, Any]]:
        return [body for where, _, body in self.requests if where == path]

    def headers(self, path: str = "/v1/chat/completions") -> list[dict[str, str]]:
        return [headers for where, headers, _ in self.requests if where == path]

    # ── what it answers ───────────────────────────────────────────────────────────────────────────────────────────

    def small(self, path: str) -> tuple[int, dict[str, Any]]:
        if path == "/v1/models":
            return 200, {"data": self.models or [{"id": self.model, "root": "/models/llama", **self._told_window()}]}
        if path == "/tokenize" and self.counts:
            return 200, {"count": _tokens(self.asked(path)[-1]), **self._told_window()}
        return 404, {"error": {"message": "no such route"}}

    def events(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The reply, a few characters at a time, and the usage at its end."""
        says = self.says if self.writes is None else self.writes(body)
        for place in range(0, len(says), 7):
            yield _event({"role": "assistant", "content": says[place : place + 7]})
        if self.finish:
            yield _event({}, finish=self.finish)
        read = min(_tokens(body), self.reads or 10**9)
        usage = {"prompt_tokens": read, "completion_tokens": 12, "total_tokens": read + 12}
        yield {**_event({}), "choices": [], "usage": usage}

    def _told_window(self) -> dict[str, Any]:
        return {} if self.window is None else {"max_model_len": self.window}

    # ── where it answers ──────────────────────────────────────────────────────────────────────────────────────────

    def __enter__(self) -> ChatServer:
        served = self

        class Handler(_Handler):
            there = served

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    there: ChatServer

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}"))

    def _answer(self, body: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.there.requests.append((self.path, headers, body))
        chat = self.path == "/v1/chat/completions"
        waiting = self.there.troubles if chat else self.there.small_troubles
        trouble = waiting.pop(0) if waiting else Trouble()
        threading.Event().wait(trouble.silence)  # not time.sleep: tests watch how long the client sleeps
        if trouble.status != 200:
            self._send(trouble.status, {"error": {"message": trouble.message}}, trouble.headers)
        elif chat:
            self._stream(body, trouble)
        else:
            self._send(*self.there.small(self.path))

    def _send(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", "connection": "close", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def _stream(self, body: dict[str, Any], trouble: Trouble) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for number, event in enumerate(self.there.events(body)):
            if number == trouble.after_events:
                if trouble.event:
                    self.wfile.write(f"data: {trouble.event}\n\n".encode())
                return
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


def _tokens(body: dict[str, Any]) -> int:
    return sum(len(message["content"]) for message in body["messages"]) // 3


def _event(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "llama", "choices": choices}
