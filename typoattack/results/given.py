"""Answers that were computed elsewhere, brought into a run's folder: a paper's logs, an API, JAX.

One line a picture and model, as CSV, JSON lines or parquet, with the columns

| column | |
| --- | --- |
| `sample` | the subject; a clean picture and its attacked ones share it |
| `kind` | `clean`, or what the picture is called: `note`, `own-word`, … |
| `label` | the right class |
| `answer` | the class named, or … |
| `probabilities` | … class to probability, a JSON object, of all classes or the likeliest |
| `word` | what is written; empty for none |
| `target` | the class that the word names, if not of its own name; `-` for none |
| `control`, `control_of` | what a control changes (`blank`, `true`, …) and the kind of its attack |
| `model` | whose answers; `given` if absent |
| `replicate` | which picture of this kind and sample; counted if absent |

The first five are needed (one of `answer` and `probabilities` is enough); other columns are kept as
facts of the row.
"""

import datetime
import io
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from typoattack.core.errors import UserError
from typoattack.core.files import folder_made_whole
from typoattack.core.randomness import digest
from typoattack.core.version import __version__
from typoattack.results.folder import RunFolder
from typoattack.results.manifest_file import FORMAT
from typoattack.results.schema import CLEAN, SCHEMA, TOP

GIVEN = "given"
"""What stands in the manifest of a run whose answers came from elsewhere."""

_NEEDED = ("sample", "kind", "label")
_OPTIONAL = ("answer", "probabilities", "word", "target", "control", "control_of", "model")
_NO_CLASS = "-"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one picture; see the module for what each field says."""

    sample: str
    kind: str
    label: str
    answer: str
    word: str = ""
    target: str = ""
    control: str = ""
    control_of: str = ""
    model: str = GIVEN
    replicate: int = -1
    probabilities: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def read_answers(path: str | Path) -> list[Answer]:
    """The answers in a CSV, JSON lines or parquet file.

    Raises:
        UserError: for another ending, a missing column, or a cell that is wrong; with the line.
    """
    table = _read_table(Path(path))
    for column in _NEEDED:
        if column not in table:
            raise UserError(f"answers {str(path)!r}: no column {column!r}; it needs {_told()}")
    if "answer" not in table and "probabilities" not in table:
        raise UserError(f"answers {str(path)!r}: neither 'answer' nor 'probabilities' is a column")
    rows = table.to_dict("records")
    return [_answer(row, f"answers {str(path)!r}: line {n}") for n, row in enumerate(rows, start=1)]


def _told() -> str:
    return f"{', '.join(_NEEDED)} and answer or probabilities"


def _read_table(path: Path) -> pd.DataFrame:
    readers: dict[str, Callable[[io.BytesIO], pd.DataFrame]] = {
        ".csv": lambda data: pd.read_csv(data, dtype=str, keep_default_na=False),
        ".jsonl": lambda data: pd.read_json(data, lines=True, dtype=False),
        ".parquet": pd.read_parquet,
    }
    if path.suffix not in readers:
        raise UserError(f"answers {str(path)!r}: end its name in {', '.join(readers)}")
    try:
        table: pd.DataFrame = readers[path.suffix](io.BytesIO(path.read_bytes()))
    except OSError as error:
        raise UserError(f"answers {str(path)!r}: cannot be read ({error.strerror})") from None
    except (ValueError, pa.ArrowException) as error:
        told = " ".join(str(error).split())[:200]
        raise UserError(f"answers {str(path)!r}: not {path.suffix[1:]} ({told})") from None
    if table.empty:
        raise UserError(f"answers {str(path)!r}: there are none")
    return table


def _answer(row: Mapping[Any, Any], where: str) -> Answer:
    """A row of the table, checked."""
    cells = {name: _text(row.get(name)) for name in (*_NEEDED, *_OPTIONAL) if name in row}
    for name in _NEEDED:
        if not cells[name]:
            raise UserError(f"{where}: the cell of {name!r} is empty")
    probabilities = _probabilities(row.get("probabilities"), where)
    named = cells.get("answer", "")
    best = max(probabilities, key=lambda one: probabilities[one]) if probabilities else ""
    if not (named or best):
        raise UserError(f"{where}: no answer; give 'answer' or 'probabilities'")
    known = {*_NEEDED, *_OPTIONAL, "replicate"}
    facts = {str(k): v for k, v in row.items() if k not in known and _is_fact(v)}
    return Answer(
        sample=cells["sample"],
        kind=cells["kind"],
        label=cells["label"],
        answer=named or best,
        word=cells.get("word", ""),
        target=cells.get("target", ""),
        control=cells.get("control", ""),
        control_of=cells.get("control_of", ""),
        model=cells.get("model", "") or GIVEN,
        replicate=_replicate(row.get("replicate"), where),
        probabilities=probabilities,
        facts=facts,
    )


def _text(value: Any) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value).strip()


def _is_fact(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int | bool)


def _replicate(value: Any, where: str) -> int:
    text = _text(value)
    if not text:
        return -1
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) >= 2**31:
        raise UserError(f"{where}: replicate {text[:40]!r} is not a number from 0")
    return int(text)


def _probabilities(value: Any, where: str) -> dict[str, float]:
    """Class to probability, of a JSON object or a mapping."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else {}
        except (ValueError, RecursionError):
            raise UserError(f"{where}: 'probabilities' is no JSON object") from None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return {}
    if not isinstance(value, Mapping):
        raise UserError(f"{where}: 'probabilities' must map classes to numbers")
    found = {}
    for name, number in value.items():
        if number is None:
            continue  # parquet gives every row the classes of all rows
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
            raise UserError(f"{where}: the probability of {str(name)[:60]!r} is {number!r:.60}")
        found[str(name)] = float(number)
    return found


def write_given(
    answers: Sequence[Answer],
    out: str | Path,
    *,
    name: str,
    question: str = "Which object is it?",
    class_names: Sequence[str] = (),
    command: str = "",
    now: datetime.datetime,
) -> RunFolder:
    """Make a run's folder of answers, so that every table, page and comparison can be had of them.

    Similarities, coverage and letter sizes are not known and stay empty, and so do the figures
    made of them.

    Args:
        answers: of any models.
        out: must not exist; it is written whole or not at all.
        name: what tables call the set of pictures.
        question: what was asked, one line.
        class_names: the possible answers; all that occur if empty.
        command: what made it.
        now: when.

    Raises:
        UserError: if a label or answer is no class, a picture stands twice, a control names no
            attack, or `out` exists or cannot be written.
    """
    names = tuple(class_names) or _classes(answers)
    records = _records(answers, {text: place for place, text in enumerate(names)})
    table = pa.Table.from_pylist(records, schema=SCHEMA)
    samples = sorted({one.sample for one in answers})
    with folder_made_whole(Path(out)) as made:
        folder = RunFolder(made)
        folder.start(_manifest(answers, name, question, names, samples, command, now))
        folder.write_part(table, samples, [])
    return RunFolder(Path(out))


def _classes(answers: Sequence[Answer]) -> tuple[str, ...]:
    found = set[str]()
    for one in answers:
        target = one.target or one.word
        found |= {one.label, one.answer, *one.probabilities}
        found |= {target} if target and target != _NO_CLASS else set()
    return tuple(sorted(found))


def _records(answers: Sequence[Answer], index: Mapping[str, int]) -> list[dict[str, Any]]:
    clean = {(o.model, o.sample): o for o in answers if o.kind == CLEAN}
    if len(clean) < sum(one.kind == CLEAN for one in answers):
        twice = Counter((o.model, o.sample) for o in answers if o.kind == CLEAN).most_common(1)
        raise UserError(f"answers: {twice[0][0][1]!r} has two clean pictures; give one a sample")
    counted: dict[tuple[str, str, str], int] = defaultdict(int)
    kinds = {one.kind for one in answers}
    seen = set[tuple[Any, ...]]()
    records = []
    for one in answers:
        if one.control and one.control_of not in kinds:
            raise UserError(
                f"answers: the control {one.kind!r} of {one.sample!r} is of {one.control_of!r}, "
                "but no picture is called so"
            )
        replicate = one.replicate
        if replicate < 0:
            replicate = counted[one.model, one.kind, one.sample]
            counted[one.model, one.kind, one.sample] += 1
        key = (one.model, one.kind, one.sample, replicate)
        if key in seen:
            raise UserError(f"answers: {one.kind!r} of {one.sample!r}, {replicate}, stands twice")
        seen.add(key)
        records.append(_record(one, replicate, index, clean.get((one.model, one.sample))))
    return records


def _record(
    one: Answer, replicate: int, index: Mapping[str, int], clean: Answer | None
) -> dict[str, Any]:
    for what, text in (("label", one.label), ("answer", one.answer)):
        if text not in index:
            raise UserError(f"answers: the {what} {text!r} of {one.sample!r} is no class")
    attacked = one.kind != CLEAN
    top = sorted(one.probabilities.items(), key=lambda pair: -pair[1])[:TOP]
    target = one.target or one.word
    probability = one.probabilities.get
    return {
        "model": one.model,
        "task": "object",
        "recipe": recipe_of(one.kind),
        "family": ("control" if one.control else "attack") if attacked else CLEAN,
        "control": one.control,
        "control_of": recipe_of(one.control_of) if one.control_of else "",
        "sample": one.sample,
        "replicate": replicate,
        "label": index[one.label],
        "word": one.word if attacked else "",
        "written": one.word if attacked else "",
        "target": index.get(target, -1) if attacked and one.word else -1,
        "predicted": index[one.answer],
        "correct": one.answer == one.label,
        "clean_predicted": index[clean.answer] if clean else -1,
        "prob_label": probability(one.label),
        "prob_word": probability(target) if attacked and one.word else None,
        "prob_predicted": probability(one.answer),
        "top": [index[name] for name, _ in top] or [index[one.answer]],
        "top_prob": [p for _, p in top] or [math.nan],
        "box": [0, 0, 0, 0],
        "seed": 0,
        "pixels": "",
        "facts": json.dumps(dict(one.facts), ensure_ascii=False, sort_keys=True),
    }


def recipe_of(kind: str) -> str:
    """How predictions name a kind of given picture: as pictures that come with a data set."""
    return CLEAN if kind == CLEAN else f'as-given("{kind}")'


def _manifest(
    answers: Sequence[Answer],
    name: str,
    question: str,
    names: Sequence[str],
    samples: Sequence[str],
    command: str,
    now: datetime.datetime,
) -> dict[str, Any]:
    pictures = sorted({(o.sample, o.kind, o.label, o.word, o.target) for o in answers})
    data = digest(*(part for picture in pictures for part in picture))
    comparable = {GIVEN: name, "data": data, "classes": digest(*names)}
    models = list(dict.fromkeys(one.model for one in answers))
    return {
        "format": FORMAT,
        "typoattack": __version__,
        GIVEN: True,
        "suite": name,
        "question": question,
        "identity": comparable | {"models": [[model, GIVEN] for model in models]},
        "comparable": comparable,
        "models": [_of_model(model) for model in models],
        "task": {"name": "object", "class_names": list(names), "templates": []},
        "second_tasks": [],
        "dataset": {
            "name": name,
            "fingerprint": data,
            "samples": len(samples),
            "licence": "not stated with the answers",
            "chosen": f"all {len(samples):,}",
        },
        "words": "",
        "before_canvas": [],
        "passes": 0,
        "planned": len(samples),
        "seed": 0,
        "command": command,
        "settings": {},
        "started": now.isoformat(timespec="seconds"),
        "versions": {},
    }


def _of_model(model: str) -> dict[str, Any]:
    return {
        "name": model,
        "base": model,
        "defences": [],
        "classifier": "",
        "fingerprint": GIVEN,
        "image_size": 0,
        "reads": True,
        "note": "these answers were given, not computed here",
    }
