"""`typoattack explain`."""

from pathlib import Path

import pytest

from tests.conftest import noise

pytest.importorskip("rapidocr", reason="the extra `ocr` is not installed")


def test_the_answer_is_told_and_the_page_written(typoattack, tmp_path: Path) -> None:
    noise(1, 200, 160).save(tmp_path / "photo.png")
    names = tmp_path / "names.txt"
    names.write_text("cat\ndog\n")
    out = tmp_path / "page.html"
    done = typoattack(
        "explain", tmp_path / "photo.png", "--class-names", names, "--templates", "{}", "--out", out
    )
    assert done.status == 0, done.err
    assert "mini calls it" in done.out
    assert out.read_text().startswith("<!doctype html>")


def test_a_missing_picture_is_refused_in_a_line(typoattack, tmp_path: Path) -> None:
    done = typoattack("explain", tmp_path / "nothing.jpg")
    assert done.status == 2
    assert "nothing.jpg" in done.err


def test_a_page_has_a_pages_name(typoattack, tmp_path: Path) -> None:
    done = typoattack("explain", tmp_path / "none.jpg", "--out", tmp_path / "e2.png")
    assert done.status == 2
    assert "must end in .html" in done.err
