"""A run's card: its figures, and what another person needs to check them.

`card.json` stands beside a run's page and can be published with a table. It names suite, data,
prompts, fonts, versions and models, by fingerprint where there is one; counts, figures and
intervals; a hash of every recipe's pictures; and some rows of the predictions, to be drawn and
classified again by `typoattack verify`.
"""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.core.randomness import digest, stream
from typoattack.core.resources import fonts_dir
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.reading import Reading
from typoattack.metrics.summaries import RecipeSummary

CARD = "card.json"
FORMAT = 1
"""Raised when the meaning of a card changes."""

ROWS = 48
"""Rows of the predictions that a card carries, spread over models and recipes."""

ROW = (
    *("model", "task", "recipe", "sample", "replicate", "label", "word"),
    *("predicted", "prob_predicted", "pixels"),
)
"""The columns of such a row."""

_TEXTS = ("model", "recipe", "sample", "word", "pixels")

_KEPT = (
    *("typoattack", "suite", "question", "command", "seed", "started", "settings", "versions"),
    *("identity", "dataset", "task", "models"),
)
"""What a card takes from the manifest as it is."""

_LONGEST = 50_000_000
"""Bytes of a card's file; a large one has a few hundred thousand."""


def build_card(
    manifest: Mapping[str, Any],
    predictions: pd.DataFrame,
    summaries: Sequence[RecipeSummary],
    readings: Sequence[Reading] = (),
    skipped: int = 0,
    by: str = AUTO,
) -> dict[str, Any]:
    """The card of a run.

    Args:
        manifest: of the run.
        predictions: its rows.
        summaries: its figures.
        readings: how well its models read.
        skipped: photographs that could not be used.
        by: what photographs belong together by in the figures' intervals.
    """
    asked = predictions["task"] == manifest["task"]["name"]
    own = predictions[list(ROW)] if asked.all() else predictions.loc[asked, list(ROW)]
    card = {key: manifest[key] for key in _KEPT if key in manifest}
    card |= {
        "card": FORMAT,
        "cluster": by,
        "fonts": dict(fonts()),
        "counts": _counts(manifest, predictions, skipped),
        "pixels": _pixels(own),
        "answers": {
            str(model): _digest_of(rows, ["recipe", "sample", "replicate", "word", "predicted"])
            for model, rows in own.groupby("model", sort=True)
        },
        "figures": [_figures(one) for one in summaries],
        "reading": {
            one.model: {"value": one.reads.value, "n": one.reads.n, "chance": one.chance}
            for one in readings
        },
        "rows": rows_of(own, ROWS, 0),
    }
    return card | {"seal": seal(card)}


def _counts(manifest: Mapping[str, Any], predictions: pd.DataFrame, skipped: int) -> dict[str, int]:
    return {
        "photographs": int(predictions["sample"].nunique()),
        "planned": int(manifest.get("planned") or 0),
        "skipped": skipped,
        "predictions": len(predictions),
    }


def _pixels(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """For each recipe a hash of all its pictures, whichever models saw them."""
    return {
        str(recipe): {
            "pictures": int(part["pixels"].nunique()),
            "digest": _digest_of(part, ["sample", "replicate", "word", "pixels"]),
        }
        for recipe, part in rows.groupby("recipe", sort=True)
    }


def _digest_of(rows: pd.DataFrame, columns: list[str]) -> str:
    """A hash of these columns that depends neither on the order of rows nor on repeats."""
    once = rows[columns].drop_duplicates().sort_values(columns)
    return digest(once.to_csv(index=False, lineterminator="\n"))


def _figures(one: RecipeSummary) -> dict[str, Any]:
    about = ("model", "task", "recipe", "family", "rows", "samples", "grouped", "groups")
    return {name: getattr(one, name) for name in about} | {
        name: {"value": f.value, "low": _number(f.low), "high": _number(f.high), "n": f.n}
        for name, f in one.figures.items()
        if f
    }


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return None if np.isnan(value) else float(value)


def rows_of(rows: pd.DataFrame, count: int, seed: int) -> list[dict[str, Any]]:
    """Some rows at random, as evenly over models and recipes as may be."""
    ordered = rows[list(ROW)].sort_values([*ROW[:7]]).reset_index(drop=True)
    turn = pd.Series(stream("card rows", seed).random(len(ordered)))
    place = turn.groupby([ordered["model"], ordered["recipe"]]).rank(method="first")
    order = np.lexsort((turn, place))[:count]
    chosen = ordered.iloc[np.sort(order)]
    found: list[dict[str, Any]] = json.loads(chosen.to_json(orient="records", double_precision=8))
    return found


@functools.cache
def fonts() -> tuple[tuple[str, str], ...]:
    """Each font file that recipes draw with, by its place in `fonts/`, and its hash."""
    folder = fonts_dir()
    files = sorted(folder.glob("*/*.[to]tf"))
    return tuple((f"{p.parent.name}/{p.name}", digest(p.read_bytes())) for p in files)


def seal(card: Mapping[str, Any]) -> str:
    """A hash of all that a card says: it tells of a slip of the hand, not of a forgery."""
    rest = {key: value for key, value in card.items() if key != "seal"}
    return digest(json.dumps(rest, sort_keys=True, ensure_ascii=False))


def write_card(card: Mapping[str, Any], folder: Path) -> Path:
    """Write `card.json`, whole or not at all."""
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / CARD, text.encode("utf-8", "backslashreplace"))
    return folder / CARD


def read_card(path: Path) -> dict[str, Any]:
    """The card in a file.

    Raises:
        UserError: if it cannot be read, or is no card of this format.
    """
    try:
        if path.stat().st_size > _LONGEST:
            raise UserError(f"{str(path)!r} is too long for a card")
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        told = " ".join(str(error).split())[:200]
        raise UserError(f"card {str(path)!r} cannot be read ({told})") from None
    if not isinstance(read, dict) or "card" not in read:
        raise UserError(f"{str(path)!r} is no card of a run")
    if read["card"] != FORMAT:
        raise UserError(
            f"card {str(path)!r} has format {read['card']!r}, and this version of typoattack reads "
            f"{FORMAT}; use the version that wrote it ({read.get('typoattack')})"
        )
    return _shaped(read, path)


_SHAPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("fonts", "counts", "pixels", "answers", "reading"), dict),
    **dict.fromkeys(("identity", "dataset", "task", "settings", "versions"), dict),
    **dict.fromkeys(("models", "figures", "rows"), list),
    **dict.fromkeys(("seal", "cluster"), str),
}


def _shaped(read: dict[str, Any], path: Path) -> dict[str, Any]:
    for key, kind in _SHAPES.items():
        if not isinstance(read.get(key), kind):
            raise UserError(
                f"card {str(path)!r}: {key!r} is missing or no such thing as it must be"
            )
    problem = next(_wrong(read), "")
    if problem:
        raise UserError(f"card {str(path)!r}: {problem}")
    return read


def _wrong(card: Mapping[str, Any]) -> Iterator[str]:
    """What in a card is not what a run's card holds; it may come from a stranger."""
    task, identity = card["task"], card["identity"]
    for key in ("class_names", "templates"):
        names = task.get(key)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            yield f"task: {key!r} must be a list of texts"
            return
    if "dataset" in identity and not (
        isinstance(identity.get("seed"), int) and identity.get("canvas") in range(32, 4097)
    ):
        yield "identity: no seed, or a canvas that is not 32 to 4096 pixels"
    for entry in card["models"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            yield "models: an entry without a name"
    classes = range(len(task["class_names"]))
    for row in card["rows"]:
        if not isinstance(row, dict) or not set(ROW) <= set(row):
            yield f"rows: each must have {', '.join(ROW)}"
        elif (
            not all(isinstance(row[key], str) for key in _TEXTS) or row["predicted"] not in classes
        ):
            yield "rows: a value that no prediction has"
