"""`typoattack rescore`."""

from pathlib import Path
from typing import Annotated

import typer

from typoattack.cli.commands import new_app
from typoattack.cli.options import Cluster, Device, Plugins, load_plugins
from typoattack.cli.printing import Printing, prints
from typoattack.cli.progress import StageProgress

app = new_app()


@app.command(
    epilog="Example: `typoattack run quick --keep-embeddings --out runs/kept`, then "
    "`typoattack rescore runs/kept --templates simple --templates openai`"
)
@prints
def rescore(
    how: Printing,
    runs: Annotated[
        list[Path], typer.Argument(help="Run folders, of runs with --keep-embeddings.")
    ],
    templates: Annotated[
        list[str] | None,
        typer.Option(
            "--templates",
            help="'as run' [default], simple (7), scam (32), openai (80), a sentence, a file; "
            "repeatable.",
        ),
    ] = None,
    among: Annotated[
        list[str] | None,
        typer.Option(
            "--among", help="all, or how many answers, 2: label or word; repeatable [all and 2]."
        ),
    ] = None,
    figure: Annotated[
        str, typer.Option("--figure", help="flip_rate, targeted_success, accuracy_attacked, …")
    ] = "flip_rate",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the matrix as CSV, Markdown, JSON.")
    ] = None,
    cluster: Cluster = "auto",
    device: Device = "auto",
    plugin: Plugins = None,
) -> None:
    """Does a conclusion depend on the rule of scoring? Figures and places under each."""
    from typoattack.report.rules import (
        markdown_rules,
        rules_frame,
        tell_rules,
        terminal_rules,
        write_rules,
    )
    from typoattack.report.rules import rescore as scored  # imports torch

    load_plugins(plugin)
    with StageProgress() as progress:
        found = scored(
            *runs,
            templates=templates or ["as run"],
            among=among or ["all", "2"],
            figure=figure,
            device=device,
            by=cluster,
            progress=progress,
        )
    how.results(
        tables=lambda: [terminal_rules(found)],
        frame=lambda: rules_frame(found),
        markdown=lambda: markdown_rules(found),
    )
    how.tell(tell_rules(found))
    if out is not None:
        write_rules(found, out)
        how.tell(f"rules: {out / 'rules.csv'}", soft=True)
