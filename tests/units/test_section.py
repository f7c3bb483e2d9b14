"""A study's section: read back as it was written, without a model, and refused when damaged."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from typoattack.core.errors import UserError
from typoattack.units.section import (
    FILE,
    ExplainedFlip,
    Section,
    UnitBehind,
    markdown,
    read_section,
    write_section,
)

BEHIND = UnitBehind("pairs", "tt", 6.2, 5.2, ("otter", "kitten"))
UNTRIED = UnitBehind("pairs", "ot", 3.0, None, ())
FLIP = ExplainedFlip("a.jpg", "0f", "dog", "otter", "otter", (-19.0, 10.0), (BEHIND, UNTRIED))
WHOLE = Section(
    "Which units read",
    ("Looked at one photograph.", "“é” 日本"),
    (("text units", (("unit", "q"), ("tt", "0.01"))),),
    (("the sheet", "flips.png"),),
    "mini",
    "ab12",
    (FLIP,),
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_section(WHOLE, tmp_path)
    assert read_section(tmp_path) == WHOLE


def test_without_a_study_there_is_no_section(tmp_path: Path) -> None:
    assert read_section(tmp_path) is None
    assert read_section(tmp_path / "nowhere") is None


def test_reading_one_needs_no_torch(tmp_path: Path) -> None:
    write_section(WHOLE, tmp_path)
    code = (
        "import sys; from pathlib import Path\n"
        "from typoattack.units.section import read_section\n"
        "assert read_section(Path(sys.argv[1])).model == 'mini'\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def _without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda section: section.pop(name) and None


def _with(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda section: section.update({name: value})


def _flip(**given: Any) -> Callable[[dict[str, Any]], None]:
    return lambda section: section["flips"][0].update(given)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_without("sentences"), "sentences: "),
        (_with("sentences", "one string"), "sentences: "),
        (_with("tables", [["caption", [["a", 1]]]]), "tables.0.1.0.1: "),
        (_with("pictures", [["caption"]]), "pictures.0.1: "),
        (_with("flips", {}), "flips: "),
        (_flip(lead=[float("nan"), 1.0]), "flips.0.lead.0: "),
        (_flip(lead=[1.0]), "flips.0.lead.1: "),
        (_flip(units=[None]), "flips.0.units.0: "),
        (_flip(sample=None), "flips.0.sample: "),
    ],
)
def test_damage_is_said_with_its_place(
    damage: Callable[[dict[str, Any]], None], said: str, tmp_path: Path
) -> None:
    section = json.loads(json.dumps(asdict(WHOLE)))
    damage(section)
    (tmp_path / FILE).write_text(json.dumps(section))
    with pytest.raises(UserError) as told:
        read_section(tmp_path)
    assert f"is damaged ({said}" in str(told.value)
    assert str(told.value).endswith("run `typoattack units` again")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b'{"title": "cut', b"\xff\xfe", b"[" * 100_000, b" " * 16_000_001],
    ids=["empty", "list", "null", "cut", "binary", "deep", "huge"],
)
def test_a_file_that_is_no_section_is_damaged(data: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(UserError, match="is damaged"):
        read_section(tmp_path)


@pytest.mark.parametrize("name", ["../x.png", "/etc/x.png", "a/b.png", "..", ".", ""])
def test_a_picture_lies_in_the_studys_folder(name: str, tmp_path: Path) -> None:
    write_section(Section("t", (), (), (("p", name),)), tmp_path)
    with pytest.raises(UserError, match="outside its folder"):
        read_section(tmp_path)


def test_the_markdown_page_has_every_sentence_table_and_picture() -> None:
    text = markdown(WHOLE)
    assert text.startswith("# Which units read\n")
    for part in (*WHOLE.sentences, "## Text units", "| tt | 0.01 |", "![the sheet](flips.png)"):
        assert part in text
