"""Checking a run or its card: some pictures are drawn again, and classified again."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from typoattack.cards.card import CARD, build_card, fonts, read_card, rows_of, seal
from typoattack.core.errors import BrokenImage, RunFailure, UnknownName, UserError
from typoattack.core.progress import Progress, silent
from typoattack.core.randomness import digest
from typoattack.core.resources import default_cache_dir
from typoattack.factory import load_model
from typoattack.metrics.clusters import AUTO
from typoattack.metrics.duplicates import LIKENESS, near_duplicates, with_likeness
from typoattack.metrics.legibility import read_legibility, with_legibility
from typoattack.metrics.outcomes import outcomes
from typoattack.metrics.reading import readings
from typoattack.metrics.summaries import summarise_outcomes
from typoattack.models.devices import resolve_device
from typoattack.models.pixels import drawn_input
from typoattack.models.text_cache import TextCache
from typoattack.results.folder import RunFolder
from typoattack.results.reading import read_reading
from typoattack.results.schema import CLEAN
from typoattack.runner.classify import embed_drawn
from typoattack.runner.draw import pixel_fingerprint
from typoattack.runner.redraw import Redrawer
from typoattack.samples.labels import templates
from typoattack.task import Task

TORN = 1e-4
"""Two classes whose cosines differ by less may change places between machines."""

APART = {"fp32": 0.01, "bf16": 0.2, "fp16": 0.05}
"""How far the probability of an answer may move between machines, by precision."""

_CLOSE = 1e-9
"""Figures that differ by less are the same: sums of floats in another order."""

_BATCH = 32


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked.

    Attributes:
        name: what.
        agrees: None where it could not be checked.
        told: what was found, or why it could not be.
    """

    name: str
    agrees: bool | None
    told: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A card, with the run it is of where that is at hand.

    Attributes:
        card: as read, or made of the run where it has none.
        folder: the run's; None where only the card is there.
    """

    card: Mapping[str, Any]
    folder: RunFolder | None


def open_evidence(path: str | Path) -> Evidence:
    """What stands at `path`: a run's folder, or a card, perhaps within one.

    Raises:
        UserError: if it is neither, or damaged.
    """
    where = Path(path)
    if where.is_dir():
        folder = RunFolder(where)
        folder.manifest()
        card = where / CARD
        return Evidence(read_card(card) if card.is_file() else card_of(folder), folder)
    folder = RunFolder(where.parent)
    return Evidence(read_card(where), folder if folder.exists() else None)


def card_of(folder: RunFolder, by: str = AUTO) -> dict[str, Any]:
    """The card that a run's predictions give now, with intervals clustered so."""
    predictions, manifest = folder.predictions(), folder.manifest()
    read_back = read_legibility(folder.path)
    if read_back is not None:
        predictions = with_legibility(predictions, read_back)
    if predictions.empty:
        raise UserError(f"{str(folder.path)!r} has no predictions yet; let its run finish first")
    read = read_reading(folder.path)
    counted = outcomes(predictions)
    if by == LIKENESS:
        counted = with_likeness(counted, near_duplicates(predictions))
    return build_card(
        manifest,
        predictions,
        summarise_outcomes(counted, by=by),
        () if read is None else readings(read),
        len(folder.skipped()),
        by,
    )


def verify(
    path: str | Path,
    *,
    sample: int = 40,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = silent,
) -> list[Check]:
    """Check a run or its card.

    Args:
        path: a run's folder, or a `card.json`.
        sample: how many pictures are drawn again; a card without its run has `ROWS` at most.
        seed: of their choice, where the run is at hand.
        device: where models run.
        progress: told how far it is.

    Raises:
        UserError: if there is neither a run nor a card.
    """
    evidence = open_evidence(path)
    card = evidence.card
    checks = [_sealed(card), _figures(evidence), _fonts(card), _prompts(card)]
    try:
        kept = evidence.folder.kept_picture if evidence.folder else _nothing
        redrawer = Redrawer(card["identity"], kept)
    except (UserError, TypeError, ValueError, KeyError) as error:
        why = f"the photographs are not at hand ({error})"
        return [*checks, *(Check(name, None, why) for name in ("photographs", "pictures"))]
    checks.append(_photographs(card, redrawer))
    drawn = [_redrawn(row, redrawer) for row in _rows(evidence, sample, seed)]
    checks.append(_pictures(drawn))
    for number, entry in enumerate(card["models"]):
        progress("models asked again", number, len(card["models"]))
        checks.append(_answers(card, entry, drawn, device))
    return checks


def _nothing(_: str) -> None:
    return None


def _rows(evidence: Evidence, sample: int, seed: int) -> list[dict[str, Any]]:
    if evidence.folder is None:
        return list(evidence.card["rows"])[:sample]
    predictions = evidence.folder.predictions()
    own = predictions[predictions["task"] == evidence.card["task"]["name"]]
    return rows_of(own, sample, seed)


def _sealed(card: Mapping[str, Any]) -> Check:
    if seal(card) == card["seal"]:
        return Check("card", True, "says what it said when it was written")
    return Check("card", False, "was changed after it was written: its seal does not fit")


def _figures(evidence: Evidence) -> Check:
    """Counts, figures, and hashes of pictures and answers, against the predictions."""
    if evidence.folder is None:
        return Check("figures", None, "the run's predictions are not beside the card")
    again = card_of(evidence.folder, evidence.card["cluster"])
    checked = ("counts", "pixels", "answers", "figures", "reading", "models", "task", "dataset")
    found = [told for key in checked for told in _differences(evidence.card[key], again[key], key)]
    if not found:
        lines = len(again["figures"])
        return Check("figures", True, f"{lines} lines recomputed from the predictions, all equal")
    more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
    return Check("figures", False, f"{found[0]}{more}")


def _differences(here: Any, there: Any, where: str) -> Iterator[str]:
    """Where a card and what the predictions give differ, in words."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in dict.fromkeys([*there, *here]):
            if key not in here or key not in there:
                yield f"{where}, {key}: only in the {'card' if key in here else 'predictions'}"
            else:
                yield from _differences(here[key], there[key], f"{where}, {key}")
    elif isinstance(here, list) and isinstance(there, list):
        if len(here) != len(there):
            yield f"{where}: {len(here)} in the card, {len(there)} from the predictions"
        for own, other in zip(here, there, strict=False):
            yield from _differences(own, other, f"{where}{_line(other)}")
    elif not _same(here, there):
        yield f"{where}: {_shown(here)} in the card, {_shown(there)} from the predictions"


def _line(entry: Any) -> str:
    """Which line of the figures it is."""
    if not isinstance(entry, Mapping) or "recipe" not in entry:
        return ""
    return f", {entry['model']}, {entry['recipe']}"


def _same(here: Any, there: Any) -> bool:
    if isinstance(here, float) and isinstance(there, float):
        return math.isclose(here, there, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return bool(here == there)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)[:80]


def _fonts(card: Mapping[str, Any]) -> Check:
    now = dict(fonts())
    gone = [name for name in card["fonts"] if name not in now]
    other = [name for name, known in card["fonts"].items() if now.get(name, known) != known]
    if gone or other:
        told = [f"missing: {', '.join(gone)}"] * bool(gone)
        told += [f"another file: {', '.join(other)}"] * bool(other)
        return Check("fonts", False, "; ".join(told))
    return Check("fonts", True, f"{len(card['fonts'])} files are those of the run")


def _prompts(card: Mapping[str, Any]) -> Check:
    """Prompts and class names: those that the run's identity is made of, and those of now."""
    task, identity = card["task"], card["identity"]
    for what, key in (("class_names", "classes"), ("templates", "template_list")):
        if key in identity and digest(*map(str, task[what])) != identity[key]:
            return Check("prompts", False, f"{what} are not those that the run's identity names")
    name = identity.get("templates")
    if name in ("simple", "openai", "scam"):  # no file that a stranger's card may name is read
        try:
            now = templates(str(name))
        except UserError as error:
            return Check("prompts", None, str(error))
        if list(now) != list(task["templates"]):
            return Check("prompts", False, f"{name!r} has other sentences in this version")
    classes, sentences = len(task["class_names"]), len(task["templates"])
    return Check(
        "prompts", True, f"{sentences} for {classes:,} classes, as the run's identity says"
    )


def _photographs(card: Mapping[str, Any], redrawer: Redrawer) -> Check:
    known, now = card["dataset"].get("fingerprint"), redrawer.dataset.fingerprint
    if known == now:
        return Check("photographs", True, f"{len(redrawer.dataset):,}, of the same fingerprint")
    return Check("photographs", False, f"fingerprint {known} in the card, {now} here")


@dataclass(frozen=True, slots=True)
class _Redrawn:
    """A row with its picture as it is drawn now; or why there is none."""

    row: Mapping[str, Any]
    image: Image.Image | None
    problem: str = ""
    unknown: str = ""


def _redrawn(row: Mapping[str, Any], redrawer: Redrawer) -> _Redrawn:
    try:
        image = redrawer.draw(row)
    except KeyError:
        return _Redrawn(row, None, "the photograph is not there")
    except UnknownName as error:
        return _Redrawn(row, None, unknown=str(error))
    except (UserError, RunFailure, BrokenImage, OSError, TypeError, ValueError) as error:
        return _Redrawn(row, None, str(error))
    if image is None:
        return _Redrawn(row, None)
    if pixel_fingerprint(image) == row["pixels"]:
        return _Redrawn(row, image)
    if row["recipe"] != CLEAN and redrawer.draws_otherwise(row["recipe"]):
        return _Redrawn(
            row, image, "other pixels, by another version of this recipe than the run's"
        )
    return _Redrawn(row, image, "other pixels")


def _pictures(drawn: Sequence[_Redrawn]) -> Check:
    tried = [one for one in drawn if one.image is not None or one.problem]
    wrong = [one for one in tried if one.problem]
    left = " (what searches found is not kept)"
    left *= any(one.image is None and not one.problem and not one.unknown for one in drawn)
    strange = next((one.unknown for one in drawn if one.unknown), "")
    left += f"; not all: {strange}, give its file with --plugin" if strange else ""
    if not tried:
        return Check("pictures", None, f"none could be drawn again{left}")
    if wrong:
        first = wrong[0]
        where = f"{first.row['recipe']} on {first.row['sample']}: {first.problem}"
        return Check("pictures", False, f"{len(wrong)} of {len(tried)} differ, first {where}{left}")
    return Check("pictures", True, f"{len(tried)} drawn again, pixel for pixel the same{left}")


def _answers(
    card: Mapping[str, Any], entry: Mapping[str, Any], drawn: Sequence[_Redrawn], device: str
) -> Check:
    """What a model says now of its pictures that could be drawn again."""
    name = f"answers of {entry['name']}"
    mine = [
        (one.row, one.image)
        for one in drawn
        if one.row["model"] == entry["name"] and one.image is not None and not one.problem
    ]
    if not mine:
        return Check(name, None, "no picture of its own was drawn again")
    precision = str(card["settings"].get("precision", "fp32"))
    try:
        again = _asked(card, str(entry["name"]), entry, [i for _, i in mine], device, precision)
    except _OtherModel as error:
        return Check(name, False, str(error))
    except UserError as error:
        return Check(name, None, f"the model is not at hand ({error})")
    wrong = [
        row for (row, _), one in zip(mine, again, strict=True) if not _agrees(row, one, precision)
    ]
    apart = max(
        (
            abs(float(one.probability[int(row["predicted"])]) - float(row["prob_predicted"]))
            for (row, _), one in zip(mine, again, strict=True)
            if row["prob_predicted"] is not None
        ),
        default=math.nan,
    )
    far = "" if math.isnan(apart) else f"; probabilities differ by {apart:.1g} at most"
    if wrong:
        first = f"{wrong[0]['recipe']} on {wrong[0]['sample']}"
        return Check(name, False, f"{len(wrong)} of {len(mine)} differ, first {first}{far}")
    return Check(name, True, f"{len(mine)} asked again, all the same{far}")


@dataclass(frozen=True, slots=True)
class _Again:
    """What is answered now: (n_classes,) each, and the class named."""

    similarity: Any
    probability: Any
    predicted: int


def _agrees(row: Mapping[str, Any], now: _Again, precision: str) -> bool:
    """Whether the class is the same, or was torn between two; and its probability is near."""
    then = int(row["predicted"])
    near = float(now.similarity[now.predicted] - now.similarity[then])
    torn = abs(near) <= TORN * (1 if precision == "fp32" else 50)
    if then != now.predicted and not torn:
        return False
    known = row["prob_predicted"]
    return known is None or abs(float(now.probability[then]) - float(known)) <= APART[precision]


class _OtherModel(Exception):
    """What opens under the name is another model than that of the run."""


def _asked(
    card: Mapping[str, Any],
    name: str,
    entry: Mapping[str, Any],
    images: Sequence[Image.Image],
    device: str,
    precision: str,
) -> list[_Again]:
    """What the model of that name says of the pictures."""
    device = resolve_device(device)
    model = load_model(name, device=device, precision=precision)
    if model.fingerprint != entry.get("fingerprint"):
        raise _OtherModel(
            f"another model opens under this name: fingerprint {model.fingerprint} here, "
            f"{entry.get('fingerprint')} in the card"
        )
    task = card["task"]
    question = Task(str(task["name"]), tuple(task["class_names"]), tuple(task["templates"]))
    classifier = model.classifier(question, TextCache(default_cache_dir()))
    inputs = torch.stack([drawn_input(model.preprocess, image) for image in images])
    scores = classifier.scores(embed_drawn(model, inputs, _BATCH, device))
    columns = scores.similarity, scores.probability, scores.predicted.tolist()
    return [_Again(*each) for each in zip(*columns, strict=True)]
