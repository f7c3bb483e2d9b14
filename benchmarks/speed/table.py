"""One table of all that `make speed` measured, each row a ratio within one run.

    .venv/bin/python benchmarks/speed/table.py

Reads the CSVs of `results/speed`, prints the table and writes `results/speed/table.md`. What was
not measured is left out; the machine and date of each row stand in its file.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from machine import RESULTS

from typoattack.core.files import write_whole

Rows = Sequence[dict[str, str]]


@dataclass(frozen=True)
class Line:
    """A row of the table.

    Attributes:
        what: is compared.
        figure: ours.
        against: what it stands against, of the same run.
        ratio: ours over that.
        goal: the ratio, or the figure, that is wanted; empty if none.
        file: where it stands.
    """

    what: str
    figure: str
    against: str
    ratio: str
    goal: str
    file: str


def read(name: str) -> Rows:
    """A file of `results/speed`; no rows if it is not there."""
    path = RESULTS / f"{name}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of_picture() -> Iterator[Line]:
    """What a picture costs beside the model, its stages, and the peers' way."""
    goals = {"all": "1.5 ms", "printed": "1.0 ms"}
    for recipes, goal in goals.items():
        told = {row["what"]: row for row in read("picture") if row["recipes"] == recipes}
        if not told:
            continue
        ms = {what: float(row["ms"]) for what, row in told.items()}
        named = "8 recipes" if recipes == "all" else "printed recipes"
        yield Line(
            f"a picture beside the model, {named}",
            f"{ms['all']:.2f} ms of a core",
            f"peers' way, {ms[_PEERS]:.2f} ms",
            f"{ms['all'] / ms[_PEERS]:.2f}",
            goal,
            "picture",
        )
        yield Line(
            "… in the first run of a process, 24 photographs",
            f"{ms[_FIRST]:.2f} ms of a core",
            "later runs",
            f"{ms[_FIRST] / ms['all']:.2f}",
            "",
            "picture",
        )
        for what in ("decode", "canvas", "drawing", "model input"):
            yield Line(
                f"… of which {what}",
                f"{ms[what]:.2f} ms",
                "all of it",
                f"{ms[what] / ms['all']:.2f}",
                "",
                "picture",
            )


_PEERS, _FIRST = "peers' way", "first run of a process"


def of_overhead() -> Iterator[Line]:
    """A run on a CPU over its bare forward passes."""
    goals = {"mini": "1.25", "ViT-B-32": "1.08"}
    for row in read("overhead"):
        yield Line(
            f"a run on a CPU, {row['model']}",
            f"{row['run_ms']} ms a picture",
            f"bare forward passes, {row['bare_ms']} ms",
            row["ratio"],
            goals.get(row["model"], ""),
            "overhead",
        )


def of_feeding() -> Iterator[Line]:
    """How long a simulated card waits."""
    for row in read("feeding"):
        yield Line(
            f"a card of {row['rate']} pictures/s, {row['workers']} drawing processes",
            f"fed {row['fed']}/s, needs {row['cores']} cores",
            f"unavoidable idle {row['unavoidable']}",
            f"idle {row['idle']}",
            "0.05 where cores suffice",
            "feeding",
        )


def of_gpu() -> Iterator[Line]:
    """How busy runs kept a GPU."""
    told = read("gpu")
    bare = {row["model"]: row["rate"] for row in told if row["what"] == "bare"}
    for row in told:
        if row["what"] != "bare":
            processes = f", {row['workers']} drawing processes" if row["what"] == "run" else ""
            yield Line(
                f"{row['model']} {row['precision']} on a GPU, {row['what']}{processes}",
                f"{float(row['rate']):,.0f} pictures/s",
                f"bare forward passes, {float(bare[row['model']]):,.0f}/s",
                row["of_bare"],
                "",
                "gpu",
            )


def of_ray() -> Iterator[Line]:
    """The Ray engine against the local one, its scaling, and its memory."""
    seen: set[str] = set()
    goals = {"overhead": "1.10", "scaling": "2", "memory": "1"}
    against = {"overhead": "the local engine", "scaling": "one actor", "memory": "100 photographs"}
    for row in read("ray"):
        what, figure = row["what"], f"{row['rate']} pictures/s"
        first = what not in seen
        seen.add(what)
        if first or row["engine"] != "ray":  # what the others stand against
            continue
        if what == "memory":
            figure = f"{row['store_mib']} MiB in Ray's store"
        yield Line(
            f"Ray, {what}: card of {row['card']}/s, {row['photographs']} photographs, actors: "
            f"{row['actors']}",
            figure,
            against[what],
            row["ratio"],
            goals[what],
            "ray",
        )


def of_searches() -> Iterator[Line]:
    """What searches cost above their forward passes, and text above the text tower's."""
    for row in read("searches"):
        yield Line(
            f"`{row['search']}`, {row['asks']}",
            f"{row['run_ms']} ms a query",
            f"bare {row['model']} in full batches, {row['bare_ms']} ms",
            row["of_bare_rate"],
            "0.9",
            "searches",
        )
    for row in read("text"):
        yield Line(
            f"text of {row['names']} names × {row['templates']} sentences, {row['device']}",
            f"{row['rate']} sentences/s",
            f"bare tower of {row['model']}, {row['bare_rate']}/s",
            row["of_bare"],
            "0.95",
            "text",
        )


def of_others() -> Iterator[Line]:
    """Drawing, start, growth and precision."""
    for row in read("azuma2023"):
        yield Line(
            "`azuma2023` at 224",
            f"{row['ours_ms']} ms",
            f"as its paper describes it, {row['description_ms']} ms",
            f"{float(row['ours_ms']) / float(row['description_ms']):.2f}",
            "",
            "azuma2023",
        )
    goals = {"--help": "0.5 s", "list recipes": "1 s"}
    for row in read("start"):
        goal = goals[row["command"]]
        yield Line(f"`typoattack {row['command']}`", f"{row['seconds']} s", "", "", goal, "start")
    growth = read("growth")
    if growth:
        least, most = (float(growth[place]["peak_mib"]) for place in (0, -1))
        counts = f"{growth[0]['photographs']} to {growth[-1]['photographs']} photographs"
        yield Line("peak memory", f"{most:.0f} MiB", counts, f"{most / least:.3f}", "1.1", "growth")
        exponent = f"power {growth[0]['exponent']}"
        yield Line("time with photographs", exponent, counts, "", "0.95–1.05", "growth")
    for precision in ("bf16", "fp16"):
        for row in read(f"precision-{precision}"):
            yield Line(
                f"answers of `{row['model']}` in {precision}",
                f"{row['rows']} pictures",
                "float32",
                row["agree"],
                "0.995",
                f"precision-{precision}",
            )


def table(lines: Sequence[Line]) -> str:
    """The lines as Markdown."""
    head = (
        "| what | figure | against | ratio | goal | file |\n| --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(
        f"| {one.what} | {one.figure} | {one.against} | {one.ratio} | {one.goal} | "
        f"[{one.file}.csv]({one.file}.csv) |\n"
        for one in lines
    )


def main() -> None:
    """Print the table and write it."""
    lines = [*of_picture(), *of_feeding(), *of_gpu(), *of_overhead(), *of_ray(), *of_searches()]
    lines += of_others()
    text = table(lines)
    write_whole(RESULTS / "table.md", f"# Speed, in ratios within one run\n\n{text}".encode())
    print(text)


if __name__ == "__main__":
    main()
