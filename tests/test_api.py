import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import typoattack as ta
from tests.conftest import noise
from typoattack.cli import main
from typoattack.cli.commands import load_command
from typoattack.core.errors import UserError
from typoattack.suite import load_suite, parse_suite


@pytest.fixture
def run(photo_folder: Path, tiny_clip: Path, tmp_path: Path) -> ta.Run:
    return ta.run(
        "quick",
        model=f"local-dir:{tiny_clip}",
        dataset=f"folder:{photo_folder}",
        recipes=["printed-label"],
        out=tmp_path / "run",
        machine=ta.Machine(device="cpu"),
    )


def test_a_run_gives_its_figures_as_a_table(run: ta.Run) -> None:
    table = run.summary().set_index("recipe")
    assert {"clean", "printed-label", "blank-label"} <= set(table.index)
    counted = run.predictions.query("recipe == 'printed-label' and clean_predicted == label")
    assert table.loc["printed-label", "flip_rate"] == pytest.approx(1 - counted["correct"].mean())


def test_a_notebook_shows_table_and_pictures(run: ta.Run) -> None:
    html = run._repr_html_()
    assert "printed-label" in html
    assert "<script" not in html


def test_a_kept_run_opens_again(run: ta.Run) -> None:
    assert ta.Run(run.path).predictions.equals(run.predictions)


def test_a_run_given_twice_is_not_compared_with_itself(run: ta.Run) -> None:
    with pytest.raises(UserError, match="were given twice"):
        ta.compare(run, run.path)


def test_attack_draws_the_word_and_leaves_the_picture(tmp_path: Path) -> None:
    picture = noise(0, 200, 150)
    before = picture.tobytes()
    made = ta.attack(picture, "handwritten-note(size=0.5)", word="pizza", canvas=128)
    assert made.size == (128, 128)
    assert picture.tobytes() == before
    assert (
        made.tobytes()
        == ta.attack(picture, "handwritten-note(size=0.5)", word="pizza", canvas=128).tobytes()
    )
    assert (
        made.tobytes()
        != ta.attack(
            picture, "handwritten-note(size=0.5)", word="pizza", canvas=128, seed=1
        ).tobytes()
    )
    picture.save(tmp_path / "a.png")
    from_file = ta.attack(tmp_path / "a.png", "printed-label", word="pizza", canvas=128)
    assert np.asarray(from_file).shape == (128, 128, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"recipe": "printed-lable", "word": "a"}, "did you mean"),
        ({"recipe": "printed-label", "word": " "}, "word is empty"),
    ],
)
def test_attack_explains_mistakes(arguments: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ta.attack(Image.new("RGB", (64, 64)), **arguments)


def test_a_model_in_memory_is_evaluated_and_goes_on_training(
    tiny_clip: Path, photo_folder: Path, tmp_path: Path, run: ta.Run
) -> None:
    import open_clip

    name = f"local-dir:{tiny_clip}"
    model, preprocess = open_clip.create_model_from_pretrained(name)
    model.train()
    result = ta.evaluate(
        model,
        preprocess,
        open_clip.get_tokenizer(name),
        recipes=["printed-label"],
        dataset=f"folder:{photo_folder}",
    )
    assert model.training
    assert not result.path.exists()
    same = [c for c in run.predictions.columns if c != "model"]
    assert result.predictions[same].equals(run.predictions[same])
    assert "flip_rate" in result.summary()
    assert result.manifest["command"] == (
        "typoattack.evaluate(model, preprocess, tokenizer, 'quick', name='in-memory', "
        f"recipes=['printed-label'], dataset='folder:{photo_folder}', "
        "machine=typoattack.Machine(workers=0))"
    )


def test_a_text_encoder_that_stands_still_is_asked_once(
    tiny_clip: Path, photo_folder: Path
) -> None:
    import open_clip
    import torch

    name = f"local-dir:{tiny_clip}"
    model, preprocess = open_clip.create_model_from_pretrained(name)
    tokenizer, asked = open_clip.get_tokenizer(name), []
    encode = model.encode_text
    model.encode_text = lambda tokens: asked.append(len(tokens)) or encode(tokens)

    def evaluate() -> pd.DataFrame:
        return ta.evaluate(
            model, preprocess, tokenizer, recipes=["printed-label"],
            dataset=f"folder:{photo_folder}", templates="a photo of a {}.",
        ).predictions  # fmt: skip

    first = evaluate()
    assert sum(asked) == 3
    with torch.no_grad():
        next(model.visual.parameters()).add_(0.5)
    second = evaluate()
    assert sum(asked) == 3
    assert not first["prob_label"].equals(second["prob_label"])
    with torch.no_grad():
        model.token_embedding.weight.mul_(1.5)
    evaluate()
    assert sum(asked) == 6


def test_the_package_lists_its_functions_before_any_is_imported() -> None:
    code = "import sys, typoattack; print(*dir(typoattack)); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    assert set(ta.__all__) <= set(done.stdout.split())


def test_a_run_from_python_takes_what_the_command_takes() -> None:
    several = {name: f"{name}s" for name in ("defence", "probe", "recipe", "plugin")}
    options = {p.name for p in load_command("run").params} - set(
        inspect.signature(ta.Machine).parameters
    )
    options -= {"format", "quiet", "verbose"}  # how the command prints, which `run` does not
    taken = set(inspect.signature(ta.run).parameters)
    assert {several.get(name, name) for name in options} <= taken


def test_a_run_from_python_and_one_from_the_command_line_hold_the_same(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = ta.run(
        "quick",
        model=f"local-dir:{tiny_clip}",
        defences=["mirror"],
        dataset=f"folder:{photo_folder}",
        recipes=["printed-label", "handwritten-note @ fixed:ox"],
        words="pseudo",
        replicates=2,
        seed=5,
        canvas=96,
        templates="openai",
        limit=4,
        out=tmp_path / "python",
        machine=ta.Machine("cpu"),
    )
    with pytest.raises(SystemExit) as stop:
        main(
            [
                *("run", "quick", "-m", f"local-dir:{tiny_clip}", "--defence", "mirror"),
                *("-d", f"folder:{photo_folder}", "-r", "printed-label", "--words", "pseudo"),
                *("-r", "handwritten-note @ fixed:ox", "--replicates", "2", "--seed", "5"),
                *("--canvas", "96", "--templates", "openai", "--limit", "4", "--device", "cpu"),
                *("--out", str(tmp_path / "command")),
            ]
        )
    assert stop.value.code == 0, capsys.readouterr().err
    assert made.predictions.equals(ta.Run(tmp_path / "command").predictions)


def test_an_unfinished_run_is_finished_by_the_call_that_its_manifest_names(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "photographs" and done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ta.run(
            "quick",
            model=f"local-dir:{tiny_clip}",
            dataset=f"folder:{photo_folder}",
            recipes=("printed-label @ fixed:it's",),
            canvas=64,
            out=tmp_path / "run",
            machine=ta.Machine("cpu", chunk_size=2),
            progress=stop,
        )
    call = ta.Run(tmp_path / "run").manifest["command"]
    assert call == (
        f"typoattack.run('quick', model='local-dir:{tiny_clip}', dataset='folder:{photo_folder}', "
        """recipes=["printed-label @ fixed:it's"], canvas=64, """
        f"out='{tmp_path / 'run'}', machine=typoattack.Machine(device='cpu', chunk_size=2))"
    )
    with pytest.raises(SystemExit):
        main(["report", str(tmp_path / "run")])
    said = " ".join(capsys.readouterr().out.split())
    assert "unfinished: 7 of 9 photographs are still to do; run `typoattack.run('quick'," in said
    assert eval(call, {"typoattack": ta}).left == 0


def test_a_suite_from_python_is_run_as_it_is_and_said_by_its_name(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    changes = {"models": [f"local-dir:{tiny_clip}"], "dataset": f"folder:{photo_folder}"}
    suite = load_suite("quick", changes | {"recipes": ["printed-label"], "canvas": 64, "limit": 2})
    made = ta.run(suite, out=tmp_path / "run", machine=ta.Machine("cpu"))
    call = made.manifest["command"]
    assert call.startswith("typoattack.run('quick', model=['local-dir:")
    assert eval(call, {"typoattack": ta}).predictions.equals(made.predictions)
    with pytest.raises(UserError, match="to change seed, name the suite or its file"):
        ta.run(suite, seed=1, out=tmp_path / "other")


def test_a_suite_without_a_file_is_named_as_what_it_is(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    text = "question: q\nrecipes: [printed-label]\ncanvas: 64\nlimit: 2"
    where = {"models": [f"local-dir:{tiny_clip}"], "dataset": f"folder:{photo_folder}"}
    made = ta.run(parse_suite(text, "mine", where), out=tmp_path / "run")
    assert made.manifest["command"] == f"typoattack.run(suite, out='{tmp_path / 'run'}')"


def test_a_comparison_is_written_where_it_is_wished(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    run = ta.run(
        "quick",
        model=[f"local-dir:{tiny_clip}", "mini"],
        dataset=f"folder:{photo_folder}",
        recipes=["printed-label"],
        out=tmp_path / "run",
        machine=ta.Machine(device="cpu"),
    )
    ta.compare(run, figure="accuracy_attacked", out=tmp_path / "compared")
    assert "printed-label" in (tmp_path / "compared" / "comparison.html").read_text()
