"""Invariants 1 to 4 of the design, on real recipes and a real (tiny, random) CLIP."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import typoattack as ta
from typoattack.api import Machine, Run
from typoattack.core.errors import UserError
from typoattack.drawing.stroop import COLOURS
from typoattack.factory import load_models
from typoattack.recipes import AsGiven, Recipe, recipe
from typoattack.recipes.base import RECIPES
from typoattack.runner.draw import Generator
from typoattack.runner.execute import execute
from typoattack.samples import open_dataset
from typoattack.suite import Suite, parse_suite

RECIPE_LIST = "[printed-label, handwritten-note, repeated-overlay @ nearest]"


def suite_for(photos: Path, model: Path, **changes: object) -> Suite:
    text = f"question: q\nrecipes: {RECIPE_LIST}\ncontrols: [blank, 'true', pseudo]\ncanvas: 96"
    changes = {"dataset": f"folder:{photos}", "models": [f"local-dir:{model}"], **changes}
    return parse_suite(text, "test", changes)


def run_in(out: Path, photos: Path, model: Path, machine: Machine, **changes: object) -> Run:
    suite = suite_for(photos, model, **changes)
    machine = Machine(
        "cpu", machine.precision, machine.workers or 0, machine.batch_size, machine.chunk_size
    )
    return ta.run(suite, out=out, machine=machine)


def equal(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Every column to the last bit; `pixels` among them, which hashes the attacked pictures."""
    pd.testing.assert_frame_equal(first, second, check_exact=True)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.conftest import noise

    root = tmp_path_factory.mktemp("photos")
    for label, name in enumerate(("cat", "dog", "fish")):
        (root / name).mkdir()
        for number in range(3):
            noise(10 * label + number, 120, 100).save(root / name / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def reference(photos: Path, tiny_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_in(tmp_path_factory.mktemp("runs") / "a", photos, tiny_clip, Machine(workers=0))


@pytest.mark.parametrize(
    "machine",
    [
        Machine(workers=1, chunk_size=3),
        Machine(workers=4, chunk_size=7),
        Machine(workers=0, chunk_size=7),
    ],
    ids=["1 worker, chunks of 3", "4 workers, chunks of 7", "no worker, chunks of 7"],
)
def test_workers_and_chunks_change_neither_pixels_nor_predictions(
    machine: Machine, reference: Run, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    other = run_in(tmp_path / "b", photos, tiny_clip, machine)
    equal(other.predictions, reference.predictions)
    assert len(other.folder.parts()) == -(-9 // machine.chunk_size)


def test_a_picture_does_not_depend_on_what_else_is_drawn(
    reference: Run, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    alone = run_in(tmp_path / "b", photos, tiny_clip, Machine(), recipes=["handwritten-note"])
    here = alone.predictions.set_index(["recipe", "sample"])["pixels"]
    there = reference.predictions.set_index(["recipe", "sample"])["pixels"]
    assert here.equals(there.loc[here.index])


def test_another_seed_draws_other_pictures_of_the_same_photographs(
    reference: Run, photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    other = run_in(tmp_path / "b", photos, tiny_clip, Machine(), seed=1).predictions
    same = other["pixels"].to_numpy() == reference.predictions["pixels"].to_numpy()
    clean = (other["family"] == "clean").to_numpy()
    assert same[clean].all()
    assert not same[(other["recipe"] == "printed-label").to_numpy()].any()


def test_a_finished_run_is_not_done_again(reference: Run, photos: Path, tiny_clip: Path) -> None:
    parts = [(part.name, part.stat().st_mtime_ns) for part in reference.folder.parts()]
    run_in(reference.path, photos, tiny_clip, Machine())
    assert [(p.name, p.stat().st_mtime_ns) for p in reference.folder.parts()] == parts


def test_another_suite_in_the_same_folder_is_refused(
    reference: Run, photos: Path, tiny_clip: Path
) -> None:
    with pytest.raises(UserError, match=r"another run; seed: 0 there, 5 here"):
        run_in(reference.path, photos, tiny_clip, Machine(), seed=5)


def test_only_the_text_differs(photos: Path, tiny_clip: Path) -> None:
    """Outside the box a recipe reports, clean and attacked canvases are the same bytes."""
    suite = suite_for(photos, tiny_clip, recipes=["printed-label", "handwritten-note"])
    data = open_dataset(suite.dataset)
    generator = Generator(suite, data.task.class_names)
    for sample in (data[i] for i in range(3)):
        canvas = generator.canvas(sample)
        for drawn in generator.draw_each(sample, canvas, generator.pictures_of(sample)):
            changed = (np.asarray(canvas) != np.asarray(drawn.attacked.image)).any(axis=2)
            left, top, right, bottom = drawn.attacked.box
            assert drawn.attacked.image.size == canvas.size
            assert changed[top:bottom, left:right].mean() > 0.1
            changed[top:bottom, left:right] = False
            assert not changed.any()


def test_controls_share_the_place_of_their_attack(reference: Run) -> None:
    table = reference.predictions
    attack = table[table["recipe"] == "printed-label"].set_index("sample")
    for kind in ("blank", "true", "pseudo"):
        control = table[(table["control_of"] == "printed-label") & (table["control"] == kind)]
        boxes = control.set_index("sample")["box"]
        assert [list(box) for box in boxes] == [list(attack["box"][s]) for s in boxes.index]
    blank = table[table["recipe"] == "blank-label"]
    assert (blank["written"] == "").all()
    assert (blank["word"].to_numpy() == attack.loc[blank["sample"], "word"].to_numpy()).all()
    true = table[table["recipe"] == "true-label"]
    assert (true["target"] == true["label"]).all()


def test_a_broken_picture_is_skipped_named_and_counted(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    whole = (photo_folder / "cat" / "0.png").read_bytes()
    (photo_folder / "cat" / "0.png").write_bytes(whole[: len(whole) // 2])
    (photo_folder / "dog" / "1.png").write_bytes(b"")
    run = run_in(tmp_path / "run", photo_folder, tiny_clip, Machine(workers=1))
    assert [skip.sample for skip in run.skipped] == ["cat/0.png", "dog/1.png"]
    assert all(skip.reason for skip in run.skipped)
    assert run.predictions["sample"].nunique() == 7


def test_several_models_share_one_drawing(photos: Path, tiny_clip: Path, tmp_path: Path) -> None:
    models = [f"local-dir:{tiny_clip}", "mini-blind"]
    table = run_in(tmp_path / "b", photos, tiny_clip, Machine(), models=models).predictions
    first, second = (table[table["model"] == name] for name in models)
    assert first["pixels"].tolist() == second["pixels"].tolist()


def test_the_numbers_in_a_row_are_what_the_model_says(
    reference: Run, photos: Path, tiny_clip: Path
) -> None:
    suite = suite_for(photos, tiny_clip)
    (model,) = load_models(suite.models, device="cpu")
    data = open_dataset(suite.dataset)
    generator = Generator(suite, data.task.class_names)
    (attack,) = [a for a in suite.attacks if a.label == "printed-label"]
    row = reference.predictions.query("recipe == 'printed-label'").iloc[4]
    (sample,) = [data[i] for i in range(9) if data[i].id == row["sample"]]
    made = generator.draw(sample, generator.canvas(sample), attack, 0)
    assert made is not None
    picture = model.encode_image(torch.stack([model.preprocess(made.image)]))[0]
    texts = [
        model.encode_text([t.replace("{}", name) for t in data.task.templates]).mean(0)
        for name in data.task.class_names
    ]
    weights = torch.stack([t / t.norm() for t in texts])
    similarity = weights @ picture
    assert row["word"] == made.word
    assert row["predicted"] == int(similarity.argmax())
    assert row["sim_label"] == pytest.approx(float(similarity[row["label"]]), abs=1e-5)
    assert row["sim_word"] == pytest.approx(float(similarity[row["target"]]), abs=1e-5)
    probability = (model.logit_scale * similarity).softmax(0)
    assert row["prob_predicted"] == pytest.approx(float(probability.max()), abs=1e-4)
    assert list(row["top"][:3]) == similarity.argsort(descending=True).tolist()


def test_a_recipe_that_breaks_names_itself_and_the_sample(
    photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    @recipe("breaks", source="a test")
    class Breaks(Recipe):
        """Raises."""

        def __call__(self, canvas, word, rng, *, ink=True):  # type: ignore[no-untyped-def]
            raise ZeroDivisionError("by zero")

    try:
        with pytest.raises(
            UserError, match=r"recipe breaks.*cat/0\.png.*ZeroDivisionError: by zero"
        ):
            run_in(
                tmp_path / "b",
                photos,
                tiny_clip,
                Machine(workers=1),
                recipes=["breaks"],
                controls=[],
            )
    finally:
        RECIPES._parts.pop("breaks")


def test_a_model_that_answers_nan_stops_the_run(
    photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    suite = suite_for(photos, tiny_clip)
    (model,) = load_models(suite.models, device="cpu")
    with torch.no_grad():
        model.module.visual.proj[0, 0] = float("nan")
    with pytest.raises(UserError, match="returned NaN"):
        execute(suite, [model], open_dataset(suite.dataset), tmp_path / "b", Machine("cpu"))
    assert len(Run(tmp_path / "b").predictions) == 0


def test_given_pictures_are_used_as_they_are(tiny_clip: Path, photos: Path) -> None:
    from tests.conftest import noise
    from typoattack.samples.base import Sample, Variant

    suite = suite_for(photos, tiny_clip, recipes=['as-given("SCAM")'], controls=[])
    assert isinstance(suite.attacks[0].recipe, AsGiven)
    given = noise(99, 96, 96)
    variants = (Variant("NoSCAM", "", lambda: noise(1)), Variant("SCAM", "dog", lambda: given))
    sample = Sample("x", lambda: noise(1, 96, 96), 0, variants)
    generator = Generator(suite, ("cat", "dog"))
    wanted = generator.pictures_of(sample)
    (drawn,) = generator.draw_each(sample, generator.canvas(sample), wanted)
    assert drawn.attacked.image.tobytes() == given.tobytes()
    assert drawn.attacked.word == "dog"
    assert isinstance(drawn.attacked.image, Image.Image)


def test_a_stroop_sticker_is_judged_on_the_object_and_on_the_ink(
    photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    run = run_in(
        tmp_path / "b", photos, tiny_clip, Machine(), recipes=["stroop-sticker"], controls=[]
    )
    table = run.predictions
    objects, inks = (
        table[(table["task"] == t) & (table["family"] == "attack")] for t in ("object", "ink")
    )
    assert len(objects) == len(inks) == 9
    assert objects["pixels"].tolist() == inks["pixels"].tolist()
    for row in inks.to_dict("records"):
        ink = json.loads(row["facts"])["ink"]
        assert COLOURS[row["label"]] == ink
        assert COLOURS[row["target"]] == row["word"] != ink
    assert "ink" in set(run.summary()["task"])
