"""Which word is written: a fixed one, another class's name, the nearest, a pseudoword."""

import csv
import functools
import io
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.core.randomness import Rng, digest, stream
from typoattack.core.registry import Kind, Registry
from typoattack.core.spreadsheet import plain_cell


@functools.cache
def vocabulary() -> tuple[str, ...]:
    """Common English nouns, in alphabetical order: `vocabulary.txt` beside this file."""
    return tuple(Path(__file__).with_name("vocabulary.txt").read_text("utf-8").split())


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The classes most and least like each class in a text space.

    Attributes:
        nearest: (n_classes, k) class indices, most similar first, never the class itself.
        farthest: (n_classes, k) class indices, least similar first.
    """

    nearest: NDArray[np.int64]
    farthest: NDArray[np.int64]


def neighbours(text_features: NDArray[np.float32], names: Sequence[str], k: int) -> Neighbours:
    """Rank classes by the cosine of their text embeddings.

    Args:
        text_features: (n_classes, d), L2-normalised rows.
        names: a class of the same name as another is no neighbour of it.
        k: how many to keep, at most n_classes − 1.
    """
    similarity = text_features @ text_features.T
    ids = np.unique(np.asarray(names, dtype=object), return_inverse=True)[1]
    same = ids[:, None] == ids[None, :]
    k = min(k, len(names) - 1)
    nearest = np.argsort(np.where(same, np.inf, -similarity), axis=1, kind="stable")
    farthest = np.argsort(np.where(same, np.inf, similarity), axis=1, kind="stable")
    return Neighbours(nearest[:, :k].copy(), farthest[:, :k].copy())


@dataclass(frozen=True, slots=True)
class Situation:
    """What a word source may know of the sample it chooses a word for.

    Attributes:
        label: index of the right class.
        class_names: all classes.
        replicate: which of the suite's words for this sample, from 0.
        rng: a stream keyed by (seed, sample), the same for every recipe and replicate.
        neighbours: present where the source needs a text space.
        share: index of a class for each replicate, which no other photograph of the data set gets
            while classes last; present where the source is `once`. See `apportion`.
    """

    label: int
    class_names: Sequence[str]
    replicate: int
    rng: Rng
    neighbours: Neighbours | None = None
    share: Sequence[int] = ()


class WordSource(Protocol):
    """Chooses the word to write for one sample; None where it has none to offer."""

    @property
    def needs_text_space(self) -> bool:
        """Whether it asks for `Situation.neighbours`."""
        ...

    def __call__(self, situation: Situation) -> str | None: ...


@dataclass(frozen=True, slots=True)
class FixedWords:
    """Given words, in turn over the replicates, each sample beginning anywhere among them.

    A sample whose own class the word is gets none.
    """

    choices: tuple[str, ...]
    needs_text_space: ClassVar[bool] = False

    def __call__(self, situation: Situation) -> str | None:
        first = int(situation.rng.integers(len(self.choices)))
        word = self.choices[(first + situation.replicate) % len(self.choices)]
        return None if word == situation.class_names[situation.label] else word


@dataclass(frozen=True, slots=True)
class RandomClass:
    """Another class, uniformly; replicates of a sample get different ones.

    There is always one: a task has at least two names, and `check_class_names` sees to it that
    they are not all the same.
    """

    needs_text_space: ClassVar[bool] = False

    def __call__(self, situation: Situation) -> str | None:
        names = situation.class_names
        own = names[situation.label]
        order = situation.rng.permutation(len(names))
        others: Iterator[str] = (names[i] for i in itertools.cycle(order) if names[i] != own)
        return next(itertools.islice(others, situation.replicate, None))


@dataclass(frozen=True, slots=True)
class OnceClass:
    """Another class, and another one for each photograph of the data set, while classes last."""

    needs_text_space: ClassVar[bool] = False

    def __call__(self, situation: Situation) -> str | None:
        if not situation.share:
            raise ValueError("a word that comes once needs the share of the photograph")
        return situation.class_names[situation.share[situation.replicate % len(situation.share)]]


def apportion(
    labels: Mapping[str, int], class_names: Sequence[str], replicates: int, seed: int
) -> dict[str, tuple[int, ...]]:
    """Give each photograph of a data set a class that is not its own, no two of them the same one.

    The shares follow from the seed and the photographs' ids and labels alone, not from their order,
    nor from which of them a run takes. Where there are more photographs than classes, a class comes
    again only when all have come.

    Args:
        labels: of every photograph of the data set, by its id.
        class_names: two at least that differ; of equal ones the first is taken.
        replicates: how many classes each photograph gets, by as many independent lots.
        seed: of the lots.
    """
    first = {name: index for index, name in reversed(list(enumerate(class_names)))}
    classes = list(first.values())
    names = sorted(labels)
    shares: dict[str, list[int]] = {name: [] for name in names}
    for replicate in range(replicates):
        lots = stream(seed, "once", replicate)
        ids = [names[at] for at in lots.permutation(len(names))]
        for start in range(0, len(ids), len(classes)):
            some = ids[start : start + len(classes)]
            own = [first[class_names[labels[name]]] for name in some]
            given = [classes[at] for at in lots.permutation(len(classes))]
            for name, index in zip(some, _not_their_own(own, given), strict=True):
                shares[name].append(index)
    return {name: tuple(found) for name, found in shares.items()}


def _not_their_own(own: Sequence[int], given: list[int]) -> list[int]:
    """`given` from its beginning, places exchanged so that none is what stands beside it in `own`.

    All classes stand in `given`, so that there is a place to exchange with unless nearly all of
    the photographs are of one class; then some get that of another again.
    """
    n = len(own)
    for at in range(n):
        if given[at] != own[at]:
            continue
        fits = (
            other
            for other in range(len(given))
            if given[other] != own[at] and (other >= n or given[at] != own[other])
        )
        other = next(fits, None)
        if other is None:
            given[at] = next(index for index in given if index != own[at])
        else:
            given[at], given[other] = given[other], given[at]
    return given[:n]


@dataclass(frozen=True, slots=True)
class NeighbourClass:
    """The most or least similar class in the model's text space; replicates walk outwards."""

    farthest: bool
    needs_text_space: ClassVar[bool] = True

    def __call__(self, situation: Situation) -> str | None:
        found = situation.neighbours
        if found is None:
            raise ValueError("a neighbouring class needs the text space of a model")
        row = (found.farthest if self.farthest else found.nearest)[situation.label]
        return situation.class_names[int(row[situation.replicate % len(row)])]


@dataclass(frozen=True, slots=True)
class TableWords:
    """The words that a table gives each class, in turn over the replicates.

    A class that the table lacks gets none.

    Attributes:
        spec: names it in errors.
        table: each class's words.
    """

    spec: str
    table: Mapping[str, tuple[str, ...]] = field(repr=False)
    needs_text_space: ClassVar[bool] = False

    @property
    def fingerprint(self) -> str:
        """Changes if the table does."""
        return digest(*(part for name, words in self.table.items() for part in (name, *words)))

    def __call__(self, situation: Situation) -> str | None:
        own = situation.class_names[situation.label]
        words = [word for word in self.table.get(own, ()) if word != own]
        if words:
            return words[situation.replicate % len(words)]
        if self.table.keys().isdisjoint(situation.class_names):
            raise UserError(
                f"word source {self.spec!r}: none of its classes is a class of the data set; "
                f"it begins with {next(iter(self.table))!r}, the data set with "
                f"{situation.class_names[0]!r}"
            )
        return None


TABLE_COLUMNS = ("class", "word")
"""The columns of a table of words; others are passed over."""


def read_table(path: str) -> TableWords:
    """The words of `table:FILE`: a CSV with a class and one of its words a line.

    Raises:
        UserError: for a file that cannot be read, a missing column, an empty cell or no line.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"word source 'table:{path}': cannot read it ({error.strerror})") from None
    return _parsed_table(path, data)


@functools.lru_cache(maxsize=16)
def _parsed_table(path: str, data: bytes) -> TableWords:
    where = f"word source 'table:{path}'"
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
        lines = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{where}: not a CSV file in UTF-8 ({error})") from None
    for column in TABLE_COLUMNS:
        if column not in (reader.fieldnames or ()):
            raise UserError(f"{where}: no column {column!r}; it needs {', '.join(TABLE_COLUMNS)}")
    table: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, start=2):
        name, word = (plain_cell((line[c] or "").strip()) for c in TABLE_COLUMNS)
        if not (name and word):
            raise UserError(f"{where}: line {number} needs a class and a word")
        table[name] = (*table.get(name, ()), word)
    if not table:
        raise UserError(f"{where}: there is no line in it")
    return TableWords(f"table:{path}", table)


@dataclass(frozen=True, slots=True)
class TrueClass:
    """The right answer: a control, not an attack."""

    needs_text_space: ClassVar[bool] = False

    def __call__(self, situation: Situation) -> str | None:
        return situation.class_names[situation.label]


@dataclass(frozen=True, slots=True)
class PseudoWord:
    """A pronounceable string that means nothing, as long as some other class's name."""

    needs_text_space: ClassVar[bool] = False

    def __call__(self, situation: Situation) -> str | None:
        like = RandomClass()(situation)
        own_stream = situation.rng.spawn(situation.replicate + 1)[-1]
        return None if like is None else pseudoword(like, own_stream)


@dataclass(frozen=True, slots=True)
class CommonNoun:
    """A common English noun that does not stand in the right class's name, nor in its caption."""

    needs_text_space: ClassVar[bool] = False

    def __call__(self, situation: Situation) -> str | None:
        own = situation.class_names[situation.label].lower()
        nouns = [noun for noun in vocabulary() if noun not in own]
        order = situation.rng.permutation(len(nouns))
        return nouns[int(order[situation.replicate % len(nouns)])]


@dataclass(frozen=True, slots=True)
class RandomLetters:
    """A string of 3 to 5 letters by lot, which mostly means nothing and cannot be pronounced."""

    needs_text_space: ClassVar[bool] = False

    def __call__(self, situation: Situation) -> str | None:
        own_stream = situation.rng.spawn(situation.replicate + 1)[-1]
        count = int(own_stream.integers(_FEWEST, _MOST + 1))
        letters = own_stream.integers(len(_ALPHABET), size=count).tolist()
        return "".join(_ALPHABET[letter] for letter in letters)


_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_FEWEST, _MOST = 3, 5

_CONSONANTS = "bcdfghjklmnprstvwz"
_VOWELS = "aeiou"


def pseudoword(like: str, rng: Rng) -> str:
    """A pronounceable non-word with the shape of `like`: same length, spaces and capitals.

    Consonants and vowels alternate within a word; characters that are no letters stay.
    """
    made, vowel = [], bool(rng.integers(2))
    for character in like:
        if not character.isalpha():
            made.append(character)
            vowel = bool(rng.integers(2))
            continue
        letters = _VOWELS if vowel else _CONSONANTS
        letter = letters[int(rng.integers(len(letters)))]
        made.append(letter.upper() if character.isupper() else letter)
        vowel = not vowel
    return "".join(made)


def possible_words(source: WordSource, class_names: Sequence[str]) -> Sequence[str]:
    """All words that a source may ask to be written; none of those that it makes up in Latin.

    Args:
        source: of words.
        class_names: of the data set.
    """
    if isinstance(source, FixedWords):
        return source.choices
    if isinstance(source, TableWords):
        own = dict.fromkeys(class_names)
        return [word for name, words in source.table.items() if name in own for word in words]
    if isinstance(source, CommonNoun):
        return vocabulary()
    return () if isinstance(source, RandomLetters) else class_names


WORDS: Registry[Kind[Callable[[str], WordSource]]] = Registry(
    "word source", "see `typoattack list words`"
)
WORDS.add("random", Kind("random", "another class, uniformly", lambda _: RandomClass()))
WORDS.add(
    "nearest",
    Kind("nearest", "the most similar class in text space", lambda _: NeighbourClass(False)),
)
WORDS.add(
    "farthest",
    Kind("farthest", "the least similar class in text space", lambda _: NeighbourClass(True)),
)
WORDS.add(
    "once",
    Kind(
        "once",
        "another class, no photograph's twice while there are as many",
        lambda _: OnceClass(),
    ),
)
WORDS.add("true", Kind("true", "the right class's name (a control)", lambda _: TrueClass()))
WORDS.add("pseudo", Kind("pseudo", "a pronounceable non-word", lambda _: PseudoWord()))
WORDS.add("noun", Kind("noun", "a common English noun, class or not", lambda _: CommonNoun()))
WORDS.add("letters", Kind("letters", "3 to 5 letters by lot", lambda _: RandomLetters()))
WORDS.add("fixed", Kind("fixed:WORD", "always the same word", lambda word: FixedWords((word,))))
WORDS.add(
    "list",
    Kind(
        "list:A,B,C",
        "these words in turn, a sample beginning anywhere",
        lambda words: FixedWords(tuple(word.strip() for word in words.split(",") if word.strip())),
    ),
)


WORDS.add("table", Kind("table:FILE", "the words of a CSV with class, word", read_table))


def parse_words(spec: str) -> WordSource:
    """The word source that `spec` names: `random`, `fixed:iPod`, `list:a,b,c`, …

    Raises:
        UserError: for an unknown source or a missing word.
    """
    name, colon, rest = spec.partition(":")
    kind = WORDS[name]
    takes_words = ":" in kind.usage
    if takes_words != bool(colon) or (takes_words and not rest.strip(" ,")):
        raise UserError(f"word source {spec!r} is written {kind.usage}")
    return kind.open(rest.strip())
