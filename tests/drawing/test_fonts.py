"""The fonts that come with the package, and what happens when one cannot draw a word."""

import re

import numpy as np
import pytest
import yaml

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.core.resources import fonts_dir
from typoattack.drawing.fonts import STYLES, can_draw, families, find_face, tidy
from typoattack.drawing.lettering import printed
from typoattack.drawing.lines import width

_LETTERS = {
    "latin": "AZaz09 éñüßøç$-'",
    "greek": "ΑΩαωάς",
    "cyrillic": "АЯаяёй",
    "japanese": "あんアン犬",
}
_OF_THEIR_OWN = {
    "hebrew": "אבגדש ם",
    "arabic": "ابتثج لا",
    "devanagari": "अआकखग क्ष",
    "thai": "กขค ที่",
}
"""Scripts that only families of style `fallback` have, and that want Raqm."""
_FAR_EASTERN = {
    "noto-sans-sc": ("chinese", "狗鹦鹉 貓頭鷹 T恤，·"),
    "noto-sans-jp": ("japanese", "直せない骨 オウム"),
    "noto-sans-kr": ("korean", "개 앵무새 3"),
}
"""Scripts of many letters: the family, and letters of it."""


def test_there_are_six_families_of_each_style() -> None:
    for style in STYLES:
        assert sum(f.style == style for f in families().values()) >= 6


def test_every_family_has_its_licence_beside_it() -> None:
    for name, family in families().items():
        texts = [fonts_dir() / name / file for file in ("OFL.txt", "LICENSE.txt")]
        found = [text.read_text("utf-8") for text in texts if text.is_file()]
        assert len(found) == 1, name
        wanted = "SIL OPEN FONT LICENSE" if family.licence == "OFL-1.1" else "Apache License"
        assert wanted.lower() in found[0].lower(), name


def test_every_face_covers_the_scripts_it_claims() -> None:
    for family in families().values():
        for face in family.faces.values():
            for script in family.scripts:
                letters = (dict(_FAR_EASTERN.values()) | _LETTERS | _OF_THEIR_OWN)[script]
                assert face.missing(letters) == "", (family.name, script)


def test_latin_greek_cyrillic_and_japanese_can_be_printed() -> None:
    for letters in _LETTERS.values():
        assert can_draw("printed", letters)


def test_the_readme_lists_what_the_registry_reads() -> None:
    entries = yaml.safe_load((fonts_dir() / "families.yaml").read_text("utf-8"))
    readme = (fonts_dir() / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+?) \| `(.+?)` \| (\w+) \|.*\| (\S+) \| `(.+?)` \|$", readme, re.M)
    listed = {(title, name, style, licence, source) for title, name, style, licence, source in rows}
    assert listed == {
        (e["family"], name, e["style"], e["licence"], e["source"]) for name, e in entries.items()
    }


def test_every_font_file_belongs_to_a_family() -> None:
    used = {face.path for family in families().values() for face in family.faces.values()}
    assert set(fonts_dir().glob("*/*.ttf")) == used


def test_a_missing_glyph_names_font_and_character() -> None:
    with pytest.raises(UserError, match=r"'anton' cannot draw '龘' \(U\+9F98 CJK"):
        find_face("anton", "狗龘", stream("x"))


def test_a_letter_no_font_of_the_style_has_is_named() -> None:
    with pytest.raises(UserError, match=r"no handwriting font can draw 'α'"):
        find_face("handwriting", "α", stream("x"))


def test_an_unknown_font_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"did you mean 'roboto'"):
        find_face("robotto", "word", stream("x"))


def test_a_style_draws_among_the_families_that_have_the_letters() -> None:
    drawn = {find_face("printed", "собака", stream(i)).family for i in range(60)}
    assert drawn == {"oswald", "roboto", "tinos"}


def test_one_number_is_drawn_whatever_the_font() -> None:
    after = set()
    for font in ("roboto", "printed", "handwriting"):
        rng = stream("same")
        find_face(font, "word", rng)
        after.add(float(rng.random()))
    assert len(after) == 1


def test_bold_falls_back_to_the_only_face() -> None:
    assert families()["anton"].face(bold=True) == families()["anton"].face(bold=False)
    assert families()["roboto"].face(bold=True) != families()["roboto"].face(bold=False)


@pytest.mark.parametrize(
    ("word", "tidied"),
    [
        ("  two\n words\t", "two words"),
        ("cafe\u0301", "café"),
        ("p\xa0i", "p\xa0i"),
        ("a\u2028b", "a b"),
    ],
)
def test_words_are_tidied(word: str, tidied: str) -> None:
    assert tidy(word) == tidied


@pytest.mark.parametrize("word", ["", "   ", "\n\t"])
def test_a_word_without_letters_is_refused(word: str) -> None:
    with pytest.raises(UserError, match="nothing to write"):
        tidy(word)


@pytest.mark.parametrize("script", _OF_THEIR_OWN)
@pytest.mark.parametrize("font", ["printed", "handwriting", "roboto"])
def test_a_script_that_a_font_lacks_falls_back_to_noto(script: str, font: str) -> None:
    face = find_face(font, _OF_THEIR_OWN[script], stream("x"))
    assert face.family == f"noto-sans-{script}"
    assert face.shaped


def test_without_raqm_such_a_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typoattack.drawing.fonts.features.check", lambda _: False)
    with pytest.raises(UserError, match=r"no font can draw 'אב', which runs from the right"):
        find_face("roboto", "אב", stream("x"))
    with pytest.raises(UserError, match=r"'roboto' cannot draw 'ก'"):
        find_face("roboto", "กข", stream("x"))


@pytest.mark.parametrize("family", _FAR_EASTERN)
@pytest.mark.parametrize("font", ["printed", "handwriting", "roboto"])
def test_chinese_japanese_and_korean_fall_back_to_noto_without_raqm(
    family: str, font: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typoattack.drawing.fonts.features.check", lambda _: False)
    word = _FAR_EASTERN[family][1]
    assert can_draw(font, word)
    face = find_face(font, word, stream("x"))
    assert face.family == family
    assert not face.shaped


def test_whoever_chooses_among_fonts_takes_m_plus_for_what_it_has() -> None:
    """So that the Japanese of the table of translations is drawn as it was before Noto came."""
    assert not can_draw("handwriting", "犬")
    assert can_draw("printed", "犬")
    assert find_face("printed", "犬", stream("x")).family == "mplus-1p"
    assert find_face("handwriting", "犬", stream("x")).family == "noto-sans-sc"


@pytest.mark.parametrize(("word", "letter"), [("狗龘", "龘"), ("うわ鸚", "鸚"), ("개뷁", "뷁")])
def test_a_letter_beyond_the_common_sets_is_named(word: str, letter: str) -> None:
    with pytest.raises(UserError, match=f"cannot draw .*'?{letter}?"):
        find_face("roboto", word, stream("x"))


def test_fallbacks_are_drawn_by_nobody_s_lot() -> None:
    drawn = {find_face(style, "word", stream(i)).family for style in STYLES for i in range(80)}
    assert not any(families()[name].style == "fallback" for name in drawn)


def test_letters_of_a_shaped_script_join_and_run_from_the_right() -> None:
    """A word is not the row of its letters: its ink is other ink, its first letter on the right."""
    arabic = find_face("printed", "سلام", stream("x"))
    assert width(arabic, "سلام") < 0.9 * sum(width(arabic, c) for c in "سلام")
    hebrew = find_face("printed", "ווש", stream("x"))
    line = np.asarray(printed("ווווש", hebrew, (400, 100)).ink, float)
    left, right = line[:, : line.shape[1] // 3].sum(), line[:, -line.shape[1] // 3 :].sum()
    assert left > right  # shin, the last letter and the heaviest, stands on the left
