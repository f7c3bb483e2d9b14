"""What `typoattack chat` may be told, and how it is read."""

import json
import math
import os
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from typoattack.chat.budget import Budget
from typoattack.chat.client import Endpoint
from typoattack.core.errors import UserError
from typoattack.core.secrets import without_credentials

Names = Annotated[
    list[str],
    typer.Option("--model", "-m", help="openai:MODEL, or vlm:transformers:ORG/NAME|PATH."),
]
Phrasings = Annotated[
    list[str] | None,
    typer.Option(
        "--phrasing",
        help="scam, scam-safe, vlmevalkit, plain, look, … (the guide has all); repeatable [scam].",
    ),
]
IgnoreText = Annotated[
    bool,
    typer.Option("--ignore-text", help="Ask a second time, with a request to ignore text before."),
]
Controls = Annotated[
    bool, typer.Option("--controls", help="Ask of the suite's controls too; more questions.")
]
Answers = Annotated[
    str | None,
    typer.Option(
        "--answers",
        help="letters or names (in-process only): by their log-probabilities; generated: in words. "
        "[letters in-process, generated at an endpoint]",
    ),
]
Picture = Annotated[str, typer.Option("--picture", help="png, or jpeg:QUALITY, 1 to 100.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="[runs/chat-SUITE-MODEL]")]
BaseUrl = Annotated[str, typer.Option("--base-url", help="Where it answers, up to /v1.")]
KeyEnv = Annotated[
    str, typer.Option("--key-env", help="The environment variable that holds the key.")
]
Fields = Annotated[str, typer.Option("--options", help="Further fields of each request, as JSON.")]
Concurrency = Annotated[int, typer.Option("--concurrency", min=1, max=256)]
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds a try.")]
Tries = Annotated[int, typer.Option("--tries", min=1, max=20, help="Tries a question.")]
PriceIn = Annotated[float, typer.Option("--price-in", min=0, help="A million prompt tokens cost.")]
PriceOut = Annotated[
    float, typer.Option("--price-out", min=0, help="A million answer tokens cost.")
]
BudgetTokens = Annotated[
    int | None,
    typer.Option("--budget-tokens", min=1, help="Stop after so many tokens, what is done kept."),
]
BudgetMoney = Annotated[
    float | None,
    typer.Option("--budget", min=0, help="Stop after so much money, at the prices given."),
]
AskAbove = Annotated[
    int, typer.Option("--ask-above", min=0, help="Confirm more requests than this.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Spending:
    """What an endpoint's answers may cost.

    Attributes:
        price_in: of a million prompt tokens.
        price_out: of a million answer tokens.
        ask_above: how many requests need a yes.
        yes: whether it is given already.
        tokens: after how many the run stops; None for no limit.
        money: after how much; None for no limit.
        key_env: the environment variable that the key is read from.
    """

    price_in: float
    price_out: float
    ask_above: int
    yes: bool
    tokens: int | None = None
    money: float | None = None
    key_env: str = "OPENAI_API_KEY"

    @property
    def budget(self) -> Budget:
        """At which the run stops; `UserError` for money without a price."""
        tokens = math.inf if self.tokens is None else self.tokens
        money = math.inf if self.money is None else self.money
        return Budget(tokens, money, self.price_in, self.price_out)


OPENAI = "https://api.openai.com/v1"
"""Where an endpoint's models are asked if nothing else is said."""

_ENDPOINT = "openai:"
LOCAL = "vlm:"


def chat_model_named(model: str) -> str:
    """`model`, if it says where it answers.

    Raises:
        UserError: for a dual encoder, and for a name without a prefix.
    """
    for prefix in (_ENDPOINT, LOCAL):
        if model.startswith(prefix):
            if not model.removeprefix(prefix).strip():
                raise UserError(f"--model {model!r}: write a model's name behind {prefix}")
            return model
    if model == "mini" or model.startswith(("hf-hub:", "local-dir:", "python:")):
        said = "is a dual encoder: `typoattack run` asks those"
    else:
        said = "does not say where it answers (a dual encoder is asked by `typoattack run`)"
    raise UserError(
        f"--model: {model} {said}; an endpoint's model is written {_ENDPOINT}{model}, one in this "
        f"process {LOCAL}transformers:ORG/NAME"
    )


def key_wanted(endpoint: Endpoint, variable: str) -> None:
    """Raise `UserError` where OpenAI itself would be asked without a key."""
    if endpoint.base_url.rstrip("/") == OPENAI and not endpoint.key:
        raise UserError(
            f"no key is set in {variable}, and {OPENAI} answers nobody without one; set it, or "
            "name another endpoint by --base-url"
        )


def endpoint_of(
    model: str, base_url: str, key_env: str, fields: str, timeout: float, tries: int
) -> Endpoint:
    """The endpoint that a command line means.

    Raises:
        UserError: for a key or fields that cannot be sent, or an address that is none.
    """
    _refuse_no_address(base_url)
    return Endpoint(
        model=model.removeprefix(_ENDPOINT),
        base_url=base_url,
        options=_options(fields),
        timeout=timeout,
        tries=tries,
        key=_key(key_env),
    )


def _refuse_no_address(base_url: str) -> None:
    try:
        parts = urllib.parse.urlsplit(base_url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        whole = False
    if not whole:
        shown = without_credentials(base_url)[:200]
        raise UserError(f"--base-url {shown!r}: write an address such as http://localhost:8000/v1")


def _key(variable: str) -> str:
    """The key in an environment variable; one that no header can hold would be told of in full."""
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UserError(f"the key in {variable} holds characters that no header can; set it again")
    return key


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
