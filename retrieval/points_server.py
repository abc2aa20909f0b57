"""Points in a Qdrant server, spoken to over REST: gRPC opens its sockets in C, where our seal cannot see them.

A collection of Dossier is the server's collection "dossier-<safe name>"; its name and what it was built with are in
the collection's metadata. Other collections of that server are never touched.

Laid out for ten million chunks on one machine (the arithmetic is in docs/operations.md): in memory a byte for each
number of a vector, and the graph; on disk the full vectors, the words and the payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from core.documents import DocumentId
from core.errors import BrokenStore, ConfigError, DossierError, NotFound, ServiceDown
from core.readers import Readers
from retrieval.index import CANDIDATES, Built, Point, Within, safe_name
from retrieval.ranking import RRF_K, Scored
from retrieval.sparse import Weights

PREFIX = "dossier-"

TIMEOUT = 60
"""Seconds to wait for the server: writing a batch of points takes a fraction of one, but it may be busy optimising."""

PAGE = 1000
"""Points read at once when all are read."""

OVERSAMPLING = 2.0
"""How many candidates the bytes in memory bring for each that is wanted; their full vectors, read from disk, decide."""

_EXACTLY = models.SearchParams(quantization=models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING))

_DENSE, _SPARSE = "dense", "bm25"
_INDEXED = ("collection", "document_id", "clearance", "readers", "statement")
_UNAUTHORISED = (401, 403)
_CONFLICT = 409
_NOT_FOUND = 404


def connect(url: str, api_key: str | None) -> QdrantClient:
    """A client for the server at `url`. Nothing is sent before the first question or document.

    Proxies named in the environment are not used: what is sent are words of the documents.
    """
    return QdrantClient(
        url=url,
        api_key=api_key,
        prefer_grpc=False,
        timeout=TIMEOUT,
        check_compatibility=False,  # it would ask the server right now, and only warn
        trust_env=False,
    )


class ServerStore:
    """The collections of Dossier on one server."""

    def __init__(self, client: QdrantClient) -> None:
        self._client = client

    @contextmanager
    def open(self, collection: str) -> Iterator[ServerPoints]:
        """Nothing is sent yet: operations on a collection that is not there raise NotFound."""
        yield ServerPoints(self._client, collection)

    def create(self, collection: str, built: Built) -> None:
        name = _server_name(collection)
        with _told(collection):
            if not self._client.collection_exists(name):
                self._create(name, collection, built)
            _create_payload_indexes(self._client, name)

    def _create(self, name: str, collection: str, built: Built) -> None:
        about = {"name": collection, "fingerprint": built.fingerprint, "size": built.size, "format": built.format}
        try:
            self._client.create_collection(
                name,
                vectors_config={
                    _DENSE: models.VectorParams(size=built.size, distance=models.Distance.COSINE, on_disk=True)
                },
                sparse_vectors_config={
                    _SPARSE: models.SparseVectorParams(
                        modifier=models.Modifier.IDF, index=models.SparseIndexParams(on_disk=True)
                    )
                },
                quantization_config=models.ScalarQuantization(
                    scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
                ),
                on_disk_payload=True,
                metadata={"dossier": about},
            )
        except UnexpectedResponse as error:
            if error.status_code != _CONFLICT:  # another process was faster
                raise

    def built(self, collection: str) -> Built | None:
        about = self._about(_server_name(collection), collection)
        return None if about is None else Built(about["fingerprint"], about["size"], about["format"])

    def collections(self) -> tuple[str, ...]:
        with _told("all collections"):
            names = [one.name for one in self._client.get_collections().collections]
        found = (self._about(name, name) for name in names if name.startswith(PREFIX))
        return tuple(sorted(about["name"] for about in found if about is not None))

    def drop(self, collection: str) -> None:
        with _told(collection):
            self._client.delete_collection(_server_name(collection))

    def purge(self, collection: str) -> None:
        """The server frees deleted points when it optimises; it cannot be told to from outside."""

    def _about(self, name: str, collection: str) -> dict[str, Any] | None:
        with _told(collection):
            if not self._client.collection_exists(name):
                return None
            metadata = self._client.get_collection(name).config.metadata or {}
        about = metadata.get("dossier")
        if not isinstance(about, dict):
            raise BrokenStore(f"The collection {name} on the Qdrant server was not made by Dossier.")
        return about


class ServerPoints:
    """The points of one collection on the server."""

    def __init__(self, client: QdrantClient, collection: str) -> None:
        self._client = client
        self._collection = collection
        self._name = _server_name(collection)

    def upsert(self, points: Sequence[Point]) -> None:
        if not points:
            return
        structs = [
            models.PointStruct(
                id=point.id,
                vector={_DENSE: point.dense.tolist(), _SPARSE: _sparse(point.sparse)},
                payload=dict(point.payload),
            )
            for point in points
        ]
        with _told(self._collection):
            self._client.upsert(self._name, structs, wait=True)

    def delete(self, ids: Sequence[str]) -> None:
        if ids:
            with _told(self._collection):
                self._client.delete(self._name, models.PointIdsList(points=list(ids)), wait=True)

    def query(
        self, dense: Sequence[float], weights: Weights, *, meaning: float, within: Within, limit: int
    ) -> list[Scored]:
        seen = _seen(within)
        candidates = max(CANDIDATES, limit)
        with _told(self._collection):
            found = self._client.query_points(
                self._name,
                prefetch=[
                    models.Prefetch(query=list(dense), using=_DENSE, filter=seen, limit=candidates, params=_EXACTLY),
                    models.Prefetch(query=_sparse(weights), using=_SPARSE, filter=seen, limit=candidates),
                ],
                # Qdrant counts ranks from 0, the formula from 1.
                query=models.RrfQuery(rrf=models.Rrf(k=RRF_K + 1, weights=[meaning, 1.0])),
                limit=limit,
                with_payload=True,
            ).points
        return [Scored(str(point.id), point.score, point.payload or {}) for point in found]

    def ranking(self, query: Sequence[float] | Weights, *, within: Within, limit: int) -> list[str]:
        with _told(self._collection):
            found = self._client.query_points(
                self._name,
                query=_sparse(query) if isinstance(query, Weights) else list(query),
                using=_SPARSE if isinstance(query, Weights) else _DENSE,
                query_filter=_seen(within),
                search_params=None if isinstance(query, Weights) else _EXACTLY,
                limit=limit,
                with_payload=False,
            ).points
        return [str(point.id) for point in found]

    def give_to(self, document_id: DocumentId, readers: Readers) -> None:
        of = models.Filter(
            must=[models.FieldCondition(key="document_id", match=models.MatchValue(value=str(document_id)))]
        )
        with _told(self._collection):
            if readers.named is None:
                self._client.delete_payload(self._name, ["readers"], of, wait=True)
            else:
                self._client.set_payload(self._name, {"readers": list(readers.named)}, of, wait=True)

    def count(self, document_id: DocumentId | None = None) -> int:
        with _told(self._collection):
            return self._client.count(self._name, count_filter=_of(document_id), exact=True).count

    def ids(self, document_id: DocumentId | None = None) -> set[str]:
        return {str(record.id) for record in self._records(document_id, with_payload=False)}

    def payloads(self, document_id: DocumentId | None = None) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for record in self._records(document_id, with_payload=True):
            yield str(record.id), record.payload or {}

    def settle(self) -> None:
        """The server optimises by itself; a run that was killed while it made the collection left it unindexed."""
        with _told(self._collection):
            _create_payload_indexes(self._client, self._name)

    def _records(self, document_id: DocumentId | None, *, with_payload: bool) -> Iterator[models.Record]:
        offset: Any = None
        while True:
            with _told(self._collection):
                page, offset = self._client.scroll(
                    self._name,
                    scroll_filter=_of(document_id),
                    limit=PAGE,
                    offset=offset,
                    with_payload=with_payload,
                    with_vectors=False,
                )
            yield from page
            if offset is None:
                return


def _server_name(collection: str) -> str:
    return PREFIX + safe_name(collection)


def _create_payload_indexes(client: QdrantClient, name: str) -> None:
    """What filters ask for. Asking for an index that is there changes nothing."""
    for field in _INDEXED:
        client.create_payload_index(name, field, models.PayloadSchemaType.KEYWORD, wait=True)


def _seen(within: Within) -> models.Filter:
    must: list[Any] = [
        models.FieldCondition(key="collection", match=models.MatchValue(value=within.collection)),
        models.FieldCondition(
            key="clearance", match=models.MatchAny(any=sorted(one.value for one in within.clearances))
        ),
        # Who is not named reads what names nobody.
        models.Filter(
            should=[
                models.IsEmptyCondition(is_empty=models.PayloadField(key="readers")),
                models.FieldCondition(key="readers", match=models.MatchAny(any=list(within.reader.known_as))),
            ]
        ),
    ]
    if within.documents is not None:
        match = models.MatchAny(any=[str(document) for document in within.documents])
        must.append(models.FieldCondition(key="document_id", match=match))
    if within.statement is not None:
        about = models.MatchValue(value=within.statement.value)
        must.append(models.FieldCondition(key="statement", match=about))
    return models.Filter(must=must)


def _of(document_id: DocumentId | None) -> models.Filter | None:
    if document_id is None:
        return None
    condition = models.FieldCondition(key="document_id", match=models.MatchValue(value=str(document_id)))
    return models.Filter(must=[condition])


def _sparse(weights: Weights) -> models.SparseVector:
    return models.SparseVector(indices=list(weights.indices), values=list(weights.values))


@contextmanager
def _told(collection: str) -> Iterator[None]:
    """The client's errors as sentences. What our own seal refused inside the client comes out as it went in."""
    try:
        yield
    except ResponseHandlingException as error:
        if isinstance(error.source, DossierError):
            raise error.source from error
        raise ServiceDown("The search index (Qdrant) did not answer.") from error
    except UnexpectedResponse as error:
        if error.status_code in _UNAUTHORISED:
            raise ConfigError("The search index (Qdrant) refused the key: check DOSSIER_QDRANT_API_KEY.") from error
        if error.status_code == _NOT_FOUND:
            raise NotFound(f"There is no collection named {collection}.") from error
        raise ServiceDown(f"The search index (Qdrant) answered with an error ({error.status_code}).") from error
    except ValueError as error:
        raise ServiceDown("What answers at DOSSIER_QDRANT_URL does not answer as Qdrant does.") from error
    except (ApiException, ResourceExhaustedResponse) as error:
        raise ServiceDown("The search index (Qdrant) is overloaded; try again.") from error
