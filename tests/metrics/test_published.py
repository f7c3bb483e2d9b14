"""The published figures are read, typed, and found for the model they are about."""

import json
from pathlib import Path

import pytest

from tests.real_data import FOLDER, needs_goh
from typoattack.core.errors import UserError
from typoattack.metrics.published import Published, of_model, read_published

ROWS = read_published()


def _found(name: str) -> set[tuple[str, str, str]]:
    return {(row.model, row.training_data, row.dataset) for row in of_model(name, ROWS)}


def test_the_table_has_the_figures_of_its_sources() -> None:
    [row] = [r for r in ROWS if (r.model, r.training_data) == ("ViT-B-16", "laion400m")]
    assert (row.clean_percent, row.attacked_percent) == (66.99, 29.55)
    assert "arXiv:2305.05095" in row.source
    assert len(ROWS) > 30
    assert all(row.source and row.protocol and row.dataset for row in ROWS)


@pytest.mark.parametrize(
    "name",
    [
        "ViT-B-32/laion2b_s34b_b79k",
        "ViT-B-32/laion2b_e16",
        "ViT-B-32-quickgelu/laion2b_e16",
        "hf-hub:laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    ],
)
def test_a_checkpoint_finds_the_rows_of_its_architecture_and_data(name: str) -> None:
    assert _found(name) == {("ViT-B-32", "laion2b", "SCAM")}


def test_a_model_may_have_rows_on_several_data_sets() -> None:
    datasets = {dataset for _, _, dataset in _found("ViT-L-14/openai")}
    assert datasets == {"SCAM", "RTA-100", "SynthRTA", "SynthSCAM"}


@pytest.mark.parametrize(
    "name",
    [
        "mini",
        "ViT-L-14/commonpool_xl_clip_s13b_b90k",
        "ViT-B-32/openai",
        "ViT-L-14-336",
        "local-dir:ViT-B-32",
        "",
    ],
)
def test_other_models_find_nothing(name: str) -> None:
    assert _found(name) == set()


def test_the_resolution_is_part_of_the_architecture() -> None:
    assert {model for model, _, _ in _found("ViT-L-14-336/openai")} == {"ViT-L-14-336"}


def test_a_chat_model_is_found_by_its_name() -> None:
    assert _found("openai:gpt-4o-2024-08-06") == {("gpt-4o-2024-08-06", "", "SCAM")}


HEAD = (
    "model,training_data,kind,dataset,protocol,"
    "figure,clean_accuracy_percent,attacked_percent,source\n"
)


GOH = {
    ("trash", "waste container"): 95.4,
    ("iPod", "iPod"): 94.7,
    ("pizza", "pizza"): 92.3,
    ("rifle", "rifle"): 91.0,
    ("radio", "radio"): 77.0,
    ("library", "library"): 75.9,
    ("shark", "great white shark"): 62.2,
    ("meow", "Siamese cat"): 46.5,
    ("$$$", "piggy bank"): 36.4,
}


def test_the_published_success_of_goh_s_words_stands_there_as_success() -> None:
    told = [row for row in of_model("RN50x4/openai", ROWS) if row.figure == "success"]
    assert len(told) == len(GOH)
    for (word, target), percent in GOH.items():
        [row] = [r for r in told if r.dataset == f"ImageNet, {word} for {target}"]
        assert (row.clean_percent, row.attacked_percent) == (74.2, percent)


@needs_goh
def test_the_success_of_goh_s_words_is_that_of_the_authors_file() -> None:
    told = json.loads((FOLDER / "goh2021" / "small_attacks.json").read_text())
    measured = {
        (word, target): round(100 * rates["fraction_changed_to"], 1)
        for target, words in told["linear_probes"]["results"].items()
        for word, rates in words.items()
    }
    assert measured == GOH


def test_an_unknown_figure_is_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "published.csv"
    path.write_text(HEAD + "a,b,c,d,e,acuracy,99,1,g\n")
    with pytest.raises(UserError, match="line 2: .*did you mean 'accuracy'"):
        read_published(path)


@pytest.mark.parametrize("percent", ["high", "101", "-1", "nan", ""])
def test_a_wrong_percentage_is_refused_by_line(tmp_path: Path, percent: str) -> None:
    path = tmp_path / "published.csv"
    path.write_text(HEAD + f"a,b,c,d,e,accuracy,99,1,g\na,b,c,d,e,accuracy,{percent},1,g\n")
    with pytest.raises(UserError, match=r"line 3: .* is no percentage"):
        read_published(path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "published.csv"
    path.write_text("model,kind\na,b\n")
    with pytest.raises(UserError, match="line 2 lacks 'training_data'"):
        read_published(path)


def test_names_with_signs_of_a_pattern_are_taken_literally() -> None:
    row = Published("V.T", "a+b", "dual encoder", "d", "p", 1, 0, "s")
    assert of_model("V.T/a+b", [row]) == [row]
    assert of_model("VXT/aab", [row]) == []
