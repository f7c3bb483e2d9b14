"""Templates by name, by themselves, and from a file."""

import subprocess
import sys
from pathlib import Path

import open_clip
import pytest

from typoattack.core.errors import UserError
from typoattack.samples.labels import imagenet_class_names, templates


def test_a_sentence_is_a_template_itself() -> None:
    assert templates("a photo of a {}.") == ("a photo of a {}.",)


def test_scam_s_templates_are_the_first_32_of_openai_s() -> None:
    assert templates("scam") == templates("openai")[:32]


def test_a_file_holds_one_a_line(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("a {}\n\nthe {}\n")
    assert templates(str(tmp_path / "t.txt")) == ("a {}", "the {}")


@pytest.mark.parametrize("wrong", ["a {} and {}", "a {name}", "{ }"])
def test_a_wrong_sentence_is_refused(wrong: str) -> None:
    with pytest.raises(UserError, match="must have one '{}'"):
        templates(wrong)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UserError, match="a sentence with `{}`, or a file.*'opanai'"):
        templates("opanai")


def test_names_and_templates_are_open_clip_s_and_do_not_bring_torch() -> None:
    assert imagenet_class_names() == tuple(open_clip.IMAGENET_CLASSNAMES)
    assert templates("simple")[0] == open_clip.SIMPLE_IMAGENET_TEMPLATES[0]("{}")
    script = (
        "import sys, typoattack.samples.labels as labels; labels.imagenet_class_names(); "
        "labels.templates('scam'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
