"""Nothing that is read may run code or lead out of its folder; nothing secret is written."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import typoattack
from tests.conftest import noise
from tests.trust.runs import run_of, suite_of
from typoattack.core.errors import UserError
from typoattack.export import FORMATS
from typoattack.samples import DatasetSpec, open_dataset

PACKAGE = Path(typoattack.__file__).parent
PYTHON = sorted(PACKAGE.rglob("*.py"))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file, with the dotted name of what is called."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def keyword(call: ast.Call, name: str) -> object:
    values = [k.value for k in call.keywords if k.arg == name]
    return values[0].value if values and isinstance(values[0], ast.Constant) else None


FORBIDDEN = (
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "joblib.load",
    "dill.load",
    "cloudpickle.load",
    "pd.read_pickle",
    "pandas.read_pickle",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
    "eval",
    "exec",
    "os.system",
    "marshal.loads",
    "shelve.open",
)


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_file_of_the_package_loads_what_can_run_code(path: Path) -> None:
    for name, call in calls(path):
        where = f"{path.name}:{call.lineno}: {ast.unparse(call)[:80]}"
        own = name == "pickle.loads" and ast.unparse(call).startswith("pickle.loads(pickle.dumps(")
        assert own or name not in FORBIDDEN, where
        if name in ("torch.load", "torch.hub.load"):
            assert keyword(call, "weights_only") is True, where
        if name in ("np.load", "numpy.load"):
            assert keyword(call, "allow_pickle") is not True, where
        if name.endswith(("extractall", "unpack_archive")):
            assert keyword(call, "filter") == "data", where
        if name.startswith("subprocess."):
            assert keyword(call, "shell") is not True, where
        assert keyword(call, "trust_remote_code") is not True, where


def test_the_walk_over_the_package_sees_what_it_looks_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import torch\ntorch.load('x')\n")
    with pytest.raises(AssertionError, match=r"bad\.py:2"):
        test_no_file_of_the_package_loads_what_can_run_code(bad)
    assert len(PYTHON) > 100


def test_templates_escape() -> None:
    from typoattack.report import html

    for value in vars(html).values():
        if hasattr(value, "autoescape"):
            assert value.autoescape is True
    assert "|safe" not in "".join(
        file.read_text("utf-8").replace(" ", "") for file in PACKAGE.rglob("*.html")
    )


@pytest.mark.parametrize(
    "cell", ["../secret.png", "/etc/passwd", "a/../../secret.png", "..\\x.png"]
)
def test_no_path_from_a_csv_leaves_its_folder(cell: str, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    noise(1).save(tmp_path / "secret.png")
    noise(2).save(tmp_path / "set" / "a.png")
    table = tmp_path / "set" / "table.csv"
    table.write_text(f"image,label,word\na.png,cat,dog\n{cell},cat,dog\n")
    with pytest.raises(UserError, match="there is no picture"):
        open_dataset(DatasetSpec(f"csv:{table}"))


NAMES = ["../../outside", "/absolute", "..", "a/b\\c", "C:\\windows", "label=x_text=y"]


@pytest.mark.parametrize("layout", sorted(FORMATS))
def test_no_class_name_leads_an_export_out_of_its_folder(layout: str, tmp_path: Path) -> None:
    from typoattack.export.attacked import write_attacked

    photos = tmp_path / "photos"
    for number in range(len(NAMES)):
        (photos / f"c{number}").mkdir(parents=True)
        noise(number).save(photos / f"c{number}" / "0.png")
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    dataset = {"spec": f"folder:{photos}", "class_names": str(tmp_path / "names.txt")}
    suite = suite_of(photos, tmp_path, dataset=dataset, recipes=["printed-label"], controls=[])
    room = tmp_path / "room" / "deep"
    write_attacked(suite, room / "out", layout)
    assert [p.name for p in room.iterdir()] == ["out"]
    assert [p.name for p in room.parent.iterdir()] == ["deep"]
    assert not list(tmp_path.glob("outside*"))
    assert list((room / "out").rglob("*.p*"))


def test_keys_in_the_environment_are_written_nowhere(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "hf_topsecret0123456789"
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "cache"))
    run = run_of(suite_of(photo_folder, tiny_clip), tmp_path / "run")
    run.report()
    files = [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".lock"]
    assert len(files) > 10
    for file in files:
        assert secret.encode() not in file.read_bytes(), file.name


def test_a_manifest_tells_nothing_of_the_user_but_the_command(
    photo_folder: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    run = run_of(suite_of(photo_folder, tiny_clip), tmp_path / "run")
    told = json.dumps({k: v for k, v in run.manifest.items() if k != "command"})
    assert str(Path.home() / ".") not in told.replace(str(photo_folder), "").replace(
        str(tiny_clip), ""
    )
