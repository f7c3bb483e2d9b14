"""Published attack sets: made ones of exactly their layouts, drawn by the product's recipes."""

import csv
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import noise
from PIL import Image

import typoattack as ta
from typoattack.api import Machine
from typoattack.core.errors import BrokenImage, UserError
from typoattack.drawing.canvas import square_canvas
from typoattack.export.attacked import write_attacked
from typoattack.metrics.summaries import summarise, to_frame
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.base import Dataset, Sample
from typoattack.samples.labels import templates
from typoattack.suite import parse_suite

SUITE = """question: q
recipes: [printed-label, "plain-overlay @ fixed:hot/dog_1=a"]
controls: [blank]
canvas: 64
"""


def drawn(photos: Path) -> list[tuple[str, str, str, np.ndarray, np.ndarray]]:
    """What the layouts must hold: (sample, label, word, clean pixels, attacked pixels)."""
    from typoattack.runner.draw import Generator

    suite = parse_suite(SUITE, "s", {"dataset": f"folder:{photos}"})
    data = open_dataset(suite.dataset)
    generator = Generator(suite, data.task.class_names)
    expected = []
    for sample in (data[i] for i in range(len(data))):
        canvas = generator.canvas(sample)
        for one in generator.draw_each(sample, canvas, generator.pictures_of(sample)):
            if not one.attack.control:
                made = one.attacked
                name = data.task.class_names[sample.label]
                pixels = np.asarray(canvas), np.asarray(made.image)
                expected.append((sample.id, name, made.word, *pixels))
    return expected


def written(photos: Path, out: Path, layout: str) -> Path:
    suite = parse_suite(SUITE, "s", {"dataset": f"folder:{photos}"})
    assert write_attacked(suite, out, layout) == []
    return out


def samples(spec: str) -> tuple[Dataset, list[Sample]]:
    data = open_dataset(DatasetSpec(spec))
    again = pickle.loads(pickle.dumps(data))  # it crosses to drawing processes
    assert [again[i].id for i in range(len(again))] == [data[i].id for i in range(len(data))]
    return data, [data[i] for i in range(len(data))]


@pytest.fixture(autouse=True)
def _own_datasets_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "hf-cache"))


@pytest.mark.parametrize(
    ("layout", "spec", "paired"),
    [
        ("scam", "scam:{}", True),
        ("rta", "rta:{}", False),
        ("paint", "paint:{}", False),
        ("materzynska", "materzynska:{}", True),
        ("csv", "csv:{}/annotations.csv", True),
    ],
)
def test_what_generate_writes_is_read_back_whole(
    photo_folder: Path, tmp_path: Path, layout: str, spec: str, paired: bool
) -> None:
    out = written(photo_folder, tmp_path / "out", layout)
    data, found = samples(spec.format(out))
    expected = {
        (label, word, clean.tobytes() if paired else b"", attacked.tobytes())
        for _, label, word, clean, attacked in drawn(photo_folder)
    }
    got = set()
    for sample in found:
        assert sample.has_clean == paired
        for variant in sample.variants:
            clean = np.asarray(sample.image).tobytes() if paired else b""
            label = data.task.class_names[sample.label]
            got.add((label, variant.word, clean, np.asarray(variant.load()).tobytes()))
    assert got == expected
    assert len(expected) == 18


def test_scam_pairs_by_id_and_asks_its_32_templates(photo_folder: Path, tmp_path: Path) -> None:
    out = written(photo_folder, tmp_path / "out", "scam")
    data, found = samples(f"scam:{out}")
    assert data.task.class_names == ("cat", "dog", "fish")
    assert len(data.task.templates) == 32
    assert data.task.templates[0] == "a bad photo of a {}."
    assert data.task.templates[-1] == "a blurry photo of the {}."
    assert set(data.task.templates) < set(templates("openai"))
    assert "CC BY-NC" in data.licence
    assert [s.id for s in found][:2] == ["img_0001", "img_0002"]
    assert all([v.kind for v in s.variants] == ["SynthSCAM"] for s in found)


def test_a_scam_note_keeps_its_area_into_the_predictions(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    out = written(photo_folder, tmp_path / "out", "scam")
    lines = scam_lines(out)
    for number, line in enumerate(lines):
        line["postit_area_pct"] = None if line["type"] == "NoSCAM" else 1.5 + number
    rewrite(out, lines)
    areas = {line["id"]: line["postit_area_pct"] for line in lines if line["type"] == "SynthSCAM"}
    text = "question: q\nrecipes: ['as-given(\"SynthSCAM\")']\ncanvas: 64\n"
    (tmp_path / "s.yaml").write_text(text)
    run = ta.run(
        str(tmp_path / "s.yaml"),
        model=f"local-dir:{tiny_clip}",
        dataset=f"scam:{out}",
        out=tmp_path / "run",
        machine=Machine(device="cpu"),
    )
    rows = run.predictions[run.predictions["family"] == "attack"]
    kept = {f"SynthSCAM_{row['sample']}": json.loads(row["facts"]) for _, row in rows.iterrows()}
    assert kept == {name: {"postit_area_pct": area} for name, area in areas.items()}


def scam_lines(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]


def rewrite(out: Path, lines: list[dict[str, object]]) -> None:
    (out / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_scam_runs_end_to_end_with_its_own_figure(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    out = written(photo_folder, tmp_path / "out", "scam")
    lines = scam_lines(out)
    for line in [
        line for line in lines if line["type"] == "SynthSCAM"
    ]:  # a real photograph beside each
        number = str(line["id"]).removeprefix("SynthSCAM_")
        shutil.copy(out / str(line["file_name"]), out / f"SCAM_{number}.png")
        lines.append(
            {**line, "type": "SCAM", "id": f"SCAM_{number}", "file_name": f"SCAM_{number}.png"}
        )
    rewrite(out, lines)
    text = "question: q\nrecipes: ['as-given(\"SCAM\")', 'as-given(\"SynthSCAM\")']\ncanvas: 64"
    suite = parse_suite(
        text, "scam", {"dataset": f"scam:{out}", "models": [f"local-dir:{tiny_clip}"]}
    )
    machine = Machine("cpu", workers=0)
    run = ta.run(suite, out=tmp_path / "run", machine=machine)
    table = run.predictions
    assert len(table) == 18 * 3
    attacked = table[table["family"] == "attack"]
    assert (attacked.groupby("recipe")["pixels"].nunique() > 9).all()
    frame = to_frame(summarise(run.predictions)).set_index("recipe")
    two_way = (attacked["sim_label"] > attacked["sim_word"]).groupby(attacked["recipe"]).mean()
    for name, share in two_way.items():
        assert frame.loc[name, "two_way_attacked"] == pytest.approx(share)
    assert frame.loc['as-given("SCAM")', "two_way_attacked"] == pytest.approx(
        frame.loc['as-given("SynthSCAM")', "two_way_attacked"]
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[1:], "'img_0001' has no clean"),
        (lambda lines: [lines[0], *lines[2:]], "'img_0001' has no attacked"),
        (lambda lines: [{**lines[0], "type": "SCAMM"}, *lines[1:]], "has the type 'SCAMM'"),
        (lambda lines: [{**lines[0], "object_label": "cow"}, *lines[1:]], "shows 'cow' clean"),
        (lambda lines: [{**line, "id": "NoSCAM_img_0001"} for line in lines[::2]], "stands twice"),
        (
            lambda lines: [{k: v for k, v in line.items() if k != "attack_word"} for line in lines],
            "no column 'attack_word'",
        ),
    ],
)
def test_scam_with_a_mistake_is_refused_by_name(
    photo_folder: Path, tmp_path: Path, change, said: str
) -> None:
    out = written(photo_folder, tmp_path / "out", "scam")
    rewrite(out, change(scam_lines(out)))
    listed = {line["file_name"] for line in scam_lines(out)}
    for file in out.glob("*.png"):
        if file.name not in listed:
            file.unlink()
    with pytest.raises(UserError, match=said):
        open_dataset(DatasetSpec(f"scam:{out}"))


@pytest.fixture
def rta(tmp_path: Path) -> Path:
    """RTA-100's layout, by hand: its names, JPEG and PNG, in a folder of the zip."""
    root = tmp_path / "rta100" / "data"
    root.mkdir(parents=True)
    for number, name in enumerate(("label=dog_text=cat.png", "label=hot dog_text=dog.jpg")):
        noise(number).save(root / name)
    (root.parent / "readme.txt").write_text("not a picture")
    return root.parent


def test_rta_reads_label_and_word_from_the_file_name(rta: Path) -> None:
    data, (dog, hot_dog) = samples(f"rta:{rta}")
    assert data.task.class_names == ("cat", "dog", "hot dog")
    assert data.task.templates == ("a photo of a {}.",)
    assert (dog.id, dog.label, dog.variants[0].word) == ("data/label=dog_text=cat.png", 1, "cat")
    assert (hot_dog.label, hot_dog.variants[0].word) == (2, "dog")
    np.testing.assert_array_equal(np.asarray(dog.variants[0].load()), np.asarray(noise(0)))


@pytest.mark.parametrize("kind", ["rta", "paint"])
def test_as_published_a_jpeg_makes_the_authors_phantom_class(tmp_path: Path, kind: str) -> None:
    names = ("label=dog_text=cat.jpeg", "label=cat_text=dog.jpg", "label=cat_text=cow.png")
    for number, name in enumerate(names):
        noise(number, 32, 32).save(tmp_path / name)
    theirs = {name.split("_")[0].split("=")[1] for name in names}
    theirs |= {name.split("_")[1].split("=")[1][:-4] for name in names}
    published = open_dataset(DatasetSpec(f"{kind}:{tmp_path}", as_published=True))
    assert set(published.task.class_names) == theirs == {"cat", "dog", "cow", "cat."}
    ours = open_dataset(DatasetSpec(f"{kind}:{tmp_path}"))
    assert set(ours.task.class_names) == {"cat", "dog", "cow"}
    assert ours.fingerprint != published.fingerprint


def test_as_published_is_refused_where_nothing_was_published_so() -> None:
    with pytest.raises(UserError, match="as_published is for rta and paint"):
        open_dataset(DatasetSpec("bundled", as_published=True))


def test_a_zip_is_read_without_unpacking_it(rta: Path, tmp_path: Path) -> None:
    path = tmp_path / "rta100.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in rta.rglob("*.*"):
            archive.write(file, file.relative_to(rta))
        archive.writestr("__MACOSX/._label=a_text=b.png", b"junk")
    _, from_zip = samples(f"rta:{path}")
    _, from_folder = samples(f"rta:{rta}")
    assert [s.id for s in from_zip] == [s.id for s in from_folder]
    for one, other in zip(from_zip, from_folder, strict=True):
        np.testing.assert_array_equal(np.asarray(one.image), np.asarray(other.image))
    path.write_bytes(b"PK not really")
    with pytest.raises(UserError, match="not a zip"):
        open_dataset(DatasetSpec(f"rta:{path}"))
    with pytest.raises(BrokenImage, match="zip"):
        from_zip[0].load()


@pytest.mark.parametrize(
    "name", ["dog.png", "label=dog.png", "label=_text=cat.png", "label=a_text=b_c.png"]
)
def test_a_picture_whose_name_is_no_annotation_is_refused(rta: Path, name: str) -> None:
    noise(3).save(rta / "data" / name)
    with pytest.raises(UserError, match=f"picture 'data/{name}' must be called like"):
        open_dataset(DatasetSpec(f"rta:{rta}"))


def test_without_clean_pictures_nothing_is_said_of_flips(
    rta: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    for number in range(5):
        noise(20 + number).save(rta / f"label=dog_text=cow{'w' * number}.png")
    text = "question: q\nrecipes: ['as-given(\"attacked\")']\nreplicates: 8\ncanvas: 64"
    suite = parse_suite(text, "s", {"dataset": f"rta:{rta}", "models": [f"local-dir:{tiny_clip}"]})
    machine = Machine("cpu", workers=0)
    run = ta.run(suite, out=tmp_path / "run", machine=machine)
    table = run.predictions
    assert len(table) == 7
    assert set(table["family"]) == {"attack"}
    assert (table["clean_predicted"] == -1).all()
    assert table["clean_sim_label"].isna().all()
    (line,) = to_frame(summarise(run.predictions)).to_dict("records")
    assert line["accuracy_attacked"] == pytest.approx(table["correct"].mean())
    assert line["two_way_attacked"] == pytest.approx((table.sim_label > table.sim_word).mean())
    for figure in ("accuracy_clean", "flip_rate", "accuracy_drop", "any_change", "margin_shift"):
        assert np.isnan(line[figure])
        assert line[f"{figure}_n"] == 0


def test_a_kind_that_the_set_lacks_is_refused_with_those_it_has(
    rta: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    suite = parse_suite(
        "question: q\nrecipes: ['as-given(\"SCAM\")']",
        "s",
        {"dataset": f"rta:{rta}", "models": [f"local-dir:{tiny_clip}"]},
    )
    machine = Machine("cpu", workers=0)
    with pytest.raises(UserError, match=r"has no such pictures; there are as-given\('attacked'\)"):
        ta.run(suite, out=tmp_path / "run", machine=machine)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Materzyńska's layout by hand: two objects, one of them also without a label."""
    root = tmp_path / "typographic_attack_dataset"
    (root / "images").mkdir(parents=True)
    table = {
        "IMG_2934.JPG": {"true object": "cup", "typographic attack label": "good"},
        "IMG_2935.JPG": {"true object": "cup", "typographic attack label": "iPod"},
        "IMG_2936.JPG": {"true object": "cup", "typographic attack label": ""},
        "IMG_3000.JPG": {"true object": "rose", "typographic attack label": "good"},
    }
    for number, name in enumerate(table):
        noise(number).save(root / "images" / name)
    (root / "annotation.json").write_text(json.dumps(table))
    return root


def test_materzynskas_words_are_paired_with_the_clean_photograph_of_the_object(
    photographs: Path,
) -> None:
    data, (cup, rose) = samples(f"materzynska:{photographs}")
    assert data.task.templates == ("a photo of {}.",)
    assert set(data.task.class_names) == {"cup", "rose", "good", "iPod"}
    assert (cup.id, cup.has_clean) == ("IMG_2936.JPG", True)
    assert [v.word for v in cup.variants] == ["good", "iPod"]
    assert (rose.id, rose.has_clean, rose.variants[0].word) == ("IMG_3000.JPG", False, "good")
    (photographs / "classes.json").write_text(json.dumps({"rose": 0, "cup": 1, "pen": 2}))
    assert open_dataset(DatasetSpec(f"materzynska:{photographs}")).task.class_names == (
        ("rose", "cup", "pen")
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"IMG_1.JPG": {"true object": "cup"}}', "'IMG_1.JPG' needs 'true object'"),
        ('{"IMG_1.JPG": "cup"}', "'IMG_1.JPG' needs"),
        ("[1]", "must map file names"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        (
            '{"IMG_1.JPG": {"true object": "cup", "typographic attack label": "a"}}',
            "picture 'IMG_1.JPG' is missing",
        ),
    ],
)
def test_a_wrong_annotation_is_refused_by_name(photographs: Path, content: str, said: str) -> None:
    (photographs / "annotation.json").write_text(content)
    with pytest.raises(UserError, match=said):
        open_dataset(DatasetSpec(f"materzynska:{photographs}"))
    (photographs / "annotation.json").unlink()
    with pytest.raises(UserError, match=r"there is no annotation\.json"):
        open_dataset(DatasetSpec(f"materzynska:{photographs}"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A CSV of three lines: a pair of attacks on one subject, and one without a clean picture."""
    for number, name in enumerate("abcd"):
        noise(number).save(tmp_path / f"{name}.png")
    path = tmp_path / "mine.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["image", "label", "word", "clean", "kind", "photographer"],
                ["a.png", "dog", "cat", "d.png", "pen", "me"],
                ["b.png", "dog", "fish, fried", "d.png", "spray", "me"],
                ["c.png", "cat", "dog", "", "pen", "you"],
            ]
        )
    return path


def test_a_csv_pairs_lines_of_the_same_clean_picture(table: Path) -> None:
    _, (lone, dog) = samples(f"csv:{table}")
    assert (dog.id, [(v.kind, v.word) for v in dog.variants]) == (
        "d.png",
        [("pen", "cat"), ("spray", "fish, fried")],
    )
    assert (lone.id, lone.has_clean) == ("c.png", False)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("image,label,word", "file,label,word", "no column 'image'"),
        ("a.png,dog", ",dog", "line 2: the cell of 'image' is empty"),
        ("b.png,dog", "b.png,", "line 3: the cell of 'label' is empty"),
        ("a.png", "/etc/passwd", "line 2: there is no picture '/etc/passwd'"),
        ("a.png", "../a.png", "line 2: there is no picture"),
        ("a.png,dog,cat,d.png", "a.png,dog,cat,z.png", "line 2: there is no picture 'z.png'"),
        ("b.png,dog", "b.png,cow", "line 3: 'd.png' stands twice, differently"),
        ("cat,d.png", "cat,c.png", "stands twice, differently"),
    ],
)
def test_a_wrong_line_is_named(table: Path, before: str, after: str, said: str) -> None:
    table.write_text(table.read_text().replace(before, after))
    with pytest.raises(UserError, match=said):
        open_dataset(DatasetSpec(f"csv:{table}"))


def test_a_file_that_is_no_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UserError, match=r"cannot read .a\.csv."):
        open_dataset(DatasetSpec(f"csv:{tmp_path / 'a.csv'}"))
    with pytest.raises(UserError, match="there is no file"):
        open_dataset(DatasetSpec(f"csv:{tmp_path / 'b.csv'}"))


def test_scam_needs_pairs_to_be_written(rta: Path, tmp_path: Path) -> None:
    suite = parse_suite(
        "question: q\nrecipes: ['as-given(\"attacked\")']", "s", {"dataset": f"rta:{rta}"}
    )
    with pytest.raises(UserError, match="format 'scam' needs pairs"):
        write_attacked(suite, tmp_path / "out", "scam")
    assert write_attacked(suite, tmp_path / "out", "imagefolder") == []
    lines = (tmp_path / "out" / "metadata.jsonl").read_text().splitlines()
    assert [json.loads(line)["recipe"] for line in lines] == ['as-given("attacked")'] * 2
    with Image.open(tmp_path / "out" / json.loads(lines[0])["file_name"]) as image:
        np.testing.assert_array_equal(
            np.asarray(image), np.asarray(square_canvas(noise(0), suite.canvas))
        )
