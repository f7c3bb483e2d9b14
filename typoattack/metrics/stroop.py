"""Stroop's figures: what a colour word does to the answer about its ink, from predictions alone."""

from dataclasses import dataclass

import pandas as pd

from typoattack.core.randomness import stream
from typoattack.metrics.intervals import DIFFERENCE, SHARE, Figure, bootstrap
from typoattack.results.schema import CLEAN
from typoattack.task import INK


@dataclass(frozen=True, slots=True)
class Interference:
    """What one model makes of words in the ink of other colours.

    Attributes:
        model: its name.
        congruent: share of inks named right under their own name.
        incongruent: share of inks named right under another colour's name.
        intrusion: share of incongruent words that are said instead of the ink.
        interference: congruent less incongruent accuracy, paired by sample.
    """

    model: str
    congruent: Figure
    incongruent: Figure
    intrusion: Figure
    interference: Figure


def interference(predictions: pd.DataFrame, *, seed: int = 0) -> list[Interference]:
    """The Stroop effect of each model that was asked for inks under both kinds of word.

    A sample counts once, with the mean over its words; samples without both kinds are left out.

    Args:
        predictions: rows of `typoattack.results.schema.SCHEMA`; those of the task `ink` count.
        seed: of the bootstrap.
    """
    asked = predictions[
        (predictions["task"] == INK)
        & (predictions["family"] != CLEAN)
        & (predictions["target"] >= 0)
    ]
    rows = asked.assign(
        kind=(asked["target"] == asked["label"]).map({True: "congruent", False: "incongruent"}),
        right=asked["correct"].astype(float),
        said=(asked["predicted"] == asked["target"]).astype(float),
    )
    made = []
    for model, own in rows.groupby("model", sort=True):
        means = own.groupby(["sample", "kind"])[["right", "said"]].mean().unstack().dropna()
        if means.empty or means.shape[1] < 4:  # both columns under both kinds of word
            continue
        rng = stream("stroop", seed, str(model))
        same, other = means["right", "congruent"], means["right", "incongruent"]
        made.append(
            Interference(
                model=str(model),
                congruent=bootstrap(same.to_numpy(), rng, bounds=SHARE),
                incongruent=bootstrap(other.to_numpy(), rng, bounds=SHARE),
                intrusion=bootstrap(means["said", "incongruent"].to_numpy(), rng, bounds=SHARE),
                interference=bootstrap((same - other).to_numpy(), rng, bounds=DIFFERENCE),
            )
        )
    return made
