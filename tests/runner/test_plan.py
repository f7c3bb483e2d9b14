"""What a run is about before it begins."""

from pathlib import Path

import pytest
import torch

from typoattack.models.base import Lineage
from typoattack.models.zero_shot import ZeroShotModel
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import make_plan
from typoattack.samples import open_dataset
from typoattack.suite import parse_suite


class Pairs(ZeroShotModel):
    """A text encoder in whose space two of the class names lie together.

    Args:
        pair: these two.
    """

    image_size = 32
    logit_scale = 10.0

    def __init__(self, name: str, pair: tuple[str, str]) -> None:
        self.lineage = Lineage(name)
        self.fingerprint = name
        self._pair = pair

    def preprocess(self, _: object) -> torch.Tensor:
        return torch.zeros(3, 32, 32)

    def encode_image(self, batch: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(torch.ones(len(batch), 4), dim=-1)

    def encode_text(self, texts: list[str]) -> torch.Tensor:
        names = ("fish", "cat", "dog")
        rows = torch.zeros(len(texts), 4)
        for row, text in zip(rows, texts, strict=True):
            name = next(n for n in names if n in text)
            row[names.index(name)] = 1.0
            row[3] = 2.0 if name in self._pair else 0.0
        return torch.nn.functional.normalize(rows, dim=-1)


@pytest.mark.parametrize("first", [0, 1])
def test_near_words_are_those_of_the_first_model(photo_folder: Path, first: int) -> None:
    both = [Pairs("together", ("cat", "dog")), Pairs("apart", ("cat", "fish"))]
    models = [both[first], both[1 - first]]
    changes = {"dataset": f"folder:{photo_folder}", "models": [m.name for m in models]}
    suite = parse_suite("question: q\nrecipes: [plain-overlay @ nearest]", "s", changes)
    data = open_dataset(suite.dataset)
    plan = make_plan(suite, models, data, RunOptions())
    names = data.task.class_names
    (sample,) = [data[i] for i in range(len(data)) if data[i].id.endswith("cat/0.png")]
    word = plan.generator.word(suite.attacks[0], sample, 0)
    assert set(names) == {"fish", "cat", "dog"}
    assert word == ("dog", "fish")[first]
