"""A small server on loopback that speaks the Messages API: what Claude would be asked, without Claude.

It streams, cites whole blocks, keeps a cache by prefix, counts tokens, knows its models, and can be told to fail. It
answers with the blocks that share most words with the question: stupid, but every citation is one that was possible.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KNOWN = {
    "model", "max_tokens", "system", "messages", "stream", "thinking", "output_config", "stop_sequences", "metadata",
}  # fmt: skip
"""What the service takes; sampling parameters and prefilled answers are refused since version 2026-10-21."""

VERSION = "2026-10-21"
SMALLEST_CACHED = 50
"""Tokens from which a prefix is kept; the service wants 512 and more, our test documents are short."""


@dataclass(frozen=True)
class Trouble:
    """What goes wrong once: a status with its kind, or in the middle of the stream a break or an error event."""

    status: int = 200
    kind: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    after_events: int | None = None
    event: str = ""


@dataclass
class MessagesServer:
    """`requests` are (path, body) in order; `troubles` are taken from the front, one for each message.

    `pause` is the seconds between two events of a stream.
    """

    window: int = 1_000_000
    stop: str = "end_turn"
    refused: str | None = None
    counts: bool = True
    pause: float = 0.0
    troubles: list[Trouble] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    cached: set[str] = field(default_factory=set)
    url: str = ""

    def asked(self, path: str = "/v1/messages") -> list[dict[str, Any]]:
        return [body for where, body in self.requests if where == path]

    def sent(self) -> str:
        """Every word that any request carried."""
        return json.dumps([body for _, body in self.requests], ensure_ascii=False)

    # ── what it answers ───────────────────────────────────────────────────────────────────────────────────────────

    def message(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        usage = self._usage(body)
        pieces = [] if self.refused else list(self._said(body))
        yield {
            "type": "message_start",
            "message": {
                "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": [],
                "stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 1},
            },
        }  # fmt: skip
        yield {"type": "ping"}
        index = 0
        if "thinking" in body:
            thought = {"type": "thinking", "thinking": "", "signature": ""}
            yield {"type": "content_block_start", "index": 0, "content_block": thought}
            yield {"type": "content_block_stop", "index": 0}
            index = 1
        for text, citation in pieces:
            yield {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
            if citation is not None:
                delta = {"type": "citations_delta", "citation": citation}
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            for place in range(0, len(text), 12):
                delta = {"type": "text_delta", "text": text[place : place + 12]}
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
            index += 1
        details = {"type": "refusal", "category": self.refused, "explanation": None} if self.refused else None
        stop = "refusal" if self.refused else self.stop
        written = sum(_tokens(text) for text, _ in pieces) + 5
        yield {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None, "stop_details": details},
            "usage": {**usage, "output_tokens": written},
        }
        yield {"type": "message_stop"}

    def _said(self, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None]]:
        content = body["messages"][-1]["content"]
        if isinstance(content, str):  # a plan over titles
            question = content.rpartition("Question: ")[2]
            yield json.dumps({"searches": [question, f"{question} Exceptions?"], "documents": [1, 99]}), None
            return
        wanted = set(_words(content[-1]["text"]))
        scored: list[tuple[int, int, int, str]] = [
            (len(wanted & set(_words(block["text"]))), document, number, block["text"])
            for document, one in enumerate(content[:-1])
            for number, block in enumerate(one["source"]["content"])
        ]
        best = max((score for score, *_ in scored), default=0)
        if best < 2:
            yield "NOT_IN_DOCUMENTS Nothing here is about that.", None
            return
        chosen = [one for one in scored if one[0] >= max(best - 1, 2)][:3]
        for _, document, number, text in chosen:
            yield (
                text.rstrip(".") + ".",
                {
                    "type": "content_block_location", "cited_text": text, "document_index": document,
                    "document_title": content[document]["title"], "start_block_index": number,
                    "end_block_index": number + 1, "file_id": None,
                },
            )  # fmt: skip
            yield " ", None

    def _usage(self, body: dict[str, Any]) -> dict[str, Any]:
        content = body["messages"][-1]["content"]
        blocks = content if isinstance(content, list) else []
        marked = max((place for place, block in enumerate(blocks) if "cache_control" in block), default=None)
        total = self.tokens(body)
        usage = {"input_tokens": total, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
        if marked is not None:
            assert blocks[marked]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
            prefix = json.dumps([body["model"], body["system"], blocks[: marked + 1]])
            size = _tokens(prefix)
            if size >= SMALLEST_CACHED:
                key = hashlib.sha256(prefix.encode()).hexdigest()
                kind = "cache_read_input_tokens" if key in self.cached else "cache_creation_input_tokens"
                usage[kind], usage["input_tokens"] = size, total - size
                self.cached.add(key)
        return usage

    def tokens(self, body: dict[str, Any]) -> int:
        return _tokens(json.dumps([body["model"], body.get("system"), body["messages"]]))

    # ── the network ───────────────────────────────────────────────────────────────────────────────────────────────

    def __enter__(self) -> MessagesServer:
        there = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                there.requests.append((self._path, body))
                wrong = there.wrong(self.headers, body)
                if wrong is not None:
                    self._fail(400, "invalid_request_error", message=wrong)
                elif self._path == "/v1/messages/count_tokens":
                    if there.counts:
                        self._json(200, {"input_tokens": there.tokens(body)})
                    else:
                        self._fail(404, "not_found_error")
                elif there.tokens(body) > there.window:
                    self._fail(400, "invalid_request_error", message="prompt is too long")
                else:
                    self._stream(body, there.troubles.pop(0) if there.troubles else Trouble())

            def do_GET(self) -> None:
                there.requests.append((self._path, {}))
                name = self._path.rpartition("/")[2]
                if name == "unknown":
                    self._fail(404, "not_found_error")
                    return
                self._json(
                    200,
                    {
                        "id": name, "type": "model", "display_name": name, "created_at": "2026-09-01T00:00:00Z",
                        "lifecycle": "active", "max_input_tokens": there.window, "max_tokens": 128_000,
                    },
                )  # fmt: skip

            @property
            def _path(self) -> str:
                return self.path.partition("?")[0]

            def _stream(self, body: dict[str, Any], trouble: Trouble) -> None:
                if trouble.status != 200:
                    self._fail(trouble.status, trouble.kind, headers=trouble.headers)
                    return
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("connection", "close")
                self.end_headers()
                for number, event in enumerate(there.message(body)):
                    if number == trouble.after_events:
                        if trouble.event:
                            self._event(
                                {"type": "error", "error": {"type": trouble.event, "message": "internal words"}}
                            )
                        return
                    self._event(event)
                    if there.pause:  # tests that watch the waits of a client replace `sleep`
                        time.sleep(there.pause)

            def _event(self, event: dict[str, Any]) -> None:
                self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
                self.wfile.flush()

            def _fail(
                self, status: int, kind: str, *, message: str = "internal words", headers: dict[str, str] | None = None
            ) -> None:
                self._json(status, {"type": "error", "error": {"type": kind, "message": message}}, headers or {})

            def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wrong(self, headers: Any, body: dict[str, Any]) -> str | None:
        """What the service would refuse in a request, in its words."""
        if headers["anthropic-version"] != VERSION or not headers["authorization"].startswith("Bearer "):
            return "a client of another time"
        if extra := body.keys() - KNOWN:
            return f"{extra}: Extra inputs are not permitted"
        if [one["role"] for one in body["messages"]] != ["user"]:
            return "prefill is not supported"
        content = body["messages"][0]["content"]
        if isinstance(content, list):
            kinds = [block["type"] for block in content]
            if kinds[-1] != "text" or set(kinds[:-1]) - {"document"}:
                return "documents first, the question last"
            if any(not block["text"].strip() for one in content[:-1] for block in one["source"]["content"]):
                return "text content blocks must contain non-whitespace text"
            if "format" in body.get("output_config", {}) and any(one.get("citations") for one in content[:-1]):
                return "citations and output_config.format exclude each other"
        return None


def _tokens(text: str) -> int:
    return len(text) // 4


def _words(text: str) -> list[str]:
    return [
        word for word in re.findall(r"[^\W_]{4,}", text.casefold()) if word not in {"what", "which", "does", "this"}
    ]
