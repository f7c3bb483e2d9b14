"""Batches on their way to a device: full, in order, and begun before the last answer is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_runs import manifest
from torch.nn.functional import normalize

from typoattack.defences.base import DEFENCES
from typoattack.factory import load_models
from typoattack.models.ahead import begun
from typoattack.models.base import Lineage
from typoattack.models.wrappers import Wrapped, Wrapper
from typoattack.models.zero_shot import ZeroShotModel
from typoattack.results.folder import RunFolder
from typoattack.runner.ahead import UNDER_WAY, embedded_ahead
from typoattack.runner.local import run_suite
from typoattack.runner.options import RunOptions
from typoattack.runner.worker import Drawing, Picture
from typoattack.samples import open_dataset
from typoattack.suite import parse_suite


class Late(ZeroShotModel):
    """Tells each picture's own first value, when asked; notes what was begun and answered."""

    image_size, logit_scale, fingerprint, lineage = 2, 1.0, "late", Lineage("late")

    def __init__(self) -> None:
        self.notes: list[tuple[str, int]] = []

    def preprocess(self, image: object) -> torch.Tensor:
        raise NotImplementedError

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        return self.begin_image(batch)()

    def begin_image(self, batch: torch.Tensor) -> Callable[[], torch.Tensor]:
        number, rows = len(batch), batch[:, :1, 0, 0].clone()
        self.notes.append(("begun", number))

        def answer() -> torch.Tensor:
            self.notes.append(("answered", number))
            return rows

        return answer

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        return normalize(torch.ones(len(texts), 1), dim=-1)


@dataclass(frozen=True)
class Encoder:
    model: ZeroShotModel
    input_index: int = 0


def drawing(first: int, count: int) -> Drawing:
    values = torch.arange(first, first + count, dtype=torch.float32)
    inputs = values[:, None, None, None].expand(count, 3, 2, 2)
    pictures = tuple(Picture(None, "") for _ in range(count))
    return Drawing(first, str(first), 0, pictures=pictures, inputs=(inputs,) if count else ())


@settings(deadline=None, max_examples=60)
@given(counts=st.lists(st.integers(0, 12), max_size=20), size=st.integers(1, 10))
def test_each_drawing_gets_its_own_rows_and_every_batch_but_the_last_is_full(
    counts: list[int], size: int
) -> None:
    model, starts = Late(), np.cumsum([0, *counts]).tolist()
    drawings = [drawing(start, count) for start, count in zip(starts, counts, strict=False)]
    told = list(embedded_ahead(drawings, [Encoder(model), Encoder(model)], size, "cpu"))
    assert [one.index for one, _ in told] == [one.index for one in drawings]
    for one, embedded in told:
        assert len(embedded) == (2 if one.pictures else 0)
        for rows in embedded:
            assert rows[:, 0].tolist() == list(range(one.index, one.index + len(one.pictures)))
    batches = [number for what, number in model.notes if what == "begun"][::2]
    assert sum(batches) == sum(counts)
    assert all(number == size for number in batches[:-1])


def test_the_next_batches_are_begun_before_an_answer_is_asked_for() -> None:
    model = Late()
    list(embedded_ahead([drawing(0, 40)], [Encoder(model)], 4, "cpu"))
    under_way, most = 0, 0
    for what, _ in model.notes:
        under_way += 1 if what == "begun" else -1
        most = max(most, under_way)
    assert most == UNDER_WAY + 1
    assert [what for what, _ in model.notes[: UNDER_WAY + 2]] == ["begun"] * (UNDER_WAY + 1) + [
        "answered"
    ]


def test_an_answer_is_given_out_while_later_drawings_are_still_made() -> None:
    model, made = Late(), []

    def drawings() -> object:
        for number in range(20):
            made.append(number)
            yield drawing(4 * number, 4)

    next(iter(embedded_ahead(drawings(), [Encoder(model)], 4, "cpu")))  # type: ignore[arg-type]
    assert len(made) == UNDER_WAY + 1


def test_a_model_that_redefines_encode_image_is_asked_by_it() -> None:
    class Negative(Late):
        def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
            return -super().encode_image(batch)

    batch = torch.ones(2, 3, 2, 2)
    assert begun(Late(), batch)().tolist() == [[1], [1]]
    assert begun(Negative(), batch)().tolist() == [[-1], [-1]]
    patched = Late()
    patched.encode_image = lambda batch: 2 * batch[:, :1, 0, 0]  # type: ignore[method-assign]
    assert begun(patched, batch)().tolist() == [[2], [2]]


def test_a_wrapped_model_is_begun_unless_the_wrapper_has_its_own_way() -> None:
    class Plain(Wrapper):
        name = "plain"

    batch = torch.arange(24.0).reshape(2, 3, 2, 2)
    inner = Late()
    assert begun(Wrapped(inner, Plain(), "x"), batch)().tolist() == [[0], [12]]
    assert inner.notes == [("begun", 2), ("answered", 2)]
    mirrored = DEFENCES["mirror"](keep="mirrored").wrap(Late())  # type: ignore[call-arg]
    assert begun(mirrored, batch)().tolist() == [[1], [13]]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("batch_size", [3, 7, 64])
def test_spanning_samples_changes_no_answer(
    batch_size: int, workers: int, photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    """What a GPU's batches do to a run, on a CPU: floats to rounding, all else to the letter."""
    text = "question: q\nrecipes: [printed-label, plain-overlay @ nearest, worst-of(2)]\ncanvas: 96"
    (photo_folder / "dog" / "1.png").write_bytes(b"no picture")
    changes = {
        "dataset": f"folder:{photo_folder}",
        "models": [f"local-dir:{tiny_clip}", f"local-dir:{tiny_clip} + mirror"],
    }
    suite = parse_suite(text, "s", changes)
    data, models = open_dataset(suite.dataset), load_models(suite.models, device="cpu")
    tables = []
    for span in (False, True):
        folder = RunFolder(tmp_path / str(span))
        folder.start(manifest([one.name for one in models], list(data.task.class_names)))
        options = RunOptions(workers=workers, batch_size=batch_size, span_samples=span)
        run_suite(suite, models, data, folder, options)
        tables.append(folder.predictions())
    plain, spanned = tables
    floats = plain.select_dtypes("float").columns
    exact = [name for name in plain.columns if name not in {*floats, "top_prob", "facts"}]
    pd.testing.assert_frame_equal(plain[exact], spanned[exact])
    np.testing.assert_allclose(plain[floats], spanned[floats], rtol=0, atol=1e-5)
