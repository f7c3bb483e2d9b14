"""A suite with what a command line or a call changes in it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from typoattack.core.errors import UserError
from typoattack.recipes.plugins import load_plugin
from typoattack.suite.suite import Suite, load_suite, with_dataset_options

_OF_DATASET = ("image_column", "label_column", "class_names")


def choose_suite(
    suite: str | Suite, changes: Mapping[str, Any], plugins: Iterable[str | Path] = ()
) -> Suite:
    """The suite called so, changed.

    Args:
        suite: a suite's name, the path of its YAML file, or a `Suite`, which is taken as it is.
        changes: keys of the suite's file and `image_column`, `label_column` and `class_names` of
            its data set; None leaves one.
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
