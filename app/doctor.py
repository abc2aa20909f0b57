"""What an operator asks at 3 a.m.: which values are in force, where they come from, and what is missing."""

from __future__ import annotations

import importlib.metadata
import ipaddress
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.preflight import not_for_the_eu
from core.answers import Usage
from core.audit import AuditLog
from core.errors import ConfigError, DossierError, EgressDenied, ServiceDown
from core.prices import read_prices
from core.settings import Settings, described

if TYPE_CHECKING:
    from generation.llama import Look

_NO_LLAMA = "not configured (DOSSIER_LLAMA_URL)"

_VERSIONS = (
    "anthropic",
    "llama-index-core",
    "pypdfium2",
    "qdrant-client",
    "qdrant-edge-py",
    "sentence-transformers",
    "streamlit",
    "torch",
    "unstructured",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `exit_code` is 0 when it is well, or when it is missing but not needed."""

    name: str
    finding: str
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    settings: tuple[dict[str, str], ...]
    versions: dict[str, str]
    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        return max((check.exit_code for check in self.checks), default=0)

    def to_json(self) -> dict[str, Any]:
        return {
            "settings": list(self.settings),
            "versions": self.versions,
            "checks": [
                {"name": check.name, "finding": check.finding, "well": check.exit_code == 0} for check in self.checks
            ],
        }


def examine(settings: Settings, environment: dict[str, str]) -> Health:
    """Look at everything that can be looked at without reading a document. Never raises for what it finds."""
    looks: dict[str, Callable[[], str]] = {
        "home": lambda: _home(settings),
        "embedding model": lambda: _embedding(settings),
        "index": lambda: _index(settings),
        "audit log": lambda: f"intact, {AuditLog(settings.home / 'audit.jsonl').verify()} lines",
        "OCR": lambda: _ocr(settings),
        "Llama": lambda: _llama(settings),
        "Llama's host": lambda: _walls(settings),
        "Llama's licence": lambda: _licence(settings),
        "Claude": lambda: _claude(settings),
    }
    return Health(
        tuple(described(settings, environment)),
        {name: importlib.metadata.version(name) for name in _VERSIONS},
        tuple(_look(name, look) for name, look in looks.items()),
    )


def _look(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, look())
    except DossierError as error:
        return Check(name, str(error), error.exit_code)
    except OSError as error:
        return Check(name, f"{error.strerror or type(error).__name__}.", 2)


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.home, os.W_OK):
        raise PermissionError(13, f"{settings.home} cannot be written to")
    free = shutil.disk_usage(settings.home).free / 2**30
    return f"{settings.home}, {free:.0f} GiB free"


def _embedding(settings: Settings) -> str:
    from retrieval.embed import embedder_for

    embedder = embedder_for(
        settings.embedding.model,
        device=settings.embedding.device,
        batch_size=settings.embedding.batch_size,
        models=settings.models,
    )
    reads = "any language" if embedder.languages is None else ", ".join(sorted(embedder.languages))
    name = settings.embedding.model
    return f"{name}, {embedder.size} dimensions, fingerprint {embedder.fingerprint[:12]}, reads {reads}"


def _index(settings: Settings) -> str:
    from app.wiring import open_app

    app = open_app(settings)
    names = app.collections()
    where = settings.qdrant.url or "embedded (Qdrant Edge)"
    return f"{where}, {len(names)} collections, {app.count_chunks()} chunks"


def _ocr(settings: Settings) -> str:
    from ingest.ocr import available, languages_installed

    if not available():
        return "no tesseract: pages without a text layer will be unreadable"
    wanted = settings.ocr.languages
    missing = sorted(set(wanted.split("+")) - languages_installed())
    if missing:
        raise ConfigError(f"tesseract lacks {', '.join(missing)}, which DOSSIER_OCR_LANGUAGES={wanted} asks for.")
    return f"tesseract reads {wanted}"


def _llama(settings: Settings) -> str:
    if settings.llama.url is None:
        return _NO_LLAMA
    host, look = urlsplit(settings.llama.url).hostname, _looked(settings, settings.llama.url)
    reads = f"reads {look.window:,} tokens at once" if look.window else "does not say how much it reads at once"
    counts = "counts them itself" if look.counts else "does not count them, so they are estimated"
    return f"{host} serves {settings.llama.model}; it {reads} and {counts}"


def _walls(settings: Settings) -> str:
    """Whether every address of the Llama's host is a private one. A public one may be yours too: then you know why."""
    if settings.llama.url is None:
        return _NO_LLAMA
    host = urlsplit(settings.llama.url).hostname or ""
    try:
        addresses = sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None)})
    except socket.gaierror as error:
        raise ServiceDown(f"The name {host} of the Llama server cannot be looked up.") from error
    outside = [address for address in addresses if ipaddress.ip_address(address.split("%")[0]).is_global]
    if outside:
        raise EgressDenied(
            f"{host} has the public address {outside[0]}: what GDPR mode sends there may leave your walls."
        )
    return f"{host} is inside: {', '.join(addresses)}"


def _licence(settings: Settings) -> str:
    if settings.llama.url is None:
        return _NO_LLAMA
    root = _looked(settings, settings.llama.url).root
    folder = Path(root) if root and (Path(root) / "config.json").is_file() else None
    if not_for_the_eu(settings.llama.model, root, folder=folder):
        raise ConfigError(
            f"{root or settings.llama.model} is a model that also sees: the licences of Llama 4 and of Llama 3.2 with "
            "11B and 90B are not granted to companies based in the European Union. Serve Llama 3.3 70B or 3.1 8B."
        )
    seen = "by its config.json" if folder else "by its name"
    return f"{seen} no model whose licence leaves out the EU (Llama 4, Llama 3.2 with 11B and 90B)"


def _looked(settings: Settings, url: str) -> Look:
    from generation.llama import Llama

    key = settings.llama.api_key
    return Llama(url, settings.llama.model, key.get_secret_value() if key else None, max_retries=0).look()


def _claude(settings: Settings) -> str:
    if settings.claude.api_key is None:
        return "not configured (DOSSIER_CLAUDE_API_KEY)"
    prices = read_prices(settings.prices)
    prices.cost(settings.claude.model, Usage())  # a model without a price is not asked
    return f"a key is set, model {settings.claude.model}, prices of {prices.dated}; it is not called to find out more"
