"""The only place that builds clients and models. `open_app(settings)` is the one door to Dossier for every face.

Order matters: telemetry is switched off and the process is sealed before anything heavy is imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.audit import AuditLog
from core.egress import quiet, seal
from core.privacy import Privacy
from core.settings import Settings

if TYPE_CHECKING:
    from transformers import BertModel

    from app.service import App, Generators, Scorers
    from generation.claude import Claude
    from generation.draft import Draft
    from generation.llama import Llama
    from generation.support import Scorer
    from retrieval.embed import Embedder
    from retrieval.encoder import Encoder
    from retrieval.index import Index
    from retrieval.look import Lever, Look


def open_app(settings: Settings, *, levers: Collection[Lever] | None = None) -> App:
    """Dossier as `settings` want it. Models are loaded and servers are spoken to when first needed, not here.

    `levers` are those of the second look at what was found, all of them when None: for measuring what one is worth.
    """
    quiet()
    # Read by torch's OpenMP when it is loaded. Beside another busy process, threads that spin while they wait take the
    # processor from the one they wait for: embedding became 2 to 10 times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if settings.privacy is Privacy.GDPR:
        seal(allowed_hosts(settings))

    from app.ledger import Ledger
    from app.service import App
    from core.readers import reader_of
    from retrieval.embed import embedder_for
    from retrieval.library import Library, catalogue_url

    embedder = embedder_for(
        settings.embedding.model,
        device=settings.embedding.device,
        batch_size=settings.embedding.batch_size,
        models=settings.models,
    )
    llama = _llama(settings)
    return App(
        settings,
        library=Library(settings.home, settings.catalogue.url),
        index=_index(settings, embedder, _look(settings, levers)),
        embedder=embedder,
        generators=_generators(settings, embedder, llama),
        scorers=_scorers(settings, llama),
        audit=AuditLog(settings.home / "audit.jsonl"),
        ledger=Ledger(settings.catalogue.url or catalogue_url(settings.home), settings.budget),
        reader=reader_of(settings),
    )


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The hosts that a sealed process may reach: those of the services that the operator named."""
    urls = (settings.qdrant.url, settings.llama.url, settings.catalogue.url)
    return frozenset(host for url in urls if url and (host := urlsplit(url).hostname))


def _look(settings: Settings, levers: Collection[Lever] | None) -> Look:
    from retrieval.look import Lever, Look
    from retrieval.rerank import Reranker

    reranker = None
    if settings.reranker.model is not None:
        folder = Path(settings.reranker.model).expanduser()
        reranker = Reranker(folder, device=settings.embedding.device, batch_size=settings.embedding.batch_size)
    return Look(frozenset(Lever if levers is None else levers), reranker)


def _index(settings: Settings, embedder: Embedder, look: Look) -> Index:
    from retrieval.index import Index

    if settings.qdrant.url is None:
        from retrieval.points_edge import EdgeStore

        return Index(EdgeStore(settings.home / "index"), embedder, look)

    from retrieval.points_server import ServerStore, connect

    key = settings.qdrant.api_key
    return Index(ServerStore(connect(settings.qdrant.url, key.get_secret_value() if key else None)), embedder, look)


def _generators(settings: Settings, embedder: Embedder, llama: Callable[[], Llama]) -> Generators:
    from app.service import Generators

    @cache
    def scale() -> Callable[[Any], Any] | None:
        """The evidence that extractive mode wants was measured with the default model's cosines."""
        from retrieval.embed import DEFAULT_MODEL
        from retrieval.likeness import scale_of

        return None if settings.embedding.model == DEFAULT_MODEL else scale_of(embedder)

    def similarity(question: str, texts: Sequence[str]) -> Sequence[float]:
        cosines = embedder.embed_documents(texts) @ embedder.embed_questions([question])[0]
        scaled = scale()
        similar: Sequence[float] = (cosines if scaled is None else scaled(cosines)).tolist()
        return similar

    def extractive(question: str, chunks: Any, on_text: Callable[[str], None] | None) -> Draft:
        from generation.extractive import Extractive
        from retrieval.embed import HashEmbedder

        # The hash embedder resembles words, not meaning: the words themselves are compared more exactly.
        return Extractive(None if isinstance(embedder, HashEmbedder) else similarity).answer(question, chunks, on_text)

    def gdpr(question: str, chunks: Any, on_text: Callable[[str], None] | None) -> Draft:
        return llama().answer(question, chunks, on_text)

    @cache  # one connection, which asks for the model's record once
    def claude() -> Claude:
        from generation.claude import Claude

        key = settings.claude.api_key
        return Claude(
            key.get_secret_value() if key else "",
            settings.claude.model,
            base_url=settings.claude.base_url,
            max_tokens=settings.claude.max_tokens,
            window=settings.claude.window,
        )

    return Generators(
        extractive=extractive,
        gdpr=gdpr if settings.llama.url else None,
        claude=claude if settings.claude.api_key else None,
        llama=llama if settings.llama.url else None,
    )


def _llama(settings: Settings) -> Callable[[], Llama]:
    """The one connection to the configured server, for answers and for the judge; kept open between two questions."""

    @cache
    def llama() -> Llama:
        from generation.llama import Llama

        key = settings.llama.api_key
        return Llama(str(settings.llama.url), settings.llama.model, key.get_secret_value() if key else None)

    return llama


def _scorers(settings: Settings, llama: Callable[[], Llama]) -> Scorers:
    from app.service import Scorers
    from generation.reader import Reader
    from generation.support import BuiltIn
    from generation.tokens import TokenModel
    from retrieval.embed import HASH_MODEL, default_folder

    def layers(bert: BertModel) -> Encoder | None:
        from retrieval.encoder import layers_of

        return layers_of(bert)

    # Whatever model embeds: the weights of the scorer belong to the token vectors of this one.
    frozen = TokenModel(default_folder, layers=layers)
    built_in = BuiltIn(frozen, Reader(frozen))

    def judge() -> Scorer:
        from generation.judge import Judge

        return Judge(f"judge {settings.llama.model}", llama().verdicts, places=built_in)

    def model() -> Scorer:
        from generation.entailment import Entailment

        return Entailment(Path(settings.faithfulness.model or ""), places=built_in)

    return Scorers(
        answers=None if settings.embedding.model == HASH_MODEL else built_in,
        built_in=built_in,
        judge=judge if settings.llama.url else None,
        model=model if settings.faithfulness.model else None,
    )
