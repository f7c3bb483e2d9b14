"""The product's own commands against a Hub: a small one on loopback (`tests/hub/server.py`)."""

import concurrent.futures
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.command_server import Outcome, Servers
from tests.hub import repositories, server
from tests.hub.server import Asked, Hub, Serving
from tests.models.test_transformers_backend import save as save_transformers
from typoattack.api import Run

WEIGHTS = "open_clip_model.safetensors"
TAGS = ["plain", "gone"]
VALIDATION = "data/validation-00000-of-00001.parquet"

TROUBLES = {
    "not-mine": server.UNKNOWN,
    "gone": server.NOT_FOUND,
    "gated": server.GATED,
    "wrong-token": server.WRONG_TOKEN,
    "limited": server.TOO_MANY,
    "forbidden": server.FORBIDDEN,
}

SMALL = ["-r", "printed-label", "--limit", "2", "--canvas", "64", "--device", "cpu"]
ASKED = ["--templates", "a photo of a {}", "--workers", "0"]


@dataclass(frozen=True)
class Laboratory:
    """A Hub, and processes that know of no other.

    Attributes:
        hub: its repositories, and what it was asked.
        serving: whether it can be reached.
        online: processes that run commands.
        offline: the same, with the same cache, under HF_HUB_OFFLINE.
        folder: where commands are run.
    """

    hub: Hub
    serving: Serving
    online: Servers
    offline: Servers
    folder: Path

    def run(self, *words: str, out: str, offline: bool = False) -> Outcome:
        """`typoattack run quick` with these options, small, into a folder."""
        arguments = ["run", "quick", *words, *SMALL, *ASKED, "--plugin", "tiny.py", "--out", out]
        servers = self.offline if offline else self.online
        return servers.run("typoattack", arguments, self.folder, terminal=False)

    def opened(self, outcome: Outcome, out: str) -> Run:
        """The run that a command wrote, all having gone well."""
        assert outcome.status == 0, outcome.err
        assert "Traceback" not in outcome.err
        return Run(self.folder / out)


@pytest.fixture(scope="module")
def hub() -> Hub:
    made = Hub()
    made.add("models", "lab/tiny-clip", repositories.open_clip_files())
    made.add("models", "lab/wide-clip", repositories.open_clip_files(text_width=256))
    made.add("models", "lab/flaky-clip", repositories.open_clip_files())
    made.add("models", "lab/roomy-clip", repositories.open_clip_files())
    for name in ("bar", "log"):
        made.add("models", f"lab/{name}-clip", repositories.open_clip_files())
    made.add("models", "lab/bare", {"README.md": b"---\nlicense: mit\n---\n"})
    made.add("models", "lab/vit_plain", {WEIGHTS: repositories.open_clip_files()[WEIGHTS]})
    made.add("datasets", "lab/large", repositories.imagenet_files(side=1000))
    made.add("datasets", "lab/bare", {"README.md": b"---\nlicense: mit\n---\n"})
    for kind in ("models", "datasets"):
        for name, trouble in TROUBLES.items():
            made.add(kind, f"lab/{name}", {}).trouble = trouble
    made.add("datasets", "BLISS-e-V/SCAM", repositories.scam_files())
    made.add("datasets", "ILSVRC/imagenet-1k", repositories.imagenet_files())
    return made


@pytest.fixture(scope="module")
def laboratory(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    folder = tmp_path_factory.mktemp("laboratory")
    repositories.plugin(folder, TAGS)
    for kind in ("clip", "siglip"):
        hub.add_folder("models", f"lab/{kind}", save_transformers(kind, folder / "saved" / kind))
    serving = Serving(hub)
    wishes = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "0"}
    wishes |= {"TYPOATTACK_CACHE": str(folder / "cache"), "HF_HUB_DISABLE_XET": "1"}
    online = Servers(2, wishes)  # two at once, since the Hub makes some of them wait
    offline = Servers(1, {**wishes, "HF_HUB_OFFLINE": "1"})
    yield Laboratory(hub, serving, online, offline, folder)
    serving.stop()
    for servers in (online, offline):
        servers.close()


def large(hub: Hub, where: str, since: int = 0) -> list[Asked]:
    """The requests for the contents of a large file, from the `since`-th request on."""
    return [one for one in hub.asked[since:] if one.path == f"/cdn/{where}" and one.method == "GET"]


MODELS = {
    "tag": "ViT-tiny/plain",
    "open_clip": "hf-hub:lab/tiny-clip",
    "clip": "transformers:lab/clip",
    "siglip": "transformers:lab/siglip",
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_is_fetched_once_and_works_offline_and_without_a_network(
    laboratory: Laboratory, kind: str
) -> None:
    name = MODELS[kind]
    first = laboratory.opened(laboratory.run("--model", name, out=f"{kind}-1"), f"{kind}-1")
    assert first.manifest["models"][0]["name"] == name
    ours = {"tag": f"lab/vit_plain/{WEIGHTS}", "open_clip": f"lab/tiny-clip/{WEIGHTS}"}
    where = ours.get(kind, f"lab/{kind}/model.safetensors")
    assert len(large(laboratory.hub, f"models/{where}")) == 1

    before = len(laboratory.hub.asked)
    done = laboratory.run("--model", name, out=f"{kind}-2", offline=True)
    offline = laboratory.opened(done, f"{kind}-2")
    assert laboratory.hub.asked[before:] == []
    assert offline.predictions.equals(first.predictions)
    with laboratory.serving.away():
        again = laboratory.opened(laboratory.run("--model", name, out=f"{kind}-3"), f"{kind}-3")
    assert again.predictions.equals(first.predictions)


def test_downloads_show_bars_of_their_own_at_a_terminal_and_none_in_a_log(
    laboratory: Laboratory,
) -> None:
    """Bars of two libraries at once would break each other into a line an update."""
    options = ["run", "quick", *SMALL, *ASKED, "--model"]
    for model, terminal in (("lab/bar-clip", True), ("lab/log-clip", False)):
        done = laboratory.online.run(
            "typoattack",
            [*options, f"hf-hub:{model}", "--out", model],
            laboratory.folder,
            terminal=terminal,
        )
        assert done.status == 0, done.err
        told = done.err  # the whole, at a terminal
        bars = [line for line in told.split("\n") if "model.safetensors" in line]
        assert len(bars) == int(terminal), told


def test_a_tag_gets_the_activation_and_the_weights_of_its_repository(
    laboratory: Laboratory,
) -> None:
    """The same weights without QuickGELU are another model."""
    runs = [
        laboratory.opened(
            laboratory.run("--model", MODELS[kind], out=f"same-{kind}"), f"same-{kind}"
        )
        for kind in ("tag", "open_clip")
    ]
    prints = {run.manifest["models"][0]["fingerprint"] for run in runs}
    assert len(prints) == 2


def test_a_data_set_of_scams_layout_is_fetched_once_and_works_offline(
    laboratory: Laboratory,
) -> None:
    spec = ["--dataset", "scam:BLISS-e-V/SCAM", "--model", "mini", "-r", 'as-given("SCAM")']
    first = laboratory.opened(laboratory.run(*spec, out="scam-1"), "scam-1")
    rows = first.predictions
    assert set(rows[rows["recipe"] == 'as-given("SCAM")']["word"]) == {"taxi", "pan"}
    assert first.manifest["dataset"]["licence"].startswith("SCAM")
    where = "datasets/BLISS-e-V/SCAM/data/train-00000-of-00001.parquet"
    assert len(large(laboratory.hub, where)) == 1
    before = len(laboratory.hub.asked)
    again = laboratory.opened(laboratory.run(*spec, out="scam-2", offline=True), "scam-2")
    assert laboratory.hub.asked[before:] == []
    assert again.predictions.equals(rows)
    with laboratory.serving.away():
        again = laboratory.opened(laboratory.run(*spec, out="scam-3"), "scam-3")
    assert again.predictions.equals(rows)


def test_imagenet_on_the_hub_is_asked_with_the_curated_names(laboratory: Laboratory) -> None:
    """The Hub's own names, such as `tench, Tinca tinca`, give way to those that papers ask with."""
    spec = ["--dataset", "hf:ILSVRC/imagenet-1k:validation", "--model", MODELS["open_clip"]]
    run = laboratory.opened(laboratory.run(*spec, out="imagenet"), "imagenet")
    names = run.manifest["task"]["class_names"]
    assert len(names) == 1000
    assert names[0] == "tench"
    assert set(run.predictions["label"]) < {0, 1, 500, 999}


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        (["--model", "hf-hub:lab/wide-clip"], f"models/lab/wide-clip/{WEIGHTS}"),
        (["--model", "mini", "--dataset", "hf:lab/large"], f"datasets/lab/large/{VALIDATION}"),
    ],
    ids=["model", "dataset"],
)
def test_a_download_that_breaks_is_taken_up_where_it_broke(
    laboratory: Laboratory, spec: list[str], where: str, request: pytest.FixtureRequest
) -> None:
    kind, repository, path = (*where.split("/lab/", 1)[:1], *where.split("/", 3)[2:])
    laboratory.hub.repositories[kind, f"lab/{repository}"].cuts.append((path, 11_000_000))
    out = f"broken-{request.node.callspec.id}"
    laboratory.opened(laboratory.run(*spec, out=out), out)
    begins = [one.begin for one in large(laboratory.hub, where)]
    assert begins[0] == 0
    assert 0 < begins[1] <= 11_000_000
    assert len(begins) == 2


def test_a_download_that_breaks_again_and_again_is_said_and_can_be_tried_again(
    laboratory: Laboratory,
) -> None:
    repository = laboratory.hub.repositories["models", "lab/flaky-clip"]
    repository.cuts = [(WEIGHTS, 0)] * 8
    spec = ["--model", "hf-hub:lab/flaky-clip"]
    done = laboratory.run(*spec, out="flaky")
    assert done.status == 2
    *waits, error = done.err.splitlines()
    assert "its download broke off again and again; run the same command again" in error
    assert any("resume download" in line for line in waits)
    assert "Traceback" not in done.err
    repository.cuts = []
    laboratory.opened(laboratory.run(*spec, out="flaky"), "flaky")


SAID = {
    "not-mine": "the Hub has none of this name, or it is private; check the name",
    "gone": "the Hub has none of this name, or it is private; check the name",
    "gated": "only to who has been granted access and signed in",
    "wrong-token": "the Hub does not take your token (401)",
    "limited": "the Hub takes no more requests from here for now (429); wait some minutes",
    "forbidden": "the Hub forbids it (403)",
    "bare": "no",
}


def test_what_the_hub_refuses_is_said_in_a_line(laboratory: Laboratory) -> None:
    specs = [
        (name, ["--model", model, *data])
        for name in SAID
        for model, *data in [
            (f"hf-hub:lab/{name}",),
            (f"transformers:lab/{name}",),
            ("mini", "--dataset", f"hf:lab/{name}"),
        ]
    ]
    specs += [("gone", ["--model", "ViT-tiny/gone"])]
    specs += [("gated", ["--model", "mini", "--dataset", "scam:lab/gated"])]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda one: laboratory.run(*one[1], out="refused"), specs)
    for (name, spec), outcome in zip(specs, done, strict=True):
        assert outcome.status == 2, (spec, outcome.err)
        *waits, error = outcome.err.splitlines()
        assert SAID[name] in error, (spec, outcome.err)
        assert spec[-1] in error
        assert not waits or name == "limited", outcome.err
    assert not (laboratory.folder / "refused").exists()


def test_without_a_network_what_is_not_in_the_cache_is_said_in_a_line_and_at_once(
    laboratory: Laboratory,
) -> None:
    specs = [
        ["--model", "hf-hub:lab/roomy-clip"],
        ["--model", "ViT-tiny/gone"],
        ["--model", "transformers:lab/gone"],
        ["--model", "mini", "--dataset", "hf:lab/gone"],
    ]
    for spec in specs:
        with laboratory.serving.away():
            done = laboratory.run(*spec, out="refused")
        assert done.status == 2
        assert f"{laboratory.hub.endpoint} cannot be reached; connect to the network" in done.err
        assert done.err.count("\n") == 1, done.err
        done = laboratory.run(*spec, out="refused", offline=True)
        assert done.status == 2
        assert "HF_HUB_OFFLINE forbids to fetch it" in done.err
        assert done.err.count("\n") == 1, done.err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, to be mounted anew with more."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_said_in_a_line_and_the_same_command_works_when_there_is_room(
    laboratory: Laboratory, small_disk: Path
) -> None:
    wishes = {"HF_ENDPOINT": laboratory.hub.endpoint, "HF_HOME": str(small_disk / "hf")}
    servers = Servers(1, {**wishes, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"})
    cramped = replace(laboratory, online=servers)
    specs = {
        "full-model": ["--model", "hf-hub:lab/wide-clip"],
        "full-dataset": ["--model", "mini", "--dataset", "hf:lab/large"],
    }
    try:
        for out, spec in specs.items():
            done = cramped.run(*spec, out=out)
            assert done.status == 2, done.err
            assert f"the disk of the cache '{small_disk}/hf' is full; make room" in done.err
            assert done.err.count("\n") == 1, done.err
        subprocess.run(["mount", "-o", "remount,size=99m", str(small_disk)], check=True)
        for out, spec in specs.items():
            cramped.opened(cramped.run(*spec, out=out), out)
    finally:
        servers.close()


def test_the_doctor_holds_a_published_checkpoint_against_open_clips_table(
    laboratory: Laboratory,
) -> None:
    """Its weights are of chance, so that it recognises nothing; all else is as the table says."""
    options = ["--templates", "a photo of a {}", "--device", "cpu"]
    arguments = ["doctor", "--model", "hf-hub:lab/tiny-clip", *options]
    done = laboratory.online.run("typoattack", arguments, laboratory.folder, terminal=False)
    assert done.status == 2
    assert "well    activation: GELU in 2 layers" in done.out
    assert "well    context length: 75 words count, of 77 tokens" in done.out
    assert "suspect mean and std" in done.out  # a std of 0.25 is nobody's
    assert "wrong" not in done.out.lower().replace("wrong-token", "")
