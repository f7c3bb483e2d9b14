"""Make a release and try it as a stranger would.

make release VERSION=0.2.0

1. the changelog's Unreleased becomes this version, with today's date; version.py and CITATION.cff
   say it too;
2. sdist and wheel are built, the wheel from the sdist, and `twine check --strict` reads them;
3. the wheel goes into a virtual environment of its own, outside the checkout;
4. there, without any network, the demo is run and its page written.

Without VERSION, 2 to 4 are done for what stands there. Nothing is uploaded, committed or tagged.
"""

import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+((a|b|rc)[0-9]+)?")


def main(arguments: Sequence[str]) -> None:
    """Make the release called by the first argument, or try what stands there."""
    if arguments and arguments[0]:
        name_version(ROOT, arguments[0], datetime.date.today())
    made = build(ROOT, ROOT / "dist")
    with tempfile.TemporaryDirectory() as folder:
        try_wheel(next(one for one in made if one.suffix == ".whl"), Path(folder))
    print("\n".join(str(one.relative_to(ROOT)) for one in made))


def name_version(root: Path, version: str, today: datetime.date) -> None:
    """Write the version into the changelog, the package and the citation.

    Raises:
        SystemExit: if it is no version, stands in the changelog already, or nothing is unreleased.
    """
    if not _VERSION.fullmatch(version):
        sys.exit(f"VERSION={version!r} is no version; write one such as 0.2.0")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if f"\n## {version}" in changelog:
        sys.exit(f"CHANGELOG.md has a section {version} already")
    head, found, rest = changelog.partition("## Unreleased\n")
    if not found or not rest.partition("\n## ")[0].strip():
        sys.exit("CHANGELOG.md has nothing under Unreleased")
    named = f"{head}## Unreleased\n\n## {version} - {today.isoformat()}\n{rest}"
    (root / "CHANGELOG.md").write_text(named, encoding="utf-8")
    for name, pattern in (
        ("typoattack/core/version.py", r'(__version__ = ")[^"]*'),
        ("CITATION.cff", r"(?m)(^version: ).*"),
    ):
        text = (root / name).read_text(encoding="utf-8")
        written, count = re.subn(pattern, rf"\g<1>{version}", text)
        if count != 1:
            sys.exit(f"{name} does not say a version where it should")
        (root / name).write_text(written, encoding="utf-8")


def build(root: Path, out: Path) -> list[Path]:
    """Sdist and wheel in `out`, which is emptied first, checked by twine."""
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(out), str(root)], check=True)
    made = sorted(out.iterdir())
    subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *map(str, made)], check=True
    )
    return made


def try_wheel(wheel: Path, folder: Path) -> None:
    """Install a wheel into a bare environment in `folder`, and run the demo without a network."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, str(wheel)], check=True)
    run_demo([str(python), "-m", "typoattack"], folder)


def run_demo(command: Sequence[str], folder: Path) -> None:
    """The demo in `folder`, without a network where the system can take it away."""
    alone = ["unshare", "--net", "--map-root-user"] if shutil.which("unshare") else []
    if alone and subprocess.run([*alone, "true"], capture_output=True).returncode:
        alone = []
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    environment.pop("PYTHONPATH", None)
    arguments = ["run", "quick", "--model", "mini", "--out", "demo"]
    subprocess.run([*alone, *command, *arguments], cwd=folder, env=environment, check=True)
    if not (folder / "demo" / "report.html").is_file():
        sys.exit("the demo wrote no page")


if __name__ == "__main__":
    main(sys.argv[1:])
