"""Templates by name, by themselves, and from a file."""

from pathlib import Path

import pytest

from typoattack.core.errors import UserError
from typoattack.samples.labels import templates


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
