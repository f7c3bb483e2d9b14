"""A picture that excites a unit as much as can be, by gradient ascent on the input.

After Olah, Mordvintsev and Schubert 2017 (*Feature Visualization*, Distill): the picture is kept
as Fourier coefficients of equal energy in decorrelated colours, and moved, turned and scaled a
little before every step, so that no high frequency and no single pixel can win.
"""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from typoattack.core.errors import UserError
from typoattack.core.randomness import Rng, stream
from typoattack.units.anatomy import Anatomy
from typoattack.units.layers import Field, Layer, ModuleSite

COLOUR_ROOT = (
    (0.2127, 0.0683, 0.0416),
    (0.2236, 0.0172, -0.0622),
    (0.2286, -0.0804, 0.0221),
)
"""Columns are the principal axes of the pixels' colours, as long as their deviations. Measured on
the 20 bundled photographs, at 128 × 128 pixels, by `colour_root`."""


_FIRST = 0.05
"""Deviation of the first picture's coefficients: nearly grey."""

_WARM_UP = 0.5
"""Share of the steps in which rectifiers leak."""


@dataclass(frozen=True, slots=True)
class Ascent:
    """How a picture is grown.

    Attributes:
        steps: updates.
        rate: Adam's learning rate.
        shift: the most that the picture is moved either way, as a share of its side.
        scale: the most that it grows or shrinks, as a share.
        turn: the most that it is turned either way, in degrees.
        seed: keys the first picture and the movements.
    """

    steps: int = 96
    rate: float = 0.05
    shift: float = 0.06
    scale: float = 0.08
    turn: float = 6.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Visualised:
    """A picture grown for a unit.

    Attributes:
        image: RGB, the model's own size.
        before: what the unit said of the first picture, without movement.
        after: of the last.
    """

    image: Image.Image = field(repr=False)
    before: float
    after: float


class _Reached(Exception):
    """The layer has answered: the rest of the network need not run."""


def visualise(
    inside: Anatomy,
    layer: Layer,
    direction: int | torch.Tensor,
    how: Ascent = Ascent(),
    progress: Callable[[int, int], None] | None = None,
) -> Visualised:
    """A picture that excites a unit of `layer`, or a direction (units,) in it.

    Raises:
        UserError: for a unit that is not there, or one whose answer has no slope to climb.
    """
    weights = _weights(layer, direction)
    objective = _objective(inside, layer, weights)
    size, rng = inside.model.image_size, stream(how.seed, "visualise", layer.name)
    canvas = _FourierPicture(size, rng).to(inside.device)
    with _leaky(inside):
        climbable = _has_slope(objective, canvas)
    if not climbable:
        raise UserError(
            f"layer {layer.name!r}: the answer does not change with the picture here, so there "
            "is nothing to climb; choose a layer further down, before a threshold"
        )
    with torch.no_grad():
        before = float(objective(canvas()))
    optimiser = torch.optim.Adam(canvas.parameters(), how.rate)
    for step in range(how.steps):
        optimiser.zero_grad(set_to_none=True)
        with _leaky(inside) if step < how.steps * _WARM_UP else contextlib.nullcontext():
            (-objective(moved(canvas(), how, rng))).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if progress is not None:
            progress(step + 1, how.steps)
    with torch.no_grad():
        last = canvas()
        return Visualised(_image(last[0]), before, float(objective(last)))


def _has_slope(
    objective: Callable[[torch.Tensor], torch.Tensor], canvas: "_FourierPicture"
) -> bool:
    value = objective(canvas())
    if not value.requires_grad:
        return False
    (slope,) = torch.autograd.grad(value, canvas.spectrum, allow_unused=True)
    return slope is not None and bool((slope != 0).any())


@contextlib.contextmanager
def _leaky(inside: Anatomy) -> Iterator[None]:
    """Let rectifiers pass a tenth of what is below zero.

    A rectified unit says nothing at all of a grey picture, and has no slope there. Olah et al.
    redirect such gradients for the first steps; so does this.
    """
    sites = [layer.site for layer in inside.layers.values()]
    rectifiers = {
        site.module
        for site in sites
        if isinstance(site, ModuleSite) and isinstance(site.module, _RECTIFIERS)
    }
    with contextlib.ExitStack() as stack:
        for module in rectifiers:
            stack.enter_context(_one_leaky(module))
        yield


_RECTIFIERS = (nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU)


@contextlib.contextmanager
def _one_leaky(module: nn.Module) -> Iterator[None]:
    given: list[torch.Tensor] = []

    def keep(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        given.append(inputs[0].clone())  # the module may work in place

    def leak(_: nn.Module, __: object, ___: object) -> torch.Tensor:
        return F.leaky_relu(given.pop(), 0.1)

    handles = [
        module.register_forward_pre_hook(keep),
        module.register_forward_hook(leak, prepend=True),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _weights(layer: Layer, direction: int | torch.Tensor) -> torch.Tensor:
    """(units,): the direction as given, or one unit's."""
    if isinstance(direction, torch.Tensor):
        if direction.shape != (layer.units,):
            raise UserError(f"layer {layer.name!r} has directions of {layer.units} numbers")
        return direction.float()
    if not 0 <= direction < layer.units:
        raise UserError(
            f"layer {layer.name!r} has the units 0 to {layer.units - 1}, not {direction}"
        )
    return F.one_hot(torch.tensor(direction), layer.units).float()


def _objective(
    inside: Anatomy, layer: Layer, weights: torch.Tensor
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Pixels (1, 3, s, s) in 0 to 1 to the units' answer along `weights`."""

    def objective(pixels: torch.Tensor) -> torch.Tensor:
        heard: list[torch.Tensor] = []

        def listen(found: Field) -> Field:
            heard.append(layer.values(found)[0] @ weights.to(found))
            raise _Reached

        try:
            with layer.site.attach(listen):
                inside.embed(inside.from_pixels(pixels))
        except _Reached:
            pass
        return heard[0]

    return objective


class _FourierPicture(nn.Module):
    """A picture whose parameters are Fourier coefficients of equal energy."""

    def __init__(self, size: int, rng: Rng) -> None:
        super().__init__()
        self._size = size
        shape = (1, 3, size, size // 2 + 1, 2)
        first = torch.from_numpy(rng.normal(0, _FIRST, shape).astype(np.float32))
        self.spectrum = nn.Parameter(first)
        across = np.fft.rfftfreq(size)[None]
        down = np.fft.fftfreq(size)[:, None]
        frequency = np.maximum(np.hypot(across, down), 1 / size)
        scale = torch.from_numpy((size / 4 / (frequency * size)).astype(np.float32))
        self.register_buffer("scale", scale[None, None, :, :, None], persistent=False)
        root = torch.tensor(COLOUR_ROOT)
        self.register_buffer("colours", root / root.norm(dim=0).max(), persistent=False)

    def forward(self) -> torch.Tensor:
        """(1, 3, size, size) in 0 to 1."""
        scaled = torch.view_as_complex((self.spectrum * self.get_buffer("scale")).contiguous())
        plain = torch.fft.irfft2(scaled, s=(self._size, self._size), norm="ortho")
        coloured = torch.einsum("rc,ncyx->nryx", self.get_buffer("colours"), plain)
        return torch.sigmoid(coloured)


def moved(pixels: torch.Tensor, how: Ascent, rng: Rng) -> torch.Tensor:
    """(n, 3, s, s), a little shifted, scaled and turned, the edges mirrored."""
    turn = math.radians(rng.uniform(-how.turn, how.turn))
    scale = 1 / (1 + rng.uniform(-how.scale, how.scale))
    x, y = rng.uniform(-2 * how.shift, 2 * how.shift, size=2)
    cosine, sine = scale * math.cos(turn), scale * math.sin(turn)
    matrix = torch.tensor([[[cosine, -sine, x], [sine, cosine, y]]], dtype=pixels.dtype)
    grid = F.affine_grid(
        matrix.to(pixels.device).expand(len(pixels), -1, -1), list(pixels.shape), False
    )
    return F.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)


def _image(pixels: torch.Tensor) -> Image.Image:
    rows = (pixels.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(rows)


def colour_root(pictures: torch.Tensor) -> torch.Tensor:
    """(3, 3): what `COLOUR_ROOT` is for pixels (n, 3) in 0 to 1."""
    values, axes = torch.linalg.eigh(torch.cov(pictures.T))
    order = values.argsort(descending=True)
    signs = torch.sign(axes[0, order])
    root: torch.Tensor = axes[:, order] * values[order].clamp(min=0).sqrt() * signs
    return root
