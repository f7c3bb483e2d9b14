"""White box: the gradient foretells what a picture does, and guides to what hurts."""

from pathlib import Path

import numpy as np
import pytest
import torch

import typoattack as ta
from tests.recipes.photographs import photograph
from tests.recipes.searches import answered
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.factory import load_model
from typoattack.models.base import Model
from typoattack.models.gradient import first_order
from typoattack.models.pixels import drawn_input
from typoattack.models.text_cache import TextCache
from typoattack.recipes import Aim, SearchRecipe, parse_recipe
from typoattack.recipes.oracle import Probabilities, Slope, margins
from typoattack.results.schema import facts_of
from typoattack.runner.classify import Evaluator
from typoattack.runner.searching import AsksSlope
from typoattack.task import Task

CANVAS = photograph(96)
TASK = Task("object", ("cat", "dog", "lemon", "sofa"), ("a photo of a {}.",))


@pytest.fixture(scope="module")
def model(tiny_clip: Path) -> Model:
    return load_model(f"local-dir:{tiny_clip}", device="cpu")


@pytest.fixture
def evaluator(model: Model, tmp_path: Path) -> Evaluator:
    return Evaluator(model, model.classifier(TASK, TextCache(tmp_path)), 0, 64)


def test_a_small_change_has_the_effect_that_is_foretold(evaluator: Evaluator) -> None:
    model, classifier = evaluator.model, evaluator.classifier
    at = model.preprocess(CANVAS)
    torch.manual_seed(0)
    others = torch.stack([at + 0.02 * torch.randn_like(at) for _ in range(6)])

    class AsItIs:
        """The same model, given its input itself."""

        def __init__(self, inner: Model) -> None:
            self.preprocess = None
            self.module, self.logit_scale, self.name = inner.module, inner.logit_scale, "m"  # type: ignore[attr-defined]

    foretold = first_order(AsItIs(model), classifier, at, others, 1, "cpu")  # type: ignore[arg-type]

    def margin(batch: torch.Tensor) -> np.ndarray:
        logits = model.logit_scale * (model.encode_image(batch).numpy() @ classifier.weights.T)
        best = int(np.delete(logits[0], 1).argmax())
        other = best + (best >= 1)
        return logits[:, 1] - logits[:, other]

    there = margin(torch.cat([at[None], others]))
    largest = float(np.abs(foretold).max())
    assert largest > 1e-3
    assert foretold == pytest.approx(there[1:] - there[0], abs=0.1 * largest)


def test_the_gradient_guides_to_what_hurts_more_than_chance(evaluator: Evaluator) -> None:
    label = int(evaluator.ask([CANVAS])[0].argmax())

    def foretell(slope: Slope) -> Probabilities:
        at, *others = (
            drawn_input(evaluator.model.preprocess, one) for one in (slope.at, *slope.images)
        )
        asked = AsksSlope(at[None].numpy(), torch.stack(others).numpy(), slope.label)
        return evaluator.foretell(asked)

    ends = []
    for spec in ("guided(rounds=2, draws=16, ask=3)", "guided(rounds=2, draws=3, ask=3)"):
        recipe = parse_recipe(spec)
        assert isinstance(recipe, SearchRecipe)
        found = []
        for seed in range(8):
            search = recipe.search(CANVAS, "sofa", stream("guided", seed), Aim(label, 3))
            made = answered(search, evaluator.ask, foretell)
            found.append(made.facts["margin"])
            asked = margins(evaluator.ask([made.image]), label)[0]
            assert made.facts["margin"] == pytest.approx(asked, abs=1e-4)
        ends.append(np.mean(found))
    guided, chance = ends  # as many pictures asked about: of 16 the three that promise most, or 3
    assert guided < chance


def test_a_run_counts_queries_and_gradients_and_may_choose_another_word(
    tiny_clip: Path, photo_folder: Path, tmp_path: Path
) -> None:
    run = ta.run(
        "quick",
        recipes=["guided(rounds=2, draws=6, ask=2, among=['fish', 'dog'])"],
        controls=[],
        model=f"local-dir:{tiny_clip}",
        dataset=f"folder:{photo_folder}",
        canvas=96,
        out=tmp_path / "run",
    )
    rows = run.predictions[run.predictions["family"] == "attack"]
    facts = facts_of(rows["facts"])
    assert {(one["queries"], one["gradients"]) for one in facts} == {(5, 2)}
    assert set(rows["word"]) <= {"cat", "dog", "fish"}
    run.report()
    assert "white-box attack" in (run.path / "report.html").read_text("utf-8")


def test_a_model_without_weights_to_see_is_refused_in_words(
    photo_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="mini-blind gives no gradient"):
        ta.run(
            "quick",
            recipes=["guided"],
            controls=[],
            model="mini-blind",
            dataset=f"folder:{photo_folder}",
            limit=1,
            canvas=64,
            out=tmp_path / "run",
        )
