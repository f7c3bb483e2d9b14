"""What a fitted part is kept in: safetensors with notes, so that loading runs no code."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole


def write_tensors(
    path: Path, kind: str, tensors: Mapping[str, torch.Tensor], notes: Mapping[str, Any]
) -> None:
    """Write `tensors` and JSON `notes` to a new file or over one of the same kind.

    Raises:
        UserError: if the disk refuses.
    """
    data = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {"typoattack": kind, "notes": json.dumps(dict(notes), ensure_ascii=False)}
    if not path.parent.is_dir():
        raise UserError(f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}")
    write_whole(path, safetensors.torch.save(data, metadata))


def read_tensors(
    path: Path, kind: str, names: Sequence[str], where: str
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors called `names`, and the notes, of a file that `write_tensors` wrote.

    Raises:
        UserError: naming `where`, if the file is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise UserError(f"{where}: there is no file {os.fspath(path)!r}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("typoattack") != kind:
                raise UserError(f"{where}: {str(path)!r} holds no {kind} of typoattack's")
            missing = [name for name in names if name not in file.keys()]  # noqa: SIM118
            if missing:
                raise UserError(f"{where}: {str(path)!r} lacks the tensor {missing[0]!r}")
            notes = json.loads(metadata["notes"])
            return {name: file.get_tensor(name) for name in file.keys()}, notes  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise UserError(f"{where}: {str(path)!r} is damaged ({error})") from None
