"""Recipes from a file and from an installed package, the scaffold, and what goes wrong."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import typoattack
from typoattack.cli.scaffold import scaffold
from typoattack.core.errors import UserError
from typoattack.recipes import RECIPES, parse_recipe
from typoattack.recipes.registry import load_plugin
from typoattack.testing import check_recipe

EXAMPLE = Path(__file__).parent / "example_plugin"
ROOT = Path(typoattack.__file__).parents[1]


@pytest.fixture(autouse=True)
def _registry_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(RECIPES, "_parts", dict(RECIPES))


def python(code: str, *paths: Path) -> str:
    """What a fresh Python prints, with `paths` to import from."""
    where = os.pathsep.join(str(path) for path in (*paths, ROOT))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": where},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package, installed by pip into a folder of its own."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(target)]
    source = tmp_path_factory.mktemp("source") / "plugin"
    # A copy, because building leaves folders beside the source.
    for file in (f for f in EXAMPLE.rglob("*") if f.suffix in (".py", ".toml")):
        (source / file.relative_to(EXAMPLE)).parent.mkdir(parents=True, exist_ok=True)
        (source / file.relative_to(EXAMPLE)).write_text(file.read_text("utf-8"), "utf-8")
    subprocess.run([*command, str(source)], check=True)
    return target


def test_an_installed_package_brings_its_recipe(installed: Path) -> None:
    code = """
from typoattack.recipes.registry import load_entry_points
from typoattack.testing import check_recipe
print(*load_entry_points())
check_recipe("rubber-stamp(size=0.5)")
"""
    assert python(code, installed).split() == ["rubber-stamp"]


@pytest.mark.parametrize(
    "use",
    [
        "from typoattack.recipes import parse_recipe; print(parse_recipe('leet(rubber-stamp)'))",
        "from typoattack.cli import listing; print(listing.describe_recipe('rubber-stamp'))",
        "from typoattack.cli import main; main(['check', 'rubber-stamp'])",
    ],
)
def test_an_installed_recipe_is_found_wherever_it_is_named(installed: Path, use: str) -> None:
    assert "rubber-stamp" in python(use, installed)


_MINE = scaffold("my-recipe")


def test_the_scaffold_is_a_recipe_that_keeps_the_rules(tmp_path: Path) -> None:
    (tmp_path / _MINE.recipe_file).write_text(_MINE.recipe, "utf-8")
    (tmp_path / _MINE.test_file).write_text(_MINE.test, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_the_scaffold_is_formatted_as_this_repository_is(tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    for file, text in ((_MINE.recipe_file, _MINE.recipe), (_MINE.test_file, _MINE.test)):
        (tmp_path / file).write_text(text, "utf-8")
    config = ["--config", str(ROOT / "pyproject.toml")]
    for command in (["format", "--check"], ["check", "--ignore", "D,I"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, *config, str(tmp_path)], check=True)


@pytest.mark.parametrize("name", ["My-Recipe", "my_recipe", "1-recipe", "a--b", "", "x" * 61])
def test_a_recipe_s_name_is_lower_case_with_hyphens(name: str) -> None:
    with pytest.raises(UserError, match="lower case"):
        scaffold(name)


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(UserError, match="exists already"):
        scaffold("printed-label")


def plugin(folder: Path, name: str, body: str = "") -> Path:
    """A plugin file with one recipe."""
    text = body or scaffold(name).recipe
    path = folder / f"{name.replace('-', '_')}.py"
    path.write_text(text, "utf-8")
    return path


def test_a_file_brings_its_recipe_once(tmp_path: Path) -> None:
    path = plugin(tmp_path, "from-a-file")
    assert load_plugin(path) == ("from-a-file",)
    assert load_plugin(str(path)) == ("from-a-file",)
    assert RECIPES["from-a-file"].plugin == str(path.resolve())
    check_recipe("from-a-file(size=0.3)")


def test_another_process_can_unpickle_a_plugin_s_recipe(tmp_path: Path) -> None:
    load_plugin(plugin(tmp_path, "travelling"))
    packed = pickle.dumps(parse_recipe("leet(travelling(size=0.3))"))
    told = python(f"import pickle; print(pickle.loads({packed!r}))")
    assert told.strip() == "leet(base=travelling(size=0.3))"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("def broken(:", "SyntaxError"),
        ("import no_such_module_at_all", "no_such_module_at_all"),
        ("x = 1", "registers nothing"),
        (scaffold("my-recipe").recipe.replace('"my-recipe"', '"printed-label"'), "twice"),
    ],
)
def test_a_plugin_that_fails_is_named(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_plugin(plugin(tmp_path, "bad", body))


def test_a_missing_plugin_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_plugin(tmp_path / "nowhere.py")
