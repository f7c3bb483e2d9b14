"""`typoattack explain`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from typoattack.cli.commands import new_app
from typoattack.cli.options import Canvas, Device, ModelName, Plugins, load_plugins
from typoattack.cli.printing import Printing, lines_of, prints
from typoattack.core.errors import UserError
from typoattack.core.resources import default_cache_dir
from typoattack.task import Task

app = new_app()


@app.command(epilog="Example: `typoattack explain photo.jpg --model mini --out photo.html`")
@prints
def explain(
    how: Printing,
    picture: Annotated[Path, typer.Argument(help="A photograph.")],
    model: ModelName = "mini",
    class_names: Annotated[
        Path | None,
        typer.Option("--class-names", help="A file with one class name a line [ImageNet's]."),
    ] = None,
    templates: Annotated[
        str, typer.Option("--templates", help="simple, openai, a sentence with {}, or a file.")
    ] = "simple",
    canvas: Canvas = 448,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A page, .html.")] = None,
    device: Device = "auto",
    plugin: Plugins = None,
) -> None:
    """What does the text in one picture weigh in a model's answer? Needs the extra `ocr`."""
    from typoattack.factory import load_model
    from typoattack.models.devices import resolve_device
    from typoattack.models.text_cache import TextCache
    from typoattack.report.explain import explain as explained
    from typoattack.report.explain import tell_explanation, write_explanation
    from typoattack.samples.labels import OBJECT, imagenet_class_names, read_lines
    from typoattack.samples.labels import templates as sentences

    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--out {str(out)!r}: it is a page; the file's name must end in .html")
    load_plugins(plugin)
    names = read_lines(str(class_names), "class names") if class_names else imagenet_class_names()
    task = Task(OBJECT, tuple(names), sentences(templates))
    where = resolve_device(device)
    cache = TextCache(default_cache_dir())
    found = explained(
        picture, load_model(model, device=where), task, canvas=canvas, device=where, cache=cache
    )
    told = tell_explanation(found)
    how.results(
        tables=lambda: [Text(sentence) for sentence in told],
        frame=lambda: lines_of(
            ("picture", "answer", "probability"),
            [
                ("as it is", found.answer.name, f"{found.answer.top[0][1]:.6f}"),
                ("text filled in", found.without.name, f"{found.without.top[0][1]:.6f}"),
            ],
        ),
    )
    if out is not None:
        write_explanation(found, out)
        how.tell(f"page: {out}", soft=True)
