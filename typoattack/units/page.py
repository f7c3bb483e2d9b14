"""A study written to a folder: tables, contact sheets, the curve, a page to read."""

import io
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
from PIL import Image

from typoattack.core.files import write_whole
from typoattack.core.spreadsheet import csv_text
from typoattack.metrics.intervals import Figure
from typoattack.runner.draw import pixel_fingerprint
from typoattack.units.attribute import Contribution
from typoattack.units.curve import Point
from typoattack.units.findings import FlipStudy, LayerStudy, Study, settings, shown_units
from typoattack.units.scores import LEVEL, UnitScores, resolution
from typoattack.units.section import (
    CURVE,
    FLIPS,
    ExplainedFlip,
    Section,
    UnitBehind,
    markdown,
    write_section,
)
from typoattack.units.sheet import SheetRow, contact_sheet

_SHOWN = 12
_PICTURES = 5
_WORDS = 3


def write_study(done: Study, folder: Path) -> Section:
    """Write everything into `folder`, each file whole or not at all.

    Files: `units.csv` (one row a unit and score), `classes.parquet` (one row a unit and class),
    `words.csv`, `curve.csv`, `flips.csv`, `units.md`, `section.json` (what a report page
    includes), `settings.json` and the pictures.

    Returns:
        the section that a report page shows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _table(done.units_frame(), folder / "units.csv")
    _table(done.words_frame(), folder / "words.csv")
    if len(groups := done.groups_frame()):
        write_whole(folder / "classes.parquet", groups.to_parquet(None, index=False))
    pictures = [*_layer_sheets(done, folder)]
    if done.curve:
        _table(done.curve_frame(), folder / "curve.csv")
        write_whole(folder / CURVE, draw_curve(done))
        pictures.append(("Flip rate against the number of units removed", CURVE))
    if done.flips:
        _table(done.flips_frame(), folder / "flips.csv")
    pictures += [*_flip_sheet(done, folder), *_grown(done, folder)]
    section = summary(done, tuple(pictures))
    write_whole(folder / "units.md", markdown(section).encode())
    write_section(section, folder)
    write_whole(folder / "settings.json", f"{settings(done)}\n".encode())
    return section


def _table(frame: pd.DataFrame, path: Path) -> None:
    write_whole(path, csv_text(frame, float_format="%.6g").encode())


def _save(image: Image.Image, path: Path) -> None:
    held = io.BytesIO()
    image.save(held, "PNG")
    write_whole(path, held.getvalue())


def file_stem(name: str) -> str:
    """A layer's name as a part of a file's name."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)


def _layer_sheets(done: Study, folder: Path) -> Iterator[tuple[str, str]]:
    """One sheet a layer and score: its best units, their photographs and words."""
    for one in done.layers:
        orders = {kind: _best(scores) for kind, scores in one.scores.items()}
        for kind, units in (orders or {"": shown_units(one, _SHOWN)}).items():
            name = file_stem("-".join(part for part in ("units", one.layer.name, kind) if part))
            heading = f"{done.inside.model.name}: {_KINDS[kind]} of layer {one.layer.name}"
            rows = [_sheet_row(done, one, unit, kind) for unit in units]
            cards = "colour cards" if kind == "colour" else "words"
            heads = ("photographs that excite it most", f"{cards} that excite it most")
            _save(contact_sheet(heading, heads, rows), folder / f"{name}.png")
            yield heading, f"{name}.png"


_KINDS = {
    "text": "text units",
    "multimodal": "multimodal units",
    "colour": "colour units",
    "": "units",
}


def _best(scores: UnitScores) -> list[int]:
    """The units that a sheet shows: those found, then the next best, none that is mere chance."""
    order = list(dict.fromkeys([*scores.found().tolist(), *scores.order().tolist()]))
    better = [unit for unit in order if scores.score[unit] > 0.5]
    return (better or order[:1])[:_SHOWN]


def exciting_words(one: LayerStudy, unit: int) -> list[str]:
    """The words that excite a unit more than the mean one; none if it answers to all alike."""
    mine = one.words[one.words["unit"] == unit]
    return [str(w) for w in mine.loc[mine["standard_score"] > 0, "word"]]


def _sheet_row(done: Study, one: LayerStudy, unit: int, kind: str) -> SheetRow:
    lines: list[str] = []
    if kind:
        scores = one.scores[kind]
        best = int(scores.best[unit])
        if kind != "text":
            first, second = ("photographs", "name") if kind == "multimodal" else ("ink", "name")
            verb = "stands for" if scores.q[unit] <= LEVEL else "closest to"
            lines.append(f"{verb}: {scores.groups[best]}")
            lines.append(f"AUROC {first} {scores.first[best, unit]:.2f}")
            lines.append(f"AUROC {second} {scores.second[best, unit]:.2f}")
        else:
            lines.append(f"AUROC any word {scores.first[best, unit]:.2f}")
        lines.append(f"p {scores.p[unit]:.2g}, q {scores.q[unit]:.2g}")
    photographs = done.photographs
    seen = tuple(
        (photographs.image(row), f"{value:.2g} {photographs.class_names[photographs.labels[row]]}")
        for row, value in one.photographs.exciting(unit)[:_PICTURES]
    )
    beside = _colour_cards(done, one, unit) if kind == "colour" else _word_cards(done, one, unit)
    return SheetRow(f"unit {one.layer.label(unit)}", tuple(lines), (seen, beside))


def _word_cards(done: Study, one: LayerStudy, unit: int) -> tuple[tuple[Image.Image, str], ...]:
    cards = done.plan.cards
    words = exciting_words(one, unit)[:_PICTURES]
    return tuple((cards.draw(word, cards.fonts[0]), word) for word in words)


def _colour_cards(done: Study, one: LayerStudy, unit: int) -> tuple[tuple[Image.Image, str], ...]:
    if one.colours is None:
        return ()
    cards, rows = done.plan.colour_cards, one.colours.exciting(unit)[:_PICTURES]
    return tuple((cards.draw(row), f"{value:.2g} {cards.called(row)}") for row, value in rows)


def _flip_sheet(done: Study, folder: Path) -> Iterator[tuple[str, str]]:
    if done.flips and done.attacks is not None:
        by_name = {one.layer.name: one for one in done.layers}
        rows = [_flip_row(done, flip, by_name) for flip in done.flips]
        heading = f"{done.inside.model.name}: which units did these flips?"
        heads = ("clean and attacked", "what else excites the first units: a photograph, a word")
        _save(contact_sheet(heading, heads, rows), folder / FLIPS)
        yield heading, FLIPS


def _flip_row(done: Study, flip: FlipStudy, by_name: dict[str, LayerStudy]) -> SheetRow:
    assert done.attacks is not None
    lines = [f"written: {flip.word}"]
    lines += [_part(unit) for unit in flip.leading[:4]] or [_NONE]
    shown = tuple((done.attacks.picture(flip.row, kind), kind) for kind in ("clean", "attacked"))
    beside: list[tuple[Image.Image, str]] = []
    for unit in flip.leading[:3]:
        one = by_name[unit.layer]
        for row, _ in one.photographs.exciting(unit.unit)[:1]:
            beside.append((done.photographs.image(row), f"unit {unit.label}"))
        for word in exciting_words(one, unit.unit)[:1]:
            card = done.plan.cards.draw(word, done.plan.cards.fonts[0])
            beside.append((card, f"{unit.label}: {word}"))
    return SheetRow(f"{flip.label}, taken for {flip.answer}", tuple(lines), (shown, tuple(beside)))


_NONE = "no unit looked at adds to it"


def _part(unit: Contribution) -> str:
    measured = "" if unit.measured != unit.measured else f", really {unit.measured:+.2f}"
    return f"{unit.layer} {unit.label}: {unit.estimated:+.2f}{measured}"


def _grown(done: Study, folder: Path) -> Iterator[tuple[str, str]]:
    for layer, unit, grown in done.grown:
        if isinstance(grown, str):
            continue
        name = f"picture-{file_stem(layer)}-{unit}.png"
        _save(grown.image, folder / name)
        yield f"Grown for unit {unit} of {layer} ({grown.before:.2f} → {grown.after:.2f})", name


def draw_curve(done: Study) -> bytes:
    """The ablation curve as a PNG: flip rate and clean accuracy, with their intervals."""
    from matplotlib.figure import Figure as Plot

    plot = Plot(figsize=(9, 4), layout="constrained")
    left, right = plot.subplots(1, 2, sharex=True)
    series: tuple[tuple[str, str, str], ...] = (
        ("best first", "#b3261e", "text units, best first"),
        ("random", "#5f6368", "random order"),
    )
    for order, colour, label in series:
        points = [point for point in done.curve if point.order == order]
        _line(left, points, lambda p: p.flip_rate, colour, label)
        _line(right, points, lambda p: p.accuracy_clean, colour, label)
    best = [point for point in done.curve if point.order == "best first"]
    _line(left, best, lambda p: p.blank_flip_rate, "#1a73e8", "blank surface, best first", "--")
    for axes, title in ((left, "Flip rate"), (right, "Accuracy on clean photographs")):
        axes.set_xscale("symlog", linthresh=1)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlim(left=-0.1)
        axes.set_xlabel("units removed")
        axes.set_title(title, loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_formatter("{x:.0f}")
    left.legend(frameon=False, fontsize=9)
    held = io.BytesIO()
    plot.savefig(held, dpi=130, format="png", metadata={"Software": None})
    return held.getvalue()


def _line(
    axes: object,
    points: list[Point],
    figure: Callable[[Point], Figure],
    colour: str,
    label: str,
    style: str = "-",
) -> None:
    from matplotlib.axes import Axes

    assert isinstance(axes, Axes)
    x = [point.removed for point in points]
    found = [figure(point) for point in points]
    axes.plot(x, [f.value for f in found], style, color=colour, label=label, marker=".")
    axes.fill_between(
        x, [f.low for f in found], [f.high for f in found], color=colour, alpha=0.12, linewidth=0
    )


def summary(done: Study, pictures: tuple[tuple[str, str], ...] = ()) -> Section:
    """The study as sentences, tables and pictures."""
    sentences = [
        f"Looked at {len(done.photographs)} photographs of {done.photographs.dataset.name} and "
        f"{len(done.plan.cards.words)} words, each in {len(done.plan.cards.fonts)} fonts."
    ]
    if done.photographs.broken:
        sentences.append(f"{len(done.photographs.broken)} photographs could not be decoded.")
    sentences += [str(one) for one in done.chosen.left_out]
    tables: list[tuple[str, tuple[tuple[str, ...], ...]]] = []
    for one in done.layers:
        for number, (kind, scores) in enumerate(one.scores.items()):
            what = f"{one.layer.name} ({one.layer.what})" if number == 0 else one.layer.name
            sentences.append(
                f"Layer {what}: {len(scores.found()):,} of {one.layer.units:,} pass as "
                f"{_KINDS[kind]} at a false discovery rate of 5 %."
            )
            if said := scores.halves():
                sentences.append(said)
            if said := resolution(scores):
                sentences.append(said[0].upper() + said[1:] + ".")
            tables.append((f"{_KINDS[kind]} of {one.layer.name}", _score_rows(one, scores)))
    if done.curve:
        passed = sum(len(one.scores["text"].found()) for one in done.layers)
        sentences += _said_of_curve(done.curve, done.plan.recipe, passed)
        tables.append(("Units switched off", _curve_rows(done.curve)))
    if "flips" in done.chosen.parts:
        flips, right = done.flip_count
        sentences.append(
            f"{done.plan.recipe} turned {flips} of {right} photographs that were right."
        )
    if done.flips:
        tables.append(("Units behind the flips", _flip_rows(done.flips)))
    sentences += [
        f"No picture was grown for unit {unit}: {why}."
        for _, unit, why in done.grown
        if isinstance(why, str)
    ]
    return Section(
        "Which units read",
        tuple(sentences),
        tuple(tables),
        pictures,
        done.inside.model.name,
        done.inside.model.fingerprint,
        tuple(_explained(done)),
        tuple(kind for kind in _KINDS if kind and any(kind in one.scores for one in done.layers)),
    )


def _explained(done: Study) -> Iterator[ExplainedFlip]:
    """The flips with what finds their pictures in a run again."""
    if done.attacks is None:
        return
    by_name = {one.layer.name: one for one in done.layers}
    for flip in done.flips:
        if all(map(math.isfinite, flip.lead)):
            yield ExplainedFlip(
                flip.sample,
                pixel_fingerprint(done.attacks.picture(flip.row, "attacked")),
                flip.label,
                flip.word,
                flip.answer,
                flip.lead,
                tuple(_behind(unit, by_name[unit.layer]) for unit in flip.units),
            )


def _behind(unit: Contribution, one: LayerStudy) -> UnitBehind:
    return UnitBehind(
        unit.layer,
        unit.label,
        unit.estimated,
        unit.measured if math.isfinite(unit.measured) else None,
        tuple(exciting_words(one, unit.unit)[:_WORDS]),
    )


_TESTS = {
    "text": ("AUROC any word",),
    "multimodal": ("AUROC photographs", "AUROC name"),
    "colour": ("AUROC ink", "AUROC name"),
}


def _score_rows(one: LayerStudy, scores: UnitScores) -> tuple[tuple[str, ...], ...]:
    tests = _TESTS[scores.kind]
    stands = ("closest to",) if len(tests) > 1 else ()
    rows: list[tuple[str, ...]] = [("unit", *stands, *tests, "p", "q", "words")]
    for unit in _best(scores):
        best = int(scores.best[unit])
        values = (scores.first[best, unit], scores.second[best, unit])[: len(tests)]
        rows.append(
            (
                one.layer.label(unit),
                *((scores.groups[best],) if stands else ()),
                *(f"{value:.3f}" for value in values),
                f"{scores.p[unit]:.2g}",
                f"{scores.q[unit]:.2g}",
                ", ".join(exciting_words(one, unit)[:4]) or "–",
            )
        )
    return tuple(rows)


def _shown(figure: Figure) -> str:
    if not figure:
        return "–"
    value, low, high = (100 * part for part in (figure.value, figure.low, figure.high))
    return f"{value:.1f} % [{low:.1f}, {high:.1f}]"


def _said_of_curve(points: tuple[Point, ...], recipe: str, found: int) -> Iterator[str]:
    """What the curve comes to: the whole model, without the text units found, without any unit."""
    at = {(point.order, point.removed): point for point in points}
    every = max(point.removed for point in points)
    yield f"With every unit in place {_said_of_point(at['best first', 0], recipe)}."
    if 0 < found < every:
        yield (
            f"Without the {found:,} text units {_said_of_point(at['best first', found], recipe)}; "
            f"without as many in random order {_said_of_point(at['random', found], recipe)}."
        )
    yield f"Without any of the {every:,} units {_said_of_point(at['best first', every], recipe)}."


def _said_of_point(point: Point, recipe: str) -> str:
    if not point.flip_rate:
        return "no photograph is answered correctly, so nothing is left to flip"
    return (
        f"{recipe} flips {_shown(point.flip_rate)} and its blank {_shown(point.blank_flip_rate)} "
        f"of n = {point.flip_rate.n}"
    )


def _curve_rows(points: tuple[Point, ...]) -> tuple[tuple[str, ...], ...]:
    heads = ("order", "removed", "flip rate", "blank", "targeted", "clean accuracy", "n")
    rows = [heads]
    for point in points:
        rows.append(
            (
                point.order,
                f"{point.removed:,}",
                _shown(point.flip_rate),
                _shown(point.blank_flip_rate),
                _shown(point.targeted_success),
                _shown(point.accuracy_clean),
                str(point.flip_rate.n),
            )
        )
    return tuple(rows)


def _flip_rows(flips: tuple[FlipStudy, ...]) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = [
        ("photograph", "true", "written", "named", "lead, clean", "lead, attacked", "units")
    ]
    for flip in flips:
        rows.append(
            (
                flip.sample,
                flip.label,
                flip.word,
                flip.answer,
                f"{flip.lead[0]:+.2f}",
                f"{flip.lead[1]:+.2f}",
                "; ".join(_part(unit) for unit in flip.leading[:4]) or _NONE,
            )
        )
    return tuple(rows)
