"""A suite's questions asked and answered: the work of every chat engine, and its rows.

A chat model chooses between two things, the object and what is written on it. Its rows of the
predictions answer the question `TWO_WAY`, whose classes are the data set's, the suite's words that
are none of them, and `NEITHER`; so every table and page that there is of a run is there of it too.
A clean picture is asked once for each word, with the choices of the attacked picture beside it, and
has a row for each (its `replicate` counts the words).
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from typoattack.chat.answer import Answer, Preference
from typoattack.chat.interviews import NEITHER, Interview, Item, interviews, two_way_task
from typoattack.chat.model import ChatModel
from typoattack.chat.phrasing import Phrasing
from typoattack.results.folder import RunFolder
from typoattack.results.writer import Finished, Record, ResultWriter
from typoattack.runner.classify import UNATTACKED, attack_columns
from typoattack.runner.engines import Engine
from typoattack.runner.options import RunOptions
from typoattack.runner.plan import chosen_indices
from typoattack.samples.base import Dataset
from typoattack.suite import Suite
from typoattack.task import Task

Answered: TypeAlias = "tuple[Interview, list[Answer | None]]"
"""An interview with what was answered to each item, None where nothing was."""


def engine_of(
    answered: Callable[[Iterable[Interview]], Iterator[Answered]],
    *,
    device: Callable[[str], str],
    settings: Mapping[str, str],
) -> Engine[ChatModel]:
    """What has a suite's questions answered; a photograph with an unanswered one is left to do.

    Args:
        answered: asks interviews, and hands them on in the same order.
        device: see `Engine`.
        settings: see `Engine`.
    """

    def run(
        suite: Suite,
        models: Sequence[ChatModel],
        dataset: Dataset,
        folder: RunFolder,
        options: RunOptions,
    ) -> None:
        _ask_all(suite, models, dataset, folder, options, answered)

    return Engine(device=device, run=run, task=two_way_task, settings=settings)


def _ask_all(
    suite: Suite,
    models: Sequence[ChatModel],
    dataset: Dataset,
    folder: RunFolder,
    options: RunOptions,
    answered: Callable[[Iterable[Interview]], Iterator[Answered]],
) -> None:
    indices = chosen_indices(suite, dataset, options.shard)
    writer = ResultWriter(
        folder, indices, dataset, chunk_size=options.chunk_size, progress=options.progress
    )
    task = two_way_task(suite, dataset)
    names = {model.phrasing: model.name for model in models}
    asked = models[0]  # all are asked of the same pictures
    to_ask = interviews(
        suite, dataset, list(names), asked.encoding, writer.left, controls=asked.controls
    )
    try:
        for interview, answers in answered(to_ask):
            if None in answers:
                continue
            told = [(i, a) for i, a in zip(interview.items, answers, strict=True) if a is not None]
            records = list(_records(interview, told, names, task, suite.seed))
            writer.add(Finished(interview.sample, records, interview.broken))
    finally:
        writer.flush()


def _records(
    interview: Interview,
    answers: Sequence[tuple[Item, Answer]],
    names: Mapping[Phrasing, str],
    task: Task,
    seed: int,
) -> Iterator[Record]:
    """One row of the predictions for each item."""
    index = {name: place for place, name in reversed(list(enumerate(task.class_names)))}
    clean: dict[tuple[Phrasing, str], Record] = {}
    for item, answer in answers:
        question, label = item.question, interview.label
        target = index[question.word]
        said = {"label": label, "word": target}.get(answer.verdict, index[NEITHER])
        measured = _measured(answer.preference, label, target, said)
        key = question.phrasing, question.word
        if item.drawn is None:
            clean[key] = {"clean_predicted": said} | _clean(measured)
            columns = UNATTACKED | {"replicate": item.replicate}
            measured |= {"prob_word": None, "sim_word": None}
        else:
            columns = attack_columns(item.drawn) | {"target": target}
            if key in clean and clean[key]["clean_sim_label"] is None:
                measured = _measured(None, label, target, said)  # with nothing to hold it against
        facts = json.loads(columns["facts"]) | {"verdict": answer.verdict} | dict(answer.facts)
        beside = clean.get(key, {"clean_predicted": -1})
        if item.drawn is None:
            beside = beside | {"clean_sim_word": None}
        yield columns | measured | beside | {
            "model": names[question.phrasing],
            "task": task.name,
            "sample": interview.sample,
            "label": label,
            "predicted": said,
            "correct": said == label,
            "seed": seed,
            "pixels": item.pixels,
            "facts": json.dumps(facts, ensure_ascii=False, sort_keys=True),
        }  # fmt: skip


def _measured(preference: Preference | None, label: int, target: int, said: int) -> Record:
    """The columns of probabilities and similarities; log-probabilities stand for the latter."""
    if preference is None:
        return {"top": [said], "top_prob": [math.nan]}
    sims = {label: preference.log_label, target: preference.log_word}
    probs = {label: preference.probability, target: 1 - preference.probability}
    order = sorted(probs, key=lambda one: -probs[one])
    columns: dict[str, Any] = {
        "prob_label": probs[label],
        "prob_word": probs[target],
        "prob_predicted": probs.get(said),
        "sim_label": sims[label],
        "sim_word": sims[target],
        "sim_predicted": sims.get(said),
        "top": order,
        "top_prob": [probs[one] for one in order],
    }
    return columns


def _clean(measured: Record) -> Record:
    """What a clean picture's columns say to the attacked ones of the same choices."""
    return {f"clean_{name}": measured.get(name) for name in ("sim_label", "sim_word")}
