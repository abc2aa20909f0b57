"""What a data-protection officer would try: nothing leaves, nothing is reported home, no text is in a log."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from core.documents import Chunk, DocumentId, Span
from core.egress import QUIET
from core.errors import EgressDenied
from core.privacy import Clearance, ClearedChunks, EgressPolicy, Privacy

ROOT = Path(__file__).parent.parent


def in_a_subprocess(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        env={**os.environ, **environment},
    )


def a_chunk(document: str = "a" * 64) -> Chunk:
    return Chunk("id", DocumentId(document), "Lease", Span(0, 4), "Rent", (1,), "")


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('203.0.113.7', 443), timeout=3)",
        "import socket; socket.getaddrinfo('example.org', 443)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('203.0.113.7', 53))",
        "import urllib.request; urllib.request.urlopen('http://203.0.113.7/', timeout=3)",
        "import httpx; httpx.get('http://203.0.113.7/', timeout=3)",
        "import httpx2; httpx2.get('http://203.0.113.7/', timeout=3)",
        "import requests; requests.get('http://203.0.113.7/', timeout=3)",
        "import asyncio; asyncio.run(asyncio.open_connection('203.0.113.7', 443))",
    ],
)
def test_a_sealed_process_reaches_no_host(attempt: str) -> None:
    done = in_a_subprocess(f"from core.egress import seal\nseal([])\n{attempt}\n")
    assert done.returncode != 0
    assert "EgressDenied" in done.stderr
    assert "sealed" in done.stderr


def test_a_sealed_process_still_reaches_this_machine_and_the_allowed_host() -> None:
    done = in_a_subprocess(
        """
        import socket, threading
        from core.egress import seal, sealed
        server = socket.create_server(("127.0.0.1", 0))
        seal(["qdrant"])
        assert sealed()
        socket.create_connection(server.getsockname(), timeout=3).close()
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=3).close()
        try:
            socket.getaddrinfo("qdrant", 6333)
        except OSError:
            pass  # no such host here; what matters is that asking was allowed
        """
    )
    assert done.returncode == 0, done.stderr


def test_sealing_twice_never_widens_what_is_allowed() -> None:
    done = in_a_subprocess(
        """
        import socket
        from core.egress import seal
        seal([]); seal(["203.0.113.7"])
        socket.create_connection(("203.0.113.7", 80), timeout=3)
        """
    )
    assert "EgressDenied" in done.stderr


def test_the_whole_house_is_built_sealed_in_gdpr_mode(tmp_path: Path) -> None:
    done = in_a_subprocess(
        """
        from app.wiring import open_app
        from core.egress import sealed
        from core.settings import settings_from_environment
        open_app(settings_from_environment())
        assert sealed()
        """,
        DOSSIER_PRIVACY="gdpr",
        DOSSIER_HOME=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr


def test_importing_every_dependency_after_our_entry_point_reaches_nothing(tmp_path: Path) -> None:
    done = in_a_subprocess(
        """
        import ui.cli
        from core.egress import seal
        seal([])
        import anthropic, llama_index.core, qdrant_client, qdrant_edge, sentence_transformers, streamlit
        import unstructured.partition.html, unstructured.partition.docx, unstructured.partition.email
        """
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(QUIET))
def test_the_entry_point_switches_the_telemetry_of_a_dependency_off(name: str) -> None:
    done = in_a_subprocess(f"import ui.cli, os; print(os.environ[{name!r}])", **{name: ""})
    assert done.stdout.strip() == QUIET[name]


def test_restricted_chunks_cannot_be_cleared() -> None:
    policy = EgressPolicy(Privacy.STANDARD)
    with pytest.raises(EgressDenied, match="restricted"):
        policy.clear("When?", [a_chunk()], {DocumentId("a" * 64): Clearance.RESTRICTED})


def test_a_document_of_unknown_clearance_counts_as_restricted() -> None:
    with pytest.raises(EgressDenied):
        EgressPolicy(Privacy.STANDARD).clear("When?", [a_chunk()], {})


def test_nothing_is_cleared_in_gdpr_mode_whatever_the_clearance() -> None:
    with pytest.raises(EgressDenied, match="GDPR"):
        EgressPolicy(Privacy.GDPR).clear("When?", [a_chunk()], {DocumentId("a" * 64): Clearance.CLOUD})


def test_cleared_chunks_come_from_a_policy_and_from_nowhere_else() -> None:
    cleared = EgressPolicy(Privacy.STANDARD).clear("When?", [a_chunk()], {DocumentId("a" * 64): Clearance.CLOUD})
    assert list(cleared) == [a_chunk()]
    with pytest.raises(TypeError, match=r"EgressPolicy\.clear"):
        ClearedChunks("When?", (a_chunk(),), object())
