"""`typoattack run`."""

from pathlib import Path
from typing import Annotated

import typer

import typoattack
from typoattack.cli.commands import new_app
from typoattack.cli.options import Device, Legibility, Precision, takes_suite
from typoattack.cli.printing import Printing, prints
from typoattack.cli.progress import StageProgress
from typoattack.cli.summary import show_run
from typoattack.suite import Suite

app = new_app()


@app.command(epilog="Example: `typoattack run quick --model mini`")
@prints
@takes_suite()
def run(
    chosen: Suite,
    how: Printing,
    context: typer.Context,
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
    precision: Precision = "fp32",
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the image encoder: minutes, then faster.")
    ] = False,
    channels_last: Annotated[
        bool, typer.Option("--channels-last", help="May speed up convolutions.")
    ] = False,
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
        str, typer.Option("--engine", help="local, or ray: on a cluster with Ray.")
    ] = "local",
    actors: Annotated[
        int | None,
        typer.Option("--actors", min=1, help="With Ray: processes that classify [one a GPU]."),
    ] = None,
    keep_embeddings: Annotated[
        bool, typer.Option("--keep-embeddings", help="Store them, for `rescore` and `retrieve`.")
    ] = False,
) -> None:
    """Attack a suite's photographs, classify clean and attacked ones, report flip rates.

    Run the same command again to resume a run that was stopped.
    """
    with StageProgress(often=how.verbose) as progress:
        done = typoattack.run(
            chosen,
            defences=defence or (),
            probes=probe or (),
            legibility=legibility,
            out=out,
            machine=typoattack.Machine(
                *(device, precision, workers, batch_size, chunk_size, engine, keep_embeddings),
                *(actors, compiled, channels_last),
            ),
            progress=progress,
            shard=shard,
            command=context.obj,
        )
    show_run(done, how)
