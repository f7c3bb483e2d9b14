"""Whether this installation and machine are fit: versions, fonts, caches, disk, device."""

import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from PIL import features as pillow

from typoattack.core.errors import UserError
from typoattack.core.resources import default_cache_dir
from typoattack.core.version import __version__
from typoattack.doctor.finding import Finding
from typoattack.drawing.fonts import families
from typoattack.models.devices import resolve_device
from typoattack.samples.bundled import bundled

PACKAGES = ("torch", "torchvision", "open_clip_torch", "timm", "datasets", "Pillow")
EXTRAS = ("transformers", "rapidocr", "ray", "httpx", "scikit-learn")
LEAST_ROOM = 2**30
"""Bytes below which a checkpoint of the smallest kind may find no room."""


def findings(device: str = "auto") -> list[Finding]:
    """Each part of the installation by itself; what fails is a finding, never an error.

    Args:
        device: the one that a run would be given.
    """
    from huggingface_hub import constants

    looked: list[tuple[str, Callable[[], Finding]]] = [
        ("versions", _versions),
        ("extras", _extras),
        ("fonts", _fonts),
        ("photographs", _photographs),
        ("cache of text", lambda: _cache("cache of text", default_cache_dir())),
        ("cache of models", lambda: _cache("cache of models", Path(constants.HF_HOME))),
        ("device", lambda: _device(device)),
    ]
    found = []
    for check, look in looked:
        try:
            found.append(look())
        except (UserError, OSError, ImportError) as error:
            found.append(Finding(check, "wrong", str(error)))
    return found


def _versions() -> Finding:
    told = [f"typoattack {__version__}", f"Python {platform.python_version()}"]
    missing = []
    for name in PACKAGES:
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("versions", "wrong", f"not installed: {', '.join(missing)}")
    return Finding("versions", "well", ", ".join(told))


def _extras() -> Finding:
    there = []
    for name in EXTRAS:
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            there.append(f"{name} not installed")
    return Finding("extras", "well", ", ".join(there))


def _fonts() -> Finding:
    """Each face draws a letter of its own."""
    if not pillow.check("freetype2"):
        return Finding("fonts", "wrong", "this Pillow cannot draw text; install its usual wheel")
    count = 0
    for family in families().values():
        for face in family.faces.values():
            if face.missing("A") or face.at(32).getmask("A").getbbox() is None:
                return Finding("fonts", "wrong", f"{face.path} draws nothing; reinstall typoattack")
            count += 1
    return Finding("fonts", "well", f"{count} faces of {len(families())} families")


def _photographs() -> Finding:
    samples = bundled()
    for index in range(len(samples)):
        samples[index].image.load()
    return Finding("photographs", "well", f"{len(samples)} come with the package")


def _cache(check: str, folder: Path) -> Finding:
    """Whether files can be written where they will be, and how much room is left."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir():
        return Finding(check, "wrong", f"{there} is a file, so that {folder} cannot be a folder")
    if not os.access(there, os.W_OK):
        return Finding(check, "wrong", f"{there} may not be written{_set_another(check)}")
    with tempfile.TemporaryFile(dir=there) as file:
        file.write(b"typoattack")
    free = shutil.disk_usage(there).free
    said = f"{folder}, {free / 2**30:.1f} GiB free"
    if free < LEAST_ROOM:
        return Finding(check, "suspect", f"{said}; a checkpoint may not fit{_set_another(check)}")
    return Finding(check, "well", said)


def _set_another(check: str) -> str:
    name = "TYPOATTACK_CACHE" if check == "cache of text" else "HF_HOME"
    return f"; {name} says where else"


def _device(wish: str) -> Finding:
    device = resolve_device(wish)
    layer = torch.nn.Conv2d(3, 8, 3).to(device)
    with torch.inference_mode():
        made = layer(torch.ones(1, 3, 8, 8, device=device)).sum().item()
    named = torch.cuda.get_device_name() if device.startswith("cuda") else platform.processor()
    said = f"{device}, {named or platform.machine()}, {torch.get_num_threads()} threads"
    if made != made:
        return Finding("device", "wrong", f"{said}: it computes no numbers")
    return Finding("device", "well", said)
