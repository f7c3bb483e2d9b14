"""The product from Python: run a suite, attack a picture, evaluate a model in memory."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from typoattack.core.call import literal
from typoattack.core.errors import BrokenImage, RunFailure, UserError
from typoattack.core.progress import Progress, silent
from typoattack.core.randomness import stream
from typoattack.drawing.canvas import decode, square_canvas
from typoattack.factory import load_models, with_wrappers
from typoattack.models.text_cache import LastTexts
from typoattack.recipes import Recipe, parse_recipe
from typoattack.report.run import Run
from typoattack.runner.called import as_called
from typoattack.runner.execute import execute
from typoattack.runner.machine import HERE, Machine
from typoattack.samples import open_dataset
from typoattack.suite import Suite
from typoattack.suite.choose import changes_of, choose_suite

_IN_MEMORY = Machine(workers=0)
"""Where `evaluate` draws: no processes are started beside a training loop's."""


def run(
    suite: str | Suite = "quick",
    *,
    model: str | Sequence[str] | None = None,
    defences: Sequence[str] = (),
    probes: Sequence[str | Path] = (),
    dataset: str | None = None,
    image_column: str | None = None,
    label_column: str | None = None,
    caption_column: str | None = None,
    class_names: str | None = None,
    follow_links: bool | None = None,
    as_published: bool | None = None,
    recipes: Sequence[str] | None = None,
    controls: Sequence[str] | None = None,
    words: str | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    canvas: int | None = None,
    templates: str | None = None,
    limit: int | None = None,
    first: int | None = None,
    clean_as_published: bool | None = None,
    reads: int | None = None,
    plugins: Sequence[str | Path] = (),
    legibility: bool = False,
    out: str | Path | None = None,
    machine: Machine = HERE,
    progress: "Progress | None" = None,
    shard: str | None = None,
    command: str | None = None,
) -> Run:
    """Run a suite, or go on with it if `out` holds the same one unfinished.

    What is None is as the suite says.

    Args:
        suite: a suite's name, the path of its YAML file, or a `Suite`, which is run as it is.
        model: one or several model names.
        defences: each is tried beside every model, such as `mirror`.
        probes: files of `typoattack probe fit`, each tried beside zero-shot.
        dataset: a data set's spec.
        image_column: where a table's pictures are.
        label_column: where its labels are.
        caption_column: where its captions are, in place of labels.
        class_names: a file with one class name a line.
        follow_links: whether files of a data set may be links that lead out of its folder.
        as_published: whether RTA-100 and PAINT are read with their authors' phantom classes.
        recipes: recipe strings, `name(param=value) @ words`.
        controls: kinds of control that stand beside every attack, such as `blank`.
        words: the word source of recipes that ask for none, such as `nearest`.
        replicates: words and draws a photograph and recipe.
        seed: keys every random stream.
        canvas: side of the canvas in pixels.
        templates: `simple`, `openai`, `scam`, a sentence with `{}`, or a file with a line each.
        limit: only so many photographs, spread evenly over the classes; 0 for all.
        first: only the first so many photographs of the data set; 0 for all.
        clean_as_published: whether each photograph is also classified without a canvas.
        reads: word-only pictures that each model is asked to read; 0 for none.
        plugins: Python files with recipes.
        legibility: whether text recognition reads every attacked picture back.
        out: the run's folder; `runs/SUITE-MODEL` if None.
        machine: device, precision, workers and sizes.
        progress: told how far the run is.
        shard: `i/n` does the i-th of n parts, to be joined by `typoattack.results.merge.merge`.
        command: what the manifest says to repeat the run with; this call if None, with
            the name `suite` for a `Suite` that no suite's name and changes describe.

    Raises:
        UserError: for any mistake in these, and where `out` holds another run.
    """
    if command is None:
        command = as_called("run", _by_name(suite, locals()), ["suite"])
    changes = {
        "models": [model] if isinstance(model, str) else model and list(model),
        "dataset": dataset,
        "image_column": image_column,
        "label_column": label_column,
        "caption_column": caption_column,
        "class_names": class_names,
        "follow_links": follow_links,
        "as_published": as_published,
        "recipes": recipes and list(recipes),
        "controls": controls and list(controls),
        "words": words,
        "replicates": replicates,
        "seed": seed,
        "canvas": canvas,
        "templates": templates,
        "limit": limit,
        "first": first,
        "clean_as_published": clean_as_published,
        "reads": reads,
    }
    chosen = choose_suite(suite, changes, plugins)
    beside = [*defences, *(f"probe({literal(str(file))})" for file in probes)]
    if beside:
        chosen = replace(chosen, models=with_wrappers(chosen.models, beside))
    data = open_dataset(chosen.dataset)
    opening = partial(load_models, compiled=machine.compiled, channels_last=machine.channels_last)
    models = opening(chosen.models, device=machine.device, precision=machine.precision)
    folder = execute(
        chosen,
        models,
        data,
        out,
        machine,
        progress=progress or silent,
        shard=shard,
        command=command,
        open_models=opening,
    )
    done = Run(folder)
    if legibility:
        done.measure_legibility(progress)
    return done


def evaluate(
    model: Any,
    preprocess: Any,
    tokenizer: Any,
    suite: str | Suite = "quick",
    *,
    name: str = "in-memory",
    recipes: Sequence[str] | None = None,
    dataset: str | None = None,
    templates: str | None = None,
    limit: int | None = None,
    reads: int | None = None,
    out: str | Path | None = None,
    machine: Machine = _IN_MEMORY,
) -> Run:
    """Run a suite on an open_clip model that is in memory, for a training loop's log.

    The model is put into evaluation mode and back into the mode it was in.

    What each class is called, in each template, is encoded anew wherever the text encoder has
    changed since the last call, which is what most of the time goes into: ImageNet's 1,000 names in
    7 templates are 7,000 sentences. One template is a seventh of that. The last call's features
    are kept in memory and used again where no weight but the image encoder's has changed, and no
    name or template; pictures are drawn and encoded every time.

    Args:
        model: as `open_clip.create_model` returns it, on any device.
        preprocess: its inference transform.
        tokenizer: its tokenizer.
        suite: a suite's name, file, or a `Suite`, which is run as it is.
        name: what the tables call it.
        recipes: recipe strings; the suite's own if None.
        dataset: a data set's spec; the suite's own if None.
        templates: `simple`, `openai`, `scam`, a sentence such as `a photo of a {}.`, or a file;
            the data set's own if None.
        limit: only so many photographs, spread evenly over the classes.
        reads: word-only pictures that the model is asked to read; none if None, whatever the suite
            says: every epoch would pay for them.
        out: keeps the run there; else only the returned object has it.
        machine: workers and sizes; the device is the model's own.

    Raises:
        UserError: for any mistake in these, and where `out` holds another run.
    """
    called = as_called("evaluate", locals(), ["model", "preprocess", "tokenizer", "suite"])
    # Later than `locals()`; a second to import, and needed by no run of a model by its name.
    from typoattack.models.open_clip_backend import OpenClipModel, text_fingerprint

    changes = {
        "recipes": recipes and list(recipes),
        "dataset": dataset,
        "templates": templates,
        "limit": limit,
    }
    chosen = replace(choose_suite(suite, changes), models=(name,), reads=reads or 0)
    device = str(next(model.parameters()).device)
    modes = [(module, module.training) for module in model.modules()]
    try:
        wrapped = OpenClipModel(name, model, preprocess, tokenizer, device=device)
        data = open_dataset(chosen.dataset)
        where = replace(machine, device=device)
        cache = _TEXTS.of(text_fingerprint(model, repr(tokenizer)))
        if out is not None:
            return Run(execute(chosen, [wrapped], data, out, where, cache=cache, command=called))
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "run"
            done = Run(execute(chosen, [wrapped], data, kept, where, cache=cache, command=called))
            _ = done.predictions, done.reading  # read while the folder is there
            return done
    finally:
        for module, training in modes:
            module.training = training


_TEXTS = LastTexts()


def attack(
    image: Image.Image | str | Path,
    recipe: Recipe | str = "printed-label",
    *,
    word: str,
    seed: int = 0,
    canvas: int = 448,
) -> Image.Image:
    """`image` on the square canvas with `word` on it.

    Args:
        image: a picture or its file.
        recipe: a recipe or its string, such as `handwritten-note(size=0.5)`.
        word: what is written.
        seed: another one gives another place and hand.
        canvas: side in pixels.

    Raises:
        UserError: for an unknown recipe, or a word that it cannot draw.
    """
    if not word.strip():
        raise UserError("word is empty; name one to write")
    chosen = parse_recipe(recipe) if isinstance(recipe, str) else recipe
    try:
        clean = square_canvas(decode(image), canvas)
    except (BrokenImage, RunFailure) as error:
        raise UserError(f"picture {str(image)[:200]!r}: {error}") from None
    return chosen(clean, word, stream(seed, chosen.stream_key)).image


def _by_name(suite: str | Suite, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments of `run`, with a `Suite` said by its name and changes where that can be."""
    if not isinstance(suite, Suite) or (changes := changes_of(suite)) is None:
        return given
    models = changes.pop("models", None)
    return {**given, "suite": suite.name, "model": models, **changes}
