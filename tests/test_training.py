"""Robustness while a model is trained: a hook in a loop, Lightning's own trainer, loggers."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch

import typoattack as ta
from typoattack.core.errors import UserError
from typoattack.suite import load_suite
from typoattack.training import EpochHook, lightning_callback, log_figures


@pytest.fixture
def clip(tiny_clip: Path) -> tuple[Any, Any, Any]:
    name = f"local-dir:{tiny_clip}"
    model, preprocess = open_clip.create_model_from_pretrained(name)
    return model, preprocess, open_clip.get_tokenizer(name)


@pytest.fixture
def options(photo_folder: Path) -> dict[str, Any]:
    return {"dataset": f"folder:{photo_folder}", "recipes": ["printed-label"], "limit": 3}


def test_a_loop_measures_the_epochs_it_asks_for_and_goes_on_training(clip, options) -> None:
    model, preprocess, tokenizer = clip
    logged: list[tuple[dict[str, float], int]] = []
    hook = EpochHook(
        preprocess, tokenizer, every=2, log=lambda *told: logged.append(told), options=options
    )
    model.train()
    model.visual.eval()  # as where a tower is locked
    for epoch in range(4):
        hook(torch.nn.DataParallel(model), epoch)
    assert model.training
    assert not any(module.training for module in model.visual.modules())
    assert model.transformer.training
    assert [epoch for epoch, _ in hook.history] == [1, 3] == [epoch for _, epoch in logged]
    figures = logged[0][0]
    run = ta.evaluate(*clip, **options)
    summary = run.summary().set_index("recipe")
    assert figures["typoattack/accuracy_clean"] == summary["accuracy_clean"]["clean"]
    key = "typoattack/printed-label/accuracy_attacked"
    assert figures[key] == summary["accuracy_attacked"]["printed-label"]
    assert figures["typoattack/accuracy_attacked"] == figures[key]
    assert "typoattack/blank-label/accuracy_attacked" in figures


def trained(lightning: Any, model: Any) -> tuple[Any, Any]:
    """A module that holds a CLIP under `model`, and what it is trained on."""

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def training_step(self, batch: Any, _: int) -> torch.Tensor:
            return self.model.visual(batch[0]).square().mean()

        def validation_step(self, batch: Any, _: int) -> None:
            self.log("loss", batch[0].mean())

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.model.visual.parameters(), lr=0.01)

    size = model.visual.image_size
    side = size if isinstance(size, int) else size[0]
    pictures = torch.utils.data.TensorDataset(torch.rand(2, 3, side, side))
    return Module(), torch.utils.data.DataLoader(pictures, batch_size=2)


def test_lightnings_trainer_has_the_figures_to_log_and_to_monitor(
    clip, options, tmp_path: Path
) -> None:
    lightning = pytest.importorskip("lightning.pytorch")
    model, preprocess, tokenizer = clip

    module, data = trained(lightning, model)
    hook = EpochHook(preprocess, tokenizer, options=options)
    logger = lightning.loggers.CSVLogger(tmp_path)
    trainer = lightning.Trainer(
        max_epochs=2, callbacks=[lightning_callback(hook)], logger=logger, accelerator="cpu",
        enable_progress_bar=False, enable_checkpointing=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, data)
    assert [epoch for epoch, _ in hook.history] == [0, 1]
    assert float(trainer.callback_metrics["typoattack/accuracy_clean"]) == pytest.approx(
        hook.history[-1][1]["typoattack/accuracy_clean"]
    )
    written = (Path(logger.log_dir) / "metrics.csv").read_text()
    assert "typoattack/printed-label/accuracy_attacked" in written

    missing = lightning_callback(EpochHook(preprocess, tokenizer, options=options), clip="network")
    with pytest.raises(UserError, match="no 'network'; say with clip="):
        missing.on_train_epoch_end(trainer, trainer.lightning_module)


def test_a_checkpoint_may_watch_a_figure_that_is_not_measured_in_every_epoch(
    clip, options, tmp_path: Path
) -> None:
    lightning = pytest.importorskip("lightning.pytorch")
    model, preprocess, tokenizer = clip

    module, data = trained(lightning, model)
    callback = lightning_callback(EpochHook(preprocess, tokenizer, every=2, options=options))
    pickle.loads(pickle.dumps(callback))  # as processes that are spawned are given it
    watching = lightning.callbacks.ModelCheckpoint(
        tmp_path, monitor="typoattack/accuracy_attacked", mode="max", save_top_k=-1
    )
    trainer = lightning.Trainer(
        max_epochs=3, callbacks=[callback, watching], logger=False, accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, data, data)
    told = trainer.callback_metrics
    assert 0 <= float(told["typoattack/accuracy_attacked"]) <= 1  # of the second epoch
    assert "typoattack/flip_rate" in told  # NaN where nothing was right when clean


class Lightning:
    def __init__(self) -> None:
        self.got: list[Any] = []

    def log_metrics(self, figures: dict[str, float], step: int) -> None:
        self.got.append((figures, step))


class Writer:
    def __init__(self) -> None:
        self.got: list[Any] = []

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.got.append((name, value, step))


class Run:
    def __init__(self) -> None:
        self.got: list[Any] = []

    def log(self, figures: dict[str, float], step: int | None = None) -> None:
        self.got.append((figures, step))


def test_each_logger_is_told_in_its_own_way() -> None:
    lightning, tensorboard, wandb = Lightning(), Writer(), Run()
    for log in (lightning, tensorboard, wandb):
        log_figures(log, {"a": 0.5}, 3, None)
        log_figures(log, {"a": 0.5}, 3, 70)
    assert lightning.got == [({"a": 0.5}, 3), ({"a": 0.5}, 70)]
    assert tensorboard.got == [("a", 0.5, 3), ("a", 0.5, 70)]
    told = {"a": 0.5, "typoattack/epoch": 3}
    assert wandb.got == [(told, None), (told, 70)]


def test_what_cannot_log_is_refused() -> None:
    with pytest.raises(UserError, match="int cannot log"):
        log_figures(3, {"a": 0.5}, 0, None)
    with pytest.raises(UserError, match="every 0"):
        EpochHook(None, None, every=0)


def test_a_suite_that_has_models_read_asks_no_reading_in_a_loop(clip, options) -> None:
    suite = replace(load_suite("quick", options), reads=3)
    assert not ta.evaluate(*clip, suite).reading
    assert ta.evaluate(*clip, suite, reads=2).reading[0].reads.n == 2


def test_a_hook_refuses_what_it_could_not_measure_when_it_is_made(clip, options) -> None:
    _, preprocess, tokenizer = clip
    with pytest.raises(UserError, match="did you mean 'limit'"):
        EpochHook(preprocess, tokenizer, options={**options, "limt": 3})
    with pytest.raises(UserError, match="nowhere"):
        EpochHook(preprocess, tokenizer, options={"dataset": "folder:nowhere"})
    with pytest.raises(UserError, match="quik"):
        EpochHook(preprocess, tokenizer, suite="quik", options=options)
