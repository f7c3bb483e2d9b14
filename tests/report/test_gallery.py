"""The gallery shows the same photographs under every recipe, within its budget."""

import base64
import io
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd
from made_runs import photograph, picture
from made_tables import simulated
from PIL import Image

from typoattack.report.gallery import SIDE, Gallery, build_gallery
from typoattack.results.pictures import no_pictures

NAMES = [f"class {i}" for i in range(20)]
RECIPES = {"one": 0.5, "two": 0.2, "blank-label(one)": 0.1}


def _gallery(rows: pd.DataFrame, **given: Any) -> Gallery:
    return build_gallery(rows, NAMES, given.pop("painter", picture), **given)


def test_a_small_run_is_shown_whole() -> None:
    rows = simulated(4, RECIPES)
    made = _gallery(rows)
    assert made.shown == made.total == 4 * 3 * 2
    assert len(made.data["pictures"]) == rows["pixels"].nunique()


def test_a_large_run_fills_the_budget_with_whole_photographs() -> None:
    made = _gallery(simulated(200, RECIPES, replicates=1), budget=200_000, painter=photograph)
    size = sum(map(len, made.data["pictures"]))
    assert 200_000 <= size < 260_000
    per_sample = Counter(row["sample"] for row in made.data["rows"])
    assert sorted(per_sample.values())[1:] == [3] * (len(per_sample) - 1)
    assert made.shown < made.total == 600


def test_the_choice_depends_on_the_seed_alone() -> None:
    rows = simulated(60, RECIPES, replicates=1)
    ids = [
        [row["id"] for row in _gallery(table, budget=10_000, seed=seed).data["rows"]]
        for table, seed in ((rows, 0), (rows.iloc[::-1], 0), (rows, 1))
    ]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


def test_models_share_the_pictures_of_the_same_pixels() -> None:
    made = _gallery(simulated(3, RECIPES, models=("a", "b"), replicates=1))
    assert made.shown == 18
    clean = {tuple(row["images"]) for row in made.data["rows"]}
    assert len(clean) == 9


def test_entries_say_what_the_rows_say() -> None:
    rows = simulated(3, RECIPES)
    by_key = rows.set_index(["recipe", "sample", "replicate"])
    for entry in _gallery(rows).data["rows"]:
        row = by_key.loc[(entry["recipe"], entry["sample"], entry["replicate"])]
        before = by_key.loc[("clean", entry["sample"], 0)]
        assert entry["after"][0][0] == row["predicted"]
        assert entry["before"][0][0] == before["predicted"] == row["clean_predicted"]
        assert (entry["label"], entry["target"]) == (row["label"], row["target"])
        assert [p for _, p in entry["after"]] == [round(p, 4) for p in row["top_prob"]]


def test_pictures_are_small_and_of_the_right_row() -> None:
    made = _gallery(simulated(2, RECIPES), painter=photograph)
    for uri in made.data["pictures"]:
        image = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
        assert image.size == (SIDE, SIDE)


def test_rows_that_cannot_be_drawn_are_left_out() -> None:
    def only_one(row: Mapping[str, Any]) -> Image.Image | None:
        return None if row["recipe"] == "two" else picture(row)

    made = _gallery(simulated(3, RECIPES), painter=only_one)
    assert {row["recipe"] for row in made.data["rows"]} == {"one", "blank-label(one)"}
    assert _gallery(simulated(3, RECIPES), painter=no_pictures).shown == 0


def test_ids_are_unique() -> None:
    ids = [row["id"] for row in _gallery(simulated(30, RECIPES, models=("a", "b"))).data["rows"]]
    assert len(set(ids)) == len(ids)
