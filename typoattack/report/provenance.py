"""Where a run's figures come from, in lines for the foot of a page."""

from collections.abc import Mapping
from typing import Any

from typoattack.drawing.fonts import families


def provenance(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, text) of all that is needed to repeat the run.

    Args:
        manifest: what `typoattack.results.manifest.build_manifest` made.
    """
    dataset, task = manifest["dataset"], manifest["task"]
    lines = [
        ("Suite", f"{manifest['suite']}: {manifest['question']}"),
        ("Command", str(manifest["command"])),
        ("Seed", str(manifest["seed"])),
        ("Photographs", f"{dataset['name']}, {dataset['samples']} photographs{_part(manifest)}"),
        ("Fingerprint of the data", str(dataset["fingerprint"])),
        ("Licence of the photographs", str(dataset["licence"])),
        ("Fonts", _fonts()),
        ("Question", f"task “{task['name']}”, {len(task['class_names']):,} classes"),
        ("Templates", " · ".join(task["templates"][:8]) + _more(len(task["templates"]) - 8)),
    ]
    early = manifest.get("before_canvas")
    if early:
        lines.append(
            (
                "Drawn before the canvas",
                f"{' · '.join(early)}: on the photograph as it comes, so that more than the text "
                "may differ from the clean picture",
            )
        )
    for model in manifest["models"]:
        text = f"{model['name']}, {model['image_size']} px, fingerprint {model['fingerprint']}"
        lines.append(("Model", text))
    settings = " · ".join(f"{k} {v}" for k, v in manifest["settings"].items())
    versions = " · ".join(f"{k} {v}" for k, v in manifest["versions"].items())
    return [
        *lines,
        ("Settings", settings),
        ("Started", str(manifest["started"])),
        ("Versions", f"typoattack {manifest['typoattack']} · {versions}"),
    ]


def _part(manifest: Mapping[str, Any]) -> str:
    """Which of the photographs the run does, where it does not do all."""
    shard = manifest.get("identity", {}).get("shard")
    return f", shard {shard} of them ({manifest['planned']})" if shard else ""


def _more(count: int) -> str:
    return f" · and {count} more" if count > 0 else ""


def _fonts() -> str:
    """The font families that recipes draw with, by licence."""
    by_licence: dict[str, list[str]] = {}
    for family in families().values():
        by_licence.setdefault(family.licence, []).append(family.title)
    return "; ".join(f"{', '.join(names)} ({licence})" for licence, names in by_licence.items())
