"""Log-probabilities from an endpoint of the interface that vLLM and llama.cpp serve; budgets."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chat.local_endpoint import Server, completion
from typoattack.chat.budget import Budget, Spent
from typoattack.chat.letters import chances
from typoattack.chat.phrasing import phrasings
from typoattack.chat.question import Question
from typoattack.chat.reply import Reply, parse_reply
from typoattack.cli import chat as command
from typoattack.cli import main
from typoattack.core.errors import RunFailure, UserError
from typoattack.report.run import Run

QUESTION = Question(phrasings()["scam"], "hot dog", "iPod", True)


def answer(text: str, *places: list[tuple[str, float]], usage: bool = True) -> bytes:
    """A completion with log-probabilities: of each place, the token written and those likeliest."""
    content = [
        {
            "token": place[0][0],
            "logprob": place[0][1],
            "bytes": list(place[0][0].encode()),
            "top_logprobs": [{"token": t, "logprob": p, "bytes": None} for t, p in place],
        }
        for place in places
    ]
    made = json.loads(completion(text))
    made["choices"][0]["logprobs"] = {"content": content}
    return json.dumps(made if usage else {**made, "usage": None}).encode()


def reply(text: str, *places: list[tuple[str, float]]) -> Reply:
    return parse_reply(answer(text, *places))


HALF, FIFTH, TENTH = math.log(0.5), math.log(0.2), math.log(0.1)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (reply("a", [("a", HALF), ("b", FIFTH)]), (HALF, FIFTH)),
        (reply("(a)", [("(", -0.01)], [("a", HALF), ("b", FIFTH)], [(")", 0)]), (HALF, FIFTH)),
        (reply("(a", [("(a", HALF), ("(b", FIFTH), ("The", TENTH)]), (HALF, FIFTH)),
        (reply(" B.", [(" B", HALF), (" A", FIFTH)], [(".", 0)]), (FIFTH, HALF)),
        (
            reply("b", [("b", FIFTH), (" b", TENTH), ("B", TENTH), ("a", HALF)]),
            (HALF, math.log(0.4)),
        ),
        (
            reply("It is a (b)", [("It", 0)], [(" is", 0)], [(" a", HALF), (" the", HALF)],
                  [(" (", 0)], [("b", HALF), ("a", FIFTH)], [(")", 0)]),
            (FIFTH, HALF),
        ),
        (
            reply("It is a photo (a)", [("It", 0)], [(" is", 0)], [(" a", -0.01), (" b", -9)],
                  [(" photo", 0)], [(" (", 0)], [("a", HALF), ("b", FIFTH)], [(")", 0)]),
            (HALF, FIFTH),
        ),
        (reply("a", [("a", HALF), ("c", FIFTH)]), "(b) is not among the 2 likeliest"),
        (reply("b", [("b", HALF)]), "(a) is not among the 1 likeliest"),
        (reply("hot dog", [("hot", HALF), ("a", FIFTH)]), "the answer is no letter"),
        (reply("a photograph", [("a", HALF), ("b", FIFTH)]), "the answer is no choice"),
        (reply("I'm sorry, (a)", [("a", HALF), ("b", FIFTH)]), "the answer is no choice"),
        (reply("a"), "the endpoint gives no log-probabilities"),
    ],
)  # fmt: skip
def test_letters_are_read_where_the_model_chose(said: Reply, wanted) -> None:
    found = chances(QUESTION, said)
    assert found == (wanted if isinstance(wanted, str) else pytest.approx(wanted))


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["content", "token", "logprob", "top_logprobs"]), inner)
    ),
    max_leaves=12,
)


@given(_json)
def test_any_log_probabilities_are_read_or_left(value: object) -> None:
    for told in (value, {"content": value}, {"content": [value]}):
        choice = {"message": {"content": "(a)"}, "logprobs": told}
        said = parse_reply(json.dumps({"choices": [choice]}).encode())
        assert said.text == "(a)"
        found = chances(QUESTION, said)
        assert isinstance(found, str) or all(math.isfinite(one) for one in found)


@pytest.fixture
def chat(server: Server, photo_folder: Path, tmp_path: Path, capsys, monkeypatch):
    """`typoattack chat --answers letters` on six of nine photographs, against the server."""
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(command, "show_run", lambda _: None)

    def call(*arguments: object, way: str = "letters") -> tuple[int, str, str]:
        status = 0
        try:
            main(
                [
                    *("chat", "quick", "-m", "openai:tiny", "--base-url", server.url),
                    *("-d", f"folder:{photo_folder}", "-r", "printed-label", "--canvas", "64"),
                    *("--limit", "6", "--out", str(tmp_path / "run"), "--answers", way),
                    *("--words", "fixed:iPod", "--concurrency", "1", *map(str, arguments)),
                ]
            )
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


LIKES_IPOD, LIKES_A = 1.2, 2.0


def weighing(request: dict) -> tuple[float, float]:
    """Log-probabilities of (a) and (b): by what they are called, and by a liking for (a)."""
    text = request["messages"][0]["content"][0]["text"]
    a = LIKES_A + (LIKES_IPOD if "(a) iPod" in text else 0)
    b = LIKES_IPOD if "(b) iPod" in text else 0.0
    total = math.log(math.exp(a) + math.exp(b) + 1)
    return a - total, b - total


def likely(_: int, request: dict) -> tuple[int, bytes]:
    a, b = weighing(request)
    place = [("a", a), ("b", b)] if a >= b else [("b", b), ("a", a)]
    return 200, answer(f"({place[0][0]})", [("(", -0.001)], place, [(")", 0.0)])


def facts(run: Run) -> pd.DataFrame:
    return pd.DataFrame([json.loads(one) for one in run.predictions["facts"]])


def test_both_orders_are_asked_and_a_liking_for_a_letter_cancels(
    chat, server: Server, tmp_path: Path
) -> None:
    server.behave = likely
    status, _, err = chat()
    assert status == 0, err
    assert "24 questions, 24 not answered before" in err
    assert "24 answers paid for: 2,664 prompt and 72 answer tokens" in err
    assert len(server.requests) == 24
    assert {(r["logprobs"], r["top_logprobs"]) for r in server.requests} == {(True, 20)}
    run = Run(tmp_path / "run")
    rows = run.predictions
    assert facts(run)["answer"].eq("(a)").sum() > 0, "in words the liking shows"
    np.testing.assert_allclose(rows["prob_label"], 1 / (1 + math.exp(LIKES_IPOD)), rtol=1e-5)
    names = run.manifest["task"]["class_names"]
    assert set(rows["predicted"]) == {names.index("iPod")}
    assert rows["model"].str.contains('answers="letters"').all()
    (line,) = (s for s in run.summaries if s.recipe == "printed-label")
    assert line["margin_shift"].value == pytest.approx(0, abs=1e-6)
    status, _, err = chat()
    assert status == 0, err
    assert "24 questions, 0 not answered before" in err
    assert len(server.requests) == 24


def test_a_letter_that_was_not_told_is_said_and_not_guessed(
    chat, server: Server, tmp_path: Path
) -> None:
    """Every third answer tells of its own letter alone."""

    def partly(n: int, request: dict) -> tuple[int, bytes]:
        return likely(n, request) if n % 3 else (200, answer("(a)", [("a", -0.01), ("c", -9.0)]))

    server.behave = partly
    status, _, err = chat()
    assert status == 0, err
    run = Run(tmp_path / "run")
    rows, told = run.predictions, facts(run)
    silent = told["logprobs"].notna()
    assert 0 < silent.sum() < 12
    assert told["logprobs"][silent].str.contains(r"\(b\) is not among the 2 likeliest").all()
    assert rows["prob_label"][silent].isna().all()
    assert (rows["predicted"][silent] != -1).all()
    measured = rows["prob_label"].notna()
    assert measured.any()
    attacked = rows[measured & (rows["family"] == "attack")]
    assert attacked["clean_sim_label"].notna().all()
    assert np.isfinite(run.outcomes["margin_shift"].dropna()).all()


def test_an_endpoint_without_log_probabilities_is_taken_at_its_word(
    chat, server: Server, tmp_path: Path
) -> None:
    server.behave = lambda *_: (200, completion("(a)"))
    status, _, err = chat()
    assert status == 0, err
    told = facts(Run(tmp_path / "run"))
    assert set(told["logprobs"]) == {"; ".join(["the endpoint gives no log-probabilities"] * 2)}
    assert set(told["verdict"]) == {"label", "word"}


def test_names_are_not_asked_of_an_endpoint(chat, server: Server) -> None:
    status, _, err = chat(way="names")
    assert status == 2
    assert "tells no log-probabilities of names" in err
    assert server.requests == []


def test_a_budget_stops_a_run_that_goes_on_with_the_same_command(
    chat, server: Server, tmp_path: Path
) -> None:
    """An answer takes 114 tokens; 500 are spent by the fifth."""
    server.behave = lambda *_: (200, completion("(a)"))
    status, _, err = chat("--budget-tokens", 500, way="generated")
    assert status == 1
    assert "the budget is spent: 5 answers cost 555 prompt and 15 answer tokens" in err
    assert len(server.requests) == 5
    assert len(Run(tmp_path / "run").predictions) == 4, "two photographs are whole"
    status, _, err = chat("--budget-tokens", 500, way="generated")
    assert status == 1
    assert len(server.requests) == 10
    status, _, err = chat("--budget-tokens", 500, way="generated")
    assert status == 0, err
    assert len(server.requests) == 12
    assert len(Run(tmp_path / "run").predictions) == 12


def test_a_budget_in_money_needs_a_price_and_is_kept(chat, server: Server) -> None:
    server.behave = lambda *_: (200, completion("(a)"))
    status, _, err = chat("--budget", 1, way="generated")
    assert status == 2
    assert "give --price-in and --price-out" in err
    assert server.requests == []
    prices = ("--price-in", 1000, "--price-out", 3000)  # 0.111 and 0.009 an answer
    status, _, err = chat("--budget", 0.3, *prices, way="generated")
    assert status == 1
    assert "3 answers cost 333 prompt and 9 answer tokens, about 0.36" in err


def test_tokens_that_an_endpoint_does_not_count_are_estimated_and_said(
    chat, server: Server
) -> None:
    made = {**json.loads(completion("(a)")), "usage": None}
    server.behave = lambda *_: (200, json.dumps(made).encode())
    status, _, err = chat("--budget-tokens", 200, way="generated")
    assert status == 1
    assert "2 answers paid for" in err
    assert "2 came without a count and are estimated" in err


def test_spending_adds_up() -> None:
    spent = Spent().after("?", "(a)", 100, 2).after("x" * 40, "y" * 8, 0, 0)
    assert spent == Spent(2, 100 + 85 + 10, 2 + 3, 1)
    assert spent.cost(1e6, 2e6) == 195 + 10
    Budget().check(spent)
    Budget(tokens=201).check(spent)
    with pytest.raises(RunFailure, match="run the same command again"):
        Budget(tokens=200).check(spent)
    with pytest.raises(UserError, match="--budget is in money"):
        Budget(money=1)
