"""The reading sense and the joint space: what is read, what is not, and what colour the ink is."""

import pickle

import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.conftest import noise
from typoattack.drawing.canvas import square_canvas
from typoattack.drawing.colours import BASIC
from typoattack.drawing.fonts import families
from typoattack.models.mini import Mini, load_mini
from typoattack.models.mini.colours import COLOURS, ink_colours, named_colour
from typoattack.models.mini.corpus import heldout_words
from typoattack.models.mini.model import WEIGHTS
from typoattack.models.mini.spelling import pairs_of, rarity, spelling, words_of
from typoattack.samples import DatasetSpec, open_dataset


@pytest.fixture(scope="module")
def model() -> Mini:
    return load_mini()


def card(
    text: str,
    font: str = "roboto",
    ink: tuple[int, int, int] = (0, 0, 0),
    ground: tuple[int, int, int] = (255, 255, 255),
) -> Image.Image:
    """`text` in the middle of a plain 448 x 448 card."""
    made = Image.new("RGB", (448, 448), ground)
    letters = families()[font].face(bold=True).at(60)
    ImageDraw.Draw(made).text((224, 224), text, ink, letters, anchor="mm")
    return made


def read(model: Mini, *cards: Image.Image) -> torch.Tensor:
    return model.read(torch.stack([model.preprocess(c) for c in cards]))


def nearest(model: Mini, picture: Image.Image, texts: list[str]) -> str:
    image = model.encode_image(model.preprocess(picture)[None])
    return texts[int((image @ model.encode_text(texts).T).argmax())]


@pytest.mark.parametrize("font", ["roboto", "libre-baskerville", "patrick-hand"])
def test_words_it_never_saw_in_fonts_it_never_saw_are_read_among_1000(
    model: Mini, font: str
) -> None:
    candidates = heldout_words()
    shown = [word for word in candidates if len(word) <= 10][:8]
    right = sum(nearest(model, card(word, font), candidates) == word for word in shown)
    assert right >= 6


def test_any_string_can_be_read_not_only_class_names(model: Mini) -> None:
    texts = ["iPod", "laptop", "zorblat", "television"]
    assert nearest(model, card("iPod"), texts) == "iPod"
    assert nearest(model, card("zorblat"), texts) == "zorblat"


def test_the_letters_read_are_those_that_stand_there(model: Mini) -> None:
    (row,) = read(model, card("tiger"))
    strongest = row.argsort(descending=True)[:12].tolist()
    assert set(pairs_of("tiger")) <= set(strongest)


def test_nothing_is_read_where_nothing_is_written(model: Mini) -> None:
    blank = Image.new("RGB", (448, 448), (200, 200, 200))
    shaded = Image.linear_gradient("L").resize((448, 448)).convert("RGB")
    assert read(model, blank, shaded, noise(3, 448, 448)).norm(dim=1).max() < 0.3


def test_photographs_are_hardly_read(model: Mini) -> None:
    data = open_dataset(DatasetSpec("bundled"))
    canvases = [square_canvas(data[index].image, 448) for index in range(0, len(data), 2)]
    assert read(model, *canvases).norm(dim=1).median() < 0.2


def test_a_word_on_a_photograph_pulls_it_towards_its_text(model: Mini) -> None:
    data = open_dataset(DatasetSpec("bundled"))
    clean = square_canvas(data[0].image, 448)
    attacked = clean.copy()
    attacked.paste(card("pizza").crop((100, 180, 348, 268)), (20, 20))
    pictures = torch.stack([model.preprocess(p) for p in (clean, attacked)])
    text = model.encode_text(["a photo of a pizza."])
    before, after = (model.encode_image(pictures) @ text.T).flatten().tolist()
    assert after > before + 0.2


def test_embeddings_are_deterministic_unit_vectors_in_one_space(model: Mini) -> None:
    batch = torch.stack([model.preprocess(card(w)) for w in ("cat", "dog")])
    first, again = model.encode_image(batch), load_mini().encode_image(batch)
    texts = model.encode_text(["a photo of a cat.", "$$$", "", "in red ink", "blorp"])
    assert torch.equal(first, again)
    assert first.shape[1] == texts.shape[1]
    assert first.dtype == texts.dtype == torch.float32
    torch.testing.assert_close(first.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(texts.norm(dim=1), torch.ones(5))


def test_the_fingerprint_is_stable_and_changes_with_the_weights(
    model: Mini, tmp_path_factory: pytest.TempPathFactory
) -> None:
    changed = safetensors.torch.load_file(WEIGHTS)
    changed["head.bias"] = changed["head.bias"] + 1
    other = tmp_path_factory.mktemp("weights") / "other.safetensors"
    safetensors.torch.save_file(changed, other)
    assert load_mini().fingerprint == model.fingerprint
    assert Mini(weights=other).fingerprint != model.fingerprint


def test_the_weights_are_small_safetensors_and_preprocessing_pickles(model: Mini) -> None:
    assert WEIGHTS.suffix == ".safetensors"
    assert WEIGHTS.stat().st_size <= 5_000_000
    again = pickle.loads(pickle.dumps(model.preprocess))
    canvas = noise(5, 448, 448)
    assert torch.equal(again(canvas), model.preprocess(canvas))
    assert model.preprocess(canvas).shape == (3, model.image_size, model.image_size)


@pytest.mark.parametrize("ink", COLOURS)
def test_the_colour_of_ink_on_a_plain_ground_is_named(ink: str) -> None:
    for ground in ("white", "black"):
        if ground != ink:
            picture = card("XXXX", "roboto", BASIC[ink], BASIC[ground])
            pixels = torch.tensor(list(picture.convert("RGB").tobytes())).reshape(448, 448, 3)
            shares = ink_colours(pixels.permute(2, 0, 1)[None] / 255)
            assert COLOURS[int(shares.argmax())] == ink


def test_a_word_in_another_colour_is_reported_instead_of_the_ink(model: Mini) -> None:
    texts = [f"The letters are written in {name} ink." for name in COLOURS]
    picture = card("green", "roboto", BASIC["red"])
    assert "green" in nearest(model, picture, texts)
    blot = Image.new("RGB", (448, 448), (255, 255, 255))
    ImageDraw.Draw(blot).ellipse((120, 150, 330, 300), fill=BASIC["red"])
    assert "red" in nearest(model, blot, texts)


@pytest.mark.parametrize(
    ("sentence", "colour"),
    [
        ("The colour of the ink is orange.", "orange"),
        ("a photo of a orange.", ""),
        ("a gray card", "grey"),
        ("a photo of a bluebird", ""),
        ("a black and white photo of the zorb.", ""),
        ("a black and white photo of the red.", "red"),
    ],
)
def test_an_orange_is_a_fruit_unless_the_sentence_speaks_of_ink(sentence: str, colour: str) -> None:
    assert named_colour(sentence) == colour


def test_the_fruit_keeps_its_meaning_beside_the_colour(model: Mini) -> None:
    fruit, ink = model.encode_text(["a photo of a orange.", "written in orange ink"])
    assert fruit[:1280].norm() > 0.5
    assert ink[:1280].norm() == 0


def test_a_templates_words_hardly_count() -> None:
    says = rarity(["photo", "cat", "dog", "house"])
    plain, wrapped = spelling("cat", "cat", says), spelling("a photo of a cat.", "cat", says)
    assert float(plain @ wrapped) > 0.95


@given(st.text(max_size=40))
def test_any_text_has_a_spelling_of_length_one_or_none(text: str) -> None:
    length = float(spelling(text, "", torch.ones(729)).norm())
    assert length == pytest.approx(1.0, abs=1e-5) if words_of(text) else length == 0.0


@given(st.from_regex(r"[a-z]{1,20}", fullmatch=True))
def test_case_and_accents_do_not_change_a_words_pairs(word: str) -> None:
    assert words_of(word.upper()) == [word]
    assert len(pairs_of(word)) == len(word) + 1
    assert words_of("Café") == ["cafe"]
