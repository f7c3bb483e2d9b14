"""What a model takes each class for: the words of Cao et al. 2023, from a run's clean answers."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from typoattack.results.schema import CLEAN


@dataclass(frozen=True, slots=True)
class Confusion:
    """The class that another is taken for.

    Attributes:
        name: the right class.
        word: the other class.
        count: of how many clean photographs it was the answer; 0 where it is only the runner-up.
        photographs: how many clean photographs of the class there are.
    """

    name: str
    word: str
    count: int
    photographs: int


def confusions(predictions: pd.DataFrame, class_names: Sequence[str]) -> list[Confusion]:
    """For each class with a clean photograph, the wrong class that a model answers most often.

    After Cao et al. 2023 (`util_imagenet.py` of their code): the most frequent wrong answer. Of a
    class that is always answered right, they take the most similar class in text space; a run's
    answers do not hold that, so here it is the other class with the highest mean probability among
    the five likeliest that a row keeps.

    Args:
        predictions: rows of one model and one task.
        class_names: by index.
    """
    clean = predictions[predictions["recipe"] == CLEAN]
    found = []
    for label, rows in clean.groupby("label", sort=True):
        own = class_names[int(label)]
        wrong = Counter(int(p) for p in rows["predicted"] if class_names[int(p)] != own)
        word = (
            min(wrong, key=lambda one: (-wrong[one], one))
            if wrong
            else _runner_up(rows, own, class_names)
        )
        if word is not None:
            found.append(Confusion(own, class_names[word], wrong[word], len(rows)))
    return found


def _runner_up(rows: pd.DataFrame, own: str, class_names: Sequence[str]) -> int | None:
    """The likeliest class of another name over all rows; None if none is kept."""
    mass: dict[int, float] = defaultdict(float)
    for top, probabilities in zip(rows["top"], rows["top_prob"], strict=True):
        for one, probability in zip(top, probabilities, strict=True):
            if class_names[int(one)] != own:
                mass[int(one)] += float(probability)
    return min(mass, key=lambda one: (-mass[one], one)) if mass else None
