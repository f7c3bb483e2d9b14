"""From a sample to its attacked pictures: the same suite gives the same pixels anywhere."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import xxhash
from PIL import Image

from typoattack.core.errors import BrokenImage, UserError
from typoattack.core.randomness import Rng, stream
from typoattack.drawing.canvas import square_canvas
from typoattack.drawing.finish import reread
from typoattack.recipes import Attacked, Recipe, RecipeBase
from typoattack.recipes.base import attacked, checked
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
        shares: by a sample's id, where a word source gives no two samples the same word.
    """

    suite: Suite
    class_names: tuple[str, ...]
    neighbours: Neighbours | None = None
    shares: Mapping[str, Sequence[int]] = field(default_factory=dict)

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
            share=self.shares.get(sample.id, ()),
        )
        return parse_words(attack.words)(situation)

    def draw(
        self, sample: Sample, canvas: Image.Image, attack: Attack, replicate: int
    ) -> Attacked | None:
        """One attacked picture, or None where there is none for this sample.

        Raises:
            UserError: if the recipe cannot draw the word, or breaks.
        """
        word = None if attack.given else self.word(attack, sample, replicate)
        return self._draw(sample, canvas, attack, replicate, word)

    def _draw(
        self,
        sample: Sample,
        canvas: Image.Image,
        attack: Attack,
        replicate: int,
        word: str | None,
    ) -> Attacked | None:
        """The same, the word chosen."""
        if attack.given:
            return draw_given(sample, canvas, attack.given, replicate)
        if word is None or attack.drawn is None:
            return None
        return draw_word(
            self.suite.seed, sample.id, canvas, attack.drawn, word, replicate, sample.load
        )

    def pictures_of(self, sample: Sample) -> list[tuple[Attack, int]]:
        """The attacked pictures that there are of a sample, as (attack, replicate).

        Searches, which ask a model, are left out; so is what has no word, or comes with the data
        set and has fewer pictures.
        """
        given = Counter(variant.kind for variant in sample.variants)
        words: dict[tuple[str, int], bool] = {}
        found = []
        for attack in self.suite.attacks:
            for replicate in range(self.suite.replicates):
                if attack.given:
                    there = replicate < given[attack.given]
                elif attack.drawn is not None:
                    key = attack.words, replicate
                    if key not in words:
                        words[key] = self.word(attack, sample, replicate) is not None
                    there = words[key]
                else:
                    there = False
                if there:
                    found.append((attack, replicate))
        return found

    def draw_each(
        self, sample: Sample, canvas: Image.Image, wanted: Iterable[tuple[Attack, int]]
    ) -> Iterator[Drawn]:
        """Some of `pictures_of` a sample, drawn one after the other on its canvas."""
        words: dict[tuple[str, int], str | None] = {}
        for attack, replicate in wanted:
            key = attack.words, replicate  # the choice of a word depends on nothing else
            if not attack.given and key not in words:
                words[key] = self.word(attack, sample, replicate)
            made = self._draw(sample, canvas, attack, replicate, words.get(key))
            if made is not None:
                yield Drawn(attack, replicate, made)


@dataclass(frozen=True, slots=True)
class OpenedSample:
    """A photograph, decoded, and what is to be drawn on it.

    Attributes:
        sample: the photograph.
        canvas: its clean picture; None if it is broken.
        wanted: its attacked pictures, as (attack, replicate), in the order of the suite.
        broken: why it cannot be used; empty if it can.
    """

    sample: Sample
    canvas: Image.Image | None
    wanted: Sequence[tuple[Attack, int]] = ()
    broken: str = ""


def open_sample(generator: Generator, sample: Sample) -> OpenedSample:
    """Decode a photograph, and the attacked pictures that come with it; a broken one is said to be.

    Raises:
        RunFailure: if a file cannot be read any more.
    """
    try:
        canvas = generator.canvas(sample)
        wanted = generator.pictures_of(sample)
        for attack, replicate in wanted:
            if attack.given:
                draw_given(sample, canvas, attack.given, replicate)
        return OpenedSample(sample, canvas, wanted)
    except BrokenImage as error:
        return OpenedSample(sample, None, broken=str(error) or "cannot be decoded")


def draw_all(generator: Generator, opened: OpenedSample) -> Iterator[Drawn]:
    """Every attacked picture of a photograph, drawn when it is taken; none of a broken one.

    Raises:
        UserError: if a recipe cannot draw its word, or breaks.
    """
    if opened.canvas is not None:
        yield from generator.draw_each(opened.sample, opened.canvas, opened.wanted)


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
    photograph: Callable[[], Image.Image] | None = None,
) -> Attacked:
    """What `recipe` makes of a word on a photograph's canvas in a suite with this seed.

    Args:
        seed: the suite's.
        sample_id: the photograph's.
        canvas: its clean picture.
        recipe: what draws.
        word: the target word.
        replicate: which of the suite's words and draws.
        photograph: decodes the whole photograph, for a recipe that draws before the canvas; without
            it, such a recipe draws on the canvas.

    Raises:
        UserError: if the recipe cannot draw the word, or breaks.
    """
    rng = drawing_stream(seed, sample_id, recipe, replicate)
    with said_with(recipe, sample_id, word):
        if photograph is not None and recipe.before_canvas:
            return _before_canvas(recipe, photograph(), canvas, word, rng)
        # A copy: what a recipe does to its canvas must not reach the clean picture or the others.
        return checked(recipe(canvas.copy(), word, rng), canvas)


def _before_canvas(
    recipe: Recipe, photograph: Image.Image, canvas: Image.Image, word: str, rng: Rng
) -> Attacked:
    """What the recipe makes of the whole photograph, on the canvas.

    Box, coverage and size tell of the letters alone, whatever saving the photograph changes.
    """
    made = checked(recipe(photograph.copy(), word, rng), photograph)
    size = made.size * photograph.width / min(photograph.size)
    written = square_canvas(made.image, canvas.width)
    told = attacked(canvas, written, word=word, written=made.written, size=size, facts=made.facts)
    if not recipe.saved_as_jpeg:
        return told
    stored = reread(made.image, recipe.saved_as_jpeg)
    return replace(told, image=square_canvas(stored, canvas.width))


def draw_given(sample: Sample, canvas: Image.Image, kind: str, replicate: int) -> Attacked | None:
    """The sample's own attacked picture of a kind, or None if it has not so many."""
    variants = [variant for variant in sample.variants if variant.kind == kind]
    if replicate >= len(variants):
        return None
    image = square_canvas(variants[replicate].load(), canvas.width)
    given = variants[replicate]
    return attacked(
        canvas,
        image,
        word=given.word,
        written=given.written or given.word,
        size=0.0,
        facts=dict(given.facts),
    )


@contextmanager
def said_with(recipe: RecipeBase, sample_id: str, word: str) -> Iterator[None]:
    """Errors of a recipe, said with what it was drawing."""
    try:
        yield
    except (UserError, BrokenImage) as error:
        raise UserError(f"recipe {recipe} on sample {sample_id!r}: {error}") from None
    except (Exception, SystemExit) as error:  # a plugin's `sys.exit` must not end the run as done
        raise UserError(
            f"recipe {recipe} broke on sample {sample_id!r} with the word {word!r}: "
            f"{type(error).__name__}: {error}; `typoattack check` may tell why"
        ) from error


def pixel_fingerprint(image: Image.Image) -> str:
    """A hash of an RGB picture's pixels, the same on every machine."""
    return fingerprint_of(image.tobytes())


def fingerprint_of(pixels: bytes | memoryview) -> str:
    """The same, of the pixels themselves: 8-bit red, green and blue, row by row."""
    return xxhash.xxh3_128_hexdigest(pixels)
