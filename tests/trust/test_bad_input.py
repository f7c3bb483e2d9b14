"""Input as bad as it comes: named and skipped, or refused in one line, and never a traceback."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import noise
from tests.trust.runs import run_of, suite_of
from typoattack.api import Run
from typoattack.cli import main
from typoattack.core.errors import UserError
from typoattack.samples import DatasetSpec, open_dataset
from typoattack.samples.labels import read_lines
from typoattack.suite import load_suite, parse_suite


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 60,000 x 60,000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def sixteen_bit() -> Image.Image:
    values = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80) * 13
    return Image.fromarray(values)


def palette_with_alpha() -> bytes:
    image = noise(3).convert("P")
    return encoded(image, "PNG", transparency=bytes(range(256)))


BROKEN = {
    "truncated.jpg": encoded(noise(1), "JPEG")[:900],
    "truncated.png": encoded(noise(1), "PNG")[:2000],
    "empty.jpg": b"",
    "bomb.png": bomb(),
    "text.png": b"certainly no picture",
    "page.jpg": b"<html><script>alert(1)</script></html>",
    "postscript.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
}

USABLE = {
    "one.png": encoded(Image.new("RGB", (1, 1), "red"), "PNG"),
    "wide.png": encoded(Image.new("RGB", (20_000, 10), "blue"), "PNG"),
    "animated.gif": encoded(noise(4), "GIF", save_all=True, append_images=[noise(5)]),
    "cmyk.jpg": encoded(noise(6).convert("CMYK"), "JPEG"),
    "sixteen.png": encoded(sixteen_bit(), "PNG"),
    "palette.png": palette_with_alpha(),
    "png in truth.jpg": encoded(noise(7), "PNG"),
    "grey.png": encoded(noise(8).convert("L"), "PNG"),
    "one bit.png": encoded(noise(9).convert("1"), "PNG"),
    "alpha.png": encoded(noise(10).convert("RGBA"), "PNG"),
    "<b>bold & 'quoted'.png": encoded(noise(11), "PNG"),
    "\u202eright to left \U0001f63a.png": encoded(noise(12), "PNG"),
    "new\nline.png": encoded(noise(13), "PNG"),
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    for kind in ("good", "bad"):
        (root / kind).mkdir()
    for name, data in {**BROKEN, **USABLE}.items():
        (root / ("bad" if name in BROKEN else "good") / name).write_bytes(data)
    return root


@pytest.fixture(scope="module", params=[0, 1], ids=["no worker", "1 worker"])
def run(
    corpus: Path,
    tiny_clip: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Run:
    out = tmp_path_factory.mktemp("run") / "run"
    return run_of(suite_of(corpus, tiny_clip), out, workers=request.param)


def test_every_broken_picture_is_named_and_every_other_used(run: Run) -> None:
    assert {skip.sample.removeprefix("bad/") for skip in run.skipped} == set(BROKEN)
    assert all(skip.reason and "\n" not in skip.reason for skip in run.skipped)
    used = {name.removeprefix("good/") for name in run.predictions["sample"]}
    assert used == set(USABLE)
    assert np.isfinite(run.predictions[["prob_label", "sim_label"]].to_numpy()).all()


def test_the_report_of_a_bad_folder_holds_no_markup_of_its_file_names(run: Run) -> None:
    page = run.report().read_text(encoding="utf-8")
    assert "<b>bold" not in page


NAMES = [
    "plain",
    "<script>alert('x')</script>",
    '"><img src=x onerror=alert(1)>',
    "\u05d0\u05d1\u05d2 \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "cat \U0001f63a",
    "a" * 10_000,
    " ".join(["word"] * 2_000),
    "{}",
    "{0.__class__}",
    "../../etc/passwd",
    'comma, "quote" | pipe',
    "two",
    "two",
]


@pytest.fixture
def named(tmp_path: Path) -> tuple[Path, Path]:
    """A folder with a class for each strange name, and the file with the names."""
    photos = tmp_path / "photos"
    for number in range(len(NAMES)):
        (photos / f"c{number:02d}").mkdir(parents=True)
        noise(number).save(photos / f"c{number:02d}" / "0.png")
    (tmp_path / "names.txt").write_text("\n".join(NAMES), encoding="utf-8")
    return photos, tmp_path / "names.txt"


def with_names(photos: Path, names: Path, model: Path, words: str) -> object:
    dataset = {"spec": f"folder:{photos}", "class_names": str(names)}
    return suite_of(photos, model, dataset=dataset, recipes=["printed-label"], words=words)


def test_strange_class_names_are_classes_like_any_other(
    named: tuple[Path, Path], tiny_clip: Path, tmp_path: Path
) -> None:
    suite = with_names(*named, tiny_clip, "fixed:plain word")
    run = run_of(suite, tmp_path / "run")  # type: ignore[arg-type]
    assert len(run.predictions) == 3 * len(NAMES)
    assert run.manifest["task"]["class_names"] == [name.strip() for name in NAMES]
    page = run.report().read_text(encoding="utf-8")
    for markup in ("<script>alert", "<img src=x"):
        assert markup not in page


def test_words_that_no_font_has_are_named_before_the_first_photograph(
    named: tuple[Path, Path], tiny_clip: Path, tmp_path: Path
) -> None:
    suite = with_names(*named, tiny_clip, "list:plain,\u1980\u1981,\u1982\u1980")
    with pytest.raises(UserError) as refused:
        run_of(suite, tmp_path / "run")  # type: ignore[arg-type]
    assert "recipe printed-label cannot draw '\u1980\u1981', '\u1982\u1980': " in str(refused.value)
    assert "NEW TAI LUE LETTER" in str(refused.value)
    assert not list((tmp_path / "run").rglob("part-*"))


def test_an_ideograph_that_one_font_has_does_not_vouch_for_another(
    named: tuple[Path, Path], tiny_clip: Path, tmp_path: Path
) -> None:
    """Chinese letters have more in the font of Chinese than kana have beside them in theirs."""
    suite = with_names(*named, tiny_clip, "list:鸚,うわ,うわ鸚")
    with pytest.raises(UserError) as refused:
        run_of(suite, tmp_path / "run")  # type: ignore[arg-type]
    assert "recipe printed-label cannot draw 'うわ鸚': " in str(refused.value)


def test_a_word_of_two_fonts_ideographs_is_named_though_each_font_has_its_own(
    named: tuple[Path, Path], tiny_clip: Path, tmp_path: Path
) -> None:
    """Japanese and Chinese letters are one script to Unicode, and two fonts here."""
    suite = with_names(*named, tiny_clip, "list:両,丌,両丌")
    with pytest.raises(UserError) as refused:
        run_of(suite, tmp_path / "run")  # type: ignore[arg-type]
    assert "recipe printed-label cannot draw '両丌': " in str(refused.value)
    assert not list((tmp_path / "run").rglob("part-*"))


@pytest.mark.parametrize(
    "word", ["a" * 10_000, " ".join(["word"] * 500), "<b>&amp;", "{}", "a\nb", "."]
)
def test_strange_words_are_drawn(word: str, corpus: Path, tiny_clip: Path, tmp_path: Path) -> None:
    suite = suite_of(corpus, tiny_clip, recipes=["printed-label"], words=f"fixed:{word}", limit=9)
    table = run_of(suite, tmp_path / "run").predictions
    attacked = table[table["family"] == "attack"]
    assert len(attacked) > 0
    assert (attacked["coverage"] > 0).all()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["cat", "dog"], "2 lines, but .* 3 classes"),
        (["cat", "dog", "cat\udcff"], "UTF-8|not text"),
        ([], "empty"),
        (["cat", "dog", "a\0b"], "not text"),
    ],
)
def test_bad_class_names_are_refused(
    lines: list[str], said: str, photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.txt"
    names.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    suite = with_names(photo_folder, names, tiny_clip, "random")
    with pytest.raises(UserError, match=said):
        run_of(suite, tmp_path / "run")  # type: ignore[arg-type]


def test_a_file_name_that_is_no_utf_8_is_named(photo_folder: Path, tiny_clip: Path) -> None:
    source = photo_folder / "cat" / "0.png"
    strange = bytes(photo_folder / "cat") + b"/\xff.png"
    try:
        Path(strange.decode("utf-8", "surrogateescape")).write_bytes(source.read_bytes())
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(UserError, match="not UTF-8; rename"):
        run_of(suite_of(photo_folder, tiny_clip), photo_folder / "run")


def nested(depth: int) -> str:
    return "question: q\nrecipes: " + "[" * depth + "]" * depth


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n"
    for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS + "question: q\nrecipes: [{recipe: printed-label, size: *j}]", "aliases"),
        ("question: q\nrecipes: &r [*r]", "aliases"),
        ("question: !!python/object/apply:os.system ['true']", "not YAML"),
        ("question: !!python/name:os.system", "not YAML"),
        ("question: q\nrecipes: !mine [printed-label]", "not YAML"),
        (nested(20_000), "not YAML|recipes"),
        (nested(50), "recipes"),
        ("#" * 2_000_000, "at most"),
        ("question: q\nseed: " + "9" * 6000, "not YAML|seed|recipes"),
        ('question: "\\ud800"\nrecipes: [printed-label]', "not text"),
        ("question: q\nrecipes: [printed-label]\nrecipes: 3", "line 3: the key 'recipes' stands"),
        ("question: q\nrecipes: [printed-label]\n1: 2", "1"),
        ("question: q\nrecipes: [printed-label]\nseed: -1", "seed"),
        ("question: q\nrecipes: [printed-label]\nseed: 1:30", "seed"),
        ("question: q\nrecipes: [printed-label]\nseed: 010", "seed"),
        ("question: q\nseed: 1\nrecipes: [printed-label]\nseed: 2", "line 4: the key 'seed'"),
        (
            "question: q\nrecipes: [{recipe: printed-label, size: 0.1, size: 0.2}]",
            "line 2: the key 'size' stands twice",
        ),
        ("question: q\nrecipes: [{recipe: printed-label, size: true}]", "size"),
        ("question: q\nrecipes: ['printed-label(size=true)']", "'size' is True"),
        ("question: q\nrecipes: ['printed-label(size=" + "1" * 5000 + ")']", "5,000 characters"),
        ("question: q\nrecipes: [printed-label]\nseed: " + "9" * 5000, "line 3: a number of 5,000"),
        ("question: q\nrecipes: [printed-label]\nclean_as_published: yes", "clean_as_published"),
        ("question: q\nrecipes: [printed-label]\nseed: 2026-11-21", "seed"),
        ("question: q\nrecipes: [printed-label]\ncanvas: .nan", "canvas"),
        ("question: q\nrecipes: [{recipe: printed-label, size: .inf}]", "size"),
        ("question: q\nrecipes: [{recipe: printed-label, size: []}]", "at least one|sweeps|size"),
        (
            "question: q\nrecipes: [{recipe: printed-label, "
            + ", ".join(f"{p}: [{', '.join(['0.5'] * 200)}]" for p in ("size", "aspect", "tilt"))
            + "}]",
            "8000000 recipes; at most",
        ),
    ],
    ids=lambda value: re.sub(r"\s+", " ", str(value))[:30],
)
def test_a_bad_suite_is_refused_at_once(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        parse_suite(text, "bad")
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('on import')", "RuntimeError: on import"),
        ("import no_such_module_anywhere", "No module named"),
        ("x = 1", "registers nothing"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),
    ],
)
def test_a_plugin_that_raises_is_named(
    code: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "plugin.py"
    plugin.write_text(code)
    with pytest.raises(SystemExit) as stop:
        main(["list", "recipes", "--plugin", str(plugin)])
    told = capsys.readouterr().err
    assert stop.value.code == 2
    assert said in told
    assert "Traceback" not in told


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command line that must be refused; what it said."""

    def call(*arguments: str) -> str:
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        told = capsys.readouterr().err
        assert stop.value.code == 2, told
        assert "Traceback" not in told
        return told

    return call


def test_half_characters_on_the_command_line_are_refused(refused: Callable[..., str]) -> None:
    assert "not text" in refused("run", "quick", "--words", "fixed:\udcff")
    assert "not text" in refused("run", "quick", "--recipe", "printed-label @ fixed:\udcff")


def test_a_byte_order_mark_is_no_part_of_a_name(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    names, text = tmp_path / "names.txt", tmp_path / "suite.yaml"
    names.write_text("cat\ndog\nfish\n", encoding="utf-8-sig")
    text.write_text("question: q\nrecipes: [printed-label]\n", encoding="utf-8-sig")
    assert read_lines(str(names), "class names")[0] == "cat"
    assert load_suite(str(text)).question == "q"


@pytest.mark.parametrize("kind", ["bundled", "csv:x.csv", "scam:x", "stroop-cards"])
def test_class_names_that_a_data_set_would_pass_over_are_refused(kind: str) -> None:
    with pytest.raises(UserError, match=r"takes no class_names: its own stand with it; folder"):
        open_dataset(DatasetSpec(kind, class_names="names.txt"))


def test_a_column_that_a_folder_would_pass_over_is_refused(photo_folder: Path) -> None:
    with pytest.raises(UserError, match="takes no image_column"):
        open_dataset(DatasetSpec(f"folder:{photo_folder}", image_column="picture"))
