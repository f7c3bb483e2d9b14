"""Mirrored text cannot be read: what a picture and its mirror image share is not writing."""

from typing import TYPE_CHECKING, Literal

import torch
from torch.nn import functional as F

from typoattack.core.randomness import digest
from typoattack.defences.base import Defence, defence
from typoattack.models.wrappers import Wrapped

if TYPE_CHECKING:
    from typoattack.models.base import Model


@defence(
    "mirror",
    source="after Wang et al., CLIP in Mirror: Disentangling text from visual images through "
    "reflection (MirrorCLIP), NeurIPS 2024; mirrorclip.py of tcwangbuaa/MirrorCLIP",
)
class Mirror(Defence):
    """Keeps of a picture's embedding what its mirror image has as well; twice the image passes.

    That writing is lost in a mirror is MirrorCLIP's idea; its own rule is `keep="mirrorclip"`. The
    others are new here.

    Attributes:
        keep: `agreement` takes each feature's smaller magnitude where the signs agree, else 0;
            `mean` the mean of the two embeddings; `mirrored` the mirror image's alone;
            `mirrorclip` the mirror image's features, and to each whose sign agrees with the
            picture's own that one added, as the authors' *visual* features are.
    """

    keep: Literal["agreement", "mean", "mirrored", "mirrorclip"] = "agreement"

    def wrap(self, model: "Model") -> "Model":
        """Wraps `encode_image`; fits every model whose input has its width last."""
        return _Mirrored(model, self, digest(model.fingerprint, str(self)))


class _Mirrored(Wrapped):
    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        """(n, 3, image_size, image_size) to (n, d); see `Model`."""
        assert isinstance(self.part, Mirror)
        mirrored = self.inner.encode_image(batch.flip(-1))
        if self.part.keep == "mirrored":
            return mirrored
        straight = self.inner.encode_image(batch)
        if self.part.keep == "mean":
            return F.normalize(straight + mirrored, dim=-1)
        if self.part.keep == "mirrorclip":
            return F.normalize(
                mirrored + torch.where(straight * mirrored > 0, straight, 0.0), dim=-1
            )
        smaller = torch.where(straight.abs() < mirrored.abs(), straight, mirrored)
        agreed = torch.where(straight * mirrored > 0, smaller, 0.0)
        # Two embeddings that share nothing leave no direction: the picture's own then stands.
        empty = agreed.norm(dim=-1, keepdim=True) < 1e-6
        return F.normalize(torch.where(empty, straight, agreed), dim=-1)
