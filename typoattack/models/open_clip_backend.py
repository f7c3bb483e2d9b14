"""Any model that open_clip can open, with its own preprocessing and tokenizer."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import open_clip
import torch
import xxhash
from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

from typoattack.core.errors import UserError, unknown
from typoattack.core.hub import asking_the_hub, fetch, refusal
from typoattack.models.ahead import Answer, normalised_later
from typoattack.models.base import Lineage, Preprocess
from typoattack.models.inference import (
    autocast,
    check_precision,
    learned_scale_and_bias,
    weights_fingerprint,
)
from typoattack.models.pixels import two_step
from typoattack.models.zero_shot import ZeroShotModel


class OpenClipModel(ZeroShotModel):
    """An open_clip dual encoder behind the `Model` protocol.

    Args:
        name: what reports call it.
        module: a CLIP as `open_clip.create_model` returns it, on `device`.
        preprocess: open_clip's inference transform for it.
        tokenizer: open_clip's tokenizer for it.
        device: where `module` lies.
        precision: `fp32`, or autocast to `bf16` or `fp16`.
    """

    def __init__(
        self,
        name: str,
        module: Any,
        preprocess: Preprocess,
        tokenizer: Any,
        *,
        device: str = "cpu",
        precision: str = "fp32",
    ) -> None:
        self.lineage = Lineage(name)
        self.preprocess = two_step(preprocess)
        self.module = module.eval()
        self.tokenizer = tokenizer
        self._device = device
        self.precision = precision
        size = module.visual.image_size
        self.image_size = int(size if isinstance(size, int) else size[0])
        self.logit_scale, self.logit_bias = learned_scale_and_bias(module)
        self.fingerprint = weights_fingerprint(module, repr(preprocess), precision)

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, image_size, image_size) to (n, d); see `Model`."""
        return self.begin_image(batch)()

    def begin_image(self, batch: torch.Tensor) -> Answer:
        """The same, of which the answer is waited for when it is asked for; see `models.ahead`."""
        with torch.inference_mode(), autocast(self._device, self.precision):
            features = self.module.encode_image(batch.to(self._device, non_blocking=True))
        return normalised_later(features)

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """n sentences to (n, d); see `Model`."""
        return self.begin_text(texts)()

    def begin_text(self, texts: Sequence[str]) -> Answer:
        """The same, of which the answer is waited for when it is asked for."""
        tokens = self.tokens(texts).to(self._device, non_blocking=True)
        with torch.inference_mode(), autocast(self._device, self.precision):
            features = self.module.encode_text(tokens)
        return normalised_later(features)

    def tokens(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, context length): the tokens of n sentences."""
        made: torch.Tensor = self.tokenizer(list(texts))
        return made


def text_fingerprint(module: Any, tokenizer: str) -> str:
    """A hash of all weights that encode text: those that are not the image encoder's.

    Args:
        module: a CLIP of open_clip.
        tokenizer: what tells it from another.
    """
    hasher = xxhash.xxh3_128(tokenizer.encode())
    for name, weight in module.state_dict().items():
        if not name.startswith(("visual.", "logit_")):
            hasher.update(name.encode())
            hasher.update(weight.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy())
    return hasher.hexdigest()


def load_open_clip(name: str, *, device: str = "cpu", precision: str = "fp32") -> OpenClipModel:
    """Open `ARCH/PRETRAINED`, `hf-hub:ORG/NAME` or `local-dir:PATH` with open_clip.

    Weights are loaded with `weights_only`. The activation of the tag's training is used: OpenAI's
    checkpoints were trained with QuickGELU, and open_clip only warns of a mismatch.

    Raises:
        UserError: for an unknown architecture or tag, a folder that is none, weights that cannot
            be fetched or do not fit.
    """
    check_precision(precision)
    arch, pretrained, quick_gelu = _resolve(name)
    online = contextlib.nullcontext() if _local(arch, pretrained) else asking_the_hub()
    try:
        with online:
            _fetch(name, arch, pretrained)
            with _quiet():
                made, preprocess = open_clip.create_model_from_pretrained(
                    arch, pretrained, device=device, force_quick_gelu=quick_gelu, weights_only=True
                )
                tokenizer = open_clip.get_tokenizer(arch)
    except UserError:
        raise
    except Exception as error:
        raise _in_words(name, error) from None
    return OpenClipModel(name, made, preprocess, tokenizer, device=device, precision=precision)


def _resolve(name: str) -> tuple[str, str | None, bool]:
    """open_clip's model name, its pretrained tag, and whether to force QuickGELU."""
    if name.startswith("local-dir:"):
        folder = Path(name.removeprefix("local-dir:"))
        if not (folder / "open_clip_config.json").is_file():
            raise UserError(f"model {name!r}: no open_clip_config.json in {str(folder)!r}")
        return name, None, False
    if name.startswith("hf-hub:"):
        return name, None, False
    arch, _, tag = name.partition("/")
    if arch not in open_clip.list_models():
        raise unknown("model", arch, open_clip.list_models(), "see `typoattack list models`")
    tags = open_clip.list_pretrained_tags_by_model(arch)
    if not tag:
        raise UserError(f"model {name!r} needs a checkpoint: {arch}/TAG, TAG one of {_few(tags)}")
    if Path(tag).is_file():
        return arch, tag, False
    if tag not in tags:
        raise unknown(f"{arch} checkpoint", tag, tags)
    return arch, tag, bool(open_clip.get_pretrained_cfg(arch, tag).get("quick_gelu", False))


def _local(arch: str, pretrained: str | None) -> bool:
    """Whether all of a model lies in a folder or file of the user's own."""
    return arch.startswith("local-dir:") or Path(pretrained or "").is_file()


def _fetch(name: str, arch: str, pretrained: str | None) -> None:
    """Have in the cache what the Hub keeps of a model, if it keeps it.

    open_clip would fetch it too, but tells of nothing that goes wrong with weights.

    Raises:
        UserError: if it cannot be had; says why.
    """
    what = f"model {name!r}"
    if arch.startswith("hf-hub:"):
        repository = arch.removeprefix("hf-hub:")
        fetch(what, repository, ["open_clip_config.json"])
        fetch(what, repository, [HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME])
    elif pretrained and (where := open_clip.get_pretrained_cfg(arch, pretrained).get("hf_hub")):
        repository, _, file = where.rpartition("/")
        file = file or HF_WEIGHTS_NAME
        safe = {HF_WEIGHTS_NAME: HF_SAFE_WEIGHTS_NAME}.get(file)
        fetch(what, repository, [safe or str(Path(file).with_suffix(".safetensors")), file])


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown}, …" if len(names) > 8 else shown or "none (open_clip publishes none)"


def _in_words(name: str, error: Exception) -> UserError:
    """What went wrong while open_clip opened `name`."""
    told = "" if name.startswith("local-dir:") else refusal(error)
    if told:
        return UserError(f"model {name!r}: {told}, or use local-dir:PATH or mini")
    return UserError(
        f"model {name!r}: open_clip cannot open it ({' '.join(str(error).split())[:300]})"
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back open_clip's log lines: whatever matters comes as an exception."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)
