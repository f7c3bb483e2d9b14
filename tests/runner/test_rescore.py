"""A run scored again by other rules is what a fresh run by them would have been."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import typoattack
from typoattack.core.errors import UserError
from typoattack.factory import load_model
from typoattack.metrics.outcomes import outcomes
from typoattack.models.base import Model
from typoattack.models.text_cache import TextCache
from typoattack.results.embeddings import EMBEDDINGS
from typoattack.results.folder import RunFolder
from typoattack.results.merge import merge
from typoattack.runner.rescore import Rule, read_kept, rescored

MODELS = ["mini", "mini-blind"]
KEPT = typoattack.Machine(keep_embeddings=True)
NONE = TextCache(None)
NUMBERS = [
    *("prob_label", "prob_word", "prob_predicted", "sim_label", "sim_word", "sim_predicted"),
    *("clean_sim_label", "clean_sim_word"),
]


def _run(out: Path, **changes: object) -> typoattack.Run:
    asked = {
        "model": MODELS,
        "recipes": ["printed-label", "symbol(base=plain-overlay, text='$$$') @ fixed:piggy bank"],
        "limit": 6,
        "out": out,
        "machine": KEPT,
    }
    return typoattack.run("quick", **(asked | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> typoattack.Run:
    return _run(tmp_path_factory.mktemp("rescore") / "run")


def scored(folder: RunFolder, model: Model, rule: Rule, cache: TextCache) -> pd.DataFrame:
    return rescored(read_kept(folder, model), model, rule, cache)


def same(found: pd.DataFrame, fresh: pd.DataFrame) -> None:
    order = ["recipe", "sample", "replicate"]
    pair = [rows.sort_values(order).reset_index(drop=True) for rows in (found, fresh)]
    for name in ("predicted", "clean_predicted", "correct", "target", "word", "pixels"):
        assert pair[0][name].tolist() == pair[1][name].tolist(), name
    for name in NUMBERS:
        # Cosines to 1e-5; mini's logit scale of 70 makes of that some 1e-3 of a probability.
        within = 1e-3 if name.startswith("prob") else 1e-5
        mine, theirs = (rows[name].to_numpy(np.float64) for rows in pair)
        assert np.allclose(mine, theirs, rtol=0, atol=within, equal_nan=True), name
    assert [top[0] for top in pair[0]["top"]] == [top[0] for top in pair[1]["top"]]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("templates", ["as run", "scam", "a photo of a {}."])
def test_rescoring_is_what_a_fresh_run_with_these_sentences_gives(
    kept: typoattack.Run, model: str, templates: str, tmp_path: Path
) -> None:
    given = {} if templates == "as run" else {"templates": templates}
    fresh = _run(tmp_path / "fresh", model=model, **given)
    same(
        scored(kept.folder, load_model(model), Rule(templates), NONE),
        fresh.predictions[fresh.predictions["model"] == model],
    )


def test_of_two_answers_attacked_accuracy_is_the_two_way_figure(kept: typoattack.Run) -> None:
    plain = kept.outcomes[kept.outcomes["model"] == "mini"]
    two = outcomes(scored(kept.folder, load_model("mini"), Rule(among="2"), NONE))
    for recipe in ("printed-label",):
        expected = plain[plain["recipe"] == recipe]["two_way_attacked"]
        found = two[two["recipe"] == recipe]["accuracy_attacked"]
        assert len(expected) == 6
        assert found.tolist() == expected.tolist()
    clean = plain[plain["recipe"] == "printed-label"]["two_way_clean"].tolist()
    assert two[two["recipe"] == "printed-label"]["accuracy_clean"].tolist() == clean


def test_the_answers_are_the_label_the_word_and_others_by_lot(kept: typoattack.Run) -> None:
    found = scored(kept.folder, load_model("mini"), Rule(among="3"), NONE)
    again = scored(kept.folder, load_model("mini"), Rule(among="3"), NONE)
    attacked = found[found["recipe"] == "printed-label"]
    full = scored(kept.folder, load_model("mini"), Rule(), NONE)
    for row in attacked.itertuples():
        answers = set(row.top[:3])
        assert {row.label, row.target} < answers
        assert sum(row.top_prob[:3]) == pytest.approx(1.0)
        assert not any(row.top_prob[3:])
    assert found["predicted"].tolist() == again["predicted"].tolist()
    right, all_right = (rows["correct"].mean() for rows in (found, full))
    assert right >= all_right  # fewer answers are never harder
    thousand = scored(kept.folder, load_model("mini"), Rule(among="1000"), NONE)
    assert thousand["predicted"].tolist() == full["predicted"].tolist()


def test_a_word_that_is_no_class_can_be_the_answer(tmp_path: Path) -> None:
    run = _run(tmp_path / "run", model="mini", recipes=["printed-label @ fixed:melon"], controls=[])
    found = scored(run.folder, load_model("mini"), Rule(among="2"), NONE)
    attacked = found[found["recipe"].str.startswith("printed-label @")]
    says = attacked["sim_word"] > attacked["sim_label"]
    assert says.any()
    assert (attacked["predicted"] == -1).tolist() == says.tolist()
    assert not attacked[says]["correct"].any()


def test_what_cannot_be_scored_again_is_said(kept: typoattack.Run, tmp_path: Path) -> None:
    other = load_model("mini-blind")
    only = _run(tmp_path / "only", model="mini", limit=2, machine=typoattack.Machine())
    with pytest.raises(UserError, match="are not those of 'mini-blind'"):
        scored(only.folder, other, Rule(), NONE)
    with pytest.raises(UserError, match="holds no embeddings of 'mini'"):
        scored(only.folder, load_model("mini"), Rule(), NONE)
    with pytest.raises(UserError, match=r"among 1: the label and the word are two"):
        Rule(among="1")
    with pytest.raises(UserError, match="among 'few'"):
        Rule(among="few")


def test_embeddings_kept_only_from_the_middle_on_are_refused_with_the_number(
    tmp_path: Path,
) -> None:
    run = _run(
        tmp_path / "run",
        model="mini",
        machine=typoattack.Machine(chunk_size=3, keep_embeddings=True),
    )
    parts = sorted((run.path / EMBEDDINGS).iterdir())
    assert len(parts) == len(RunFolder(run.path).parts()) == 2
    parts[0].unlink()
    with pytest.raises(UserError, match=r"lacks the embeddings of \d+ of \d+ pictures"):
        scored(run.folder, load_model("mini"), Rule(), NONE)


def test_merged_shards_keep_their_embeddings(kept: typoattack.Run, tmp_path: Path) -> None:
    parts = [_run(tmp_path / f"{n}", shard=f"{n}/2").path for n in (1, 2)]
    merged = merge(parts, tmp_path / "whole")
    found, expected = (
        scored(one, load_model("mini"), Rule(among="2"), NONE) for one in (merged, kept.folder)
    )
    assert found["predicted"].tolist() == expected["predicted"].tolist()
