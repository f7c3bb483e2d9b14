"""Memory does not grow with the recipes of a suite."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import noise

PEAK = """
import resource, sys
import torch
from torch.nn.functional import normalize
from typoattack.models.base import Lineage
from typoattack.models.zero_shot import ZeroShotModel
from typoattack.runner.execute import execute
from typoattack.runner.machine import Machine
from typoattack.samples import open_dataset
from typoattack.suite import parse_suite

class Free(ZeroShotModel):
    image_size, logit_scale, fingerprint, lineage = 32, 10.0, "free", Lineage("free")

    def preprocess(self, image):
        return torch.zeros(3, 32, 32)

    def encode_image(self, batch):
        return normalize(torch.ones(len(batch), 16), dim=-1)

    def encode_text(self, texts):
        return normalize(torch.ones(len(texts), 16), dim=-1)

count, photographs, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]
sizes = [round(0.1 + 0.8 * i / count, 6) for i in range(count)]
recipes = f"[{{recipe: plain-overlay, size: {sizes}}}]"
text = f"question: q\\nmodels: [free]\\ncanvas: 256\\nrecipes: {recipes}"
suite = parse_suite(text, "memory", {"dataset": f"folder:{photographs}"})
folder = execute(suite, [Free()], open_dataset(suite.dataset), out, Machine("cpu", workers=0))
assert len(folder.predictions()) == 2 * (count + 1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(recipes: int, folder: Path) -> int:
    photographs, out = folder / "photographs", folder / f"run-{recipes}"
    command = [sys.executable, "-c", PEAK, str(recipes), str(photographs), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_two_thousand_recipes_need_no_more_memory_than_two_hundred(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "photographs" / name).mkdir(parents=True)
        noise(1).save(tmp_path / "photographs" / name / "0.png")
    # Held all at once, 2,000 pictures of 256 × 256 would be 393 MB, half of what Python needs.
    assert peak(2000, tmp_path) < 1.1 * peak(200, tmp_path)
