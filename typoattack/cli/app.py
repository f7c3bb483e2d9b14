"""The commands; no logic of their own."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from typoattack import __version__
from typoattack.cli.chat import chat
from typoattack.cli.fitting import defence_app, probe_app
from typoattack.cli.listing import LISTINGS
from typoattack.cli.options import (
    Canvas,
    DatasetName,
    Device,
    Legibility,
    ModelName,
    Plugins,
    Seed,
    takes_suite,
)
from typoattack.cli.units import units
from typoattack.core.errors import RunFailure, UserError

if TYPE_CHECKING:
    from typoattack.api import Run
    from typoattack.suite.suite import Suite

app = typer.Typer(
    name="typoattack",
    help="A typographic attack benchmark for CLIP-like models.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_out = Console()
_err = Console(stderr=True)


@app.command(epilog="Example: `typoattack run quick --model mini`")
@takes_suite()
def run(
    chosen: "Suite",
    legibility: Legibility = False,
    defence: Annotated[
        list[str] | None,
        typer.Option(
            "--defence",
            help="'name(param=value)', tried beside each model; repeatable. See "
            "`typoattack list defences`.",
        ),
    ] = None,
    probe: Annotated[
        list[str] | None,
        typer.Option("--probe", help="A file of `probe fit`, beside zero-shot; repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The run's folder [runs/SUITE-MODEL].")
    ] = None,
    device: Device = "auto",
    precision: Annotated[str, typer.Option("--precision", help="fp32, bf16 or fp16.")] = "fp32",
    workers: Annotated[
        int | None, typer.Option("--workers", min=0, help="Processes that draw [automatic].")
    ] = None,
    batch_size: Annotated[
        int, typer.Option("--batch-size", min=1, help="Pictures a forward pass.")
    ] = 64,
    chunk_size: Annotated[
        int, typer.Option("--chunk-size", min=1, help="Photographs a part file.")
    ] = 32,
    shard: Annotated[
        str | None,
        typer.Option("--shard", help="i/n: the i-th of n parts; `typoattack merge` joins them."),
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="local, or ray: on a cluster with Ray Data.")
    ] = "local",
) -> None:
    """Attack a suite's photographs, classify clean and attacked ones, report flip rates.

    Run the same command again to resume a run that was stopped.
    """
    from typoattack.api import Machine, execute, load_models
    from typoattack.cli.progress import StageProgress
    from typoattack.defences import with_defences
    from typoattack.samples import open_dataset

    if defence or probe:
        beside = [*(defence or ()), *(f"probe({file!r})" for file in probe or ())]
        chosen = replace(chosen, models=with_defences(chosen.models, beside))
    machine = Machine(device, precision, workers, batch_size, chunk_size, engine)
    data = open_dataset(chosen.dataset)
    with StageProgress(_err) as progress:
        models = load_models(chosen, machine)
        done = execute(chosen, models, data, out, machine, progress, shard=shard)
        if legibility:
            done.measure_legibility(progress)
    _show_run(done)


def _show_run(done: "Run") -> None:
    """A run's table, what is to be known about it, and where it is."""
    from typoattack.report.story import tell_stroop
    from typoattack.report.tables import defence_terminal_table, terminal_table

    page = done.report()
    _out.print(terminal_table(done.summaries))
    for found in done.stroop():
        _out.print(Text(f"{found.model}: {tell_stroop(found)}"))
    defended = done.defences()
    if len(defended):
        _out.print(defence_terminal_table(defended))
    notes = {model["note"]: model["name"] for model in reversed(done.manifest["models"])}
    for note, name in reversed(notes.items()):
        if note:
            _out.print(Text(f"{name}: {note}", style="italic"))
    if done.left:
        planned = done.manifest["planned"]
        told = f"unfinished: {done.left} of {planned} photographs are still to do; run "
        _out.print(Text(f"{told}`{done.manifest['command']}` again", style="yellow"))
    if done.skipped:
        count = len(done.skipped)
        _out.print(f"{count} photograph{'s' * (count > 1)} skipped:", style="yellow")
        for skip in done.skipped[:10]:
            _out.print(Text(f"  {skip.sample}: {skip.reason}"))
    study = done.units()
    if study is not None and study.problem:
        _out.print(Text(study.problem, style="yellow"))
    _out.print(Text(f"run folder: {done.path}"), soft_wrap=True)
    _out.print(Text(f"report page: {page}"), soft_wrap=True)


@app.command(epilog="Example: `typoattack merge runs/quick-mini-*-of-4 --out runs/quick-mini`")
def merge(
    runs: Annotated[list[Path], typer.Argument(help="The folders of all shards of one run.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The new run folder.")],
    plugin: Plugins = None,
) -> None:
    """Join the shards of a run, done with `run --shard i/n`, into one run, and show its table.

    Gaps, overlaps, unfinished shards and shards of other runs are refused.
    """
    from typoattack.api import Run
    from typoattack.results.merge import merge as joined

    _show_run(Run(joined(runs, out).path))


@app.command(epilog="Example: `typoattack report runs/quick-mini`")
def report(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    legibility: Legibility = False,
    plugin: Plugins = None,
) -> None:
    """Write a run's page, tables and figures beside its predictions, and show the table."""
    from typoattack.api import Run
    from typoattack.cli.progress import StageProgress

    done = Run(run)
    if legibility:
        with StageProgress(_err) as progress:
            done.measure_legibility(progress)
    _show_run(done)


@app.command(epilog="Example: `typoattack compare runs/quick-mini-blind runs/quick-mini`")
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; a run may hold several models.")],
    figure: Annotated[
        str, typer.Option("--figure", help="flip_rate, targeted_success, accuracy_attacked, …")
    ] = "flip_rate",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a page and tables there.")
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Is one model really more robust than another? Paired by photograph, with intervals."""
    from typoattack.commands import compare_runs
    from typoattack.report.comparison import tell, terminal_tables

    found, page = compare_runs(runs, figure=figure, out=out)
    for table in terminal_tables(found):
        _out.print(table)
    for line in (*tell(found), *found.notes):
        _out.print(Text(line))
    if page is not None:
        _out.print(Text(f"comparison page: {page}"), soft_wrap=True)


@app.command(epilog="Example: `typoattack published --model ViT-L-14`")
def published(
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Only models whose name holds this.")
    ] = None,
) -> None:
    """What papers and model cards report for public checkpoints, with the source of each figure."""
    from typoattack.metrics.published import read_published

    table = Table(box=None, header_style="bold", pad_edge=False)
    for head in ("model", "data", "set", "clean %", "attacked %", "source"):
        table.add_column(head, justify="right" if head.endswith("%") else "left")
    for row in read_published():
        if model is None or model.lower() in row.model.lower():
            numbers = f"{row.clean_percent:.2f}", f"{row.attacked_percent:.2f}"
            cells = row.model, row.training_data, row.dataset, *numbers, row.source
            table.add_row(*map(Text, cells))
    _out.print(table)


@app.command(
    "word-search",
    epilog="Example: `typoattack word-search 'piggy bank' --vocabulary words.txt --limit 5`",
)
def word_search(
    target: Annotated[str, typer.Argument(help="The class to drive photographs to.")],
    vocabulary: Annotated[Path, typer.Option("--vocabulary", help="A file with a string a line.")],
    model: ModelName = "mini",
    dataset: DatasetName = "bundled",
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="What the strings are drawn with.")
    ] = "printed-label",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many photographs.")] = 10,
    top: Annotated[int, typer.Option("--top", min=1, help="How many strings to show.")] = 20,
    seed: Seed = 0,
    canvas: Canvas = 448,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A CSV file for the whole ranking.")
    ] = None,
    device: Device = "auto",
    plugin: Plugins = None,
) -> None:
    """Rank strings by how often they drive photographs to a wanted class (Goh et al. 2021)."""
    from typoattack.api import Machine
    from typoattack.cli.progress import StageProgress
    from typoattack.commands import rank_words

    with StageProgress(_err) as progress:
        ranked = rank_words(
            target,
            vocabulary,
            model=model,
            dataset=dataset,
            recipe=recipe,
            limit=limit,
            seed=seed,
            canvas=canvas,
            machine=Machine(device),
            progress=progress,
            out=out,
        )
    table = Table("string", "hits", "mean probability", box=None, header_style="bold")
    for score in ranked[:top]:
        table.add_row(Text(score.word), f"{score.hits:.0%}", f"{score.probability:.3f}")
    _out.print(table)
    asked = sum(score.queries for score in ranked)
    _out.print(f"{len(ranked)} strings, {asked} pictures asked about", highlight=False)


@app.command(epilog="Example: `typoattack generate quick --recipe printed-label --out attacked/`")
@takes_suite()
def generate(
    chosen: "Suite",
    out: Annotated[Path, typer.Option("--out", "-o", help="The new folder.")],
    layout: Annotated[
        str, typer.Option("--format", "-f", help="See `typoattack list formats`.")
    ] = "imagefolder",
    device: Device = "auto",
) -> None:
    """Write an attacked data set that `datasets` loads, clean pictures included.

    A model is needed only where words are chosen by its text space (`nearest`, `farthest`).
    Searches, which ask a model what to draw, are left out.
    """
    from typoattack.api import Machine
    from typoattack.cli.progress import StageProgress, say_left_out
    from typoattack.commands import write_attacked
    from typoattack.suite.suite import without_searches

    drawn, searches = without_searches(chosen)

    with StageProgress(_err) as progress:
        skipped = write_attacked(drawn, out, layout, Machine(device), progress)
    say_left_out(_err, searches, skipped)
    _out.print(Text(f"attacked data set: {out}"), soft_wrap=True)


@app.command(epilog="Example: `typoattack show 'printed-label(size=0.4)' --word pizza`")
def show(
    recipe: Annotated[list[str], typer.Argument(help="Recipe strings; a row each.")],
    word: Annotated[
        list[str] | None, typer.Option("--word", "-w", help="Target words, in turn; repeatable.")
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", help="PARAM=VALUE,VALUE,…: a row for each; repeatable."),
    ] = None,
    dataset: DatasetName = "bundled",
    photographs: Annotated[
        int, typer.Option("--photographs", "-n", min=1, max=50, help="How many columns.")
    ] = 4,
    clean: Annotated[bool, typer.Option("--clean", help="Begin with the clean pictures.")] = False,
    seed: Seed = 0,
    cell: Annotated[int, typer.Option("--cell", min=32, help="Side of a picture.")] = 224,
    canvas: Canvas = 448,
    across: Annotated[int, typer.Option("--across", min=1, help="Recipes beside one another.")] = 1,
    plugin: Plugins = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file: .png, .jpg or .webp.")] = Path(
        "sheet.png"
    ),
) -> None:
    """Draw a contact sheet of recipes on photographs."""
    from typoattack.commands import write_sheet

    write_sheet(
        recipe,
        out,
        words=word or ["pizza"],
        sweeps=sweep or [],
        dataset=dataset,
        photographs=photographs,
        clean=clean,
        seed=seed,
        cell=cell,
        canvas=canvas,
        across=across,
    )
    _out.print(Text(f"contact sheet: {out}"), soft_wrap=True)


@app.command(epilog="Example: `typoattack check 'printed-label(size=0.4)'`")
def check(
    recipe: Annotated[str, typer.Argument(help="A recipe string.")],
    plugin: Plugins = None,
) -> None:
    """Check that a recipe keeps the rules that every recipe keeps."""
    from typoattack.testing import recipe_outcomes

    broken = 0
    for outcome in recipe_outcomes(recipe):
        mark = Text("broken ", "bold red") if outcome.problem else Text("kept   ", "green")
        _out.print(Text.assemble(mark, outcome.check, ": ", outcome.problem or outcome.rule))
        broken += bool(outcome.problem)
    if broken:
        raise UserError(f"recipe {recipe} breaks {broken} of the rules above")
    _out.print(Text(f"recipe {recipe} keeps them all"))


@app.command(epilog="Example: `typoattack new my-recipe`")
def new(
    name: Annotated[str, typer.Argument(help="Lower case with hyphens.")],
    folder: Annotated[Path, typer.Option("--out", "-o", help="Where the files go.")] = Path(),
) -> None:
    """Write a commented recipe that works, and its test, to start from."""
    from typoattack.cli.scaffold import write_scaffold

    made, test = write_scaffold(name, folder)
    _out.print(Text(f"recipe: {made}\ntest:   {test}"), soft_wrap=True)
    _out.print(Text(f"next:   typoattack show {name} --plugin {made}"), soft_wrap=True)
    _out.print(Text(f"        typoattack check {name} --plugin {made}"), soft_wrap=True)


@app.command("list", epilog="Example: `typoattack list recipes`")
def list_parts(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(LISTINGS)}.")],
    name: Annotated[str | None, typer.Argument(help="One recipe, to see its parameters.")] = None,
    plugin: Plugins = None,
) -> None:
    """List what there is: names as the other commands take them."""
    from typoattack.cli.listing import describe_recipe

    listing = LISTINGS[kind]
    if name is not None:
        if kind != "recipes":
            raise UserError(f"`typoattack list {kind}` takes no name")
        _out.print(Text(describe_recipe(name)))
        return
    table = Table(*listing.columns, box=None, header_style="bold", pad_edge=False)
    for row in listing.rows():
        table.add_row(*(Text(cell) for cell in row))
    _out.print(table)


app.command("chat", epilog="Example: `typoattack chat scam -m openai:gpt-4o-mini --limit 20`")(chat)
app.add_typer(probe_app, name="probe", no_args_is_help=True)
app.add_typer(defence_app, name="defence", no_args_is_help=True)
app.command("units", epilog="Example: `typoattack units mini --dataset folder:photos`")(units)


def _version(wanted: bool) -> None:
    if wanted:
        _out.print(__version__, highlight=False)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """A typographic attack benchmark for CLIP-like models."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exit with 2 for the user's mistakes and 1 for ours."""
    try:
        app(args=list(arguments) if arguments is not None else None)
    except UserError as error:
        _fail(str(error), 2)
    except RunFailure as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail("stopped; the same command goes on from here", 130)


def _fail(message: str, status: int) -> None:
    _err.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
