"""`typoattack chat`."""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import typer
from rich.text import Text

from typoattack.chat.budget import Spent
from typoattack.chat.client import ChatClient, Endpoint, needs_packages
from typoattack.chat.endpoint import Estimate, Tally, chat_engine, chat_models, estimate
from typoattack.chat.interviews import interviews
from typoattack.chat.letters import ASKED_FOR
from typoattack.chat.model import ChatModel, parse_way
from typoattack.chat.phrasing import Phrasing, chosen_phrasings
from typoattack.chat.picture import Encoding, parse_encoding
from typoattack.cli import chat_options as options
from typoattack.cli import console
from typoattack.cli.chat_options import LOCAL, Spending, chat_model_named, endpoint_of, key_wanted
from typoattack.cli.commands import new_app
from typoattack.cli.options import Device, Precision, takes_suite
from typoattack.cli.progress import StageProgress
from typoattack.cli.summary import show_run
from typoattack.core.errors import UserError
from typoattack.core.resources import default_cache_dir
from typoattack.report.run import Run
from typoattack.runner.engines import Engine
from typoattack.runner.execute import default_folder, execute
from typoattack.runner.machine import Machine
from typoattack.samples import open_dataset
from typoattack.samples.base import Dataset
from typoattack.suite import Suite, without_searches

if TYPE_CHECKING:
    from typoattack.results.folder import RunFolder

app = new_app()

_NOT_AS_PUBLISHED = "left out clean (as published): a chat model is shown the canvas"


@app.command(epilog="Example: `typoattack chat scam -m openai:gpt-4o-mini --limit 20`")
@takes_suite(without=["templates", "clean_as_published", "reads"])
def chat(
    chosen: Suite,
    context: typer.Context,
    model: options.Names,
    phrasing: options.Phrasings = None,
    ignore_text: options.IgnoreText = False,
    answers: options.Answers = None,
    controls: options.Controls = False,
    picture: options.Picture = "png",
    out: options.Out = None,
    base_url: options.BaseUrl = options.OPENAI,
    key_env: options.KeyEnv = "OPENAI_API_KEY",
    option: options.Fields = '{"max_tokens": 64}',
    concurrency: options.Concurrency = 4,
    timeout: options.Timeout = 60.0,
    tries: options.Tries = 6,
    price_in: options.PriceIn = 0.0,
    price_out: options.PriceOut = 0.0,
    budget_tokens: options.BudgetTokens = None,
    budget: options.BudgetMoney = None,
    ask_above: options.AskAbove = 100,
    yes: options.Yes = False,
    device: Device = "auto",
    precision: Precision = "fp32",
) -> None:
    """Ask a chat model: is it the object, or what is written on it?

    Each attacked picture, and the clean one with the same choices, is shown with a multiple-choice
    question. Answers are kept, so that none is paid for twice; the same command goes on.
    """
    name = chat_model_named(_only(model))
    endpoint = None
    if not name.startswith(LOCAL):
        needs_packages()
        endpoint = endpoint_of(name, base_url, key_env, option, timeout, tries)
    asking = _asking(chosen, phrasing, ignore_text, controls, picture, out, str(context.obj))
    if endpoint is None:
        folder = _ask_here(asking, name, answers or "letters", Machine(device, precision))
    else:
        spending = Spending(price_in, price_out, ask_above, yes, budget_tokens, budget, key_env)
        folder = _ask_endpoint(asking, endpoint, answers or "generated", concurrency, spending)
    done = Run(folder)
    show_run(done)
    if done.answered:
        _show_no_choices(done.predictions)


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked, whoever answers.

    Attributes:
        suite: without what a chat model cannot be asked.
        data: its photographs.
        phrasings: how it is asked.
        controls: whether controls are asked too.
        encoding: of the pictures.
        out: the run's folder.
        command: what repeats the run.
    """

    suite: Suite
    data: Dataset
    phrasings: list[Phrasing]
    controls: bool
    encoding: Encoding
    out: Path
    command: str

    def go(
        self, models: list[ChatModel], engine: Engine[ChatModel], machine: Machine
    ) -> "RunFolder":
        """The finished run."""
        with StageProgress() as progress:
            return execute(
                self.suite,
                models,
                self.data,
                self.out,
                machine,
                progress=progress,
                command=self.command,
                engine=engine,
            )


def _asking(
    chosen: Suite,
    phrasing: list[str] | None,
    ignore_text: bool,
    controls: bool,
    picture: str,
    out: Path | None,
    command: str,
) -> _Asking:
    phrasings = chosen_phrasings(phrasing or [], ignore_text)
    suite, searches = without_searches(replace(chosen, clean_as_published=False))
    asking = _Asking(
        suite,
        open_dataset(suite.dataset),
        phrasings,
        controls,
        parse_encoding(picture),
        out or _folder_of(chosen),
        command,
    )
    if not any(one.items for one in interviews(suite, asking.data, phrasings[:1])):
        raise UserError(f"suite {suite.name!r} attacks no photograph, so there is nothing to ask")
    console.say_left_out(searches, ())
    if chosen.clean_as_published:
        console.err.print(Text(_NOT_AS_PUBLISHED, "yellow"), soft_wrap=True)
    return asking


def _folder_of(suite: Suite) -> Path:
    """The default, which is no folder that `typoattack run` would take."""
    folder = default_folder(suite)
    return folder.with_name(f"chat-{folder.name}")


def _ask_here(asking: _Asking, name: str, answers: str, machine: Machine) -> "RunFolder":
    """Ask a model that runs in this process."""
    from typoattack.chat.local import local_engine, local_models
    from typoattack.chat.vlm import load_vlm
    from typoattack.models.devices import resolve_device

    way = parse_way(answers)
    vlm = load_vlm(name, device=resolve_device(machine.device), precision=machine.precision)
    models = local_models(vlm, asking.phrasings, way, asking.encoding, asking.controls)
    return asking.go(models, local_engine(vlm, way), machine)


def _ask_endpoint(
    asking: _Asking, endpoint: Endpoint, answers: str, concurrency: int, spending: Spending
) -> "RunFolder":
    """Ask a model at an endpoint, once its price is agreed to."""
    way = parse_way(answers)
    if way == "names":
        raise UserError("--answers names: an endpoint tells no log-probabilities of names; letters")
    if way == "letters":
        endpoint = replace(endpoint, options={**ASKED_FOR, **endpoint.options})
    models = chat_models(endpoint, asking.phrasings, way, asking.encoding, asking.controls)
    tally = Tally()
    with ChatClient(endpoint, default_cache_dir(), spending.budget) as client:
        asked = interviews(
            asking.suite,
            asking.data,
            asking.phrasings,
            asking.encoding,
            controls=asking.controls,
        )
        planned = estimate(asked, client, way)
        if planned.unpaid:
            key_wanted(endpoint, spending.key_env)
        _confirm(planned, spending, endpoint.shown_url)
        try:
            done = asking.go(models, chat_engine(client, concurrency, way, tally), Machine())
        finally:
            _say_spent(client.spent, spending)
    if tally.failed:
        console.err.print(Text(tally.told, "yellow"), soft_wrap=True)
    return done


def _say_spent(spent: Spent, spending: Spending) -> None:
    """What this command paid for, and whether that is the endpoint's own count."""
    if not spent.answers:
        return
    cost = spent.cost(spending.price_in, spending.price_out)
    told = (
        f"{spent.answers:,} answers paid for: {spent.prompt_tokens:,} prompt and "
        f"{spent.completion_tokens:,} answer tokens"
    )
    told += f", about {cost:.2f} at the prices given" if cost else ""
    told += f"; {spent.estimated:,} came without a count and are estimated" * bool(spent.estimated)
    console.err.print(Text(told), soft_wrap=True)


def _only(models: list[str]) -> str:
    if len(models) > 1:
        raise UserError("--model stands several times; ask one chat model at a time")
    return models[0]


def _confirm(planned: Estimate, spending: Spending, base_url: str) -> None:
    """Say what it will cost; more than a few requests need a yes."""
    cost = planned.cost(spending.price_in, spending.price_out)
    money = f", about {cost:.2f} at the prices given" if cost else ""
    console.err.print(
        Text(
            f"{planned.questions} questions, {planned.unpaid} not answered before: about "
            f"{planned.prompt_tokens:,} prompt and {planned.completion_tokens:,} answer tokens"
            f"{money}"
        ),
        soft_wrap=True,
    )
    if spending.yes or planned.unpaid <= spending.ask_above:
        return
    if not sys.stdin.isatty():
        raise UserError(f"{planned.unpaid} requests to {base_url}: confirm them with --yes")
    if not typer.confirm(f"Send {planned.unpaid} requests to {base_url}?", err=True):
        raise UserError("nothing was sent; --limit makes a run smaller")


_LITTLE = 0.1
"""Below this share of a model's belief its two answers hardly tell what it would say."""


def _show_no_choices(predictions: pd.DataFrame) -> None:
    """How often each phrasing led to an answer that is no choice, or hardly to either."""
    facts = [json.loads(one) for one in predictions["facts"]]
    told_of = predictions.assign(
        verdict=[one["verdict"] for one in facts], mass=[one.get("mass") for one in facts]
    )
    for model, own in told_of.groupby("model", sort=False):
        mass = own["mass"].astype("float64").median()
        if mass < _LITTLE:
            console.out.print(
                Text(
                    f"{model}: its two answers hold {mass:.1%} of what it would say (median); ask "
                    "with --answers generated beside it",
                    "yellow",
                ),
                soft_wrap=True,
            )
        counts = {kind: int((own["verdict"] == kind).sum()) for kind in ("refused", "unclear")}
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
        if told:
            console.out.print(Text(f"{model}: of {len(own):,} answers {told}"), soft_wrap=True)
