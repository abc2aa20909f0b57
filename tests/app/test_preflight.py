"""What fits on a card: the arithmetic, held against sizes that are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.preflight import DEFAULTS, QUESTION, fit_of, fits, not_for_the_eu
from core.errors import UsageError

SEES = {"architectures": ["Llama4ForConditionalGeneration"]}
WRITES = {
    "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072,
}  # fmt: skip


def a_folder(tmp_path: Path, config: dict[str, Any], *, weight_bytes: int = 0) -> Path:
    (tmp_path / "config.json").write_text(json.dumps(config))
    if weight_bytes:
        with (tmp_path / "model.safetensors").open("wb") as file:
            file.truncate(weight_bytes)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind", "gigabytes"),
    [("Llama 3.1 8B", "bf16", 16.06), ("Llama 3.1 8B", "fp8", 9.08), ("Llama 3.1 8B", "int4", 5.73),
     ("Llama 3.3 70B", "bf16", 141.1), ("Llama 3.3 70B", "fp8", 72.7), ("Llama 3.3 70B", "int4", 39.8)],
)  # fmt: skip
def test_weights_are_as_large_as_the_published_files(name: str, kind: str, gigabytes: float) -> None:
    assert DEFAULTS[name].weight_bytes(kind) / 1e9 == pytest.approx(gigabytes, rel=0.002)


def test_a_token_takes_128_kib_of_the_small_model_and_320_of_the_large() -> None:
    assert [shape.kv_bytes / 1024 for shape in DEFAULTS.values()] == [128, 320]


@given(card=st.integers(8, 300), cards=st.sampled_from([1, 2, 4, 8]))
def test_more_memory_never_reads_less_and_what_fits_reads_a_question(card: int, cards: int) -> None:
    for less, more in zip(fits(card, cards=cards), fits(card + 8, cards=cards), strict=True):
        assert less.window <= more.window <= DEFAULTS[less.model].positions
        assert less.window == 0 or less.window >= QUESTION
        assert (less.window > 0) == (less.questions > 0)


def test_a_model_is_shared_among_as_many_cards_as_its_heads_allow() -> None:
    with pytest.raises(UsageError, match="among 3 cards"):
        fits(80, cards=3)


def test_a_folder_weighs_what_its_files_weigh(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, WRITES, weight_bytes=9_080_000_000)
    fit = fit_of(folder, 24)
    assert fit.weight_bytes == 9_080_000_000
    assert fit.window == next(one.window for one in fits(24) if (one.model, one.kind) == ("Llama 3.1 8B", "fp8"))


def test_what_is_no_model_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no config\.json"):
        fit_of(tmp_path, 24)
    with pytest.raises(UsageError, match="does not describe"):
        fit_of(a_folder(tmp_path, {"model_type": "bert"}), 24)
    with pytest.raises(UsageError, match="holds no weights"):
        fit_of(a_folder(tmp_path, WRITES), 24)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [("meta-llama/Llama-4-Scout-17B-16E-Instruct", True), ("llama-3.2-11b-vision", True), ("Llama-3.2-90B", True),
     ("meta-llama/Llama-3.3-70B-Instruct", False), ("Llama-3.2-3B-Instruct", False), ("/models/llama", False)],
)  # fmt: skip
def test_a_model_whose_licence_leaves_out_the_eu_is_known_by_its_name(name: str, left_out: bool) -> None:
    assert not_for_the_eu(name) is left_out


def test_a_folder_tells_what_a_model_is_whatever_it_is_called(tmp_path: Path) -> None:
    assert not_for_the_eu("llama", folder=a_folder(tmp_path, SEES))
    assert not not_for_the_eu("llama-4", folder=a_folder(tmp_path, WRITES))
