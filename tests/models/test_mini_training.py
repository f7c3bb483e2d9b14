"""The training loop, on a small corpus: it learns, resumes to the same weights, omits things."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch

from typoattack.core.errors import UserError
from typoattack.drawing.fonts import families
from typoattack.models.mini import corpus as corpus_module
from typoattack.models.mini.corpus import Corpus, TrainingFont, heldout_words, listed_fonts
from typoattack.models.mini.reader import ReaderNet
from typoattack.models.mini.sheets import FIRST_LETTER
from typoattack.models.mini.train import (
    Trainer,
    TrainingPlan,
    batches,
    learning_rate,
    train,
    write_weights,
)
from typoattack.models.mini.windows import Windows

PLAN = TrainingPlan(steps=6, batch=2, seed=3, bfloat16=False)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    faces = [
        TrainingFont(fonts / name, style, 0.64)
        for name, style in (("DejaVuSans.ttf", "printed"), ("DejaVuSerif.ttf", "handwriting"))
    ]
    photo = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    return Corpus(faces[:1], faces[1:], ["apple", "river", "stone", "cloud"], [photo])


@pytest.fixture
def windows(corpus: Corpus) -> Windows:
    return Windows(corpus, PLAN.seed, PLAN.steps * PLAN.batch)


def test_a_window_depends_on_seed_and_index_alone(corpus: Corpus, windows: Windows) -> None:
    first = windows[4]
    windows[0]
    again = Windows(corpus, PLAN.seed, 100)[4]
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.letter, again.letter)
    other = Windows(corpus, PLAN.seed + 1, 100)[4]
    assert not np.array_equal(first.pixels, other.pixels)


def test_windows_have_letters_whose_neighbours_agree(corpus: Corpus) -> None:
    found = 0
    for index in range(30):
        window = Windows(corpus, 0, 30)[index]
        assert window.pixels.shape == (96, 192, 3)
        meeting = (window.left >= FIRST_LETTER) | (window.right >= FIRST_LETTER)
        assert (window.left[meeting] != 0).all()
        assert (window.right[meeting] != 0).all()
        found += int((window.letter > 0).sum())
    assert found > 500


def test_a_few_steps_lower_the_loss(windows: Windows) -> None:
    trainer = Trainer(TrainingPlan(steps=1000, batch=2, bfloat16=False, rate=0.2))
    pixels, answers = next(iter(batches(windows, PLAN, 0, 0)))
    losses = [trainer.update(pixels, answers) for _ in range(12)]
    assert losses[-1] < losses[0]


def test_a_run_that_was_stopped_resumes_to_the_same_weights(
    windows: Windows, tmp_path: Path
) -> None:
    whole = train(PLAN, windows, tmp_path / "whole", save_every=3)
    half = Trainer(PLAN)
    for pixels, answers in batches(windows, PLAN, 0, 0):
        half.update(pixels, answers)
        if half.step == 3:
            break
    (tmp_path / "halves").mkdir()
    half.save(tmp_path / "halves" / "checkpoint.pt")
    resumed = train(PLAN, windows, tmp_path / "halves", save_every=3)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_checkpoint_of_another_plan_is_refused(windows: Windows, tmp_path: Path) -> None:
    train(PLAN, windows, tmp_path)
    with pytest.raises(UserError, match="another plan"):
        train(TrainingPlan(steps=6, batch=2, seed=4, bfloat16=False), windows, tmp_path)


def test_the_number_of_steps_may_change_before_the_rate_comes_down(tmp_path: Path) -> None:
    longer = TrainingPlan(steps=60, batch=2, seed=3, bfloat16=False)
    assert learning_rate(longer, 2) == learning_rate(PLAN, 2)
    early, late = Trainer(PLAN), Trainer(PLAN)
    early.step, late.step = 3, 5
    early.save(tmp_path / "early.pt")
    late.save(tmp_path / "late.pt")
    Trainer(longer).restore(tmp_path / "early.pt")
    with pytest.raises(UserError, match="another plan"):
        Trainer(longer).restore(tmp_path / "late.pt")


def test_weights_written_in_half_precision_load_into_the_model(tmp_path: Path) -> None:
    from typoattack.models.mini.model import load_reader

    torch.manual_seed(0)
    write_weights(ReaderNet(), ["apple", "stone"], tmp_path / "reader.safetensors")
    net, rarity = load_reader(tmp_path / "reader.safetensors")
    assert net(torch.rand(1, 3, 96, 96)).shape == (1, 83, 24, 48)
    assert rarity.shape == (729,)


def test_no_family_that_recipes_draw_with_is_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = {package.split("/")[1] for _, package, _ in listed_fonts()}
    assert len(trained) > 150
    assert not trained & set(families())
    monkeypatch.setattr(corpus_module, "_drawn_with", lambda: {"lato"})
    with pytest.raises(UserError, match="fontsource/lato"):
        listed_fonts()


def test_the_candidate_words_are_1000_and_different() -> None:
    words = heldout_words()
    assert len(words) == len(set(words)) == 1000
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
