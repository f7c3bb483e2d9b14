"""All that the doctor looks at, in order."""

from collections.abc import Sequence

from typoattack.core.errors import UserError
from typoattack.doctor import activation, behaviour, pictures, precision, sentences
from typoattack.doctor.expected import expected_of
from typoattack.doctor.finding import Finding
from typoattack.doctor.installation import findings as examine_installation
from typoattack.factory import load_model
from typoattack.models.base import Model

__all__ = ["examine_installation", "examine_model"]


def examine_model(
    name: str,
    *,
    templates: Sequence[str],
    device: str = "auto",
    precision_asked: str = "fp32",
) -> list[Finding]:
    """Open a model as a run would, and look whether it is opened as it was trained.

    Args:
        name: as `load_model` takes it, without defences or probes.
        templates: the sentences that a run would ask with, each with one `{}`.
        device: where it runs.
        precision_asked: `fp32`, `bf16` or `fp16`.

    Raises:
        UserError: if it cannot be opened, or is behind a defence.
    """
    if " + " in name:
        raise UserError(f"model {name!r}: the doctor looks at the model alone; leave out the rest")
    model = load_model(name, device=device, precision=precision_asked)
    return examine(model, templates, precision_asked)


def examine(model: Model, templates: Sequence[str], precision_asked: str) -> list[Finding]:
    """The same of a model that is open."""
    expected = expected_of(model.lineage.base)
    found = pictures.findings(model.preprocess, expected)
    broken = sentences.failure(model, expected)
    found += sentences.findings(model, expected, templates) if broken is None else [broken]
    found.append(activation.finding(getattr(model, "module", None), expected))
    if broken is not None or any(one.check == pictures.FAILURE for one in found):
        return found
    asked = behaviour.Photographs(model)
    found.append(precision.finding(model, asked.batch[:8], precision_asked))
    measured = pictures.measure(model.preprocess)
    known = {one.check for one in found if one.state == "wrong"}
    more = behaviour.findings(asked, measured, templates)
    return found + [one for one in more if one.check not in known]
