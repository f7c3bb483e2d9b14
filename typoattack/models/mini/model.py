"""`mini`: the object sense and the reading sense in one joint space.

image embedding = [object features ; weight x what was read], text embedding = [meaning ; weight x
spelling], each part normalised before the weight, the whole after. CLIP is known to have such a
semantic and such a spelling part (Goh et al. 2021; Materzyńska et al. 2022); here they are built,
not learned together, so `mini` is no evidence about any published CLIP.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import safetensors.torch
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from typoattack.core.randomness import digest
from typoattack.models.base import Lineage, Preprocess
from typoattack.models.inference import autocast, check_precision, reduced
from typoattack.models.mini.blind import (
    OBJECT_FEATURES,
    OBJECT_SIZE,
    STAND_IN,
    Meaning,
    class_rows,
    load_object_net,
    object_features,
    object_weights_file,
)
from typoattack.models.mini.colours import COLOURS, ink_colours, named_colour
from typoattack.models.mini.reader import ReaderNet, Reading, read
from typoattack.models.mini.spelling import soft_normalised, spelling
from typoattack.models.pixels import Bicubic, TwoStep
from typoattack.models.zero_shot import ZeroShotModel

WEIGHTS = Path(__file__).with_name("reader.safetensors")
IMAGE_SIZE = 448
READING_WEIGHT = 0.8
COLOUR_WEIGHT = 0.4
LEAST_READ = 2.0
"""Length of the read part below which it counts for less than its full weight."""

_LOGIT_SCALE = 70.0
_VERSION = "mini 1"


def load_reader(path: Path = WEIGHTS) -> tuple[nn.Module, torch.Tensor]:
    """The trained reader ready to run, and the (729,) rarity of letter pairs."""
    stored = {k: v.float() for k, v in safetensors.torch.load_file(path).items()}
    rarity = stored.pop("rarity")
    net = ReaderNet()
    whole = net.state_dict() | stored
    net.load_state_dict(whole)
    return _fused(net.eval()).to(memory_format=torch.channels_last), rarity


def _fused(module: nn.Module) -> nn.Module:
    """`module` with every batch norm folded into the convolution before it."""
    for name, child in module.named_children():
        parts = list(child.children())
        if len(parts) == 3 and isinstance(parts[1], nn.BatchNorm2d):
            convolution = fuse_conv_bn_eval(parts[0], parts[1])  # type: ignore[type-var]
            setattr(module, name, nn.Sequential(convolution, parts[2]))
        else:
            _fused(child)
    return module


class Mini(ZeroShotModel):
    """The embedded model: sees objects and basic colours, and reads.

    The vectors have 1280 + 1 + 11 + 729 numbers: object features or meaning; one that is 1 in a
    text without meaning and 0 in every picture; the colours of what stands on the ground; what
    was read or how it is spelled. A text whose words are unknown has only a spelling, a picture
    without text nothing read.

    Attributes:
        object_net: timm's EfficientNet-Lite0; reads nothing.
        reader_net: the reader; sees no object.
    """

    lineage = Lineage("mini")
    image_size = IMAGE_SIZE
    logit_scale = _LOGIT_SCALE
    preprocess: Preprocess = TwoStep(Bicubic(IMAGE_SIZE))

    def __init__(
        self, device: str = "cpu", precision: str = "fp32", *, weights: Path = WEIGHTS
    ) -> None:
        check_precision(precision)
        self._device = device
        self._precision = precision
        self._how = Reading()
        self._weight = READING_WEIGHT
        reader_net, self._rarity = load_reader(weights)
        object_net = load_object_net()
        self._meaning = Meaning(class_rows(object_net))
        self.object_net = object_net.to(device).requires_grad_(False)
        self.reader_net = reader_net.to(device).requires_grad_(False)
        files = [hashlib.sha256(p.read_bytes()).digest() for p in (weights, object_weights_file())]
        settings = repr((_VERSION, IMAGE_SIZE, self._how, self._weight, COLOUR_WEIGHT, LEAST_READ))
        self.fingerprint = digest(settings + reduced(precision), *files)

    @property
    def note(self) -> str:
        """That it is a stand-in."""
        return STAND_IN

    @torch.inference_mode()
    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, 448, 448) to (n, 2021): seen and read."""
        return self.embed(batch).clone()

    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """As `encode_image`, with gradients where `batch` has them."""
        pixels = batch.to(self._device)
        size = (OBJECT_SIZE, OBJECT_SIZE)
        small = F.interpolate(pixels, size, mode="bicubic", antialias=True).clamp(0, 1)
        with autocast(self._device, self._precision):
            seen = object_features(self.object_net, small * 2 - 1)
        colours = COLOUR_WEIGHT * F.normalize(ink_colours(pixels), dim=1)
        read = self._weight * self.read(batch)
        whole = torch.cat([F.pad(seen, (0, 1)).cpu(), colours.cpu(), read], dim=1)
        return F.normalize(whole, dim=1)

    def read(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, 448, 448) to (n, 729): the letter pairs read, length at most 1."""
        with autocast(self._device, self._precision):
            found = read(self.reader_net, batch.to(self._device), self._how).cpu()
        return soft_normalised(found * self._rarity.sqrt(), LEAST_READ)

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """n sentences to (n, 2021): meaning and spelling."""
        return F.normalize(torch.stack([self._sentence(text) for text in texts]), dim=1)

    def _sentence(self, text: str) -> torch.Tensor:
        name, meaning = self._meaning.row(text)
        colour = named_colour(text) if name in ("", "orange") else ""
        if colour:
            name, meaning = colour, torch.zeros(OBJECT_FEATURES)
        shares = torch.tensor([float(colour == known) for known in COLOURS])
        unknown = torch.tensor([float(not name)])
        spelled = self._weight * spelling(text, name, self._rarity)
        return torch.cat([meaning, unknown, shares, spelled])
