"""Switching off: the planted unit's effect goes with it, and nothing else changes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.units.conftest import DECOY, RECIPE, RED, TEXT, Planted
from typoattack.core.errors import UserError
from typoattack.factory import parse_wrapper
from typoattack.models.text_cache import TextCache
from typoattack.units.ablate import AblatedModel, Cut, Ranked, ablated
from typoattack.units.attacks import Attacks, ModelQuestion, ask, attack_photographs, embeddings
from typoattack.units.attribute import Flip, contributions
from typoattack.units.curve import Experiment, curve, curve_frame, steps


@pytest.fixture(scope="module")
def attacks(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Attacks:
    folder = tmp_path_factory.mktemp("attacks")
    return attack_photographs(
        planted.photographs, planted.inside.model, RECIPE, folder, words="fixed:red"
    )


@pytest.fixture(scope="module")
def question(planted: Planted) -> ModelQuestion:
    return ask(planted.inside.model, planted.photographs, TextCache(None))


def batch(planted: Planted, rows: int = 4) -> torch.Tensor:
    images = [planted.photographs.image(row) for row in range(rows)]
    return torch.stack([planted.inside.model.preprocess(image) for image in images])


def test_an_ablated_unit_says_nothing_and_the_others_what_they_said(planted: Planted) -> None:
    layer = planted.inside.layer("mlp.0")
    heard: list[torch.Tensor] = []

    def keep(found: torch.Tensor) -> torch.Tensor:
        heard.append(found.clone())
        return found

    model = ablated(planted.inside, [Cut(layer, (RED, 3))])
    pictures = batch(planted)
    with layer.site.attach(keep):
        planted.inside.model.encode_image(pictures)
    with torch.no_grad():
        seen = planted.inside.model.encode_image(pictures)
        without = model.encode_image(pictures)

        def by_hand(_: torch.Tensor) -> torch.Tensor:
            expected = heard[0].clone()
            expected[:, :, [RED, 3]] = 0
            return expected

        with layer.site.attach(by_hand):
            assert torch.equal(planted.inside.model.encode_image(pictures), without)
    assert torch.equal(planted.inside.model.encode_image(pictures), seen)


def test_the_ablated_model_is_another_model_with_the_same_words(planted: Planted) -> None:
    layer = planted.inside.layer("mlp.0")
    one, two = (ablated(planted.inside, [Cut(layer, units)]) for units in ((RED,), (TEXT,)))
    base = planted.inside.model
    assert len({base.fingerprint, one.fingerprint, two.fingerprint}) == 3
    assert one.name == f"{base.name} without 1 unit (zero)"
    assert torch.equal(one.encode_text(["red"]), base.encode_text(["red"]))


def test_mean_ablation_puts_the_reference_mean_in_place(planted: Planted) -> None:
    layer = planted.inside.layer("mlp.0")
    references = list(planted.photographs.images())
    model = ablated(planted.inside, [Cut(layer, (DECOY,))], "mean", references)
    said: list[torch.Tensor] = []

    def keep(found: torch.Tensor) -> torch.Tensor:
        said.append(found[:, :, DECOY].clone())
        return found

    with layer.site.attach(keep):
        for image in references:
            planted.inside.model.encode_image(planted.inside.model.preprocess(image)[None])
    mean = torch.cat(said).mean(dim=0)
    said.clear()
    # The edit attached last hears what the model's own edit made of the field.
    inner = model._edit(Cut(layer, (DECOY,)), batch(planted))
    with layer.site.attach(inner), layer.site.attach(keep):
        planted.inside.model.encode_image(batch(planted))
    torch.testing.assert_close(said[0], mean.expand_as(said[0]))


def test_resampling_depends_on_the_picture_and_on_no_order(planted: Planted) -> None:
    layer = planted.inside.layer("mlp.0")
    references = list(planted.photographs.images())
    model = ablated(planted.inside, [Cut(layer, (RED, DECOY))], "resample", references)
    pictures = batch(planted, 6)
    together = model.encode_image(pictures)
    alone = torch.cat([model.encode_image(picture[None]) for picture in reversed(pictures)])
    torch.testing.assert_close(together, alone.flip(0), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(together, planted.inside.model.encode_image(pictures), atol=1e-3)


def test_without_the_planted_unit_the_attack_is_undone(
    planted: Planted, attacks: Attacks, question: ModelQuestion
) -> None:
    layer = planted.inside.layer("mlp.0")
    units = [RED, *(u for u in range(layer.units) if u != RED)]
    ranked = Ranked((layer,), tuple((0, unit) for unit in units))
    points = curve(Experiment(planted.inside, attacks, question), ranked, [0, 1], repeats=2)
    whole, without, *randoms = points
    assert whole.flip_rate.value == whole.targeted_success.value == 1.0
    assert whole.blank_flip_rate.value == 0.0
    assert (without.flip_rate.value, without.accuracy_clean.value) == (0.0, 1.0)
    assert without.flip_rate.high < whole.flip_rate.low
    assert [point.flip_rate.value for point in randoms] == [1.0, 1.0]
    frame = curve_frame(points)
    assert frame["removed"].tolist() == [0, 1, 0, 1]
    assert frame["flip_rate_n"].tolist() == [12] * 4


def test_the_steps_of_a_curve_hold_the_ends_and_what_was_found() -> None:
    assert steps(20, 5) == [0, 1, 2, 4, 5, 8, 16, 20]
    assert steps(1, 0) == [0, 1]


def test_the_planted_unit_is_named_as_the_one_that_flipped(
    planted: Planted, attacks: Attacks, question: ModelQuestion
) -> None:
    layer = planted.inside.layer("mlp.0")
    one = slice(0, 1)
    flip = Flip(
        attacks.batch("clean", one)[0],
        attacks.batch("attacked", one)[0],
        question.toward("red", int(attacks.labels[0])),
    )
    found = contributions(planted.inside, [layer], flip, check=3)
    assert found[0].unit == RED
    assert found[0].attacked > found[0].clean + 1
    assert found[0].estimated > 10 * abs(found[1].estimated)
    assert found[0].measured == pytest.approx(found[0].estimated, rel=0.5)
    # Nearly all of the change of the logit difference goes through this one unit.
    rows = [embeddings(planted.inside.model, attacks, kind)[0] for kind in ("clean", "attacked")]
    before, after = (float(row @ flip.toward.numpy()) for row in rows)
    assert found[0].measured == pytest.approx(after - before, rel=0.35)
    assert np.isnan(found[3].measured)


def test_contributions_of_the_last_layer_add_up(
    planted: Planted, attacks: Attacks, question: ModelQuestion
) -> None:
    layer = planted.inside.layer("residual.1")
    one = slice(7, 8)
    flip = Flip(
        attacks.batch("clean", one)[0],
        attacks.batch("attacked", one)[0],
        question.toward("red", int(attacks.labels[7])),
    )
    total = sum(c.estimated for c in contributions(planted.inside, [layer], flip, check=0))
    rows = [embeddings(planted.inside.model, attacks, kind)[7] for kind in ("clean", "attacked")]
    before, after = (float(row @ flip.toward.numpy()) for row in rows)
    assert total == pytest.approx(after - before, rel=0.1)


def test_units_that_are_not_there_and_ways_that_are_none_are_refused(planted: Planted) -> None:
    layer = planted.inside.layer("mlp.0")
    with pytest.raises(UserError, match="has the units 0 to 127, not 128"):
        Cut(layer, (128,))
    with pytest.raises(UserError, match="use one of zero, mean, resample"):
        ablated(planted.inside, [Cut(layer, (1,))], "median")
    with pytest.raises(UserError, match="need reference pictures; there are none"):
        ablated(planted.inside, [Cut(layer, (1,))], "mean")
    with pytest.raises(UserError, match="needs reference pictures"):
        AblatedModel(planted.inside, [Cut(layer, (1,))], "mean")


def test_an_attack_without_a_word_cannot_be_studied(planted: Planted, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="under an attack that draws a word"):
        attack_photographs(planted.photographs, planted.inside.model, "blank-label", tmp_path)


def test_the_defence_takes_the_units_of_a_study_or_of_a_list(
    planted: Planted, tmp_path: Path
) -> None:
    table = tmp_path / "units.csv"
    table.write_text(
        "layer,unit,kind,score,q\n"
        f"mlp.0,{DECOY},multimodal,1.0,0.001\n"
        f"mlp.0,{TEXT},text,0.9,0.001\n"
        f"mlp.0,{RED},text,0.95,0.001\n"
        "mlp.0,1,text,0.6,0.5\n"
    )
    model, pictures = planted.inside.model, batch(planted)
    for text, units in (
        (f'ablate-units(layer="mlp.0", units=({RED}, {TEXT}))', (RED, TEXT)),
        (f'ablate-units(scores="{table}")', (RED, TEXT)),
        (f'ablate-units(scores="{table}", count=1)', (RED,)),
    ):
        defended = parse_wrapper(text).wrap(model)
        assert defended.name == f"{model.name} + {parse_wrapper(text)}"
        expected = ablated(planted.inside, [Cut(planted.inside.layer("mlp.0"), units)])
        assert torch.equal(defended.encode_image(pictures), expected.encode_image(pictures))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ablate-units()", "give scores"),
        ('ablate-units(layer="mlp.0")', "name at least one unit"),
        ('ablate-units(layer="nonsense", units=(1,))', "no layer 'nonsense'"),
        ('ablate-units(scores="nowhere.csv")', "is no units.csv"),
    ],
)
def test_the_defence_says_what_it_lacks(planted: Planted, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_wrapper(text).wrap(planted.inside.model)
