"""Any Python object with `encode_image` and `encode_text` as a model."""

import importlib
import inspect
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from typoattack.core.errors import UserError
from typoattack.core.randomness import digest, stream
from typoattack.models.base import Lineage, Preprocess
from typoattack.models.inference import normalised
from typoattack.models.zero_shot import ZeroShotModel

_SIZE = 224
_SCALE = 100.0


@dataclass(frozen=True)
class ToTensor:
    """A square RGB canvas to float32 (3, size, size) in 0 to 1, bicubic."""

    size: int

    def __call__(self, canvas: Image.Image) -> torch.Tensor:
        """See the class."""
        small = canvas.resize((self.size, self.size), Image.Resampling.BICUBIC)
        pixels = np.asarray(small, dtype=np.float32) / np.float32(255)
        return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


class PythonModel(ZeroShotModel):
    """A user's object behind the `Model` protocol.

    The object must have

    - `encode_image(batch)`: a float32 tensor (n, 3, s, s) to (n, d), a tensor or an array;
    - `encode_text(texts)`: a list of n sentences to (n, d);

    and may have `preprocess` (a square RGB canvas to a tensor (3, s, s); it must pickle),
    `image_size` (s, 224 if absent; without `preprocess` the batch is RGB in 0 to 1), `logit_scale`
    (100), `logit_bias` (none), `reads` (true) and `fingerprint`. Rows are normalised here. Without
    a fingerprint of its own an object is known by what it makes of two fixed pictures and
    sentences.

    Args:
        name: what reports call it.
        inner: the object.

    Raises:
        UserError: if it lacks a method, or what it says or makes of two probe pictures and
            sentences is not as it must be.
    """

    def __init__(self, name: str, inner: Any) -> None:
        for method in ("encode_image", "encode_text"):
            if not callable(getattr(inner, method, None)):
                raise UserError(f"model {name!r}: {type(inner).__name__} has no {method}()")
        self.lineage = Lineage(name)
        self._inner = inner
        self.image_size = _whole(name, "image_size", getattr(inner, "image_size", _SIZE))
        self.logit_scale = _finite(name, "logit_scale", getattr(inner, "logit_scale", _SCALE))
        bias = getattr(inner, "logit_bias", None)
        self.logit_bias = None if bias is None else _finite(name, "logit_bias", bias)
        self.reads = bool(getattr(inner, "reads", True))
        own = getattr(inner, "preprocess", None)
        self.preprocess: Preprocess = own or ToTensor(self.image_size)
        self.fingerprint = self._behaviour(getattr(inner, "fingerprint", None))

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, image_size, image_size) to (n, d); see `Model`."""
        return self._features("encode_image", batch, len(batch))

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """n sentences to (n, d); see `Model`."""
        return self._features("encode_text", list(texts), len(texts))

    def _features(self, method: str, given: Any, count: int) -> torch.Tensor:
        with torch.inference_mode():
            try:
                made = torch.as_tensor(getattr(self._inner, method)(given))
            except Exception as error:
                raise UserError(
                    f"model {self.name!r}: {method} broke: {type(error).__name__}: "
                    f"{' '.join(str(error).split())[:200]}"
                ) from error
        if made.ndim != 2 or len(made) != count or not made.is_floating_point():
            raise UserError(
                f"model {self.name!r}: {method} must give ({count}, d) floats, not "
                f"{tuple(made.shape)} {made.dtype}"
            )
        if not torch.isfinite(made).all():
            raise UserError(f"model {self.name!r}: {method} gave NaN or infinity")
        return normalised(made).clone()

    def _input(self, canvas: Image.Image) -> torch.Tensor:
        """What `preprocess` makes of a picture, if it is what it must be."""
        try:
            made: Any = self.preprocess(canvas)
        except Exception as error:
            raise UserError(
                f"model {self.name!r}: preprocess broke: {type(error).__name__}: "
                f"{' '.join(str(error).split())[:200]}"
            ) from error
        wanted = (3, self.image_size, self.image_size)
        if not isinstance(made, torch.Tensor):
            raise UserError(
                f"model {self.name!r}: preprocess gave {type(made).__name__}, not a tensor {wanted}"
            )
        if tuple(made.shape) != wanted or not made.is_floating_point():
            raise UserError(
                f"model {self.name!r}: preprocess gave {tuple(made.shape)} {made.dtype}, not a "
                f"float tensor {wanted}; image_size says {self.image_size}"
            )
        if not torch.isfinite(made).all():
            raise UserError(f"model {self.name!r}: preprocess gave NaN or infinity")
        return made

    def _behaviour(self, own: object) -> str:
        """The object's own fingerprint, or a hash of its answers; checks them on the way."""
        noise = stream("python model").integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
        inputs = torch.stack([self._input(Image.fromarray(pixels)) for pixels in noise])
        pictures = self.encode_image(inputs)
        sentences = self.encode_text(["a photo of a dog.", "iPod"])
        if pictures.shape[1] != sentences.shape[1]:
            raise UserError(
                f"model {self.name!r}: pictures have {pictures.shape[1]} features, but sentences "
                f"{sentences.shape[1]}; they must share a space"
            )
        if own is not None:
            return digest("python", str(own))
        # Three digits: enough to tell models apart, few enough for another machine's rounding.
        rounded = (torch.cat([pictures, sentences]) * 1000).round().to(torch.int32)
        return digest("python", rounded.numpy().tobytes(), repr(self.logit_scale))


def _finite(name: str, what: str, value: Any) -> float:
    """A number of the user's object."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"model {name!r}: {what} is {value!r:.80}, not a finite number")
    return number


def _whole(name: str, what: str, value: Any) -> int:
    """A positive whole number of the user's object."""
    number = _finite(name, what, value)
    if number != int(number) or number < 1:
        raise UserError(f"model {name!r}: {what} is {value!r:.80}, not a positive whole number")
    return int(number)


def load_python(name: str, *, device: str = "cpu", precision: str = "fp32") -> PythonModel:
    """Open `python:package.module:factory`: an object, or what a callable of that name returns.

    The module is imported, so its code runs; the current folder is searched too. A factory that
    takes a parameter `device` is told it.

    Raises:
        UserError: if the module or name cannot be found, making the object fails, or another
            precision than fp32 is asked for.
    """
    if precision != "fp32":
        raise UserError(f"model {name!r} runs in fp32 only; leave --precision away")
    module_name, colon, attribute = name.removeprefix("python:").partition(":")
    if not (module_name and colon and attribute):
        raise UserError(f"model {name!r} is written python:package.module:factory")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        made: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            made = getattr(made, part)
        if callable(made) and (isinstance(made, type) or not hasattr(made, "encode_image")):
            made = made(**({"device": device} if _takes_device(made) else {}))
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"model {name!r} cannot be made: {type(error).__name__}: {reason}"
        ) from error
    return PythonModel(name, made)


def _takes_device(factory: Any) -> bool:
    try:
        return "device" in inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return False
