"""What words are searched on, and who is asked."""

from pathlib import Path

import pytest

from typoattack.core.errors import UserError
from typoattack.factory import load_model
from typoattack.recipes import parse_recipe
from typoattack.runner.word_search import photographs_of_others, rank_words
from typoattack.samples import DatasetSpec, open_dataset


def test_photographs_of_the_wanted_class_are_left_out(photo_folder: Path) -> None:
    data = open_dataset(DatasetSpec(f"folder:{photo_folder}"))
    found = photographs_of_others(data, "cat", limit=4, canvas=64)
    assert [one.name for one in found] == ["dog", "dog", "fish", "fish"]
    assert {one.canvas.size for one in found} == {(64, 64)}
    with pytest.raises(UserError, match="unknown class 'cta'; did you mean 'cat'"):
        photographs_of_others(data, "cta", limit=4)


def test_a_data_set_of_the_wanted_class_alone_is_refused(photo_folder: Path) -> None:
    for other in ("dog", "fish"):
        for path in (photo_folder / other).iterdir():
            path.unlink()
    data = open_dataset(DatasetSpec(f"folder:{photo_folder}"))
    with pytest.raises(UserError, match="no photograph of another class than 'cat'"):
        photographs_of_others(data, "cat", limit=4)


def test_each_string_is_asked_about_once_on_each_photograph(
    photo_folder: Path, tiny_clip: Path
) -> None:
    data = open_dataset(DatasetSpec(f"folder:{photo_folder}"))
    shown = photographs_of_others(data, "cat", limit=2, canvas=64)
    told: list[tuple[str, int, int]] = []
    ranked = rank_words(
        ["ox", "cat", "ox"],
        shown,
        "cat",
        parse_recipe("printed-label"),
        load_model(f"local-dir:{tiny_clip}", device="cpu"),
        data.task,
        progress=lambda *how_far: told.append(how_far),
    )
    assert sorted((score.word, score.queries) for score in ranked) == [("cat", 2), ("ox", 2)]
    assert [how_far for how_far in told if how_far[0] == "strings"] == [
        ("strings", 1, 2),
        ("strings", 2, 2),
    ]
