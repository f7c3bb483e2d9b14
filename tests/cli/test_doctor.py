from pathlib import Path

from tests.doctor.conftest import trained  # noqa: F401 - a fixture
from tests.doctor.test_model import changed


def test_without_a_model_the_installation_is_looked_at(typoattack) -> None:
    done = typoattack("doctor", "--device", "cpu")
    assert done.status == 0, done.err
    assert "cache of models: " in done.out
    assert "channel order" not in done.out


def test_a_fault_of_a_model_is_named_and_ends_with_2(
    typoattack,
    trained: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    well = typoattack("doctor", "--model", f"local-dir:{trained}", "--device", "cpu")
    assert well.status == 0, well.err
    changed(trained, tmp_path / "odd", mean=[0.1, 0.9, 0.1])
    done = typoattack("doctor", "--model", f"local-dir:{tmp_path}/odd", "--device", "cpu")
    assert done.status == 2
    assert done.err.startswith("error: look into mean and std")
    assert "suspect mean and std: mean 0.100, 0.900, 0.100" in done.out


def test_a_model_that_cannot_be_opened_is_said_in_a_line(typoattack) -> None:
    done = typoattack("doctor", "--model", "ViT-B-32/opanai", "--device", "cpu")
    assert done.status == 2
    assert "did you mean 'openai'" in done.err
