"""Writes `results/protocols.md`: each rule of each published protocol beside what is done here.

python benchmarks/protocols/table.py

The authors' values and where they stand are the YAML files beside this one, a file a protocol;
they hold facts, with repository, commit, file and line, or section of the paper, as they were read.
What is done here is never typed there: a rule names where it stands in the code (`ours`), and this
reads it, or measures it on a picture drawn for the purpose (`measured.py`).
"""

import argparse
import importlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from measured import MEASURES

from typoattack.core.files import write_whole
from typoattack.defences.base import DEFENCES
from typoattack.recipes import parse_any
from typoattack.suite import load_suite

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "results" / "protocols.md"

NOT_DONE = "not done"
"""What stands for ours where a rule names nothing that does it."""

_HEAD = """# Protocols, rule by rule

```
make protocols
```

What the authors did, and where that can be read; what is done here, read from the code as this
page is written; whether the two are equal, and if not, why. Line numbers are those of the commit
named above each table. A rule whose origin could not be read says so.

{summary}
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a protocol.

    Attributes:
        rule: what it is about.
        theirs: the authors' value, as it is printed.
        where: file and line, or section of the paper.
        ours: what is done here, as it is printed.
        equal: `yes`, `no`, or `unknown` where theirs cannot be read.
        why: why not, or how it was found out.
    """

    rule: str
    theirs: str
    where: str
    ours: str
    equal: str
    why: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """A paper's protocol.

    Attributes:
        name: of its file.
        title: what it is.
        paper: where it was published.
        repository: where its code lies; empty if there is none, or none could be read.
        commit: as of which it was read.
        ours: what stands for it here.
        rules: in the order of the file.
    """

    name: str
    title: str
    paper: str
    repository: str
    commit: str
    ours: str
    rules: tuple[Rule, ...]


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    write_whole(given.out, page(protocols()).encode())


def protocols(folder: Path = HERE) -> list[Protocol]:
    """Every protocol of a folder, what is done here read from the code."""
    return [_protocol(path) for path in sorted(folder.glob("*.yaml"))]


def _protocol(path: Path) -> Protocol:
    told = yaml.safe_load(path.read_text("utf-8"))
    rules = tuple(_rule(entry) for entry in told.pop("rules"))
    return Protocol(name=path.stem, rules=rules, **told)


def _rule(entry: dict[str, Any]) -> Rule:
    theirs, unit = entry["theirs"], entry.get("unit", "")
    ours = read(entry["ours"], float(entry.get("times", 1))) if entry.get("ours") else NOT_DONE
    equal = entry.get("equal") or (
        "yes" if same(theirs, ours, float(entry.get("within", 0))) else "no"
    )
    return Rule(
        rule=entry["rule"],
        theirs=shown(theirs, unit),
        where=entry["where"],
        ours=shown(ours, unit),
        equal=equal,
        why=entry.get("why", ""),
    )


def read(reference: str, times: float = 1) -> Any:
    """What a rule's `ours` leads to.

    Args:
        reference: `recipe:goh2021.size`, a parameter or property of a recipe, likewise `defence:`
            and `suite:`; `code:package.module:NAME`, a constant, `[key]` behind it for an entry;
            `measured:NAME`, a function of `measured.py`.
        times: what numbers are multiplied by, where theirs are in another unit.
    """
    kind, _, rest = reference.partition(":")
    if kind == "measured":
        return _scaled(MEASURES[rest](), times)
    if kind == "code":
        module, _, path = rest.partition(":")
        value: Any = importlib.import_module(module)
    else:
        name, path = re.fullmatch(r"([^.(]+(?:\(.*\))?)\.(.*)", rest).groups()
        value = _OPENED[kind](name)
    for attribute, key in re.findall(r"([A-Za-z_]\w*)|\[([^\]]+)\]", path):
        value = value[key] if key else getattr(value, attribute)
    return _scaled(value, times)


_OPENED = {
    "recipe": parse_any,
    "suite": load_suite,
    "defence": lambda name: DEFENCES[name](),
}


def _scaled(value: Any, times: float) -> Any:
    if times != 1 and isinstance(value, (int, float)):
        return value * times
    return value


def same(theirs: Any, ours: Any, within: float = 0) -> bool:
    """Whether two values are equal, numbers to rounding or `within` so much, one by one."""
    if isinstance(theirs, (int, float)) and isinstance(ours, (int, float)):
        if isinstance(theirs, bool) or isinstance(ours, bool):
            return theirs is ours
        return math.isclose(theirs, ours, rel_tol=1e-9, abs_tol=within)
    if isinstance(theirs, (list, tuple)) and isinstance(ours, (list, tuple)):
        pairs = zip(theirs, ours, strict=False)
        return len(theirs) == len(ours) and all(same(a, b, within) for a, b in pairs)
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return theirs.keys() == ours.keys() and all(
            same(value, ours[key], within) for key, value in theirs.items()
        )
    return bool(theirs == ours)


def shown(value: Any, unit: str = "") -> str:
    """A value as the table prints it."""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, (int, float)):
        text = f"{value:.4g}"
    elif isinstance(value, dict):
        text = ", ".join(f"{key}: {shown(one)}" for key, one in value.items())
    elif isinstance(value, (list, tuple)):
        parts = [
            f"({shown(one)})" if isinstance(one, (list, tuple)) else shown(one) for one in value
        ]
        text = ", ".join(parts)
    else:
        return str(value)
    return f"{text} {unit}".strip()


def page(found: Sequence[Protocol]) -> str:
    """The whole page, Markdown."""
    return "\n".join([_HEAD.format(summary="\n".join(_summary(found))), *map(_section, found)])


def _summary(found: Sequence[Protocol]) -> Iterator[str]:
    yield "| protocol | here | rules | equal | not equal | unknown |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for one in found:
        counts = [
            sum(rule.equal == word for rule in one.rules) for word in ("yes", "no", "unknown")
        ]
        numbers = " | ".join(str(count) for count in (len(one.rules), *counts))
        yield f"| [{one.name}](#{one.name}) | {one.ours} | {numbers} |"


def _section(one: Protocol) -> str:
    where = f"`{one.repository}` as of `{one.commit[:7]}`" if one.repository else "no code was read"
    lines = [
        f"## {one.name}",
        "",
        f"{one.title}. {one.paper}. Theirs: {where}. Here: {one.ours}.",
        "",
    ]
    lines += [
        "| rule | authors | where | here | equal | why |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule in one.rules:
        cells = (rule.rule, rule.theirs, rule.where, rule.ours, rule.equal, rule.why)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("$", "\\$")


if __name__ == "__main__":
    main()
