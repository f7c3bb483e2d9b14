"""Class names and the sentences around them: ImageNet's, a file's, a data set's own."""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from typoattack.core.errors import UserError

OBJECT = "object"
"""The name of the task that asks which object a picture shows."""


def imagenet_class_names() -> tuple[str, ...]:
    """open_clip's 1,000 curated ImageNet names, in the order of the class indices."""
    return tuple(_zero_shot_metadata().IMAGENET_CLASSNAMES)


@cache
def _zero_shot_metadata() -> ModuleType:
    """open_clip's lists from their own file: the package around it would import PyTorch.

    Finished runs are looked at on machines without PyTorch, and everywhere this spares seconds.
    """
    package = find_spec("open_clip")
    if package is None or package.origin is None:
        raise UserError("ImageNet's class names are in open_clip; pip install open_clip_torch")
    file = Path(package.origin).with_name("zero_shot_metadata.py")
    spec = spec_from_file_location("open_clip.zero_shot_metadata", file)
    if spec is None or spec.loader is None:
        raise UserError(f"ImageNet's class names are not in {file}; reinstall open_clip_torch")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def imagenet_synsets() -> tuple[str, ...]:
    """The 1,000 WordNet ids (`n01440764`, ...) in the order of the class indices."""
    from timm.data.imagenet_info import ImageNetInfo

    return tuple(ImageNetInfo("imagenet-1k").label_names())  # type: ignore[no-untyped-call]


_SCAM = 32
"""Westerhoff et al. 2025 take the first 32 of OpenAI's 80, on SCAM, RTA-100 and PAINT alike
(github.com/Bliss-e-V/SCAM, MIT: `main_vlm_openclip.py`, lines 25 to 58). They average unnormalised
text features, we normalised ones, as OpenAI does; their figures may differ from ours by that."""


def templates(spec: str) -> tuple[str, ...]:
    """The prompt templates that `spec` names.

    Args:
        spec: `simple` (open_clip's seven for ImageNet), `openai` (the eighty), `scam` (the first 32
            of these, with which SCAM's authors ask), a template itself, such as
            `a photo of a {}.`, or a text file with one a line, each with one `{}`.

    Raises:
        UserError: if the file is missing, empty, or a line has no `{}`.
    """
    if spec == "simple":
        return tuple(make("{}") for make in _zero_shot_metadata().SIMPLE_IMAGENET_TEMPLATES)
    if spec == "openai":
        return tuple(make("{}") for make in _zero_shot_metadata().OPENAI_IMAGENET_TEMPLATES)
    if spec == "scam":
        return templates("openai")[:_SCAM]
    if "{" in spec:
        return check_templates([spec], repr(spec))
    what = "templates (`simple`, `openai`, a sentence with `{}`, or a file)"
    return check_templates(read_lines(spec, what), spec)


def check_templates(lines: Sequence[str], where: str) -> tuple[str, ...]:
    """`lines` as templates, each holding exactly one `{}`; else `UserError` naming `where`."""
    for number, line in enumerate(lines, start=1):
        if line.count("{}") != 1 or line.count("{") != 1 or line.count("}") != 1:
            raise UserError(
                f"templates {where}: line {number} ({line!r}) must have one '{{}}' for the class"
            )
    return tuple(lines)


def read_lines(path: str, what: str) -> tuple[str, ...]:
    """The non-empty lines of a UTF-8 text file; `UserError` if there are none."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{what}: cannot read {path!r} ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UserError(f"{what}: {path!r} is not UTF-8 text") from None
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not lines:
        raise UserError(f"{what}: {path!r} is empty; write one a line")
    return lines


def check_class_names(names: Sequence[str], where: str) -> tuple[str, ...]:
    """`names` if they can be the answers to a question: at least two, none empty, all text.

    Duplicates are allowed, because ImageNet has two (`missile`, `sunglasses`); words are never
    drawn from a class of the same name as the true one.

    Raises:
        UserError: naming `where` the names come from.
    """
    if len(set(names)) < 2:
        raise UserError(
            f"{where}: {len(set(names))} class; zero-shot needs at least two to choose from"
        )
    for index, name in enumerate(names):
        if not name.strip():
            raise UserError(f"{where}: the name of class {index} is empty")
        if "\0" in name or not is_text(name):
            raise UserError(f"{where}: the name of class {index} ({name[:60]!r}) is not text")
    return tuple(names)


def is_text(name: str) -> bool:
    """Whether `name` can be written to a file: names that are no UTF-8 become half characters."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def named_by_file(path: str, expected: int, where: str) -> tuple[str, ...]:
    """Class names from a file, one a line, in the order of the labels.

    Raises:
        UserError: if their number is not `expected`.
    """
    names = read_lines(path, "class names")
    if len(names) != expected:
        raise UserError(
            f"class names: {path!r} has {len(names)} lines, but {where} has {expected} classes"
        )
    return check_class_names(names, path)
