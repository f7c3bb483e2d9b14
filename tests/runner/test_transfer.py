"""Transfer: a weakness that models share crosses over, one of its own does not."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import Rng
from typoattack.metrics.transfer import transfer_matrix
from typoattack.models.base import Lineage
from typoattack.models.zero_shot import ZeroShotModel
from typoattack.recipes import Attacked, Recipe
from typoattack.recipes.base import attacked
from typoattack.runner.transfer import PLACES, UNSEARCHED, Search, transfer
from typoattack.samples.base import Sample
from typoattack.task import Task

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
WORDS = ("plain", "shared", "own", "dull")
SIDE = 32


class Photographs:
    """Photographs of one colour a class."""

    name, fingerprint, licence, variant_kinds = "made", "made", "", frozenset()
    task = Task("object", ("red", "green", "blue"), ("{}",))

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        colour = COLOURS[index % 3]
        return Sample(f"s{index:03d}", lambda: Image.new("RGB", (SIDE, SIDE), colour), index % 3)


@dataclass(frozen=True, repr=False)
class Spot(Recipe):
    """A grey pixel block whose shade is the word's place in `WORDS`, at a place."""

    place: str = "top-left"

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        image = canvas.copy()
        shade = 40 + 10 * (WORDS.index(word) if word in WORDS else 0)
        row, column = divmod(PLACES.index(self.place), 3)
        at = (2 + 10 * column, 2 + 10 * row)
        image.paste((shade, shade, shade), (*at, at[0] + 6, at[1] + 6))
        return attacked(canvas, image, word=word, written=word, size=0.1)


@dataclass
class Seeing(ZeroShotModel):
    """Sees the colour of the corner pixel, and errs where it finds a shade it is weak to."""

    called: str
    weak: tuple[int, ...]
    cells: tuple[int, ...] = tuple(range(9))
    image_size: int = SIDE
    logit_scale: float = 10.0
    lineage: Lineage = field(init=False)
    asked: int = 0

    def __post_init__(self) -> None:
        self.lineage = Lineage(self.called)
        self.fingerprint = self.called

    def preprocess(self, canvas: Image.Image) -> torch.Tensor:
        return torch.from_numpy(np.array(canvas)).permute(2, 0, 1).float()

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        self.asked += len(batch)
        made = torch.zeros(len(batch), 3)
        for n, picture in enumerate(batch):
            colour = int(picture[:, 0, 0].argmax())
            cells = [picture[0, 5 + 10 * (c // 3), 5 + 10 * (c % 3)] for c in self.cells]
            greys = [picture[:, 5 + 10 * (c // 3), 5 + 10 * (c % 3)].std() for c in self.cells]
            hit = any(
                int(shade) in self.weak and spread == 0
                for shade, spread in zip(cells, greys, strict=True)
            )
            made[n, (colour + hit) % 3] = 1
        return made

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        return torch.eye(3)[[("red", "green", "blue").index(text) for text in texts]]


def shade(word: str) -> int:
    return 40 + 10 * WORDS.index(word)


def rates(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {pair: one.value for pair, one in transfer_matrix(rows).flips.items()}


def test_a_planted_word_that_models_share_is_found_and_transfers() -> None:
    models = [Seeing(name, (shade("shared"),)) for name in ("a", "b")]
    rows = transfer(models, Photographs(24), Search("words", Spot(), WORDS, canvas=SIDE))  # type: ignore[arg-type]
    assert set(rows[rows["source"] != UNSEARCHED]["found"]) == {"shared"}
    found = rates(rows)
    assert [found[s, v] for s in ("a", "b") for v in ("a", "b")] == [1, 1, 1, 1]
    assert 0 < found[UNSEARCHED, "a"] < 0.7


def test_a_word_of_one_models_own_stays_with_it() -> None:
    models = [Seeing("a", (shade("shared"),)), Seeing("b", (shade("own"),))]
    rows = transfer(models, Photographs(24), Search("words", Spot(), WORDS, canvas=SIDE))  # type: ignore[arg-type]
    found = transfer_matrix(rows)
    assert (found.own, found.others) == (1.0, 0.0)
    assert found.gap.value == 1.0
    assert found.gap.clusters == 3
    assert dict(rows.groupby("source")["found"].first()) | {UNSEARCHED: ""} == {
        "a": "shared",
        "b": "own",
        UNSEARCHED: "",
    }


def test_a_place_is_found_and_tried_on_photographs_that_were_held_out() -> None:
    every = tuple(shade(word) for word in WORDS)
    models = [Seeing("a", every, cells=(2,)), Seeing("b", every, cells=(2, 6))]
    data = Photographs(24)
    rows = transfer(models, data, Search("places", Spot(), canvas=SIDE))  # type: ignore[arg-type]
    assert rates(rows)["a", "b"] == 1.0
    assert set(rows[rows["source"] == "a"]["found"]) == {PLACES[2]}
    held = set(rows["sample"])
    assert len(held) == 12
    assert {label: len(set(part["sample"])) for label, part in rows.groupby("label")} == {
        0: 4, 1: 4, 2: 4,
    }  # fmt: skip


def test_a_picture_is_found_photograph_by_photograph() -> None:
    @dataclass(frozen=True, repr=False)
    class Lot(Spot):
        def __call__(
            self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True
        ) -> Attacked:
            return Spot.__call__(self, canvas, WORDS[int(rng.integers(4))], rng)

    models = [Seeing("a", (shade("own"),)), Seeing("b", (shade("own"), shade("dull")))]
    rows = transfer(models, Photographs(24), Search("pictures", Lot(), draws=12, canvas=SIDE))  # type: ignore[arg-type]
    found = rates(rows)
    assert found["a", "a"] > 0.9
    assert found["a", "b"] == found["a", "a"]  # b is weak to all that a is
    assert found["b", "a"] < found["a", "a"]
    assert found[UNSEARCHED, "a"] < found["a", "a"]


def test_what_was_found_on_a_model_itself_works_at_least_as_well_on_average() -> None:
    rng = np.random.default_rng(0)
    for trial in range(6):
        weak = [tuple(shade(w) for w in WORDS if rng.random() < 0.5) for _ in range(3)]
        models = [Seeing(f"m{n}", one) for n, one in enumerate(weak)]
        search = Search("words", Spot(), WORDS, seed=trial, canvas=SIDE)
        found = transfer_matrix(transfer(models, Photographs(12), search))  # type: ignore[arg-type]
        assert found.own >= found.others


def test_the_same_seed_finds_the_same_and_rows_say_what_counts() -> None:
    models = [Seeing("a", (shade("shared"),)), Seeing("b", ())]
    search = Search("words", Spot(), WORDS, canvas=SIDE)
    first, again = (transfer(models, Photographs(12), search) for _ in range(2))  # type: ignore[arg-type]
    assert first.equals(again)
    assert not first.loc[~first["right"].astype(bool), "flipped"].any()


@pytest.mark.parametrize(
    ("models", "count", "search", "told"),
    [
        (["a"], 12, Search("words", Spot(), WORDS, canvas=SIDE), "at least two models"),
        (["a", "b"], 3, Search("words", Spot(), WORDS, canvas=SIDE), "four photographs at least"),
    ],
)
def test_what_cannot_be_told_is_refused(
    models: list[str], count: int, search: Search, told: str
) -> None:
    with pytest.raises(UserError, match=told):
        transfer([Seeing(name, ()) for name in models], Photographs(count), search)  # type: ignore[arg-type]


def test_a_search_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(UserError, match="choose words, places, pictures"):
        Search("fonts", Spot())
    with pytest.raises(UserError, match="vocabulary of two"):
        Search("words", Spot(), ["one", "one"])
