"""Activations of many pictures, streamed to files: memory stays flat in their number."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.units.anatomy import Anatomy
from typoattack.units.finished import memory_mapped
from typoattack.units.layers import Field, Layer

Values = NDArray[np.float32]
"""(n, units): one number a picture and unit."""

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Recording:
    """What the units of some layers answered to some pictures, on disk.

    Attributes:
        rows: how many pictures.
        files: one `.npy` of float32 (rows, units) a layer.
    """

    rows: int
    files: Mapping[str, Path] = field(repr=False)

    def values(self, layer: str) -> Values:
        """(rows, units), mapped from the file, read-only."""
        found: Values = np.load(self.files[layer], mmap_mode="r")
        return found


def record(
    inside: Anatomy,
    layers: Sequence[Layer],
    pictures: Iterable[Image.Image],
    count: int,
    folder: Path,
    *,
    batch_size: int = 32,
    progress: Told | None = None,
) -> Recording:
    """Show `pictures` to the model and keep what the units of `layers` answer.

    Args:
        inside: the model.
        layers: what to record.
        pictures: square RGB canvases, taken one batch at a time.
        count: how many there are.
        folder: where the files go; made if need be.
        batch_size: pictures a forward pass.
        progress: called with (pictures done, pictures in all).

    Raises:
        UserError: if a layer's answer to a picture is no number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = recorded_in(folder, layers, count)
    parts = {name: path.with_suffix(".part") for name, path in made.files.items()}
    stores = {
        layer.name: memory_mapped(parts[layer.name], (count, layer.units)) for layer in layers
    }
    done = 0
    for batch in batches(pictures, batch_size):
        answers = unit_values(inside, layers, preprocessed(inside, batch))
        for layer in layers:
            stores[layer.name][done : done + len(batch)] = _finite(answers[layer.name], layer)
        done += len(batch)
        if progress is not None:
            progress(done, count)
    if done != count:
        raise ValueError(f"{count} pictures were announced and {done} came")
    for name, store in stores.items():
        store.flush()
        parts[name].replace(made.files[name])
    return made


def recorded_in(folder: Path, layers: Sequence[Layer], count: int) -> Recording:
    """What `record` has left, or will leave, in `folder`."""
    return Recording(count, {one.name: folder / f"{_file_name(one.name)}.npy" for one in layers})


def unit_values(inside: Anatomy, layers: Sequence[Layer], batch: torch.Tensor) -> dict[str, Values]:
    """The units' answers (n, units) to a batch of model input, by layer."""
    heard: dict[str, list[torch.Tensor]] = {layer.name: [] for layer in layers}
    with contextlib.ExitStack() as stack:
        for layer in layers:
            stack.enter_context(layer.site.attach(_listener(layer, heard[layer.name])))
        inside.model.encode_image(batch)
    # A module that a forward pass uses several times answers with the mean.
    return {
        name: np.asarray(torch.stack(found).mean(dim=0).float().cpu().numpy())
        for name, found in heard.items()
    }


def _listener(layer: Layer, heard: list[torch.Tensor]) -> Callable[[Field], Field]:
    def listen(found: Field) -> Field:
        heard.append(layer.values(found))
        return found

    return listen


def _finite(values: Values, layer: Layer) -> Values:
    if not np.isfinite(values).all():
        raise UserError(
            f"layer {layer.name!r} answered NaN or infinity; try --precision fp32, or another layer"
        )
    return values


def _file_name(layer: str) -> str:
    """A layer's name as a file's, two of one look told apart."""
    plain = "".join(c if c.isalnum() or c in "._-" else "_" for c in layer)
    return plain if plain == layer else f"{plain}-{digest(layer)[:6]}"


def preprocessed(inside: Anatomy, images: Sequence[Image.Image]) -> torch.Tensor:
    """Canvases as the model's input (n, 3, s, s)."""
    return torch.stack([inside.model.preprocess(image) for image in images])


def batches(pictures: Iterable[Image.Image], size: int) -> Iterator[list[Image.Image]]:
    """`pictures` in lists of at most `size`."""
    pending = iter(pictures)
    while batch := list(islice(pending, size)):
        yield batch
