"""`typoattack word-search` ranks strings."""

from pathlib import Path

import pandas as pd
import pytest

from typoattack.cli.word_search import _shown, _told
from typoattack.runner.word_search import WordScore


def test_word_search_ranks_strings(
    typoattack, tiny_clip: Path, photo_folder: Path, tmp_path
) -> None:
    (tmp_path / "words.txt").write_text("cat\ndog\ncat\n$$$\n")
    done = typoattack(
        *("word-search", "cat", "--vocabulary", tmp_path / "words.txt", "--canvas", 96),
        *("--model", f"local-dir:{tiny_clip}", "--dataset", f"folder:{photo_folder}"),
        *("--device", "cpu", "--out", tmp_path / "ranking.csv", "--limit", 4),
    )
    assert done.status == 0, done.err
    assert "3 strings, 12 pictures asked about" in done.out
    ranking = pd.read_csv(tmp_path / "ranking.csv")
    assert sorted(ranking["word"]) == ["$$$", "cat", "dog"]
    assert ranking["hits"].is_monotonic_decreasing


def test_word_search_asks_a_probe_where_one_is_named(
    typoattack, tiny_clip: Path, photo_folder: Path, tmp_path: Path
) -> None:
    common = ("--dataset", f"folder:{photo_folder}", "--canvas", 96, "--device", "cpu")
    name, probe = f"local-dir:{tiny_clip}", tmp_path / "probe.safetensors"
    fitted = typoattack("probe", "fit", "--model", name, *common, "--out", probe)
    assert fitted.status == 0, fitted.err
    (tmp_path / "words.txt").write_text("cat\ndog\n")
    found = []
    for model in (name, f"{name} + probe({str(probe)!r})"):
        out = tmp_path / f"{len(found)}.csv"
        search = ("word-search", "cat", "--vocabulary", tmp_path / "words.txt", "--model", model)
        done = typoattack(*search, *common, "--out", out)
        assert done.status == 0, done.err
        found.append(pd.read_csv(out).set_index("word").sort_index()["probability"])
    assert not found[0].round(3).equals(found[1].round(3))


def test_word_search_comes_with_a_vocabulary(
    typoattack, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import typoattack.cli.word_search as command

    monkeypatch.setattr(command, "imagenet_class_names", lambda: ("tench", "dog"))
    done = typoattack(
        *("word-search", "cat", "--canvas", 64, "--limit", 1, "--model", "mini-blind"),
        *("--dataset", f"folder:{photo_folder}", "--device", "cpu"),
    )
    assert done.status == 0, done.err
    assert "4 strings, 4 pictures asked about" in done.out


def test_strings_that_name_no_class_are_put_together_greedily(
    typoattack, tiny_clip: Path, photo_folder: Path, tmp_path: Path
) -> None:
    common = ("--dataset", f"folder:{photo_folder}", "--canvas", 96, "--device", "cpu")
    (tmp_path / "words.txt").write_text("Cat\nDOG\nsale\nnew\n")
    done = typoattack(
        *("word-search", "cat", "--vocabulary", tmp_path / "words.txt", "--no-class-names"),
        *("--together", 2, "--recipe", "artefact", "--model", f"local-dir:{tiny_clip}", *common),
        *("--limit", 2, "--out", tmp_path / "ranking.csv"),
    )
    assert done.status == 0, done.err
    ranked = pd.read_csv(tmp_path / "ranking.csv")["word"]
    assert {"sale", "new"} < set(ranked) <= {"sale", "new", "sale + new", "new + sale"}
    assert len(ranked) == 3


def test_a_vocabulary_of_class_names_alone_is_refused_without_them(
    typoattack, photo_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("cat\n")
    done = typoattack(
        *("word-search", "cat", "--vocabulary", tmp_path / "words.txt", "--no-class-names"),
        *("--dataset", f"folder:{photo_folder}", "--model", "mini-blind"),
    )
    assert done.status == 2
    assert "every string names a class" in done.err


def test_a_search_tells_what_its_table_does_not(
    typoattack, photo_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("$$$\n")
    common = ("word-search", "cat", "--canvas", 64, "--limit", 2, "--model", "mini-blind")
    data = ("--dataset", f"folder:{photo_folder}", "--device", "cpu")
    done = typoattack(*common, *data, "--vocabulary", tmp_path / "words.txt")
    assert done.status == 0, done.err
    assert "counted on the very 2 photographs that the strings were found on" in done.out
    assert ("none drove a photograph to 'cat'" in done.out) == (" 0% " in done.out)
    done = typoattack(*common, *data, "--vocabulary", "shape")
    assert done.status == 2
    assert "did you mean 'shapes'?" in done.err


def test_small_probabilities_are_told_and_so_is_a_search_without_a_hit() -> None:
    assert [_shown(p) for p in (0.25, 0.001, 0.00032, 0.0)] == ["0.250", "0.001", "0.00032", "0"]
    hit, miss = WordScore("a", 0.5, 0.5, 2), WordScore("b", 0.0, 0.1, 2)
    assert next(_told([miss], "cat", 2)) == "none drove a photograph to 'cat'"
    assert not any(one.startswith("none") for one in _told([hit, miss], "cat", 2))
