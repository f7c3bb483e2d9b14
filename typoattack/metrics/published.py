"""Figures that papers and model cards report for public checkpoints under comparable attacks."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from typoattack.core.errors import UserError, unknown
from typoattack.core.resources import published_csv


@dataclass(frozen=True, slots=True)
class Published:
    """One reported figure.

    Attributes:
        model: architecture, by open_clip's name where it has one.
        training_data: as the source calls it; empty where unknown.
        kind: `dual encoder` or `chat model`.
        dataset: photographs that were classified.
        protocol: how they were classified and attacked.
        clean_percent: accuracy on clean photographs, as printed there.
        attacked_percent: what `figure` says, on attacked photographs, as printed there.
        source: paper or model card, and where in it.
        figure: which figure `attacked_percent` is, a key of `FIGURES`.
    """

    model: str
    training_data: str
    kind: str
    dataset: str
    protocol: str
    clean_percent: float
    attacked_percent: float
    source: str
    figure: str = "accuracy"


FIGURES = {
    "accuracy": "accuracy on attacked photographs",
    "success": "attack success: share of all photographs that become the target",
}
"""What an attacked photograph is counted for, by its name in the table. A low accuracy and a high
success both mean that the attack works."""

_COLUMNS = (
    "model",
    "training_data",
    "kind",
    "dataset",
    "protocol",
    "figure",
    "clean_accuracy_percent",
    "attacked_percent",
    "source",
)


def read_published(path: Path | None = None) -> tuple[Published, ...]:
    """All rows of the table that comes with the package, or of the one at `path`.

    Raises:
        UserError: for a missing column, an unknown figure, or a percentage that is none; the
            message names the line.
    """
    path = path or published_csv()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(
                _row(line, f"{path.name!r} line {number}")
                for number, line in enumerate(csv.DictReader(file), start=2)
            )
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name!r} cannot be read ({error})") from None


def _row(line: dict[str, str | None], where: str) -> Published:
    missing = [name for name in _COLUMNS if line.get(name) is None]
    if missing:
        raise UserError(f"{where} lacks {missing[0]!r}")
    texts = {name: str(line[name]).strip() for name in _COLUMNS}
    if texts["figure"] not in FIGURES:
        raise UserError(f"{where}: {unknown('figure', texts['figure'], FIGURES)}")
    clean = _percent(texts.pop("clean_accuracy_percent"), where)
    attacked = _percent(texts.pop("attacked_percent"), where)
    return Published(**texts, clean_percent=clean, attacked_percent=attacked)


def _percent(text: str, where: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise UserError(f"{where}: {text!r} is no percentage")
    return percent


def of_model(name: str, rows: Sequence[Published]) -> list[Published]:
    """The rows that report on the model `name`: same architecture, same training data.

    Args:
        name: as `--model` takes it: `ViT-B-32/laion2b_s34b_b79k`, `hf-hub:org/name`,
            `openai:chat-model`.
        rows: what to look in.

    A row's `laion2b` fits any checkpoint of that data, whatever its samples seen (`_s34b_b79k`)
    or epoch (`_e16`); it does not fit other data whose name begins alike.
    """
    wanted = _plain(name)
    return [row for row in rows if re.fullmatch(_pattern(row), wanted)]


def _plain(name: str) -> str:
    """A model's name with spelling and place of publication taken off."""
    backend, colon, rest = name.partition(":")
    if colon and backend == "hf-hub":
        rest = rest.rsplit("/", 1)[-1]
    short = (rest if colon else name).lower().replace("/", "-").replace("_", "-")
    return short.removeprefix("clip-").replace("-quickgelu", "")


def _pattern(row: Published) -> str:
    if row.kind == "chat model":
        return re.escape(_plain(f"any:{row.model}"))
    trained = f"{row.model}/{row.training_data}" if row.training_data else row.model
    return re.escape(_plain(trained)) + r"(-[se]\d.*)?"
