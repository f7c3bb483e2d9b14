"""`typoattack chat`."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.text import Text

from typoattack.chat.client import ChatClient, Endpoint, needs_packages
from typoattack.chat.question import PHRASINGS
from typoattack.chat.run import ChatModel, Estimate, chat_engine, estimate, interviews
from typoattack.cli import console
from typoattack.cli.commands import new_app
from typoattack.cli.options import takes_suite
from typoattack.cli.progress import StageProgress
from typoattack.cli.summary import show_run
from typoattack.core.errors import UserError, unknown
from typoattack.core.resources import default_cache_dir
from typoattack.report.run import Run
from typoattack.runner.execute import default_folder, execute
from typoattack.samples import open_dataset
from typoattack.suite import Suite, without_searches

app = new_app()

_NOT_AS_PUBLISHED = "left out clean (as published): a chat model is shown the canvas"


@app.command(epilog="Example: `typoattack chat scam -m openai:gpt-4o-mini --limit 20`")
@takes_suite(without=["templates", "clean_as_published", "reads"])
def chat(
    chosen: Suite,
    context: typer.Context,
    model: Annotated[list[str], typer.Option("--model", "-m", help="openai:MODEL.")],
    base_url: Annotated[
        str, typer.Option("--base-url", help="Where it answers, up to /v1.")
    ] = "https://api.openai.com/v1",
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
    needs_packages()
    endpoint = Endpoint(
        model=_only(model).removeprefix("openai:"),
        base_url=base_url,
        options=_options(option),
        timeout=timeout,
        tries=tries,
        key=_key(key_env),
    )
    models = [ChatModel(endpoint, one) for one in _phrasings(phrasing)]
    suite, searches = without_searches(replace(chosen, clean_as_published=False))
    data = open_dataset(suite.dataset)
    with ChatClient(endpoint, default_cache_dir()) as client:
        planned = estimate(interviews(suite, data, [one.phrasing for one in models]), client)
        console.say_left_out(searches, ())
        if chosen.clean_as_published:
            console.err.print(Text(_NOT_AS_PUBLISHED, "yellow"), soft_wrap=True)
        if not planned.questions:
            raise UserError(
                f"suite {suite.name!r} attacks no photograph, so there is nothing to ask"
            )
        _confirm(planned, (price_in, price_out), endpoint.shown_url, ask_above, yes)
        with StageProgress() as progress:
            folder = execute(
                suite,
                models,
                data,
                out or default_folder(chosen),
                progress=progress,
                command=context.obj,
                engine=chat_engine(client, concurrency),
            )
    done = Run(folder)
    show_run(done)
    _show_no_choices(done.predictions)


def _key(variable: str) -> str:
    """The key in an environment variable; one that no header can hold would be told of in full."""
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UserError(f"the key in {variable} holds characters that no header can; set it again")
    return key


def _only(models: list[str]) -> str:
    if len(models) > 1:
        raise UserError("--model stands several times; ask one chat model at a time")
    return models[0]


def _phrasings(names: list[str] | None) -> list[str]:
    """Each of the names once, in the order given."""
    for name in names or ():
        if name not in PHRASINGS:
            raise unknown("phrasing", name, PHRASINGS)
    return list(dict.fromkeys(names or ["scam"]))


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
    planned: Estimate, prices: tuple[float, float], base_url: str, ask_above: int, yes: bool
) -> None:
    """Say what it will cost; more than a few requests need a yes."""
    cost = planned.cost(*prices)
    money = f", about {cost:.2f} at the prices given" if cost else ""
    console.err.print(
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


def _show_no_choices(predictions: pd.DataFrame) -> None:
    """How often each phrasing led to an answer that is no choice."""
    verdicts = [json.loads(facts)["verdict"] for facts in predictions["facts"]]
    for model, own in predictions.assign(verdict=verdicts).groupby("model", sort=False):
        counts = {kind: int((own["verdict"] == kind).sum()) for kind in ("refused", "unclear")}
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
        if told:
            console.out.print(Text(f"{model}: of {len(own):,} answers {told}"), soft_wrap=True)
