"""Defense-Prefix: a learned token before the class name (Azuma and Matsui 2023)."""

import contextlib
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import nn
from torch.nn import functional as F

from typoattack.core.errors import UserError
from typoattack.core.progress import Progress
from typoattack.core.randomness import digest, stream
from typoattack.core.tensors import read_tensors
from typoattack.defences.base import Defence, defence
from typoattack.defences.learned import FITTED, USUAL, Embedded, Learned, Learning
from typoattack.models.wrappers import Wrapped

if TYPE_CHECKING:
    from typoattack.models.base import Model
    from typoattack.task import Task

KIND = "defense-prefix"
PLACE = "* "
"""What stands before a class name where the learned token goes, as in the authors' code."""


@defence("defense-prefix", source="Azuma and Matsui 2023")
class DefensePrefix(Defence):
    """Puts a learned token before every class name: "a photo of a [DP] dog."

    Attributes:
        file: a token that the authors published for this architecture (`dp_vit-b32.pt`, loaded
            with weights only), or what `typoattack defence fit defense-prefix` wrote.
    """

    file: Annotated[str, Field(min_length=1)]

    def wrap(self, model: "Model") -> "Model":
        """Wraps `encode_text`; fits open_clip models with CLIP's own tokenizer."""
        tower = text_tower(model, str(self))
        vector = _read(Path(self.file), str(self))
        if vector.shape[1] != tower.embedding.embedding_dim:
            raise UserError(
                f"defence {self}: the token in {self.file!r} has {vector.shape[1]} numbers, but "
                f"{model.name} takes {tower.embedding.embedding_dim}"
            )
        key = digest(model.fingerprint, KIND, vector.numpy().tobytes())
        return _Prefixed(model, self, key, tower, vector)


@dataclass(frozen=True, slots=True)
class TextTower:
    """What of an open_clip model a token is put into.

    Attributes:
        module: the CLIP.
        tokenizer: sentences to (n, context) token numbers.
        embedding: the token embedding.
        token: the number that `PLACE` is tokenised to.
    """

    module: Any
    tokenizer: Any
    embedding: nn.Embedding
    token: int


def text_tower(model: "Model", where: str) -> TextTower:
    """The text tower of an open_clip model, defended or not.

    Raises:
        UserError: naming `where`, if the model has none, or a tokenizer that is not CLIP's.
    """
    while isinstance(model, Wrapped):
        model = model.inner
    module, tokenizer = (getattr(model, name, None) for name in ("module", "tokenizer"))
    if module is None or tokenizer is None:
        raise UserError(f"defence {where} needs an open_clip model, not {model.name}")
    embedding = getattr(getattr(module, "text", module), "token_embedding", None)
    alone, before = (tokenizer([text])[0].tolist() for text in (PLACE.strip(), f"a {PLACE}dog"))
    if not isinstance(embedding, nn.Embedding) or before.count(alone[1]) != 1:
        raise UserError(f"defence {where} needs CLIP's own tokenizer, which {model.name} has not")
    return TextTower(module, tokenizer, embedding, alone[1])


class _Prefixed(Wrapped):
    def __init__(
        self,
        inner: "Model",
        part: Defence,
        fingerprint: str,
        tower: TextTower,
        vector: torch.Tensor,
    ) -> None:
        super().__init__(inner, part, fingerprint)
        self.name_prefix += PLACE
        self._tower = tower
        self._vector = vector

    def encode_text(self, texts: Sequence[str]) -> torch.Tensor:
        """n sentences to (n, d); see `Model`."""
        with put_in(self._tower, self._vector):
            return self.inner.encode_text(texts)


@contextlib.contextmanager
def put_in(tower: TextTower, vector: torch.Tensor) -> Iterator[None]:
    """Within, the first `PLACE` of every sentence is embedded as `vector` (1, d)."""

    def replace(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> Any:
        places = inputs[0] == tower.token
        first = places & (places.cumsum(dim=-1) == 1)
        return torch.where(first.unsqueeze(-1), vector.to(output), output)

    handle = tower.embedding.register_forward_hook(replace)
    try:
        yield
    finally:
        handle.remove()


def _read(path: Path, where: str) -> torch.Tensor:
    """The (1, d) token in a safetensors file of ours or the authors' `.pt`."""
    if path.suffix == ".safetensors":
        stored: Any = read_tensors(path, KIND, ("token",), where)[0]["token"]
    elif not path.is_file():
        raise UserError(f"{where}: there is no file {str(path)!r}")
    else:
        try:
            stored = torch.load(path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, OSError, RuntimeError, EOFError, ValueError) as error:
            reason = " ".join(str(error).split())[:120]
            raise UserError(f"{where}: {str(path)!r} holds no token ({reason})") from None
    if not isinstance(stored, torch.Tensor) or stored.numel() != stored.shape[-1:].numel():
        raise UserError(f"{where}: {str(path)!r} must hold one token, a tensor (1, d)")
    vector = stored.detach().float().reshape(1, -1)
    if not torch.isfinite(vector).all():
        raise UserError(f"{where}: the token in {str(path)!r} has numbers that are not finite")
    return vector


def fit_prefix(
    model: "Model",
    data: Embedded,
    task: "Task",
    how: Learning = USUAL,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[torch.Tensor, list[float]]:
    """Learn a token on embedded pictures, image encoder and text encoder frozen.

    The loss is the cross entropy of attacked pictures with the prefix, plus `gamma` times the
    divergence of clean pictures' answers with the prefix from those without (equations 3 to 5).
    The candidates of a step are the classes that its pictures show or have written on them.

    Args:
        model: an open_clip model.
        data: see `Embedded`.
        task: class names and templates; one template a step.
        how: see `Learning`.
        progress: told (steps done, steps in all).

    Returns:
        The token (1, d), and the mean loss of each epoch.

    Raises:
        UserError: if the model takes no token.
    """
    tower = text_tower(model, KIND)
    rng = stream("defense-prefix", how.seed)
    first = rng.normal(0.0, 0.02, (1, tower.embedding.embedding_dim))
    vector = torch.tensor(first, dtype=torch.float32, requires_grad=True)
    optimiser = torch.optim.Adam([vector], lr=how.rate)
    steps = -(-len(data.labels) // how.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, how.epochs * steps)
    losses: list[list[float]] = []
    for epoch in range(how.epochs):
        losses.append([])
        for number, rows in enumerate(np.array_split(rng.permutation(len(data.labels)), steps)):
            template = task.templates[int(rng.integers(len(task.templates)))]
            loss = _loss(model, tower, vector, data, rows, (task.class_names, template), how.gamma)
            (vector.grad,) = torch.autograd.grad(loss, [vector])
            optimiser.step()
            schedule.step()
            losses[-1].append(float(loss.detach()))
            if progress is not None:
                progress(epoch * steps + number + 1, how.epochs * steps)
    return vector.detach(), [float(np.mean(each)) for each in losses]


def _loss(
    model: "Model",
    tower: TextTower,
    vector: torch.Tensor,
    data: Embedded,
    rows: Any,
    names_in: tuple[Sequence[str], str],
    gamma: float,
) -> torch.Tensor:
    names, template = names_in
    labels, targets = data.labels[rows], data.targets[rows]
    candidates = np.unique(np.concatenate([labels, targets[targets >= 0]]))
    sentences = [template.replace("{}", names[index]) for index in candidates]
    prefixed = [template.replace("{}", PLACE + names[index]) for index in candidates]
    device = tower.embedding.weight.device
    with put_in(tower, vector):
        tokens = tower.tokenizer(prefixed).to(device)
        with_prefix = F.normalize(tower.module.encode_text(tokens).float(), dim=-1).cpu()
    without = model.encode_text(sentences).clone()
    clean, attacked = (torch.from_numpy(part[rows]) for part in (data.clean, data.attacked))
    right = torch.from_numpy(np.searchsorted(candidates, labels))
    scale = model.logit_scale
    fooled = F.cross_entropy(scale * attacked @ with_prefix.T, right)
    moved = F.kl_div(
        F.log_softmax(scale * clean @ with_prefix.T, dim=-1),
        F.softmax(scale * clean @ without.T, dim=-1),
        reduction="batchmean",
    )
    return fooled + gamma * moved


@FITTED.register(KIND)
def _fit(
    model: "Model",
    data: Embedded,
    task: "Task",
    how: Learning,
    progress: Progress,
) -> Learned:
    def told(done: int, total: int) -> None:
        progress("steps", done, total)

    token, losses = fit_prefix(model, data, task, how, told)
    line = f"mean loss: {losses[0]:.3f} in the first epoch, {losses[-1]:.3f} in the last"
    return Learned({"token": token}, {"losses": losses}, [line])
