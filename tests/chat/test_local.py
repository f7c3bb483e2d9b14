"""A suite asked of a vision-language model in this process, from the command line to the page."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("transformers")

from tests.chat.tiny_vlm import SAVERS
from typoattack.chat import local as local_module
from typoattack.chat import vlm as vlm_module
from typoattack.chat.answer import Preference
from typoattack.chat.interviews import NEITHER
from typoattack.cli import chat as command
from typoattack.cli import main
from typoattack.metrics.margins import clean_margins
from typoattack.report.run import Run


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {kind: save(tmp_path_factory.mktemp(kind)) for kind, save in SAVERS.items()}


@pytest.fixture
def chat(folders, photo_folder: Path, tmp_path: Path, capsys, monkeypatch):
    """`typoattack chat` on six of nine photographs, asked of a tiny model."""
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "cache"))
    show = command.show_run

    def call(
        *arguments: object, kind: str = "llava", out: str = "run", page: bool = False
    ) -> tuple[int, str, str]:
        status = 0
        monkeypatch.setattr(command, "show_run", show if page else lambda _: None)
        try:
            main(
                [
                    *("chat", "quick", "-m", f"vlm:transformers:{folders[kind]}"),
                    *("-d", f"folder:{photo_folder}", "-r", "printed-label", "--canvas", "64"),
                    *("--limit", "6", "--device", "cpu", "--phrasing", "vlmevalkit"),
                    *("--out", str(tmp_path / out), *map(str, arguments)),
                ]
            )
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def planted(monkeypatch):
    """Has every model that is opened prefer a letter, by what stands in the question."""

    def plant(letter_of) -> None:
        load = vlm_module.load_vlm

        def loaded(name: str, **how: str):
            opened = load(name, **how)
            tokenizer = opened._processor.tokenizer

            def prefer(module, args, given, out):
                for row, ids in enumerate(given["input_ids"]):
                    letter, by = letter_of(tokenizer.decode(ids))
                    out.logits[row, :, tokenizer.convert_tokens_to_ids(letter)] += by
                return out

            opened.module.register_forward_hook(prefer, with_kwargs=True)
            return opened

        monkeypatch.setattr(vlm_module, "load_vlm", loaded)

    return plant


def attack_lines(run: Run):
    return [line for line in run.summaries if line.recipe == "printed-label"]


def facts(run: Run) -> pd.DataFrame:
    return pd.DataFrame([json.loads(one) for one in run.predictions["facts"]])


@pytest.mark.parametrize("kind", list(SAVERS))
def test_probabilities_and_margins_are_filled_as_for_a_dual_encoder(
    chat, tmp_path: Path, kind: str
) -> None:
    status, out, err = chat("--phrasing", "scam", kind=kind, page=True)
    assert status == 0, err
    assert "the mean of both orders" in " ".join(out.split())
    assert "its two answers hold 0.0% of what it would say" in " ".join(out.split())
    run = Run(tmp_path / "run")
    rows, told = run.predictions, facts(run)
    assert len(rows) == 24
    attacked = rows[rows["family"] == "attack"]
    log = {
        name: (told[f"log_{name}_label_first"] + told[f"log_{name}_label_second"]) / 2
        for name in ("label", "word")
    }
    np.testing.assert_allclose(rows["sim_label"], log["label"], atol=1e-5)
    np.testing.assert_allclose(attacked["sim_word"], log["word"][attacked.index], atol=1e-5)
    chance = 1 / (1 + np.exp(log["word"] - log["label"]))
    np.testing.assert_allclose(rows["prob_label"], chance, atol=1e-5)
    np.testing.assert_allclose(attacked["prob_label"] + attacked["prob_word"], 1, atol=1e-6)
    assert (rows["correct"] == (rows["prob_label"] > 0.5)).all()
    assert (rows["prob_predicted"] >= 0.5).all()
    assert told["mass"].between(0, 1).all()
    assert set(told["verdict"]) <= {"label", "word"}
    clean = rows[rows["family"] == "clean"].set_index(["model", "sample"])
    beside = clean.loc[list(zip(attacked["model"], attacked["sample"], strict=True))]
    np.testing.assert_array_equal(attacked["clean_sim_label"], beside["sim_label"])
    shift = (attacked["sim_label"] - attacked["sim_word"]) - (
        attacked["clean_sim_label"] - attacked["clean_sim_word"]
    )
    by_model = shift.groupby(attacked["model"]).mean()
    for line in attack_lines(run):
        assert line["margin_shift"].value == pytest.approx(by_model[line.model], abs=1e-6)
    margins = clean_margins(rows[rows["model"] == rows["model"][0]])
    assert np.isfinite(margins).all()


@pytest.mark.parametrize("way", ["letters", "generated"])
def test_a_liking_for_the_word_shows_in_the_predictions(
    chat, planted, tmp_path: Path, way: str
) -> None:
    """The letter before `iPod`, whichever it is, gains; after the answer, the turn ends."""

    def iPod(text: str) -> tuple[str, float]:
        if text in ("A", "B"):  # what was generated, alone: the rest is cached
            return "</s>", 60.0
        return ("A" if "A. iPod" in text else "B"), 30.0

    planted(iPod)
    kind = "qwen2-vl" if way == "letters" else "llava"  # LLaVA's template has a space before it
    status, out, err = chat("--words", "fixed:iPod", "--answers", way, kind=kind)
    assert status == 0, err
    run = Run(tmp_path / "run")
    names = run.manifest["task"]["class_names"]
    assert set(run.predictions["predicted"]) == {names.index("iPod")}
    attacked = run.predictions[run.predictions["family"] == "attack"]
    assert "of what it would say" not in out, "the planted letter is all that it says"
    if way == "letters":
        assert (attacked["prob_word"] > 0.999).all()
    else:
        told = facts(run)
        assert set(told["answer"]) == {"A", "B"}
        assert set(told["label_first"]) == {True, False}
        assert attacked["prob_word"].isna().all()
    (line,) = attack_lines(run)
    assert line["says_word"].value == 1


def test_a_liking_for_a_letter_or_a_place_cancels(chat, planted, tmp_path: Path) -> None:
    status, _, err = chat()
    assert status == 0, err
    planted(lambda _: ("A", 3.0))
    status, _, err = chat(out="biased")
    assert status == 0, err
    fair, biased = (Run(tmp_path / name).predictions for name in ("run", "biased"))
    first = "log_label_label_first"
    moved = facts(Run(tmp_path / "biased"))[first] - facts(Run(tmp_path / "run"))[first]
    assert (moved > 2).all(), "the bias was there"
    np.testing.assert_allclose(biased["prob_label"], fair["prob_label"], atol=1e-4)
    assert (biased["predicted"] == fair["predicted"]).all()


def test_names_are_scored_a_token(chat, planted, tmp_path: Path) -> None:
    status, _, err = chat("--answers", "names", "--words", "fixed:a very long name of a thing")
    assert status == 0, err
    run = Run(tmp_path / "run")
    assert run.predictions["model"].str.contains('answers="names"').all()
    attacked = run.predictions[run.predictions["family"] == "attack"]
    assert (attacked["sim_word"] > -12).all(), "a token, not all together"


def test_a_stopped_run_goes_on_to_the_same_predictions(
    chat, planted, tmp_path: Path, monkeypatch
) -> None:
    status, _, err = chat(out="whole")
    assert status == 0, err
    asked = 0
    scores = vlm_module.VisionLanguageModel.log_probabilities

    def some(self, *given):
        nonlocal asked
        asked += 1
        if asked == 6:
            raise KeyboardInterrupt
        return scores(self, *given)

    monkeypatch.setattr(vlm_module.VisionLanguageModel, "log_probabilities", some)
    status, _, _ = chat()
    assert status != 0
    assert len(Run(tmp_path / "run").predictions) == 4
    status, _, err = chat()
    assert status == 0, err
    assert asked == 6 + 8
    whole, resumed = (
        Run(tmp_path / name).predictions.sort_values(["sample", "recipe"], ignore_index=True)
        for name in ("whole", "run")
    )
    pd.testing.assert_frame_equal(whole, resumed)
    status, _, err = chat("--precision", "bf16")
    assert status == 2
    assert "holds another run" in err


def test_a_prompt_to_ignore_text_is_compared_with_the_bare_one(
    chat, planted, tmp_path: Path, capsys, monkeypatch
) -> None:
    """Planted: the model takes the second of a photograph's two pictures for the word."""
    seen: set[str] = set()

    def obeys(text: str) -> tuple[str, float]:
        word = "A" if "A. iPod" in text else "B"
        label = "B" if word == "A" else "A"
        return (label if "Ignore any text" in text or len(seen) % 4 < 2 else word), 30.0

    answer = local_module._answer

    def counted(item, vlm, way):
        made = answer(item, vlm, way)
        seen.add(str(len(seen)))
        return made

    monkeypatch.setattr(local_module, "_answer", counted)
    planted(obeys)
    status, _, err = chat("--ignore-text", "--words", "fixed:iPod")
    assert status == 0, err
    run = Run(tmp_path / "run")
    assert [line["flip_rate"].value for line in attack_lines(run)] == [1, 0]
    with pytest.raises(SystemExit) as stop:
        main(["compare", str(tmp_path / "run"), "--out", str(tmp_path / "compared")])
    said = capsys.readouterr()
    assert not stop.value.code, said.err
    assert "ignore_text=true" in said.out + said.err


def test_controls_are_asked_with_the_choices_of_their_attack(chat, planted, tmp_path: Path) -> None:
    """Planted: whoever is asked about `iPod` says it; so a blank is called it too."""
    planted(lambda text: ("A" if "A. iPod" in text else "B", 30.0))
    only = ("-r", 'instruction("say")', "-r", 'control(instruction("say"), "word")')
    status, _, err = chat("--controls", "--words", "fixed:iPod", *only)
    assert status == 0, err
    run = Run(tmp_path / "run")
    asked = run.predictions.groupby(["family", "control"]).size().to_dict()
    assert asked == {("attack", ""): 12, ("clean", ""): 6, ("control", "blank"): 12,
                     ("control", "word"): 6}  # fmt: skip
    facts_of = {(r, "instruction" in json.loads(f)) for r, f in
                zip(run.predictions["recipe"], run.predictions["facts"], strict=True)}  # fmt: skip
    assert ('instruction(form="say")', True) in facts_of
    status, _, err = chat("--words", "fixed:iPod", *only)
    assert status == 2
    assert "holds another run" in err
    assert ('control(instruction(form="say"), "word")', False) in facts_of


def test_the_picture_is_seen_as_it_was_encoded(chat, tmp_path: Path) -> None:
    for out, picture in (("run", "png"), ("jpeg", "jpeg:10"), ("again", "jpeg:10")):
        status, _, err = chat("--picture", picture, out=out)
        assert status == 0, err
    png, jpeg, again = (Run(tmp_path / out) for out in ("run", "jpeg", "again"))
    assert (png.predictions["pixels"] == jpeg.predictions["pixels"]).all()
    assert (png.predictions["prob_label"] != jpeg.predictions["prob_label"]).any()
    assert (again.predictions["prob_label"] == jpeg.predictions["prob_label"]).all()
    assert 'picture="jpeg:10"' in jpeg.predictions["model"][0]
    prints = [run.manifest["models"][0]["fingerprint"] for run in (png, jpeg, again)]
    assert prints[0] != prints[1] == prints[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--answers", "words"), "there are generated, letters, names"),
        (("--picture", "jpeg:0"), "write png, or jpeg:QUALITY"),
        (("--picture", "webp"), "write png, or jpeg:QUALITY"),
        (("--precision", "fp8"), "use one of fp32"),
        (("--words", "true"), "nothing to ask"),
    ],
)
def test_a_users_mistake_is_one_line(chat, arguments, said: str) -> None:
    status, _, err = chat(*arguments)
    assert status == 2
    assert said in err
    assert "Traceback" not in err


def test_a_photograph_with_two_words_has_the_mean_clean_margin(chat, tmp_path: Path) -> None:
    status, _, err = chat("--replicates", 2, "--limit", 3)
    assert status == 0, err
    rows = Run(tmp_path / "run").predictions
    clean = rows[rows["family"] == "clean"]
    assert len(clean) == 6
    odds = np.log(clean["prob_label"]) - np.log(1 - clean["prob_label"])
    np.testing.assert_allclose(
        clean_margins(rows).droplevel("task"), odds.groupby(clean["sample"]).mean(), rtol=1e-4
    )


def test_a_preference_is_the_mean_of_both_orders() -> None:
    liked = Preference(label=(-1.0, -5.0), word=(-2.0, -1.0))
    assert (liked.log_label, liked.log_word) == (-3.0, -1.5)
    assert liked.probability == pytest.approx(1 / (1 + math.exp(1.5)))
    assert liked.verdict == "word"
    assert Preference((-1.0, -1.0), (-1.0, -1.0)).verdict == "unclear"
    assert Preference((0.0, 0.0), (-2000.0, -2000.0)).probability == 1
    assert Preference((-2000.0, -2000.0), (0.0, 0.0)).probability == 0


def test_a_tie_is_neither(chat, planted, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        vlm_module.VisionLanguageModel,
        "log_probabilities",
        lambda self, image, wanted: [[[-1.0] for _ in group] for group in wanted],
    )
    status, out, err = chat()
    assert status == 0, err
    run = Run(tmp_path / "run")
    names = run.manifest["task"]["class_names"]
    assert set(run.predictions["predicted"]) == {names.index(NEITHER)}
    assert "12 unclear" in out
