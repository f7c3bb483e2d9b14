"""One file from outside adds a part of each kind, and the command line uses every one of them."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.command_server import Servers

PLUGIN = '''
"""A part of each kind, as somebody outside would write them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from typoattack.core.randomness import Rng, digest
from typoattack.core.registry import Kind
from typoattack.defences import Defence, defence
from typoattack.export import FORMATS
from typoattack.export.entries import Entry
from typoattack.factory import MODELS
from typoattack.metrics.figures import Contribution, PairedRows, figure
from typoattack.models.base import Model
from typoattack.models.python_backend import PythonModel
from typoattack.models.wrappers import Wrapped
from typoattack.recipes.base import Attacked, Recipe, Share, recipe
from typoattack.recipes.labels import PrintedLabel
from typoattack.report.section import ReportData, section
from typoattack.samples import DATASETS, DatasetSpec, Sample
from typoattack.task import Task
from typoattack.words import WORDS, Situation

COLOURS = ("red", "green", "blue")


@recipe("small-label", source="new here")
class SmallLabel(Recipe):
    """A printed label that is small."""

    size: Share = 0.2

    def __call__(self, canvas: Image.Image, word: str, rng: Rng, *, ink: bool = True) -> Attacked:
        return PrintedLabel(size=self.size)(canvas, word, rng, ink=ink)


@defence("upside-down", source="new here")
class UpsideDown(Defence):
    """Looks at pictures upside down."""

    def wrap(self, model: Model) -> Model:
        return _Turned(model, self, digest(model.fingerprint, str(self)))


class _Turned(Wrapped):
    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        return self.inner.encode_image(batch.flip(-2))


@dataclass(frozen=True)
class Squares:
    """Three plain squares of each colour, the same ones over and over."""

    name: str = "squares"
    fingerprint: str = "1"
    task: Task = Task("object", COLOURS, ("a photo of a {}.",))
    licence: str = "none needed"
    variant_kinds: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return 3 * len(COLOURS)

    def __getitem__(self, index: int) -> Sample:
        label, number = divmod(index, 3)
        colour = COLOURS[label]
        return Sample(f"{colour} {number}", lambda: Image.new("RGB", (64, 64), colour), label)


def open_squares(_: DatasetSpec) -> Squares:
    return Squares()


DATASETS.add("squares", Kind("squares", "a square of each colour", open_squares))


class Eyes:
    """Names the colour that there is most of."""

    image_size = 32
    fingerprint = "eyes"

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        return batch.mean(dim=(2, 3)) + 1e-3

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        rows = [[float(colour in text) + 1e-3 for colour in COLOURS] for text in texts]
        return torch.tensor(rows)


def open_eyes(name: str, *, device: str = "cpu", precision: str = "fp32") -> Model:
    return PythonModel(name, Eyes())


MODELS.add("eyes", Kind("eyes", "sees colours, cannot read", open_eyes))


@dataclass(frozen=True)
class Shout:
    """The class behind the right one, in capitals."""

    needs_text_space: bool = False

    def __call__(self, situation: Situation) -> str:
        return situation.class_names[situation.label - 1].upper()


WORDS.add("shout", Kind("shout", "another class in capitals", lambda _: Shout()))


def write_words(entries: Iterable[Entry], folder: Path) -> None:
    """A line a picture: what is written on it."""
    lines = [f"{entry.notes['sample']}: {entry.notes['written']}" for entry in entries]
    (folder / "words.txt").write_text("\\n".join(lines))


FORMATS.add("words", write_words)


@figure(
    "Stood firm",
    "Share of all photographs whose answer is the clean one's.",
    more_robust="higher",
    column=90,
)
def stood_firm(rows: PairedRows) -> Contribution:
    """1 where the answer is as it was."""
    return rows.only(rows.predicted == rows.clean_predicted, rows.attacked & rows.paired)


@section("greeting", 50, navigation="Greeting")
def greeting(data: ReportData) -> dict[str, object]:
    """Says how many photographs there were."""
    return {"photographs": data.view.manifest["dataset"]["samples"]}
'''
TEMPLATE = '<section id="greeting">Hello, {{ photographs }} photographs</section>\n'


@dataclass(frozen=True)
class Outside:
    """The plugin, and processes that it can be used in: here it stays unknown."""

    plugin: Path
    servers: Servers

    @property
    def folder(self) -> Path:
        return self.plugin.parent

    def typoattack(self, *arguments: object) -> str:
        """What a command line prints."""
        words = [*map(str, arguments), "--plugin", str(self.plugin)]
        done = self.servers.run("typoattack", words, self.folder, terminal=False)
        assert done.status == 0, done.out + done.err
        return done.out


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Outside:
    folder = tmp_path_factory.mktemp("outside")
    (folder / "parts.py").write_text(PLUGIN, "utf-8")
    (folder / "parts.html").write_text(TEMPLATE, "utf-8")
    return Outside(folder / "parts.py", servers)


@pytest.fixture(scope="module")
def run(outside: Outside) -> Path:
    out = outside.folder / "run"
    outside.typoattack(
        *("run", "quick", "--recipe", "small-label @ shout", "--defence", "upside-down"),
        *("--dataset", "squares", "--model", "eyes", "--canvas", 128, "--workers", 1),
        *("--out", out),
    )
    return out


def test_a_run_is_made_of_nothing_but_parts_from_outside(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    assert [model["name"] for model in manifest["models"]] == ["eyes", "eyes + upside-down"]
    assert manifest["dataset"]["name"] == "squares"
    rows = pd.read_parquet(run / "predictions.parquet")
    attacked = rows[rows["family"] == "attack"]
    assert {*attacked["recipe"]} == {"small-label @ shout"}
    assert {*attacked["written"]} == {"RED", "GREEN", "BLUE"}


def test_a_figure_from_outside_is_in_the_table_and_a_section_on_the_page(run: Path) -> None:
    table = pd.read_csv(run / "summary.csv")
    assert table["stood_firm"].notna().any()
    assert "Hello, 9 photographs</section>" in (run / "report.html").read_text("utf-8")


def test_a_run_can_be_reported_and_compared_by_a_figure_from_outside(
    run: Path, outside: Outside
) -> None:
    (run / "summary.md").unlink()
    outside.typoattack("report", run)
    assert "Stood firm" in (run / "summary.md").read_text("utf-8")
    compared = outside.typoattack("compare", run, "--figure", "stood_firm")
    assert "small-label" in compared


def test_a_layout_from_outside_is_written(outside: Outside) -> None:
    out = outside.folder / "attacked"
    outside.typoattack(
        *("generate", "quick", "--recipe", "small-label @ shout", "--dataset", "squares"),
        *("--canvas", 128, "--format", "words", "--out", out),
    )
    assert (out / "words.txt").read_text("utf-8").splitlines()[:2] == [
        "red 0: ",
        "red 0: BLUE",
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("recipes", "small-label"),
        ("defences", "upside-down"),
        ("datasets", "squares"),
        ("models", "eyes"),
        ("words", "shout"),
        ("formats", "words"),
        ("figures", "stood_firm"),
    ],
)
def test_a_part_from_outside_is_listed(outside: Outside, kind: str, name: str) -> None:
    listed = [line.split()[0] for line in outside.typoattack("list", kind).splitlines() if line]
    assert name in listed
