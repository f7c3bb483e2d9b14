"""A suite with what a command line or a call changes in it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from typoattack.core.errors import UserError
from typoattack.recipes.registry import load_plugin
from typoattack.suite.file import list_suites, load_suite
from typoattack.suite.suite import Suite, with_dataset_options

_OF_DATASET = (
    *("image_column", "label_column", "caption_column", "class_names"),
    *("follow_links", "as_published"),
)


def choose_suite(
    suite: str | Suite, changes: Mapping[str, Any], plugins: Iterable[str | Path] = ()
) -> Suite:
    """The suite called so, changed.

    Args:
        suite: a suite's name, the path of its YAML file, or a `Suite`, which is taken as it is.
        changes: keys of the suite's file and `image_column`, `label_column`, `caption_column`,
            `class_names`, `follow_links` and `as_published` of its data set; None leaves one.
        plugins: Python files with recipes that the suite or the changes name.

    Raises:
        UserError: for an unknown suite, a plugin that cannot be loaded, a wrong key or value, or
            changes to a `Suite`.
    """
    for path in plugins:
        load_plugin(path)
    given = {key: value for key, value in changes.items() if value is not None}
    if isinstance(suite, Suite):
        if given:
            raise UserError(
                f"suite {suite.name!r} is a Suite, which is run as it is; to change "
                f"{', '.join(given)}, name the suite or its file instead"
            )
        return suite
    of_dataset = {key: given.pop(key) for key in _OF_DATASET if key in given}
    return with_dataset_options(load_suite(suite, given), **of_dataset)


_OF_SUITE = (
    *("models", "words", "controls", "replicates", "seed", "canvas", "templates"),
    *("limit", "first", "clean_as_published", "reads"),
)


def changes_of(suite: Suite) -> dict[str, Any] | None:
    """The changes with which `choose_suite(suite.name, …)` gives this very suite.

    Returns:
        None where the suite called so cannot be changed into it, or there is none.
    """
    if suite.name not in list_suites():
        return None
    named = load_suite(suite.name)
    changes = _differences(suite, named, _OF_SUITE)
    changes |= _differences(suite.dataset, named.dataset, _OF_DATASET)
    if suite.dataset.spec != named.dataset.spec:
        changes["dataset"] = suite.dataset.spec
    attacks = [attack.label for attack in suite.attacks if not attack.control]
    for further in ({}, {"recipes": attacks}, {"recipes": [a.label for a in suite.attacks]}):
        if _gives(suite, changes | further):
            return changes | further
    return None


def _gives(suite: Suite, changes: Mapping[str, Any]) -> bool:
    try:
        return choose_suite(suite.name, changes) == suite
    except UserError:  # made of parts that have no name
        return False


def _differences(one: Any, other: Any, names: Iterable[str]) -> dict[str, Any]:
    """What `one` has under those of the names where `other` has something else."""
    pairs = {name: (getattr(one, name), getattr(other, name)) for name in names}
    changed = {name: here for name, (here, there) in pairs.items() if here != there}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in changed.items()}
