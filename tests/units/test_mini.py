"""The embedded model looked into: its reader's units read, and without them no word counts."""

from pathlib import Path

import numpy as np
import pytest
import torch

from typoattack.models.mini import load_mini, load_mini_blind
from typoattack.models.text_cache import TextCache
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.units.ablate import Cut, ablated
from typoattack.units.anatomy import Anatomy, anatomy
from typoattack.units.attacks import ask, attack_photographs, embeddings
from typoattack.units.cards import WordCards
from typoattack.units.layers import remembering
from typoattack.units.photographs import usable_photographs
from typoattack.units.recording import record
from typoattack.units.scores import text_scores


@pytest.fixture(scope="module")
def inside() -> Anatomy:
    return anatomy(load_mini())


def test_letter_pairs_that_the_words_share_are_text_units_and_absent_ones_are_none(
    inside: Anatomy, tmp_path: Path
) -> None:
    words = ("stone", "store", "stork", "storm", "stove", "stop")
    cards, layer = WordCards(words, fonts=("roboto",)), inside.layer("pairs")
    read = record(inside, [layer], cards.images(), 6, tmp_path / "read").values("pairs")
    blank = record(inside, [layer], cards.images(ink=False), 6, tmp_path / "blank").values("pairs")
    found = text_scores(read, blank, permutations=999)
    place = {layer.label(unit): unit for unit in range(layer.units)}
    assert found.score[place["st"]] > 0.8
    assert found.score[place["to"]] > 0.8
    for absent in ("^x", "xq", "jj"):
        assert found.score[place[absent]] == pytest.approx(0.5)


def test_without_its_letter_pairs_an_attacked_picture_is_answered_as_the_blank_one(
    inside: Anatomy, tmp_path: Path
) -> None:
    photographs = usable_photographs(open_dataset(DatasetSpec("bundled")), limit=4)
    attacks = attack_photographs(photographs, inside.model, "printed-label", tmp_path)
    question = ask(inside.model, photographs, TextCache(None))
    layer = inside.layer("pairs")
    blind = ablated(inside, [Cut(layer, tuple(range(layer.units)))])
    with remembering([layer.site]):
        whole = embeddings(inside.model, attacks, "attacked")
        without = embeddings(blind, attacks, "attacked")
    assert np.abs(whole[:, -layer.units :]).sum() > 0
    assert np.abs(without[:, -layer.units :]).sum() == 0
    # What is left depends on the objects and colours alone.
    left = whole.copy()
    left[:, -layer.units :] = 0
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    np.testing.assert_allclose(without, left, atol=1e-5)
    assert question.predicted(without).tolist() == question.predicted(left).tolist()


def test_the_inside_of_both_embeds_as_they_encode_but_with_gradients(inside: Anatomy) -> None:
    for opened, names in (
        (inside, ("objects", "pairs")),
        (anatomy(load_mini_blind()), ("objects",)),
    ):
        pixels = WordCards(("stone",), fonts=("roboto",)).draw("stone", "roboto")
        batch = opened.model.preprocess(pixels)[None].requires_grad_()
        whole = opened.embed(batch)
        encoded = opened.model.encode_image(batch.detach())
        np.testing.assert_array_equal(whole.detach().numpy(), encoded.numpy())
        (slope,) = torch.autograd.grad(whole.square().sum() + whole.sum(), batch)
        assert slope.abs().sum() > 0
        assert not encoded.requires_grad
        for name in names:
            heard = []
            with opened.layer(name).site.attach(lambda found, to=heard: to.append(found) or found):
                opened.embed(batch)
            assert heard[0].requires_grad
