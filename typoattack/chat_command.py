"""The command that asks a chat model."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from typoattack.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from typoattack.chat.run import Estimate

_out = Console()
_err = Console(stderr=True)


def chat(
    suite: Annotated[str, typer.Argument(help="A suite's name, or the path of its YAML file.")],
    model: Annotated[str, typer.Option("--model", "-m", help="openai:MODEL.")],
    base_url: Annotated[
        str, typer.Option("--base-url", help="Where it answers, up to /v1.")
    ] = "https://api.openai.com/v1",
    dataset: Annotated[
        str | None, typer.Option("--dataset", "-d", help="See `typoattack list datasets`.")
    ] = None,
    recipe: Annotated[
        list[str] | None, typer.Option("--recipe", "-r", help="'name(param=value) @ words'.")
    ] = None,
    words: Annotated[str | None, typer.Option("--words", help="See `list words`.")] = None,
    replicates: Annotated[int | None, typer.Option("--replicates", help="Words a recipe.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Keys every random stream.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Only the first N.")] = None,
    canvas: Annotated[int | None, typer.Option("--canvas", help="Side in pixels.")] = None,
    phrasing: Annotated[
        list[str] | None,
        typer.Option("--phrasing", help="scam, scam-safe, plain, look; repeatable [scam]."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="[runs/SUITE-MODEL]")] = None,
    key_env: Annotated[
        str, typer.Option("--key-env", help="The environment variable that holds the key.")
    ] = "OPENAI_API_KEY",
    option: Annotated[
        str, typer.Option("--options", help="Further fields of each request, as JSON.")
    ] = '{"max_tokens": 64}',
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=256)] = 4,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds a try.")] = 60.0,
    tries: Annotated[int, typer.Option("--tries", min=1, max=20, help="Tries a question.")] = 6,
    price_in: Annotated[
        float, typer.Option("--price-in", min=0, help="A million prompt tokens cost.")
    ] = 0.0,
    price_out: Annotated[
        float, typer.Option("--price-out", min=0, help="A million answer tokens cost.")
    ] = 0.0,
    ask_above: Annotated[
        int, typer.Option("--ask-above", min=0, help="Confirm more requests than this.")
    ] = 100,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Ask a chat model: is it the object, or what is written on it?

    Each attacked picture, and the clean one with the same choices, is shown with a multiple-choice
    question. Answers are kept, so that none is paid for twice; the same command goes on.
    """
    from typoattack.api import default_folder
    from typoattack.chat.client import ChatClient, Endpoint, needs_packages
    from typoattack.chat.question import PHRASINGS
    from typoattack.chat.run import estimate, items, open_folder, run_chat, save_answers
    from typoattack.errors import unknown
    from typoattack.models.text_cache import default_cache_dir
    from typoattack.samples import open_dataset
    from typoattack.suite import load_suite
    from typoattack.terminal import StageProgress

    needs_packages()
    for name in phrasing or ():
        if name not in PHRASINGS:
            raise unknown("phrasing", name, PHRASINGS)
    changes: dict[str, Any] = {
        "models": [model],
        "dataset": dataset,
        "recipes": recipe,
        "words": words,
        "replicates": replicates,
        "seed": seed,
        "limit": limit,
        "canvas": canvas,
    }
    chosen = load_suite(suite, changes)
    data = open_dataset(chosen.dataset)
    asked = list(dict.fromkeys(phrasing or ["scam"]))
    options = _options(option)
    endpoint = Endpoint(
        model=model.removeprefix("openai:"),
        base_url=base_url,
        options=options,
        timeout=timeout,
        tries=tries,
        key=os.environ.get(key_env, ""),
    )
    folder = out or default_folder(chosen)
    with ChatClient(endpoint, default_cache_dir()) as client:
        planned = estimate(items(chosen, data, asked), client)
        if not planned.questions:
            raise UserError(f"suite {suite!r} attacks no photograph, so there is nothing to ask")
        _confirm(planned, (price_in, price_out), base_url, ask_above, yes)
        identity = {"model": endpoint.model, "base_url": base_url, "phrasings": asked}
        open_folder(folder, chosen, data, identity | {"options": options})
        with StageProgress(_err) as progress:
            answers = run_chat(
                items(chosen, data, asked),
                client,
                total=planned.questions,
                concurrency=concurrency,
                progress=progress,
            )
    path = save_answers(folder, answers)
    _show(answers)
    _out.print(Text(f"answers: {path}"), soft_wrap=True)


def _options(text: str) -> dict[str, Any]:
    try:
        options = json.loads(text)
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict) or {"model", "messages", "stream"} & set(options):
        raise UserError(
            f"--options {text[:100]!r}: write a JSON object, such as '{{\"max_tokens\": 64}}', "
            "without model, messages and stream"
        )
    return options


def _confirm(
    planned: "Estimate", prices: tuple[float, float], base_url: str, ask_above: int, yes: bool
) -> None:
    """Say what it will cost; more than a few requests need a yes."""
    cost = planned.cost(*prices)
    money = f", about {cost:.2f} at the prices given" if cost else ""
    _err.print(
        Text(
            f"{planned.questions} questions, {planned.unpaid} not answered before: about "
            f"{planned.prompt_tokens:,} prompt and {planned.completion_tokens:,} answer tokens"
            f"{money}"
        ),
        soft_wrap=True,
    )
    if yes or planned.unpaid <= ask_above:
        return
    if not sys.stdin.isatty():
        raise UserError(f"{planned.unpaid} requests to {base_url}: confirm them with --yes")
    if not typer.confirm(f"Send {planned.unpaid} requests to {base_url}?", err=True):
        raise UserError("nothing was sent; --limit makes a run smaller")


def _show(answers: "pd.DataFrame") -> None:
    from typoattack.chat.run import summarise_chat

    table = Table(
        *("picture", "phrasing", "object chosen", "of", "refused", "unclear", "failed"),
        box=None,
        header_style="bold",
        pad_edge=False,
    )
    for line in summarise_chat(answers).to_dict("records"):
        share, low, high = (100 * line[f"accuracy{end}"] for end in ("", "_low", "_high"))
        table.add_row(
            Text(str(line["recipe"])),
            str(line["phrasing"]),
            Text(f"{share:.1f} % [{low:.1f}, {high:.1f}]" if line["accuracy_n"] else "–"),
            *(str(line[n]) for n in ("accuracy_n", "refused", "unclear", "failed")),
        )
    _out.print(table)
