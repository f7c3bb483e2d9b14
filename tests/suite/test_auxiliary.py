"""Recipes that ask a auxiliary question: who is asked, who is not, and what the report says."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import typoattack as ta
from typoattack.api import Machine, Run
from typoattack.core.errors import UserError
from typoattack.drawing.stroop import COLOURS
from typoattack.factory import load_model, with_wrappers
from typoattack.fitting.probe import embed_photographs, fit_probe
from typoattack.recipes import Attacked, Recipe, recipe
from typoattack.recipes.base import RECIPES, attacked
from typoattack.report.view import task_names
from typoattack.results.manifest_file import checked
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.suite import parse_suite

HERE = Machine("cpu", workers=0)


def probe_on(model: str, dataset: str, file: Path, more: tuple[str, ...] = ()) -> str:
    """The name of `model` behind a probe fitted on a data set, which may know more classes."""
    encoder, data = load_model(model, device="cpu"), open_dataset(DatasetSpec(dataset))
    rows, labels, _ = embed_photographs(encoder, data, canvas=96)
    names = [*data.task.class_names, *more]
    made = fit_probe(rows, labels, names, model=encoder, data=dataset, strengths=(1e4,))
    made.save(file)
    return with_wrappers([model], [f"probe({str(file)!r})"])[1]


def run_on(dataset: str, models: list[str], out: Path, *recipes: str, **changes: object) -> Run:
    given = {"dataset": dataset, "models": models, "recipes": list(recipes) or ["stroop-sticker"]}
    suite = parse_suite("question: q\ncanvas: 96", "test", given | changes)
    return ta.run(suite, out=out, machine=HERE)


def asked(predictions: pd.DataFrame, model: str, task: str) -> pd.DataFrame:
    return predictions[(predictions["model"] == model) & (predictions["task"] == task)]


def test_a_probe_that_knows_no_inks_is_asked_for_the_object_alone(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    photos, bare = f"folder:{photo_folder}", f"local-dir:{tiny_clip}"
    probed = probe_on(bare, photos, tmp_path / "probe.safetensors")
    run = run_on(photos, [bare, probed], tmp_path / "run")
    table = run.predictions
    assert len(asked(table, bare, "object")) == len(asked(table, probed, "object")) == 18
    assert len(asked(table, bare, "ink")) == 9
    assert asked(table, probed, "ink").empty
    told = {model["name"]: model["note"] for model in run.manifest["models"]}
    assert told[bare] == ""
    assert told[probed].endswith("it knows no answer to the question 'ink', so it was not asked")
    assert "so it was not asked" in run.report().read_text()
    lines = run.summary().groupby("model")["task"].agg(set)
    assert lines.to_dict() == {bare: {"object", "ink"}, probed: {"object"}}


def test_a_probe_that_knows_the_inks_is_asked_for_both(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    photos = f"folder:{photo_folder}"
    probed = probe_on(f"local-dir:{tiny_clip}", photos, tmp_path / "p.safetensors", more=COLOURS)
    run = run_on(photos, [probed], tmp_path / "run")
    assert "was not asked" not in run.manifest["models"][0]["note"]
    inks = asked(run.predictions, probed, "ink")
    assert len(inks) == 9
    assert [COLOURS[label] for label in inks["label"]] == [
        json.loads(facts)["ink"] for facts in inks["facts"]
    ]


def test_the_answers_of_a_probe_stand_in_the_order_that_it_holds_them_probable(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    photos = f"folder:{photo_folder}"
    probed = probe_on(f"local-dir:{tiny_clip}", photos, tmp_path / "probe.safetensors")
    table = run_on(photos, [probed], tmp_path / "run").predictions
    assert table["predicted"].nunique() > 1
    for row in table.to_dict("records"):
        assert row["top"][0] == row["predicted"]
        assert row["top_prob"][0] == row["prob_predicted"]
        assert (np.diff(row["top_prob"]) <= 0).all()


def test_the_manifest_says_what_the_labels_of_each_question_mean(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    photos, model = f"folder:{photo_folder}", f"local-dir:{tiny_clip}"
    manifest = run_on(photos, [model], tmp_path / "run").manifest
    older = {key: value for key, value in manifest.items() if key != "second_tasks"}
    for one in (manifest, checked(older | {"format": 1})):
        assert tuple(task_names(one, "ink")) == COLOURS
        assert task_names(one, "object") == ["cat", "dog", "fish"]
    manifest["second_tasks"][0]["class_names"] = ["cyan", "magenta"]
    assert task_names(manifest, "ink") == ["cyan", "magenta"]
    assert run_on(photos, [model], tmp_path / "one", "printed-label").manifest["second_tasks"] == []


def test_what_the_suite_asks_itself_is_not_asked_again(tiny_clip: Path, tmp_path: Path) -> None:
    run = run_on("stroop-cards", [f"local-dir:{tiny_clip}"], tmp_path / "run", limit=3)
    stickers = run.predictions[run.predictions["recipe"] == "stroop-sticker"]
    assert (stickers["task"] == "ink").all()
    assert 0 < len(stickers) <= 3
    cards = open_dataset(DatasetSpec("stroop-cards"))
    labels = {cards[i].id: cards[i].label for i in range(len(cards))}
    assert stickers["label"].tolist() == [labels[sample] for sample in stickers["sample"]]
    assert len(run.summary()) == 2
    assert run.report().is_file()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("taste", "unknown auxiliary question 'taste'; there are ink"),
        ("ink", "asks for 'ink', but notes 'sour', which is no answer to that"),
    ],
)
def test_a_question_or_an_answer_that_nobody_knows_is_named(
    question: str,
    said: str,
    photo_folder: Path,
    tiny_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(RECIPES, "_parts", dict(RECIPES))

    @recipe("asks-too-much", source="test")
    class AsksTooMuch(Recipe):
        asks = question

        def __call__(self, canvas, word, rng, *, ink=True) -> Attacked:
            facts = {"ink": "sour"}
            return attacked(canvas, canvas.copy(), word=word, written=word, size=0.1, facts=facts)

    with pytest.raises(UserError, match=said):
        run_on(
            f"folder:{photo_folder}", [f"local-dir:{tiny_clip}"], tmp_path / "run", "asks-too-much"
        )
