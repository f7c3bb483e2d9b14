"""Whether a model recognises what is known, and whether it would with another opening.

The package's 20 photographs are asked among their own classes. Each way in which a model is often
opened wrong is undone once; one after which it recognises clearly more names the fault.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from scipy.stats import binomtest, wilcoxon
from torch.nn import functional as F

from typoattack.doctor import activation, pictures
from typoattack.doctor.expected import USUAL, Normalisation
from typoattack.doctor.finding import Finding
from typoattack.doctor.pictures import Measured
from typoattack.drawing.canvas import square_canvas
from typoattack.models.base import Model
from typoattack.samples.bundled import bundled

CANVAS = 448
LEAST_GAIN = 0.1
"""Mean rise of the true class's log-probability that counts, in nats."""

CHANCE = 1e-3
"""Probability of a rise in so many photographs by chance below which it counts."""

TEMPLATES = ("a photo of a {}.", "this is a photo of a {}.", "{}")
"""What is asked instead: CLIP's, SigLIP's, the bare name."""


@dataclass(frozen=True, slots=True)
class Score:
    """How well a model recognises the photographs.

    Attributes:
        right: how many are recognised.
        log: (n,) log-probability of the true class.
    """

    right: int
    log: torch.Tensor


@dataclass(frozen=True, slots=True)
class Variant:
    """Another way of opening the model.

    Attributes:
        check: the fault that it would undo.
        said: what it does.
        score: how the model does then.
    """

    check: str
    said: str
    score: Score


class Photographs:
    """The package's photographs as a question among their own classes.

    Args:
        model: without defences.
    """

    def __init__(self, model: Model) -> None:
        samples = bundled()
        found = [samples[index] for index in range(len(samples))]
        names = sorted({samples.task.class_names[one.label] for one in found})
        self.names = names
        self.labels = torch.tensor([names.index(samples.task.class_names[s.label]) for s in found])
        prepared = [model.preprocess(square_canvas(one.image, CANVAS)) for one in found]
        self.batch = torch.stack(prepared)
        self.model = model

    def score(
        self, templates: Sequence[str], change: Callable[[torch.Tensor], torch.Tensor] | None = None
    ) -> Score:
        """Ask about them, their input changed if need be."""
        batch = self.batch if change is None else change(self.batch)
        features = torch.cat([self.model.encode_image(part) for part in torch.split(batch, 8)])
        texts = torch.stack([self._class(name, templates) for name in self.names])
        logits = self.model.logit_scale * features @ texts.T
        log = torch.log_softmax(logits, dim=1)[torch.arange(len(self.labels)), self.labels]
        return Score(int((logits.argmax(dim=1) == self.labels).sum()), log)

    def _class(self, name: str, templates: Sequence[str]) -> torch.Tensor:
        rows = self.model.encode_text([template.format(name) for template in templates])
        return F.normalize(rows.mean(dim=0), dim=0)


def findings(asked: Photographs, measured: Measured, templates: Sequence[str]) -> list[Finding]:
    """Whether the photographs are recognised, and what would make it clearly better."""
    given = asked.score(templates)
    clear = [one for one in _variants(asked, measured, templates) if clearly_better(one, given)]
    found = [_recognised(given)]
    if clear:
        best = max(clear, key=lambda one: float((one.score.log - given.log).mean()))
        gain = float((best.score.log - given.log).mean())
        said = (
            f"{best.said} it recognises {best.score.right} of {len(given.log)} photographs in place"
            f" of {given.right} (the true class is {math.exp(gain):.1f} times as probable)"
        )
        found.append(Finding(best.check, "suspect", said))
    return found


def _recognised(given: Score) -> Finding:
    n = len(given.log)
    chance = binomtest(given.right, n, 1 / n, alternative="greater").pvalue
    said = f"{given.right} of {n} photographs among their own {n} classes"
    if chance < CHANCE:
        return Finding("recognition", "well", said)
    return Finding(
        "recognition", "suspect", f"{said}, as by chance: no trained weights, or several faults"
    )


def clearly_better(variant: Variant, given: Score) -> bool:
    """Whether a change helps beyond doubt (Wilcoxon, by photograph), by much, and costs none."""
    gain = (variant.score.log - given.log).double()
    if float(gain.mean()) < LEAST_GAIN or variant.score.right < given.right:
        return False
    return float(wilcoxon(gain.numpy(), alternative="greater").pvalue) < CHANCE


def _variants(
    asked: Photographs, measured: Measured, templates: Sequence[str]
) -> Iterator[Variant]:
    raw_mean = torch.tensor(measured.mean)[:, None, None]
    raw_std = torch.tensor(measured.std)[:, None, None]

    def renormalised(to: Normalisation) -> Callable[[torch.Tensor], torch.Tensor]:
        mean, std = (torch.tensor(part)[:, None, None] for part in (to.mean, to.std))
        return lambda batch: (batch * raw_std + raw_mean - mean) / std

    def turned(batch: torch.Tensor) -> torch.Tensor:
        return ((batch * raw_std + raw_mean).flip(1) - raw_mean) / raw_std

    yield Variant("channel order", "with red and blue exchanged", asked.score(templates, turned))
    for one in USUAL:
        if not pictures.same(measured, one):
            score = asked.score(templates, renormalised(one))
            yield Variant("mean and std", f"with {one.name} mean and std", score)
    module = getattr(asked.model, "module", None)
    if isinstance(module, torch.nn.Module) and activation.activations(module):
        with activation.swapped(module) as name:
            score = asked.score(templates)
        yield Variant("activation", f"with {name}", score)
    for template in TEMPLATES:
        if template not in templates:
            said = f"with the template {template!r}"
            yield Variant("prompt template", said, asked.score([template]))
