"""Photographs under one recipe: clean, attacked, and with the attack's surface left blank."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.models.base import Model, Preprocess
from typoattack.models.pixels import TwoStep, drawn_input, model_input
from typoattack.models.text_cache import TextCache
from typoattack.models.zero_shot import ZeroShotClassifier
from typoattack.recipes import parse_any
from typoattack.runner.draw import Generator
from typoattack.runner.plan import shares_of
from typoattack.samples import DatasetSpec
from typoattack.suite import Attack, Suite, with_controls
from typoattack.units.finished import Mapped, memory_mapped
from typoattack.units.photographs import Photographs
from typoattack.units.recording import Told

KINDS = ("clean", "attacked", "blank")


@dataclass(frozen=True, slots=True)
class Attacks:
    """Photographs as the model's input under each of `KINDS`, mapped from files.

    Attributes:
        photographs: what was attacked; row `i` here is photograph `rows[i]`.
        rows: (n,).
        labels: (n,) true classes.
        words: what was written on each.
        recipe: as a string.
        inputs: (n, 3, s, s) by kind: 8-bit pixels where the model's preprocessing can stop there.
        preprocess: the model's.
        generator: draws the pictures again, for people.
        attack: the suite's line.
    """

    photographs: Photographs = field(repr=False)
    rows: tuple[int, ...]
    labels: NDArray[np.int64]
    words: tuple[str, ...]
    recipe: str
    inputs: dict[str, NDArray[Any]] = field(repr=False)
    preprocess: Preprocess = field(repr=False)
    generator: Generator = field(repr=False)
    attack: Attack = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def picture(self, row: int, kind: str) -> Image.Image:
        """The canvas picture of a row."""
        return _draw(self.generator, self.photographs, self.rows[row], self.attack)[kind]

    def batch(self, kind: str, rows: slice) -> torch.Tensor:
        """Some rows as the model takes them, float32."""
        drawn = torch.from_numpy(np.array(self.inputs[kind][rows]))
        return model_input(self.preprocess, drawn, "cpu")


def attack_photographs(
    photographs: Photographs,
    model: Model,
    recipe: str,
    folder: Path,
    *,
    words: str = "random",
    seed: int = 0,
    progress: Told | None = None,
) -> Attacks:
    """Draw `recipe` on every photograph, with the pixels that a run with this seed draws.

    Args:
        photographs: to attack.
        model: whose input is made.
        recipe: a recipe string.
        folder: where the inputs are kept; made if need be.
        words: the word source, unless the recipe has its own.
        seed: keys the words and the drawing.
        progress: called with (photographs done, photographs in all).

    Raises:
        UserError: for a recipe that is none, is a control or a search, or cannot draw its word.
    """
    attack = word_attack(recipe, words)
    write_attacks(photographs, model, attack, folder, seed=seed, progress=progress)
    return read_attacks(photographs, model, attack, folder, seed=seed)


_ROWS = "rows.json"


def write_attacks(
    photographs: Photographs,
    model: Model,
    attack: Attack,
    folder: Path,
    *,
    seed: int = 0,
    progress: Told | None = None,
) -> None:
    """The drawing of `attack_photographs`: what `read_attacks` reads."""
    generator = _generator(photographs, attack, seed)
    stores = _stores(folder, len(photographs), model)
    rows: list[int] = []
    written: list[str] = []
    for row in range(len(photographs)):
        word = generator.word(attack, photographs.sample(row), 0)
        if word is not None:
            pictures = _draw(generator, photographs, row, attack)
            for kind in KINDS:
                stores[kind][len(rows)] = drawn_input(model.preprocess, pictures[kind]).numpy()
            rows.append(row)
            written.append(word)
        if progress is not None:
            progress(row + 1, len(photographs))
    if not rows:
        raise UserError(
            f"recipe {attack.recipe}: the words {attack.words!r} leave no photograph to attack"
        )
    for store in stores.values():
        store.flush()
    write_whole(folder / _ROWS, json.dumps({"rows": rows, "words": written}).encode())


def read_attacks(
    photographs: Photographs, model: Model, attack: Attack, folder: Path, *, seed: int = 0
) -> Attacks:
    """What `write_attacks` drew, by the same arguments."""
    told = json.loads((folder / _ROWS).read_text("utf-8"))
    rows = tuple(told["rows"])
    inputs = {kind: np.load(folder / f"{kind}.npy", mmap_mode="r")[: len(rows)] for kind in KINDS}
    return Attacks(
        photographs,
        rows,
        photographs.labels[list(rows)],
        tuple(told["words"]),
        attack.label,
        inputs,
        model.preprocess,
        _generator(photographs, attack, seed),
        attack,
    )


def _stores(folder: Path, count: int, model: Model) -> dict[str, Mapped]:
    folder.mkdir(parents=True, exist_ok=True)
    shape = (count, 3, model.image_size, model.image_size)
    dtype = np.uint8 if isinstance(model.preprocess, TwoStep) else np.float32
    return {kind: memory_mapped(folder / f"{kind}.npy", shape, dtype) for kind in KINDS}


def word_attack(recipe: str, words: str = "random") -> Attack:
    """The suite's line for a recipe string.

    Raises:
        UserError: for a recipe that is none, is a control or a search, or has no word.
    """
    made = parse_any(recipe)
    attack = Attack(made, made.words or words, str(made))
    if attack.drawn is None or attack.control:
        raise UserError(f"recipe {made}: units are studied under an attack that draws a word")
    return attack


def _generator(photographs: Photographs, attack: Attack, seed: int) -> Generator:
    suite = Suite(
        name="units",
        question="which units flip this?",
        dataset=DatasetSpec(photographs.dataset.name),
        models=(),
        attacks=(attack,),
        words=attack.words,
        seed=seed,
        canvas=photographs.canvas,
    )
    return Generator(suite, photographs.class_names, shares=shares_of(suite, photographs.dataset))


def _draw(
    generator: Generator, photographs: Photographs, row: int, attack: Attack
) -> dict[str, Image.Image]:
    """The three pictures of a photograph."""
    sample = photographs.sample(row)
    canvas = generator.canvas(sample)
    lines = with_controls(attack.recipe, attack.words, attack.words, ["blank"])
    drawn = [generator.draw(sample, canvas, line, 0) for line in lines]
    images = [one.image if one is not None else canvas for one in drawn]
    return dict(zip(KINDS, [canvas, *images], strict=True))


@dataclass(frozen=True, slots=True)
class ModelQuestion:
    """The zero-shot question, its text encoded once for the whole model.

    Attributes:
        classifier: of the whole model; switching off units of the picture tower leaves it be.
        scale: what multiplies a cosine before the softmax.
    """

    classifier: ZeroShotClassifier
    scale: float

    def predicted(self, embeddings: NDArray[np.float32]) -> NDArray[np.int64]:
        """(n, d) to (n,) classes."""
        return self.classifier.scores(embeddings).predicted

    def toward(self, word: str, label: int) -> torch.Tensor:
        """(d,): word against true class, times the logit scale; see `attribute.Flip`."""
        lead = self.classifier.word_features([word])[0] - self.classifier.weights[label]
        return torch.from_numpy(lead * np.float32(self.scale))


def ask(model: Model, photographs: Photographs, cache: TextCache) -> ModelQuestion:
    """The question that the data set asks, put to `model`."""
    classifier = ZeroShotClassifier(model, photographs.dataset.task, cache)
    return ModelQuestion(classifier, model.logit_scale)


def embeddings(
    model: Model, attacks: Attacks, kind: str, batch_size: int = 32
) -> NDArray[np.float32]:
    """(n, d) of the attacks' pictures of one kind."""
    parts = [
        model.encode_image(attacks.batch(kind, slice(start, start + batch_size)))
        for start in range(0, len(attacks), batch_size)
    ]
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)
