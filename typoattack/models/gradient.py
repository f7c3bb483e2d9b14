"""What an attacker who has the weights may ask: how the answer changes to first order."""

from typing import Any

import numpy as np
import torch

from typoattack.core.errors import UserError
from typoattack.models.base import Classifier, Model
from typoattack.models.pixels import model_input
from typoattack.models.text_cache import Features


def first_order(
    model: Model,
    classifier: Classifier,
    at: torch.Tensor,
    others: torch.Tensor,
    label: int,
    device: str,
) -> Features:
    """By how much other pictures would change the right class's margin, by the slope at one.

    The margin is the logit of the right class less that of the best other one at `at`; the change
    that is foretold is the gradient there times the difference of the inputs. Pictures that differ
    in much are foretold badly: a guide to what is worth asking about, not an answer.

    Args:
        model: an open_clip model without defences, whose image encoder can be differentiated.
        classifier: it, asked the task's question.
        at: (3, s, s), where the slope is taken, as `models.pixels.drawn_input` leaves it.
        others: (n, 3, s, s), likewise.
        label: the right class.
        device: where the model is.

    Returns:
        (n,): the foretold change of the margin; less than 0 is worse for the model.

    Raises:
        UserError: for a model whose gradient cannot be had.
    """
    module = _module(model)
    start = model_input(model.preprocess, at[None], device).to(device)
    ends = model_input(model.preprocess, others, device).to(device)
    point = start.detach().clone().float().requires_grad_(True)
    with torch.enable_grad():
        features = torch.nn.functional.normalize(module.encode_image(point).float(), dim=-1)
        logits = (features @ torch.from_numpy(classifier.weights).to(device).T)[0]
        rest = logits.detach().clone()
        rest[label] = -torch.inf
        margin = model.logit_scale * (logits[label] - logits[int(rest.argmax())])
        (slope,) = torch.autograd.grad(margin, point)
    changes = ((ends.float() - start.float()) * slope).flatten(1).sum(dim=1)
    return np.asarray(changes.cpu().numpy(), np.float32)


def _module(model: Model) -> Any:
    module = getattr(model, "module", None)
    if not isinstance(module, torch.nn.Module) or not hasattr(module, "encode_image"):
        raise UserError(
            f"{model.name} gives no gradient: a white-box search needs an open_clip model "
            "(ARCH/TAG, hf-hub:, local-dir:) without defences"
        )
    return module
