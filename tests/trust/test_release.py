"""`make release`: the version stands where it must, and what is built has all it needs."""

import datetime
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "trust"))
import release

TODAY = datetime.date(2027, 1, 2)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("CHANGELOG.md", "typoattack/core/version.py", "CITATION.cff"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    changelog = tmp_path / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(text.replace("## Unreleased\n", "## Unreleased\n\n- new\n", 1))
    return tmp_path


def test_a_version_is_written_into_changelog_package_and_citation(checkout: Path) -> None:
    release.name_version(checkout, "7.8.9", TODAY)
    changelog = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## Unreleased\n\n## 7.8.9 - 2027-01-02\n\n- new\n" in changelog
    assert '"7.8.9"' in (checkout / "typoattack/core/version.py").read_text(encoding="utf-8")
    assert "\nversion: 7.8.9\n" in (checkout / "CITATION.cff").read_text(encoding="utf-8")
    with pytest.raises(SystemExit, match="section 7.8.9 already"):
        release.name_version(checkout, "7.8.9", TODAY)
    with pytest.raises(SystemExit, match="nothing under Unreleased"):
        release.name_version(checkout, "7.9.0", TODAY)


@pytest.mark.parametrize("version", ["next", "1.2", "1.2.3; rm", "1.2.3\n"])
def test_what_is_no_version_is_refused(version: str, checkout: Path) -> None:
    with pytest.raises(SystemExit, match="no version"):
        release.name_version(checkout, version, TODAY)


def test_an_sdist_holds_what_a_wheel_is_made_of(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the test extra has it")
    from hatchling.builders.sdist import SdistBuilder

    (made,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(made) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"fonts/families.yaml", "benchmarks/quick.yaml", "results/published.csv"} <= names
    assert {"typoattack/models/mini/reader.safetensors", "LICENSE", "README.md"} <= names
