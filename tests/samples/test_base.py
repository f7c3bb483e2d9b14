"""What every data set offers beside its samples."""

from pathlib import Path

import pytest

from typoattack.core.errors import UserError
from typoattack.runner.plan import check_given
from typoattack.samples import Dataset, DatasetSpec, Sample, open_dataset
from typoattack.suite import parse_suite


class Plain:
    """Somebody's own data set: the protocol and nothing more."""

    def __init__(self, data: Dataset, *, open_to_look: bool = True) -> None:
        self.name, self.task = data.name, data.task
        self._data, self._open = data, open_to_look

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> Sample:
        assert self._open, "a sample was looked up"
        return self._data[index]


@pytest.mark.parametrize(
    ("spec", "kinds"),
    [
        ("folder:{photos}", set()),
        ("imagefolder:{photos}", set()),
        ("bundled", set()),
        ("stroop-cards", {"congruent", "incongruent", "neutral"}),
        ("rta:{photos}", {"attacked"}),
    ],
)
def test_a_data_set_tells_the_kinds_that_its_samples_have(
    spec: str, kinds: set[str], photo_folder: Path
) -> None:
    if spec.startswith("rta"):
        for file in photo_folder.rglob("*.png"):
            file.rename(file.with_name(f"label={file.parent.name}_text=cup {file.stem}.png"))
    data = open_dataset(DatasetSpec(spec.format(photos=photo_folder)))
    found = {variant.kind for i in range(len(data)) for variant in data[i].variants}
    assert data.variant_kinds == found == kinds


def test_samples_are_not_looked_up_where_the_set_knows(photo_folder: Path) -> None:
    class Knowing(Plain):
        variant_kinds = frozenset({"SCAM"})

    data = Knowing(open_dataset(DatasetSpec(f"folder:{photo_folder}")), open_to_look=False)
    asked = "question: q\nrecipes: ['as-given(\"{}\")']"
    check_given(parse_suite(asked.format("SCAM"), "s"), data)
    with pytest.raises(UserError, match=r"there are as-given\('SCAM'\)"):
        check_given(parse_suite(asked.format("SynthSCAM"), "s"), data)
