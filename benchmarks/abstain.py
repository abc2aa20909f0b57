"""How often the extractive mode answers rightly, and how often it answers a question that has no answer, by threshold.

    python -m benchmarks.abstain ../shared/bench policyqa legalquad alqac_vi obliqa cuad

A question is asked of its own document (right: a claim overlaps a judged span) and of a document that cannot answer it
(right: no claim): one of the next set named, or with `--strangers same` one of its own kind, such as the contract of
other parties, where only names and dates tell that it is the wrong one. Prints one line per threshold; the chosen one
stands beside `generation.extractive.ENOUGH`. Sets are folders as in eval's judged sets, with text files; a fixed seed
samples them.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.documents import Chunk, Span
from core.egress import quiet

READ = 20
"""Chunks that a question is given to read, as in the product."""

Similarity = Callable[[str, Sequence[str]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Asked:
    set: str
    evidence: float
    answerable: bool
    right: bool
    first_right: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--documents", type=int, default=10, help="documents per set")
    parser.add_argument("--questions", type=int, default=6, help="questions per document")
    parser.add_argument("--strangers", choices=["other", "same"], default="other", help="which documents cannot answer")
    parser.add_argument("--without-similarity", action="store_true")
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    choice = parser.parse_args()
    quiet()
    similarity, count_tokens = _embedder(choice.model)
    asked = [
        one
        for number, name in enumerate(choice.sets)
        for one in ask_set(
            choice.root / name,
            choice.root / (name if choice.strangers == "same" else choice.sets[(number + 1) % len(choice.sets)]),
            similarity=similarity,
            count_tokens=count_tokens,
            documents=choice.documents,
            questions=choice.questions,
            dense=not choice.without_similarity,
        )
    ]
    report(asked)


def ask_set(
    folder: Path,
    other: Path,
    *,
    similarity: Similarity,
    count_tokens: Callable[[str], int],
    documents: int,
    questions: int,
    dense: bool,
) -> list[Asked]:
    """Each sampled question, once of its own document and once of another document, of the folder `other`."""
    from generation.extractive import Extractive
    from generation.passages import passages_of

    draw = random.Random(7)
    paths = _texts(folder)
    strangers = sorted(_texts(other).items())
    by_document: dict[str, list[dict[str, Any]]] = {}
    for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines():
        query = json.loads(line)
        if query["doc_id"] in paths and _spans(query):
            by_document.setdefault(query["doc_id"], []).append(query)
    extractive = Extractive(similarity if dense else None, enough=0.0)
    load = partial(_chunks, count_tokens=count_tokens)
    results = []
    for name in draw.sample(sorted(by_document), min(documents, len(by_document))):
        own = load(paths[name])
        stranger = load(draw.choice([path for title, path in strangers if title != name]))
        for query in draw.sample(by_document[name], min(questions, len(by_document[name]))):
            for chunks, answerable in ((own, True), (stranger, False)):
                question = query["query"]
                found = _found(question, chunks, similarity)
                ranked = extractive.scored(question, passages_of(found))
                draft = extractive.answer(question, found)
                places = {passage.number: passage.span for passage in draft.passages}
                hits = [
                    any(span.overlaps(places[number]) for span in _spans(query) for number in claim.passages)
                    for claim in draft.claims
                ]
                results.append(
                    Asked(
                        folder.name,
                        ranked[0].evidence if draft.claims else -1.0,
                        answerable,
                        right=answerable and any(hits),
                        first_right=answerable and bool(hits) and hits[0],
                    )
                )
    return results


def report(asked: Sequence[Asked]) -> None:
    """Per threshold: answered rightly (any claim, first claim) of the answerable; answered of the unanswerable."""
    sets = sorted({one.set for one in asked})
    print(f"{'threshold':>9}  " + "  ".join(f"{name[:22]:>22}" for name in ["all", *sets]))
    print(f"{'':>9}  " + "  ".join(f"{'any first  none wrong':>22}" for _ in ["all", *sets]))
    for step in range(-1, 15):
        threshold = step * 0.05
        cells = []
        for name in [None, *sets]:
            can = [one for one in asked if one.answerable and name in (None, one.set)]
            cannot = [one for one in asked if not one.answerable and name in (None, one.set)]
            right = _rate([one.right and one.evidence >= threshold for one in can])
            first = _rate([one.first_right and one.evidence >= threshold for one in can])
            silent = _rate([one.evidence < threshold for one in can])
            wrong = _rate([one.evidence >= threshold for one in cannot])
            cells.append(f"{right:5.2f} {first:5.2f} {silent:5.2f} {wrong:4.2f}")
        print(f"{threshold:9.2f}  " + "  ".join(f"{cell:>22}" for cell in cells))
    print(f"{len(asked) // 2} questions, each asked twice")


def _rate(outcomes: Sequence[bool]) -> float:
    return sum(outcomes) / len(outcomes) if outcomes else 0.0


def _texts(folder: Path) -> dict[str, Path]:
    rows = [json.loads(line) for line in (folder / "docs.jsonl").read_text(encoding="utf-8").splitlines()]
    paths = {row["doc_id"]: folder / row.get("text_path", row["path"]) for row in rows}
    return {name: path for name, path in paths.items() if path.suffix in (".txt", ".md") and path.exists()}


def _spans(query: dict[str, Any]) -> list[Span]:
    return [
        Span(one["start"], one["end"])
        for one in query["evidence"]
        if one["doc_id"] == query["doc_id"] and one.get("start") is not None
    ] + [Span(*place) for one in query["evidence"] for place in one.get("alt_spans", ())]


def _chunks(path: Path, *, count_tokens: Callable[[str], int]) -> tuple[Chunk, ...]:
    from core.privacy import Clearance
    from ingest.chunk import chunk
    from ingest.parse import parse

    document = parse(path, collection="bench", clearance=Clearance.RESTRICTED, source=path.name)
    return chunk(document, max_tokens=200, count_tokens=count_tokens)


def _found(question: str, chunks: Sequence[Chunk], similarity: Similarity) -> list[Chunk]:
    """What search would bring: the chunks of this one document by meaning."""
    values = similarity(question, [one.text for one in chunks])
    order = sorted(range(len(chunks)), key=lambda place: -values[place])
    return [chunks[place] for place in order[:READ]]


def _embedder(model: str) -> tuple[Similarity, Callable[[str], int]]:
    from retrieval.embed import embedder_for

    embedder = embedder_for(model, device="cpu", batch_size=32)
    kept: dict[str, Any] = {}

    def similarity(question: str, texts: Sequence[str]) -> Sequence[float]:
        new = [text for text in dict.fromkeys(texts) if text not in kept]
        if new:
            kept.update(zip(new, embedder.embed_documents(new), strict=True))
        vector = embedder.embed_questions([question])[0]
        return [float(kept[text] @ vector) for text in texts]

    return similarity, embedder.count_tokens


if __name__ == "__main__":
    main()
