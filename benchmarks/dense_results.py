"""Writes `results/dense`: two tiny vision transformers, asked patch by patch.

python benchmarks/dense_results.py

No pretrained vision transformer comes with the package, so two of open_clip's own are trained here
for some minutes on the 20 bundled photographs, which they come to know by heart. To `reader` a
photograph with a word is what the word says, as captions teach CLIP; to `blind` it stays what it
shows. They show that the measure works, and say nothing about any other model.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from typoattack.core.randomness import stream
from typoattack.drawing.canvas import square_canvas
from typoattack.recipes import parse_recipe
from typoattack.samples.bundled import bundled

RESULTS = Path(__file__).parents[1] / "results" / "dense"
SIDE, MARGIN = 96, 8
CONFIG = {
    "embed_dim": 64,
    "vision_cfg": {
        "image_size": SIDE,
        "layers": 3,
        "width": 96,
        "patch_size": 16,
        "head_width": 32,
        "pool_type": "avg",
    },
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1},
}
PREPROCESS = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
WORD, BLANK = "printed-label(size=0.7)", 'control(printed-label(size=0.7), "blank")'


def main() -> None:
    """Train both, ask both, and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--page", type=Path, help="where the page with the heat maps is kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        names = _photographs(root / "photos")
        pool = _pool(root / "photos", names)
        for name in ("reader", "blind"):
            # What a photograph shows is learned long before what is written on it.
            steps = given.steps if name == "reader" else given.steps // 3
            _save(_trained(pool, names, name == "reader", steps), root / name)
        command = ["dense", "dense", "--dataset", "folder:photos", "--out", "dense"]
        command += ["--model", "local-dir:reader", "--model", "local-dir:blind"]
        command += ["--replicates", "5"]
        command += ["--recipe", 'printed-label(size=0.7, place="bottom")']
        subprocess.run([sys.executable, "-m", "typoattack", *command], cwd=root, check=True)
        RESULTS.mkdir(exist_ok=True)
        shutil.copy(root / "dense" / "dense.csv", RESULTS / "dense.csv")
        if given.page is not None:
            shutil.copy(root / "dense" / "dense.html", given.page)


def _photographs(folder: Path) -> list[str]:
    """The bundled photographs, a folder a class; the classes' names."""
    data = bundled()
    for index in range(len(data)):
        sample = data[index]
        place = folder / data.task.class_names[sample.label]
        place.mkdir(parents=True, exist_ok=True)
        sample.image.save(place / f"{index}.png")
    return sorted(path.name for path in folder.iterdir())


Pool = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def _pool(folder: Path, names: list[str]) -> Pool:
    """Pictures (n, 3, s, s), which class each shows, and which it says: −1 for none."""
    word, blank = parse_recipe(WORD), parse_recipe(BLANK)
    pictures, shown, said = [], [], []

    def add(image: Image.Image, show: int, say: int) -> None:
        pictures.append(torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1))
        shown.append(show)
        said.append(say)

    for show, name in enumerate(names):
        for file in sorted((folder / name).iterdir()):
            canvas = square_canvas(Image.open(file).convert("RGB"), SIDE + MARGIN)
            for say, written in enumerate(names):
                for draw in range(2):
                    rng = stream("dense", file.name, written, draw)
                    add(word(canvas.copy(), written, rng).image, show, say)
                add(blank(canvas.copy(), written, stream("dense", file.name, say)).image, show, -1)
                add(canvas, show, -1)
    return torch.stack(pictures), torch.tensor(shown), torch.tensor(said)


def _trained(pool: Pool, names: list[str], reads: bool, steps: int) -> torch.nn.Module:
    torch.manual_seed(0)
    model = open_clip.CLIP(**{key: CONFIG[key] for key in ("embed_dim", "vision_cfg", "text_cfg")})
    tokens = open_clip.get_tokenizer("ViT-B-32", context_length=16)(
        [f"a photo of a {name}." for name in names]
    )
    pictures, shown, said = pool
    target = torch.where((said >= 0) & torch.tensor(reads), said, shown)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-3, total_steps=steps)
    mean, std = (torch.tensor(PREPROCESS[k])[:, None, None] for k in ("mean", "std"))
    for step in range(steps):
        chosen = torch.randint(len(pictures), (32,))
        top, left = torch.randint(MARGIN + 1, (2,)).tolist()
        batch = pictures[chosen][:, :, top : top + SIDE, left : left + SIDE]
        logits = 20 * (
            F.normalize(model.encode_image((batch / 255 - mean) / std), dim=-1)
            @ F.normalize(model.encode_text(tokens), dim=-1).T
        )
        loss = F.cross_entropy(logits, target[chosen])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 99:
            right = (logits.argmax(dim=1) == target[chosen]).float().mean()
            print(f"{step + 1}/{steps} loss {loss:.3f} right {right:.2f}", flush=True)
    with torch.no_grad():
        model.logit_scale.fill_(np.log(20))
    return model


def _save(model: torch.nn.Module, folder: Path) -> None:
    folder.mkdir()
    config = {"model_cfg": CONFIG, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")


if __name__ == "__main__":
    main()
