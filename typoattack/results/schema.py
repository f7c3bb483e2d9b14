"""The predictions table: one row a (model, task, recipe, sample, replicate).

Everything that is reported is a function of this table and of the class names in the manifest.
"""

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

CLEAN = "clean"
"""What stands in the recipe column for an unattacked picture."""

AS_PUBLISHED = "clean (as published)"
"""Recipe and family of a clean photograph that the model's own preprocessing saw without a canvas.

Such rows stand in the parts beside the others and in no table but their own, so that no figure
counts them; see `typoattack.metrics.as_published`."""

TOP = 5
"""How many of the most probable classes a row keeps."""

SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("task", pa.string()),  # `object`, or `ink` where the ink colour is asked
        ("recipe", pa.string()),  # as it prints, parameters included; `clean` if not attacked
        ("family", pa.string()),  # `clean`, `attack` or `control`
        ("control", pa.string()),  # `blank`, `true`, `pseudo`, ...; empty for an attack
        ("control_of", pa.string()),  # the attack whose geometry a control has; else empty
        ("sample", pa.string()),
        ("replicate", pa.int32()),  # which of the suite's words and draws for this sample
        ("label", pa.int32()),  # index of the right class
        ("word", pa.string()),  # the target word; empty on a clean row
        ("written", pa.string()),  # the text really drawn
        ("target", pa.int32()),  # index of the class named `word`; -1 if it is no class
        ("predicted", pa.int32()),
        ("correct", pa.bool_()),
        ("clean_predicted", pa.int32()),  # on the sample's clean picture; -1 if it has none
        ("prob_label", pa.float32()),
        ("prob_word", pa.float32()),  # null if the word is no class
        ("prob_predicted", pa.float32()),
        # cosine with the label's text embedding; a chat model's log-probability of that answer
        ("sim_label", pa.float32()),
        ("sim_word", pa.float32()),  # cosine with the word's text embedding; null if clean
        ("sim_predicted", pa.float32()),
        ("clean_sim_label", pa.float32()),  # null if the sample has no clean picture
        ("clean_sim_word", pa.float32()),  # null if clean, or without a clean picture
        ("top", pa.list_(pa.int32())),  # the most probable classes, best first
        ("top_prob", pa.list_(pa.float32())),
        ("coverage", pa.float32()),  # share of canvas pixels changed
        ("size", pa.float32()),  # text height used, share of the canvas
        ("box", pa.list_(pa.int32())),  # left, top, right, bottom of the change, canvas pixels
        ("seed", pa.int64()),  # the suite's seed
        ("pixels", pa.string()),  # fingerprint of the picture's canvas pixels
        ("facts", pa.string()),  # what else the recipe noted, as JSON
    ]
)

LISTS = ("top", "top_prob", "box")
"""The columns whose cells hold several values."""

KEY = ["model", "task", "recipe", "sample", "replicate"]
"""The columns that name a row; also the order in which tables are sorted."""


def facts_of(column: Iterable[object]) -> list[dict[str, Any]]:
    """What each row's `facts` say; nothing where they are no JSON object, as in a foreign table."""
    return [_facts(text) for text in column]


def _facts(text: object) -> dict[str, Any]:
    try:
        told = json.loads(str(text))
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
