"""A run's card, and the check that finds a changed font, prompt, picture, count, rate or model."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image, ImageChops

import typoattack
from typoattack.cards.card import CARD, fonts, read_card, rows_of, seal
from typoattack.cards.verify import Check, verify
from typoattack.core import resources
from typoattack.core.errors import UserError
from typoattack.core.randomness import Rng
from typoattack.metrics.legibility import COLUMNS, write_legibility
from typoattack.recipes import Attacked, Recipe, parse_recipe
from typoattack.results.folder import RunFolder
from typoattack.results.given import Answer
from typoattack.results.schema import SCHEMA


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of mini on photographs of its own, with its page and card."""
    root = tmp_path_factory.mktemp("verify")
    rng = np.random.default_rng(0)
    for name in ("tabby", "goldfish"):
        (root / "photos" / name).mkdir(parents=True)
        for number in range(3):
            pixels = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / "photos" / name / f"{number}.png")
    done = typoattack.run(
        "quick",
        model="mini",
        dataset=f"folder:{root / 'photos'}",
        recipes=["printed-label", "plain-overlay"],
        templates="a photo of a {}.",
        reads=4,
        out=root / "run",
    )
    done.report()
    return root / "run"


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "run")
    return tmp_path / "run"


def found(checks: list[Check]) -> dict[str, bool | None]:
    return {check.name: check.agrees for check in checks}


def edit(run: Path, change: Callable[[dict[str, Any]], object], *, sealed: bool = True) -> Path:
    """Change the card; `sealed` as somebody would who means to deceive."""
    card = json.loads((run / CARD).read_text())
    change(card)
    if sealed:
        card["seal"] = seal(card)
    (run / CARD).write_text(json.dumps(card))
    return run / CARD


EVERY = ["card", "figures", "fonts", "prompts", "photographs", "pictures", "answers of mini"]


def test_a_run_that_was_left_alone_agrees_in_everything(run: Path) -> None:
    assert found(verify(run)) == dict.fromkeys(EVERY, True)
    assert found(verify(run / CARD, sample=5)) == dict.fromkeys(EVERY, True)


def test_a_run_without_a_card_is_checked_by_one_made_now(run: Path) -> None:
    (run / CARD).unlink()
    assert found(verify(run, sample=4)) == dict.fromkeys(EVERY, True)


def test_a_card_alone_is_checked_but_for_its_figures(run: Path, tmp_path: Path) -> None:
    alone = shutil.copy(run / CARD, tmp_path / "alone.json")
    assert found(verify(alone)) == dict.fromkeys(EVERY, True) | {"figures": None}


def test_a_changed_rate_and_a_changed_count_are_found(run: Path) -> None:
    def better(card: dict[str, Any]) -> None:
        line = next(line for line in card["figures"] if line["family"] == "attack")
        line["accuracy_attacked"]["value"] += 0.1

    edit(run, better)
    checks = {check.name: check for check in verify(run, sample=1)}
    assert checks["figures"].agrees is False
    assert "accuracy_attacked, value" in checks["figures"].told
    assert checks["card"].agrees is True

    edit(run, lambda card: card["counts"].update(photographs=60), sealed=False)
    checks = {check.name: check for check in verify(run, sample=1)}
    assert "counts, photographs: 60 in the card, 6 from" in checks["figures"].told
    assert checks["card"].agrees is False


def test_changed_predictions_are_found(run: Path, whole: Path) -> None:
    folder = RunFolder(run)
    rows = folder.predictions()
    rows = rows.assign(predicted=rows["predicted"].where(rows["family"] != "attack", 0))
    for part in folder.parts():
        part.unlink()
    samples = sorted(set(rows["sample"]))
    folder.write_part(pa.Table.from_pandas(rows, SCHEMA, preserve_index=False), samples, [])
    checks = found(verify(run))
    assert checks["figures"] is False
    assert checks["answers of mini"] is False
    assert checks["pictures"] is True


def test_a_changed_prompt_is_found(run: Path) -> None:
    edit(run, lambda card: card["task"].update(templates=["a picture of a {}."]))
    checks = {check.name: check for check in verify(run, sample=1)}
    assert checks["prompts"].agrees is False
    assert "templates are not those" in checks["prompts"].told


def test_a_changed_font_is_found_by_name_and_by_its_pictures(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typoattack.drawing import fonts as drawing_fonts

    other = tmp_path / "fonts"
    shutil.copytree(resources.fonts_dir(), other)
    lettering = {name for name, _ in fonts()}
    bold = sorted(other.glob("roboto/*.ttf"))
    shutil.copy(next(other.glob("courier-prime/*.ttf")), bold[0])
    for path in bold[1:]:
        shutil.copy(bold[0], path)
    for module in ("typoattack.cards.card", "typoattack.drawing.fonts"):
        monkeypatch.setattr(f"{module}.fonts_dir", lambda: other)
    caches = (fonts, drawing_fonts.families, drawing_fonts._load, drawing_fonts._characters)
    for cache in caches:
        cache.cache_clear()
    try:
        checks = {check.name: check for check in verify(run)}
    finally:
        monkeypatch.undo()
        for cache in caches:
            cache.cache_clear()
    assert {name for name, _ in fonts()} == lettering
    assert checks["fonts"].agrees is False
    assert f"another file: roboto/{bold[0].name}" in checks["fonts"].told
    assert checks["pictures"].agrees is False
    assert checks["photographs"].agrees is True


def test_other_photographs_and_a_lost_one_are_found(run: Path, whole: Path) -> None:
    photo = whole.parent / "photos" / "tabby" / "0.png"
    kept = photo.read_bytes()
    try:
        Image.open(photo).transpose(Image.Transpose.ROTATE_180).save(photo)
        checks = found(verify(run))
        assert (checks["pictures"], checks["answers of mini"]) == (False, True)
        photo.unlink()
        checks = {check.name: check for check in verify(run)}
        assert checks["photographs"].agrees is False
        assert "the photograph is not there" in checks["pictures"].told
    finally:
        photo.write_bytes(kept)


def test_without_photographs_or_model_the_rest_is_checked(run: Path) -> None:
    def elsewhere(card: dict[str, Any]) -> None:
        card["identity"]["dataset"]["spec"] = "folder:/nowhere/at/all"

    edit(run, elsewhere)
    checks = {check.name: check for check in verify(run)}
    assert checks["pictures"].agrees is None
    assert "not at hand" in checks["pictures"].told


def test_another_model_of_the_same_name_is_found(run: Path) -> None:
    edit(run, lambda card: card["models"][0].update(fingerprint="0" * 16))
    checks = {check.name: check for check in verify(run, sample=3)}
    assert checks["answers of mini"].agrees is False
    assert "another model opens under this name" in checks["answers of mini"].told


def test_a_model_that_is_not_there_is_not_held_against_the_run(run: Path) -> None:
    def gone(card: dict[str, Any]) -> None:
        card["models"][0]["name"] = "local-dir:/nowhere"
        for row in card["rows"]:
            row["model"] = "local-dir:/nowhere"

    alone = shutil.copy(edit(run, gone), run.parent / "alone.json")
    checks = {check.name: check for check in verify(alone, sample=3)}
    assert checks["answers of local-dir:/nowhere"].agrees is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "is no card"),
        ("{", "cannot be read"),
        ("{}", "is no card"),
        ('{"card": 99, "typoattack": "7"}', r"format 99.*version that wrote it \(7\)"),
        ('{"card": 1}', "'fonts' is missing"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_what_is_no_card_is_refused_in_words(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UserError, match=told):
        verify(tmp_path / "x.json")


def test_the_rows_of_a_card_are_spread_over_recipes(whole: Path) -> None:
    rows = RunFolder(whole).predictions()
    chosen = rows_of(rows, 8, 0)
    counts = [sum(row["recipe"] == recipe for row in chosen) for recipe in set(rows["recipe"])]
    assert max(counts) - min(counts) <= 1
    assert rows_of(rows, 8, 0) == chosen
    assert rows_of(rows, 8, 1) != chosen


def test_a_card_holds_the_figures_unrounded(whole: Path) -> None:
    card = read_card(whole / CARD)
    summary = typoattack.Run(whole).summaries
    for line, one in zip(card["figures"], summary, strict=True):
        name = "accuracy_clean" if one.family == "clean" else "accuracy_attacked"
        figure = one[name]
        numbers = {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}
        assert line[name] == numbers


def test_a_run_that_was_read_back_or_taken_by_likeness_agrees_too(run: Path) -> None:
    table = pd.DataFrame(
        [
            (pixels, True, "pizza", 0.9)
            for pixels in RunFolder(run).predictions()["pixels"].unique()
        ],
        columns=COLUMNS,
    )
    write_legibility(run, table)
    typoattack.Run(run, by="likeness").report()
    card = read_card(run / CARD)
    assert card["cluster"] == "likeness"
    assert any("legible_share" in line for line in card["figures"])
    assert found(verify(run, sample=3))["figures"] is True


def test_given_answers_have_a_card_whose_figures_are_checked(tmp_path: Path) -> None:
    answers = [
        Answer(f"s{n}", kind, "apple", "iPod" if kind == "note" else "apple", word=word)
        for n in range(8)
        for kind, word in (("clean", ""), ("note", "iPod"))
    ]
    run = typoattack.score(answers, tmp_path / "given")
    run.report()
    checks = found(verify(run.path))
    assert checks["figures"] is True
    assert checks["pictures"] is None
    assert False not in checks.values()


def _remove(*keys: str) -> Callable[[dict[str, Any]], object]:
    def change(card: dict[str, Any]) -> None:
        inner = card
        for key in keys[:-1]:
            inner = inner[int(key) if isinstance(inner, list) else key]
        del inner[keys[-1]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        _remove("task", "class_names"),
        _remove("models", "0", "name"),
        _remove("rows", "0", "recipe"),
        lambda card: card["models"].append("x"),
        lambda card: card["rows"].append("x"),
        lambda card: card["rows"][0].update(predicted=10**6),
        lambda card: card["rows"][0].update(word=3),
        lambda card: card["identity"].update(canvas=10**6),
    ],
)
def test_a_strangers_card_is_refused_in_words(
    run: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(UserError, match="card "):
        verify(edit(run, change))


def test_an_answer_that_is_the_same_but_far_less_sure_differs(run: Path) -> None:
    def surer(card: dict[str, Any]) -> None:
        for row in card["rows"]:
            row["prob_predicted"] = (
                min(1.0, row["prob_predicted"] + 0.3)
                if (row["prob_predicted"] < 0.6)
                else row["prob_predicted"] - 0.3
            )

    alone = shutil.copy(edit(run, surer), run.parent / "alone.json")
    assert found(verify(alone))["answers of mini"] is False


def test_pictures_of_an_older_version_of_a_recipe_are_said_to_be_that(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = read_card(run / CARD)
    recipe = type(parse_recipe("printed-label"))
    then = recipe.__call__

    def shifted(self: Recipe, canvas: Image.Image, word: str, rng: Rng, **how: Any) -> Attacked:
        return then(self, ImageChops.offset(canvas, 1), word, rng, **how)

    monkeypatch.setattr(recipe, "__call__", shifted)
    told = {check.name: check.told for check in verify(run, sample=20)}
    assert "other pixels" in told["pictures"]
    assert "version" not in told["pictures"]
    older = ["older"] * len(card["identity"]["recipes"])
    edit(run, lambda one: one["identity"].update(recipe_fingerprints=older))
    told_now = {check.name: check.told for check in verify(run / CARD)}["pictures"]
    assert "other pixels, by another version of this recipe than the run's" in told_now


def test_pictures_of_a_plugin_that_is_not_loaded_are_not_held_against_a_run(run: Path) -> None:
    def unknown(card: dict[str, Any]) -> None:
        for row in card["rows"]:
            if row["recipe"] != "clean":
                row["recipe"] = "somebodys-own"

    alone = shutil.copy(edit(run, unknown), run.parent / "alone.json")
    checks = {check.name: check for check in verify(alone)}
    assert checks["pictures"].agrees is True
    assert "unknown recipe 'somebodys-own'" in checks["pictures"].told
    assert "--plugin" in checks["pictures"].told
