"""From a sample to its attacked pictures: the same suite gives the same pixels anywhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import xxhash
from PIL import Image

from typoattack.core.errors import BrokenImage, UserError
from typoattack.core.randomness import Rng, stream
from typoattack.drawing.canvas import square_canvas
from typoattack.recipes import Attacked, Oracle, Recipe, RecipeBase
from typoattack.recipes.base import attacked
from typoattack.recipes.oracle import Probabilities
from typoattack.samples.base import Sample
from typoattack.suite import Attack, Suite
from typoattack.words import Neighbours, Situation, parse_words


@dataclass(frozen=True, slots=True)
class Drawn:
    """One attacked picture of a sample.

    Attributes:
        attack: the suite's line it belongs to.
        replicate: which of the suite's words and draws.
        attacked: the picture and what was done to it.
    """

    attack: Attack
    replicate: int
    attacked: Attacked


@dataclass(frozen=True, slots=True)
class Generator:
    """Draws a suite's attacks.

    Every stream is that of `drawing_stream`, so a picture does not depend on what else is drawn,
    in which order, or by whom.

    Attributes:
        suite: recipes, words, seed and canvas.
        class_names: what words are chosen from.
        neighbours: where a word source asks for near or far classes.
    """

    suite: Suite
    class_names: tuple[str, ...]
    neighbours: Neighbours | None = None

    def canvas(self, sample: Sample) -> Image.Image:
        """The sample's photograph on the suite's square canvas; raises `BrokenImage`."""
        return square_canvas(sample.image, self.suite.canvas)

    def word(self, attack: Attack, sample: Sample, replicate: int) -> str | None:
        """The target word, or None where the source has none for this sample."""
        situation = Situation(
            label=sample.label,
            class_names=self.class_names,
            replicate=replicate,
            rng=stream(self.suite.seed, sample.id, "word"),
            neighbours=self.neighbours,
        )
        return parse_words(attack.words)(situation)

    def draw(
        self, sample: Sample, canvas: Image.Image, attack: Attack, replicate: int
    ) -> Attacked | None:
        """One attacked picture, or None where there is none for this sample.

        Raises:
            UserError: if the recipe cannot draw the word, or breaks.
        """
        if attack.given:
            return draw_given(sample, canvas, attack.given, replicate)
        word = self.word(attack, sample, replicate)
        if word is None or attack.drawn is None:
            return None
        return draw_word(self.suite.seed, sample.id, canvas, attack.drawn, word, replicate)

    def search(
        self,
        sample: Sample,
        canvas: Image.Image,
        attack: Attack,
        replicate: int,
        ask: Callable[[Sequence[Image.Image]], Probabilities],
        class_index: Callable[[str], int],
    ) -> Attacked | None:
        """One picture that a search finds by asking a model, or None where there is no word.

        Args:
            sample: the photograph.
            canvas: its clean picture.
            attack: one whose recipe is a search.
            replicate: which of the suite's words and draws.
            ask: canvas pictures to class probabilities (n, n_classes).
            class_index: the class called so, or -1.

        Raises:
            UserError: if the recipe cannot draw the word, or breaks.
        """
        word = self.word(attack, sample, replicate)
        if word is None or attack.search is None:
            return None
        oracle = Oracle(ask, sample.label, class_index(word))
        rng = drawing_stream(self.suite.seed, sample.id, attack.recipe, replicate)
        with _said_with(attack.recipe, sample.id, word):
            made = attack.search.search(canvas, word, rng, oracle)
        return replace(made, facts={**made.facts, "queries": oracle.queries})

    def draw_all(self, sample: Sample, canvas: Image.Image) -> Iterator[Drawn]:
        """Every attack of the suite on one canvas, but for searches, which ask a model."""
        for attack in self.suite.attacks:
            if attack.search is not None:
                continue
            for replicate in range(self.suite.replicates):
                made = self.draw(sample, canvas, attack, replicate)
                if made is not None:
                    yield Drawn(attack, replicate, made)


@dataclass(frozen=True, slots=True)
class DrawnSample:
    """A photograph, decoded, and every attack of a suite on it.

    Attributes:
        sample: the photograph.
        canvas: its clean picture; None if it is broken.
        drawn: the attacked pictures, in the order of the suite.
        broken: why it cannot be used; empty if it can.
    """

    sample: Sample
    canvas: Image.Image | None
    drawn: tuple[Drawn, ...] = ()
    broken: str = ""


def draw_sample(generator: Generator, sample: Sample) -> DrawnSample:
    """Decode a photograph and draw every attack on it; a broken one is said to be so.

    Raises:
        UserError: if a recipe cannot draw its word, or breaks.
        RunFailure: if the photograph cannot be read any more.
    """
    try:
        canvas = generator.canvas(sample)
        return DrawnSample(sample, canvas, tuple(generator.draw_all(sample, canvas)))
    except BrokenImage as error:
        return DrawnSample(sample, None, broken=str(error) or "cannot be decoded")


def drawing_stream(seed: int, sample_id: str, recipe: RecipeBase, replicate: int = 0) -> Rng:
    """The random stream of one drawing: the only place that says what it is keyed by.

    Args:
        seed: the suite's.
        sample_id: the photograph's.
        recipe: what draws; a control has the stream of its attack.
        replicate: which of the suite's words and draws.
    """
    return stream(seed, sample_id, recipe.stream_key, replicate)


def draw_word(
    seed: int,
    sample_id: str,
    canvas: Image.Image,
    recipe: Recipe,
    word: str,
    replicate: int = 0,
) -> Attacked:
    """What `recipe` makes of a word on a photograph's canvas in a suite with this seed.

    Raises:
        UserError: if the recipe cannot draw the word, or breaks.
    """
    with _said_with(recipe, sample_id, word):
        return recipe(canvas, word, drawing_stream(seed, sample_id, recipe, replicate))


def draw_given(sample: Sample, canvas: Image.Image, kind: str, replicate: int) -> Attacked | None:
    """The sample's own attacked picture of a kind, or None if it has not so many."""
    variants = [variant for variant in sample.variants if variant.kind == kind]
    if replicate >= len(variants):
        return None
    image = square_canvas(variants[replicate].load(), canvas.width)
    word = variants[replicate].word
    return attacked(canvas, image, word=word, written=word, size=0.0)


@contextmanager
def _said_with(recipe: RecipeBase, sample_id: str, word: str) -> Iterator[None]:
    """Errors of a recipe, said with what it was drawing."""
    try:
        yield
    except (UserError, BrokenImage) as error:
        raise UserError(f"recipe {recipe} on sample {sample_id!r}: {error}") from None
    except Exception as error:
        raise UserError(
            f"recipe {recipe} broke on sample {sample_id!r} with the word {word!r}: "
            f"{type(error).__name__}: {error}; `typoattack check` may tell why"
        ) from error


def pixel_fingerprint(image: Image.Image) -> str:
    """A hash of an RGB picture's pixels, the same on every machine."""
    return xxhash.xxh3_128_hexdigest(image.tobytes())
