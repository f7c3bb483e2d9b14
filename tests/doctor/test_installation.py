import errno
from collections import namedtuple
from pathlib import Path

import pytest

from typoattack.doctor import examine_installation, installation


def ill() -> dict[str, str]:
    return {one.check: one.said for one in examine_installation("cpu") if one.ill}


def test_this_installation_is_fit() -> None:
    found = examine_installation("cpu")
    assert [one for one in found if one.state == "wrong"] == []
    assert [one.check for one in found] == [
        *("versions", "extras", "fonts", "photographs"),
        *("cache of text", "cache of models", "device"),
    ]


def test_a_cache_where_a_file_lies_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "file" / "cache"))
    assert "is a file" in ill()["cache of text"]


def test_a_cache_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(installation.tempfile, "TemporaryFile", refuse)
    found = ill()
    assert "Read-only file system" in found["cache of text"]
    assert "Read-only file system" in found["cache of models"]


def test_a_disk_with_little_room_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(installation.shutil, "disk_usage", lambda _: usage(10, 9, 2**20))
    assert "a checkpoint may not fit; HF_HOME says where else" in ill()["cache of models"]


def test_a_missing_package_font_or_device_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(installation, "PACKAGES", ("torch", "no-such-package"))
    monkeypatch.setattr(installation, "families", lambda: {"gone": _Family(tmp_path / "gone.ttf")})
    found = ill()
    assert found["versions"] == "not installed: no-such-package"
    assert "gone.ttf" in found["fonts"]
    wrong = {one.check: one.said for one in examine_installation("cuda:9") if one.ill}
    assert "cuda" in wrong["device"]


class _Family:
    def __init__(self, path: Path) -> None:
        from typoattack.drawing.fonts import Face

        self.faces = {"regular": Face("gone", path)}
