"""The command line as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from typoattack.api import Run
from typoattack.cli import main


class Outcome:
    """What a command line did."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def typoattack(capsys: pytest.CaptureFixture[str]):
    """Runs a command line in this process."""

    def call(*arguments: object) -> Outcome:
        status = 0
        try:
            main([str(a) for a in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call


@pytest.fixture
def small(photo_folder: Path, tiny_clip: Path, tmp_path: Path) -> list[str]:
    """Options that make `run quick` a matter of seconds."""
    return [
        *("--model", f"local-dir:{tiny_clip}", "--dataset", f"folder:{photo_folder}"),
        *("--canvas", "96", "--device", "cpu", "--out", str(tmp_path / "run")),
    ]


def test_run_prints_the_table_and_leaves_a_readable_run(typoattack, small, tmp_path: Path) -> None:
    done = typoattack("run", "quick", *small)
    assert done.status == 0, done.err
    assert "printed-label" in done.out
    assert str(tmp_path / "run") in done.out.replace("\n", "")
    table = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    assert len(table) == 9 * 11
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["command"].startswith(("typoattack", "pytest", "__main__"))
    again = typoattack("report", tmp_path / "run")
    assert again.out == done.out


def test_skipped_photographs_are_named(typoattack, small, photo_folder: Path) -> None:
    (photo_folder / "dog" / "2.png").write_bytes(b"\x89PNG half")
    done = typoattack("run", "quick", "--recipe", "printed-label", *small)
    assert done.status == 0
    assert "1 photograph skipped" in done.out
    assert "dog/2.png" in done.out


def test_generate_writes_a_data_set(typoattack, photo_folder: Path, tmp_path: Path) -> None:
    done = typoattack(
        *("generate", "quick", "--dataset", f"folder:{photo_folder}", "--canvas", 64),
        *("--recipe", "printed-label(size=0.5)", "--limit", 2, "--out", tmp_path / "made"),
    )
    assert done.status == 0, done.err
    assert len((tmp_path / "made" / "metadata.jsonl").read_text().splitlines()) == 6


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("recipes", "handwritten-note"),
        ("models", "local-dir:PATH"),
        ("defences", "mask-text"),
        ("suites", "quick"),
        ("datasets", "hf:NAME[:SPLIT]"),
        ("words", "nearest"),
        ("fonts", "caveat"),
        ("formats", "parquet"),
        ("figures", "flip_rate"),
    ],
)
def test_list_shows_each_kind_of_part(typoattack, kind: str, shown: str) -> None:
    done = typoattack("list", kind)
    assert done.status == 0
    assert shown in done.out
    assert kind in typoattack("list", "--help").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "quikc"], "unknown suite 'quikc'; did you mean 'quick'?"),
        (["run", "quick", "--model", "mni"], "unknown model 'mni'"),
        (["run", "quick", "--model", "ViT-B-32/opnai"], "did you mean 'openai'"),
        (["run", "quick", "--dataset", "foldr:x"], "did you mean 'folder'"),
        (["run", "quick", "--dataset", "folder:/no/such"], "no such folder"),
        (["run", "quick", "--recipe", "printed-lable"], "did you mean 'printed-label'"),
        (["run", "quick", "--recipe", 'printed-label(font="robotto")'], "did you mean 'roboto'"),
        (["run", "quick", "--recipe", "printed-label(size=3)"], "'size' is 3"),
        (["run", "quick", "--words", "fixd:a"], "did you mean 'fixed'"),
        (["run", "quick", "--replicates", "0"], "key 'replicates'"),
        (["run", "quick", "--templates", "no.txt"], "cannot read 'no.txt'"),
        (["run", "quick", "--device", "tpu"], "use auto, cpu, cuda or mps"),
        (["run", "quick", "--precision", "int4"], "fp32"),
        (["run", "quick", "--no-such-option"], "No such option"),
        (["report", "/no/such/run"], "holds no run"),
        (["list", "recipe"], "did you mean 'recipes'"),
        (["generate", "quick", "--out", "."], "exists"),
    ],
)
def test_a_users_mistake_is_one_line_and_status_2(typoattack, arguments, said: str) -> None:
    done = typoattack(*arguments)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err
    if "No such option" not in said:
        assert done.err.count("\n") == 1


def test_a_suite_with_a_wrong_key_is_refused_by_name(typoattack, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("question: q\nrecipes: [printed-label]\nsede: 1\n")
    done = typoattack("run", tmp_path / "mine.yaml")
    assert done.status == 2
    assert "key 'sede'" in done.err


def test_a_folder_with_another_run_is_refused_with_the_difference(typoattack, small) -> None:
    typoattack("run", "quick", *small)
    done = typoattack("run", "quick", "--seed", "7", *small)
    assert done.status == 2
    assert "seed: 0 there, 7 here" in done.err


def test_help_shows_an_example_for_every_command(typoattack) -> None:
    from typoattack.cli.app import app

    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        done = typoattack(name, "--help")
        assert done.status == 0
        assert f"typoattack {name}" in done.out.split("Example")[1]


def test_help_and_lists_do_not_import_torch() -> None:
    code = (
        "import sys; from typoattack.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    for arguments in (["--help"], ["list", "recipes"], ["list", "suites"], ["list", "models"]):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True)
        assert done.returncode == 0, f"{arguments} imports torch"


def test_compare_pairs_two_models_and_writes_a_page(typoattack, small, tmp_path: Path) -> None:
    both = [*small[:2], "--model", "mini-blind", *small[2:]]
    typoattack("run", "quick", "--recipe", "printed-label", *both)
    out = tmp_path / "compared"
    done = typoattack("compare", tmp_path / "run", "--figure", "accuracy_attacked", "--out", out)
    assert done.status == 0, done.err
    assert "printed-label" in done.out
    assert "mini-blind" in (out / "comparison.html").read_text()
    assert typoattack("compare", tmp_path / "run", "--figure", "speed").status == 2


def test_published_figures_are_listed_by_model(typoattack) -> None:
    done = typoattack("published", "--model", "vit-l-14")
    assert done.status == 0
    assert "40.14" in done.out
    assert "36.61" not in done.out


def test_show_draws_a_sheet_with_a_row_for_each_swept_value(
    typoattack, photo_folder: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.png"
    where = ["--dataset", f"folder:{photo_folder}", "--canvas", 64, "--cell", 64, "-n", 2]
    typoattack("show", "printed-label", *where, "--out", sheet)
    one = Image.open(sheet).size
    done = typoattack("show", "printed-label", "--sweep", "size=0.2,0.4", *where, "--out", sheet)
    assert done.status == 0, done.err
    assert Image.open(sheet).height > 1.8 * one[1]


def test_a_new_recipe_is_drawn_and_checked_and_run_from_its_file(
    typoattack, small, photo_folder: Path, tmp_path: Path
) -> None:
    assert typoattack("new", "cli-made", "--out", tmp_path).status == 0
    plugin = tmp_path / "cli_made.py"
    where = ["--dataset", f"folder:{photo_folder}", "--out", tmp_path / "sheet.png"]
    assert typoattack("show", "cli-made", "--plugin", plugin, *where).status == 0
    checked = typoattack("check", "cli-made", "--plugin", plugin)
    assert checked.status == 0, checked.out
    ran = typoattack("run", "quick", "--recipe", "cli-made", "--plugin", plugin, *small)
    assert ran.status == 0, ran.err
    assert "cli-made" in ran.out
    assert typoattack("new", "cli-made", "--out", tmp_path).status == 2


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


def test_a_broken_photograph_is_named_where_it_would_be_shown(
    typoattack, tiny_clip: Path, photo_folder: Path, tmp_path: Path
) -> None:
    (photo_folder / "dog" / "0.png").write_bytes(b"\x89PNG half")
    (tmp_path / "words.txt").write_text("cat\n")
    where = ("--dataset", f"folder:{photo_folder}", "--canvas", 96)
    search = ("--vocabulary", tmp_path / "words.txt", "--model", f"local-dir:{tiny_clip}")
    for command in (("show", "printed-label"), ("word-search", "cat", *search)):
        done = typoattack(*command, *where, "--out", tmp_path / "out.png")
        assert done.status == 2
        assert "photograph 'dog/0.png' cannot be used" in done.err


def test_legibility_is_measured_and_stays_with_the_run(
    typoattack, small, photo_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("rapidocr", reason="the extra `ocr` is not installed")
    for number, path in enumerate(sorted(photo_folder.rglob("*.png"))):
        Image.new("RGB", (64, 64), (90, 110 + number, 100)).save(path)
    recipe = ["--recipe", "printed-label(size=0.9)", "--words", "fixed:dogs"]
    done = typoattack(
        "run", "quick", "--legibility", *recipe, *small[:4], "--canvas", 320, *small[6:]
    )
    assert done.status == 0, done.err
    kept = Run(tmp_path / "run")
    attacks = kept.predictions["family"] == "attack"
    assert kept.predictions.loc[attacks, "readable"].all()
    assert kept.summary().set_index("recipe")["legible_share"]["printed-label(size=0.9)"] == 1
