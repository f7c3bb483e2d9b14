"""The clean figure that papers print: the model's own preprocessing, without a canvas."""

from pathlib import Path

import numpy as np
import open_clip
import pandas as pd
import pytest
import torch
from PIL import Image

import typoattack as ta
from tests.conftest import noise
from typoattack.api import Machine
from typoattack.metrics.as_published import as_published
from typoattack.results.schema import AS_PUBLISHED
from typoattack.suite import load_suite, parse_suite

TEXT = """question: q
recipes: [printed-label]
controls: [blank]
canvas: 64
templates: openai
"""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photographs of several shapes, none square."""
    for label, name in enumerate(("cat", "dog", "fish")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(4):
            size = (90 + 31 * number, 150 - 20 * number)
            noise(10 * label + number, *size).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


def _run(photos: Path, clip: Path, out: Path, **changes: object) -> ta.Run:
    suite = out.parent / "s.yaml"
    suite.write_text(TEXT)
    return ta.run(
        str(suite),
        model=f"local-dir:{clip}",
        dataset=f"folder:{photos}",
        out=out,
        **{"machine": Machine(device="cpu"), **changes},  # type: ignore[arg-type]
    )


def plain_loop(clip: Path, photos: Path) -> tuple[list[int], np.ndarray]:
    """What CLIP_benchmark's zero-shot loop does: answers and cosines of all photographs."""
    name = f"local-dir:{clip}"
    model, preprocess = open_clip.create_model_from_pretrained(name)
    model.eval()
    tokenizer = open_clip.get_tokenizer(name)
    weights = []
    with torch.no_grad():
        for label in ("cat", "dog", "fish"):
            texts = [make(label) for make in open_clip.OPENAI_IMAGENET_TEMPLATES]
            features = model.encode_text(tokenizer(texts))
            mean = (features / features.norm(dim=-1, keepdim=True)).mean(dim=0)
            weights.append(mean / mean.norm())
        pictures = [Image.open(path).convert("RGB") for path in sorted(photos.rglob("*.png"))]
        features = model.encode_image(torch.stack([preprocess(one) for one in pictures]))
        cosines = features / features.norm(dim=-1, keepdim=True) @ torch.stack(weights).T
    return cosines.argmax(dim=1).tolist(), cosines.numpy()


def test_it_equals_a_plain_loop_over_the_photographs(
    photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    run = _run(photos, tiny_clip, tmp_path / "run", clean_as_published=True)
    rows = run.folder.as_published()
    answers, cosines = plain_loop(tiny_clip, photos)
    assert rows["predicted"].tolist() == answers
    of_label = cosines[np.arange(len(rows)), rows["label"]]
    np.testing.assert_allclose(rows["sim_label"], of_label, atol=1e-6)
    np.testing.assert_allclose(rows["sim_predicted"], cosines.max(axis=1), atol=1e-6)
    assert (rows["clean_sim_label"] - rows["sim_label"]).abs().max() > 1e-4  # a canvas is no canvas
    (told,) = run.as_published
    assert told.photographs == 12
    assert told.accuracy.value == pytest.approx((rows["predicted"] == rows["label"]).mean())
    assert told.changed == (rows["predicted"] != rows["clean_predicted"]).sum()


def test_other_processes_say_the_same(photos: Path, tiny_clip: Path, tmp_path: Path) -> None:
    here = _run(photos, tiny_clip, tmp_path / "here", clean_as_published=True)
    two = Machine(device="cpu", workers=2)
    there = _run(photos, tiny_clip, tmp_path / "there", clean_as_published=True, machine=two)
    pd.testing.assert_frame_equal(here.folder.as_published(), there.folder.as_published())
    pd.testing.assert_frame_equal(here.predictions, there.predictions)


def test_it_disturbs_no_other_figure(photos: Path, tiny_clip: Path, tmp_path: Path) -> None:
    without = _run(photos, tiny_clip, tmp_path / "without")
    beside = _run(photos, tiny_clip, tmp_path / "beside", clean_as_published=True)
    pd.testing.assert_frame_equal(without.predictions, beside.predictions, atol=1e-5)
    assert without.summary()["recipe"].tolist() == beside.summary()["recipe"].tolist()
    assert without.folder.as_published().empty
    assert without.as_published == ()


def test_page_and_summary_tell_how_many_answers_the_canvas_changes(
    photos: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    run = _run(photos, tiny_clip, tmp_path / "run", clean_as_published=True)
    text = run.report().read_text("utf-8")
    assert "<h2>Clean (as published)</h2>" in text
    assert f">{run.as_published[0].changed} of 12<" in text
    plain = _run(photos, tiny_clip, tmp_path / "plain").report().read_text("utf-8")
    assert "as published" not in plain


def test_a_model_is_told_by_itself() -> None:
    rows = pd.DataFrame(
        {
            "model": ["b", "a", "a"],
            "label": [0, 0, 1],
            "predicted": [0, 0, 0],
            "clean_predicted": [1, 0, 1],
            "sim_label": [0.5, 0.2, 0.2],
            "clean_sim_label": [0.4, 0.2, 0.3],
        }
    )
    one, other = as_published(rows)
    assert (one.model, one.changed, one.photographs, one.accuracy.value) == ("a", 1, 2, 0.5)
    assert (one.canvas_accuracy.value, other.canvas_accuracy.value) == (1.0, 0.0)
    assert one.farthest == pytest.approx(0.1)


def test_the_literature_asks_for_it_and_others_do_not() -> None:
    assert load_suite("literature").clean_as_published
    assert not load_suite("quick").clean_as_published
    plain, asked = (parse_suite(TEXT, "s", {"clean_as_published": on}) for on in (False, True))
    assert asked.passes == plain.passes + 1
    assert "clean_as_published" not in plain.identity
    assert asked.identity == plain.identity | {"clean_as_published": True}
    assert AS_PUBLISHED not in [attack.label for attack in asked.attacks]


def test_a_sample_without_a_clean_picture_has_none(tiny_clip: Path, tmp_path: Path) -> None:
    (tmp_path / "rta").mkdir()
    for number, name in enumerate(("label=cat_text=dog.png", "label=dog_text=cat.png")):
        noise(number, 90, 70).save(tmp_path / "rta" / name)
    run = ta.run(
        "photographed",
        model=f"local-dir:{tiny_clip}",
        dataset=f"rta:{tmp_path / 'rta'}",
        out=tmp_path / "run",
        machine=Machine(device="cpu"),
        clean_as_published=True,
    )
    assert len(run.predictions) == 2
    assert run.folder.as_published().empty
