from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import typoattack as ta
from tests.conftest import noise
from typoattack.core.errors import UserError


@pytest.fixture
def run(photo_folder: Path, tiny_clip: Path, tmp_path: Path) -> ta.Run:
    return ta.run(
        "quick",
        model=f"local-dir:{tiny_clip}",
        dataset=f"folder:{photo_folder}",
        recipes=["printed-label"],
        out=tmp_path / "run",
        machine=ta.Machine(device="cpu"),
    )


def test_a_run_gives_its_figures_as_a_table(run: ta.Run) -> None:
    table = run.summary().set_index("recipe")
    assert {"clean", "printed-label", "blank-label"} <= set(table.index)
    counted = run.predictions.query("recipe == 'printed-label' and clean_predicted == label")
    assert table.loc["printed-label", "flip_rate"] == pytest.approx(1 - counted["correct"].mean())


def test_a_notebook_shows_table_and_pictures(run: ta.Run) -> None:
    html = run._repr_html_()
    assert "printed-label" in html
    assert "<script" not in html


def test_a_kept_run_opens_again(run: ta.Run) -> None:
    assert ta.Run(run.path).predictions.equals(run.predictions)


def test_a_run_compares_with_itself_as_equal(run: ta.Run) -> None:
    (pairing,) = [p for p in ta.compare(run, run.path).pairings if p.family == "attack"]
    assert pairing.difference.value == 0
    assert pairing.p == 1


def test_attack_draws_the_word_and_leaves_the_picture(tmp_path: Path) -> None:
    picture = noise(0, 200, 150)
    before = picture.tobytes()
    made = ta.attack(picture, "handwritten-note(size=0.5)", word="pizza", canvas=128)
    assert made.size == (128, 128)
    assert picture.tobytes() == before
    assert (
        made.tobytes()
        == ta.attack(picture, "handwritten-note(size=0.5)", word="pizza", canvas=128).tobytes()
    )
    assert (
        made.tobytes()
        != ta.attack(
            picture, "handwritten-note(size=0.5)", word="pizza", canvas=128, seed=1
        ).tobytes()
    )
    picture.save(tmp_path / "a.png")
    from_file = ta.attack(tmp_path / "a.png", "printed-label", word="pizza", canvas=128)
    assert np.asarray(from_file).shape == (128, 128, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"recipe": "printed-lable", "word": "a"}, "did you mean"),
        ({"recipe": "printed-label", "word": " "}, "word is empty"),
    ],
)
def test_attack_explains_mistakes(arguments: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ta.attack(Image.new("RGB", (64, 64)), **arguments)


def test_a_model_in_memory_is_evaluated_and_goes_on_training(
    tiny_clip: Path, photo_folder: Path, tmp_path: Path, run: ta.Run
) -> None:
    import open_clip

    name = f"local-dir:{tiny_clip}"
    model, preprocess = open_clip.create_model_from_pretrained(name)
    model.train()
    result = ta.evaluate(
        model,
        preprocess,
        open_clip.get_tokenizer(name),
        recipes=["printed-label"],
        dataset=f"folder:{photo_folder}",
    )
    assert model.training
    assert not result.path.exists()
    same = [c for c in run.predictions.columns if c != "model"]
    assert result.predictions[same].equals(run.predictions[same])
    assert "flip_rate" in result.summary()
