"""A run's `manifest.json`, checked as it is read: what it must hold, and what older ones lack.

A manifest may come from anywhere. What is read here holds every key that the package asks for, of
the right type and in bounds; what an older format lacks is filled in by its migration.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from typoattack.core.errors import UserError
from typoattack.task import ink_task

FORMAT = 2
"""Raised when the meaning of the manifest or the predictions changes; `MIGRATIONS` has the step."""

_LARGEST = 256 * 2**20
"""Bytes of a manifest; one with the 21,000 classes of the whole of ImageNet has two million."""

_DEEPEST = 30
"""Levels of lists and mappings; a real one has five."""

_Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Part(BaseModel):
    """Strict in what it knows; what it does not know is kept as it is."""

    model_config = ConfigDict(extra="allow", strict=True)


class _Question(_Part):
    name: str
    class_names: list[str] = Field(min_length=1)
    templates: list[str] = []


class _Model(_Part):
    name: str
    base: str
    defences: list[str]
    classifier: str
    fingerprint: str
    image_size: _Count
    reads: bool
    note: str


class _Dataset(_Part):
    name: str
    fingerprint: str
    samples: _Count
    licence: str
    chosen: str


class _DatasetSpec(BaseModel):
    """The fields of `typoattack.samples.DatasetSpec`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    spec: str
    image_column: str | None = None
    label_column: str | None = None
    caption_column: str | None = None
    class_names: str | None = None
    follow_links: bool | None = None
    as_published: bool | None = None


class _Identity(_Part):
    """What is asked of `identity`; it is checked, and kept as it stands, since it is compared."""

    dataset: _DatasetSpec | None = None
    seed: _Count = 0
    canvas: int = Field(default=448, ge=1, le=4096)
    shard: str | None = None
    clean_as_published: bool = False


class _Drawn(_Identity):
    """The identity of a run whose pictures were drawn here, so that they can be drawn again."""

    dataset: _DatasetSpec
    seed: _Count
    canvas: int = Field(ge=1, le=4096)


class _Manifest(_Part):
    """The keys of `manifest.json`; `typoattack.results.manifest` says what each is."""

    format: int
    typoattack: str
    suite: str
    question: str
    identity: dict[str, Any]
    comparable: dict[str, Any]
    models: list[_Model] = Field(min_length=1)
    task: _Question
    second_tasks: list[_Question]
    dataset: _Dataset
    words: str
    before_canvas: list[str]
    passes: _Count
    planned: _Count
    seed: _Count
    command: str
    settings: dict[str, str | int | float | bool | None]
    started: str
    versions: dict[str, str]
    given: bool = False


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest at `path`, of today's format, with every key of it.

    Raises:
        FileNotFoundError: if there is none.
        UserError: if it cannot be read, is no manifest (the key that is wrong is named), or was
            written by a later version.
    """
    where = repr(str(path))
    try:
        if path.stat().st_size > _LARGEST:
            raise UserError(f"{where} is too large for a manifest")
        read = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{where} cannot be read ({_line(error)})") from None
    try:
        return checked(_plain(read))
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    except ValueError as error:
        raise UserError(
            f"{where} is no manifest of a run ({_line(error)}); run its command again in another "
            "folder, or take a copy of the run that is whole"
        ) from None


def checked(read: Any) -> dict[str, Any]:
    """What was read from a manifest, brought to today's format.

    Raises:
        UserError: if a later version wrote it.
        ValueError: if it is no manifest; the message names the key.
    """
    if not isinstance(read, dict):
        raise ValueError("it holds no keys and values")
    found = read.get("format", 1)
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise ValueError(f"key 'format': {found!r:.40} is no version")
    if found > FORMAT:
        by = f"{read.get('typoattack')!s:.40}"
        raise UserError(
            f"the run was written by another version of typoattack ({by}); use that one for it"
        )
    for version in range(found, FORMAT):
        read = MIGRATIONS[version](read) | {"format": version + 1}
    try:
        manifest = _Manifest.model_validate(read)
        given = manifest.given or "dataset" not in manifest.identity
        (_Identity if given else _Drawn).model_validate(manifest.identity)
    except ValidationError as error:
        raise ValueError(_told(error)) from None
    names = [model.name for model in manifest.models]
    if len(set(names)) < len(names):
        raise ValueError("key 'models': two have one name")
    return manifest.model_dump()


def _plain(value: Any, depth: int = 0) -> Any:
    """`value` with every text one that a file can hold, refused where it nests without end."""
    if depth > _DEEPEST:
        raise ValueError(f"it nests deeper than {_DEEPEST} levels")
    if isinstance(value, str):
        # A file's name in no UTF-8 may stand in the command, written with a backslash.
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {_plain(key): _plain(one, depth + 1) for key, one in value.items()}
    return value


def _told(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    return f"key {key!r:.80}: {problem['msg'].removeprefix('Value error, ')}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _with_all_keys(old: Mapping[str, Any]) -> dict[str, Any]:
    """From format 1, whose manifests said less in the beginning.

    Second questions (there was one, of ink), parts of models, what is drawn before the canvas,
    which photographs were chosen and what runs must share came one by one.
    """
    identity = old.get("identity")
    own = identity if isinstance(identity, dict) else {}
    shared = {key: value for key, value in own.items() if key not in ("models", "shard")}
    dataset, models = old.get("dataset"), old.get("models")
    ink = {"name": ink_task().name, "class_names": list(ink_task().class_names)}
    return {
        "comparable": shared,
        "second_tasks": [ink],
        "words": "",
        "before_canvas": [],
        "passes": 0,
        "planned": 0,
        "command": "",
        "settings": {},
        "versions": {},
        **old,
        "dataset": {"chosen": ""} | dataset if isinstance(dataset, dict) else dataset,
        "models": [_with_parts(one) for one in models] if isinstance(models, list) else models,
    }


def _with_parts(model: Any) -> Any:
    """A model's entry that does not say what it is made of counts as undefended."""
    if not isinstance(model, dict):
        return model
    said: dict[str, Any] = {
        "base": model.get("name"),
        "defences": [],
        "classifier": "",
        "reads": True,
        "note": "",
    }
    return said | model


MIGRATIONS: dict[int, Callable[[Mapping[str, Any]], dict[str, Any]]] = {1: _with_all_keys}
"""Format to the step that makes the next one of it."""
