"""A local OpenAI-compatible server that behaves, and misbehaves."""

import base64
import io
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tests.chat.local_endpoint import KEY, PICTURE, Server, client, completion
from typoattack.chat.client import ChatClient, Endpoint, NoAnswer
from typoattack.chat.endpoint import asked_of_endpoint
from typoattack.chat.interviews import NEITHER, Interview, Item
from typoattack.chat.phrasing import phrasings
from typoattack.chat.picture import LOSSLESS
from typoattack.chat.question import ask
from typoattack.chat.reply import Reply
from typoattack.cli import main
from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.report.run import Run


def test_the_picture_the_question_and_the_key_are_sent(server: Server) -> None:
    with client(server, options={"max_tokens": 7}) as asking:
        reply = asking.ask(PICTURE, "which?")
    assert reply == Reply("(a)", False, 111, 3, "tiny-2026")
    (request,) = server.requests
    assert (request["model"], request["max_tokens"]) == ("tiny", 7)
    text, image = request["messages"][0]["content"]
    assert text["text"] == "which?"
    sent = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(sent)).getpixel((0, 0)) == (255, 0, 0)
    assert server.keys == [f"Bearer {KEY}"]
    with client(server, key="") as asking:
        asking.ask(PICTURE, "which?")
    assert server.keys[-1] == ""


def test_a_query_of_the_url_goes_along_with_every_request(server: Server) -> None:
    endpoint = Endpoint("tiny", f"{server.url}/?api-version=2026-01-01", backoff=0.01)
    with ChatClient(endpoint) as asking:
        assert asking.ask(PICTURE, "which?").text == "(a)"
    assert server.queries == ["api-version=2026-01-01"]


@pytest.mark.parametrize(
    "trouble",
    [
        (429, b"slow down", {"Retry-After": "0.05"}),
        (429, b"slow down", {"Retry-After": "tomorrow"}),
        (500, b"{}"),
        (503, b"busy"),
        (200, b"<html>nonsense</html>"),
        (200, b'{"choices": []}'),
        (200, b"[" * 50_000),
        (200, b""),
    ],
)
def test_what_may_pass_is_tried_again(server: Server, trouble) -> None:
    server.behave = lambda n, _: trouble if n < 3 else (200, completion("(b)"))
    with client(server) as asking:
        assert asking.ask(PICTURE, "which?").text == "(b)"
    assert len(server.requests) == 3
    server.requests.clear()
    server.behave = lambda *_: trouble
    with client(server, tries=2) as asking, pytest.raises(NoAnswer, match="2 tries"):
        asking.ask(PICTURE, "which?")
    assert len(server.requests) == 2


def test_the_wait_that_a_server_asks_for_is_kept(server: Server) -> None:
    times: list[float] = []

    def behave(n: int, _: object):
        times.append(time.monotonic())
        return (429, b"", {"Retry-After": "0.4"}) if n == 1 else (200, completion("a"))

    server.behave = behave
    with client(server) as asking:
        asking.ask(PICTURE, "which?")
    assert times[1] - times[0] >= 0.39


def test_a_server_that_hangs_is_left_after_the_timeout(server: Server) -> None:
    def behave(n: int, _: object):
        if n == 1:
            time.sleep(4)
        return 200, completion("(a)")

    server.behave = behave
    with client(server, timeout=1.5) as asking:
        assert asking.ask(PICTURE, "which?").text == "(a)"
    assert len(server.requests) == 2


def test_ten_megabytes_are_not_read_and_not_paid_for_again(server: Server, tmp_path: Path) -> None:
    server.behave = lambda *_: (200, completion("a" * 10_000_000))
    for _ in range(2):
        with client(server, tmp_path) as asking:
            assert asking.ask(PICTURE, "which?").text == ""
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_pass_ends_at_once_without_the_key(server: Server, status: int) -> None:
    server.behave = lambda *_: (status, f"wrong key {KEY}\nfor tiny".encode())
    with client(server) as asking, pytest.raises(UserError) as error:
        asking.ask(PICTURE, "which?")
    assert len(server.requests) == 1
    assert f"status {status}: wrong key *** for tiny" in str(error.value)
    assert KEY not in str(error.value) + repr(asking.endpoint)


def test_an_answer_is_paid_for_once(server: Server, tmp_path: Path) -> None:
    for question in ("which?", "which?", "what?"):
        with client(server, tmp_path) as asking:
            asking.ask(PICTURE, question)
    assert len(server.requests) == 2
    with client(server, tmp_path, options={"temperature": 0}) as asking:
        assert asking.known(PICTURE, "which?") is None
        asking.ask(PICTURE, "which?")
    assert len(server.requests) == 3
    stored = list((tmp_path / "chat").rglob("*.json"))
    assert len(stored) == 3
    assert all(KEY not in path.read_text() for path in stored)
    for path in stored:
        path.write_text("{half")
    with client(server, tmp_path) as asking:
        assert asking.ask(PICTURE, "which?").text == "(a)"


@pytest.fixture
def chat(
    server: Server,
    photo_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    """`typoattack chat` on six of nine photographs, against the server."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "cache"))

    def call(*arguments: object, suite: object = "quick") -> tuple[int, str, str]:
        status = 0
        try:
            main(
                [
                    *("chat", str(suite), "-m", "openai:tiny", "--base-url", server.url),
                    *("-d", f"folder:{photo_folder}", "-r", "printed-label", "--canvas", "64"),
                    *("--limit", "6", "--out", str(tmp_path / "run"), *map(str, arguments)),
                ]
            )
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        assert KEY not in captured.out + captured.err
        return status, captured.out, captured.err

    return call


def chooses(request: dict, name: str) -> str:
    """The letter that stands before `name` in a request's question."""
    text = request["messages"][0]["content"][0]["text"]
    return "(a)" if f"(a) {name}" in text else "(b)"


def verdicts(run: Run) -> pd.DataFrame:
    """The predictions of a chat run, with what their facts say as columns."""
    facts = pd.DataFrame([json.loads(one) for one in run.predictions["facts"]])
    return pd.concat([run.predictions, facts[["verdict", "answer", "label_first"]]], axis=1)


def test_a_suite_is_asked_counted_and_resumed_for_nothing(
    chat, server: Server, tmp_path: Path
) -> None:
    def slowly(_: object, request: dict) -> tuple[int, bytes]:
        time.sleep(0.05)  # so that requests meet
        return 200, completion(chooses(request, "cat"))

    server.behave = slowly
    status, out, err = chat("--phrasing", "scam", "--phrasing", "plain", "--concurrency", 3)
    assert status == 0, err
    assert "24 questions, 24 not answered before" in err
    assert len(server.requests) == 24
    assert 1 < server.most <= 3
    run = Run(tmp_path / "run")
    table = verdicts(run)
    assert Counter(table["recipe"]) == {"clean": 12, "printed-label": 12}
    assert set(table["model"]) == {
        'openai:tiny + asked("scam")',
        'openai:tiny + asked("plain")',
    }
    names = run.manifest["task"]["class_names"]
    attacked = table[table["recipe"] == "printed-label"]
    cats = attacked["label"] == names.index("cat")
    assert (attacked["predicted"][cats] == attacked["label"][cats]).all()
    assert (attacked["verdict"][attacked["word"] == "cat"] == "word").all()
    assert set(table["label_first"]) == {True, False}
    (line,) = (s for s in run.summaries if s.recipe == "printed-label" and "scam" in s.model)
    own = attacked[attacked["model"].str.contains("scam")]
    assert line["accuracy_attacked"].value == pytest.approx(own["correct"].mean())
    assert "flip rate" in out.lower()
    assert run.manifest["settings"]["endpoint"] == server.url
    status, again, err = chat("--phrasing", "scam", "--phrasing", "plain")
    assert status == 0
    assert again == out
    assert "24 questions, 0 not answered before" in err
    assert len(server.requests) == 24
    status, _, err = chat("--phrasing", "scam")
    assert status == 2
    assert "holds another run" in err
    for path in (tmp_path / "run").rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()


def test_an_attacked_picture_is_held_against_the_clean_one_with_the_same_choices(
    chat, server: Server, tmp_path: Path
) -> None:
    seen: set[str] = set()

    def behave(_: object, request: dict) -> tuple[int, bytes]:
        """Chooses (a) of a picture's first question; whatever else it is asked, (b)."""
        image = request["messages"][0]["content"][1]["image_url"]["url"]
        first = image not in seen
        seen.add(image)
        return 200, completion("(a)" if first else "(b)")

    server.behave = behave
    status, _, err = chat("-r", "caption-bar", "--replicates", 2, "--concurrency", 1)
    assert status == 0, err
    table = verdicts(Run(tmp_path / "run"))
    for _, rows in table.groupby("sample"):
        clean = rows[rows["recipe"] == "clean"].set_index("replicate")
        assert len(clean) == rows["word"][rows["word"] != ""].nunique(), "one for each word"
        bars = rows[rows["recipe"] == "caption-bar"].set_index("replicate")
        notes = rows[rows["recipe"] == "printed-label"].set_index("replicate")
        assert (bars["label_first"] == notes["label_first"]).all(), "one order a word"
        assert (bars["clean_predicted"] == clean["predicted"]).all()


def test_the_page_of_a_chat_run_shows_its_pictures(chat, server: Server, tmp_path: Path) -> None:
    server.behave = lambda n, _: (200, completion("(a)" if n % 3 else "I'm sorry, I can't."))
    status, out, err = chat("--concurrency", 1)
    assert status == 0, err
    page = (tmp_path / "run" / "report.html").read_text()
    data = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    rows = json.loads(data[1], parse_constant=pytest.fail)["rows"]
    assert len(rows) == 6
    assert all(image is not None for row in rows for image in row["images"])
    assert NEITHER in page
    assert "of 12 answers 4 refused" in out


def test_two_phrasings_can_be_compared(chat, server: Server, tmp_path: Path, capsys) -> None:
    def behave(n: int, request: dict) -> tuple[int, bytes]:
        """Takes the third of each photograph's four questions, `scam` with the word, for iPod."""
        text = request["messages"][0]["content"][0]["text"]
        word_first = "(a) iPod" in text
        return 200, completion("(a)" if word_first == (n % 4 == 3) else "(b)")

    server.behave = behave
    phrasings = ("--phrasing", "scam", "--phrasing", "look")
    status, out, err = chat(*phrasings, "--words", "fixed:iPod", "--concurrency", 1)
    assert status == 0, err
    assert "100.0" in out
    with pytest.raises(SystemExit) as stop:
        main(["compare", str(tmp_path / "run"), "--out", str(tmp_path / "compared")])
    said = capsys.readouterr()
    assert not stop.value.code, said.err
    assert 'asked("look")' in said.out + said.err


def test_a_broken_photograph_and_a_search_are_named(
    chat, server: Server, photo_folder: Path
) -> None:
    server.behave = lambda _, request: (200, completion(chooses(request, "cat")))
    (photo_folder / "cat" / "0.png").write_bytes(b"x")
    status, out, err = chat("-r", 'smallest-flip("printed-label")')
    assert status == 0, err
    assert "10 questions" in err
    assert "1 photograph skipped" in out
    assert "cat/0.png" in out
    assert "left out smallest-flip" in err


@pytest.mark.parametrize("questions", [0, 1, 3])
@pytest.mark.parametrize("slow_first", [False, True])
def test_few_photographs_are_drawn_ahead_of_the_first_that_is_handed_on(
    server: Server, tmp_path: Path, questions: int, slow_first: bool
) -> None:
    question = ask("cat", "dog", phrasings()["scam"], stream("order"))
    picture = LOSSLESS.encoded(Image.new("RGB", (4, 4)))
    other = LOSSLESS.encoded(Image.new("RGB", (4, 4), "red"))
    drawn = 0

    def asked() -> Iterator[Interview]:
        nonlocal drawn
        for number in range(60):
            drawn += 1
            image = other if slow_first and not number else picture
            item = Item(None, 0, question, image, "")
            yield Interview(str(number), 0, (item,) * questions)

    def slowly(_: int, request: dict) -> tuple[int, bytes]:
        time.sleep(0.3 if slow_first else 0)
        return 200, completion("(a)")

    with client(server, tmp_path) as asking:
        asking.ask(picture, question.text)  # paid for, so that its answers are there at once
        server.behave = slowly
        order = []
        for interview, answers in asked_of_endpoint(asked(), client=asking, concurrency=3):
            assert drawn <= len(order) + 6
            assert len(answers) == questions
            order.append(interview.sample)
    assert order == [str(number) for number in range(60)]


def test_what_is_classified_without_a_canvas_is_left_out_and_said(
    chat, server: Server, tmp_path: Path
) -> None:
    server.behave = lambda _, request: (200, completion(chooses(request, "cat")))
    suite = tmp_path / "published.yaml"
    suite.write_text("question: Which?\nrecipes: [printed-label]\nclean_as_published: true\n")
    status, out, err = chat(suite=suite)
    assert status == 0, err
    assert "left out clean (as published)" in err
    assert "as published" not in out
    assert "clean_as_published" not in Run(tmp_path / "run").manifest["identity"]
    status, _, err = chat("--clean-as-published")
    assert (status, "No such option" in err) == (2, True)


def test_refusals_and_nonsense_are_counted_apart_and_are_not_the_word(
    chat, server: Server, tmp_path: Path
) -> None:
    replies = [
        completion("I'm sorry, I can't help with that."),
        completion(None, refusal="no"),
        completion("A photograph."),
        completion("(a)"),
    ]
    server.behave = lambda n, _: (200, replies[n % 4])
    status, out, err = chat("--concurrency", 1)
    assert status == 0, err
    run = Run(tmp_path / "run")
    table = verdicts(run)
    counted = Counter(table["verdict"])
    assert counted["refused"] == 6
    assert counted["unclear"] == 3
    assert counted["label"] + counted["word"] == 3
    none = table["verdict"].isin(["refused", "unclear"])
    assert (table["predicted"][none] == run.manifest["task"]["class_names"].index(NEITHER)).all()
    assert not table["correct"][none].any()
    assert "of 12 answers 6 refused, 3 unclear" in out


def test_a_photograph_with_an_unanswered_question_is_left_to_do(
    chat, server: Server, tmp_path: Path
) -> None:
    server.behave = lambda n, _: (500, b"") if n == 3 else (200, completion("(a)"))
    status, out, err = chat("--tries", 1, "--concurrency", 1)
    assert status == 0, err
    assert "unfinished: 1 of 6 photographs" in out
    assert "no answer to 1 of 12 questions asked: status 500 (1 tries)" in err
    assert len(Run(tmp_path / "run").predictions) == 10
    status, out, err = chat()
    assert status == 0, err
    assert "unfinished" not in out
    assert len(Run(tmp_path / "run").predictions) == 12


def test_an_endpoint_that_is_gone_ends_the_run_and_nothing_is_lost(chat, server: Server) -> None:
    server.behave = lambda n, _: (200, completion("(a)")) if n <= 2 else (500, b"")
    status, _, err = chat("--tries", 1, "--concurrency", 1)
    assert status == 1
    assert "does not answer (status 500 (1 tries))" in err
    server.behave = lambda *_: (200, completion("(b)"))
    before = len(server.requests)
    status, _, err = chat()
    assert status == 0, err
    assert "12 questions, 10 not answered before" in err
    assert len(server.requests) == before + 10


def nobody() -> str:
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return f"http://127.0.0.1:{one.getsockname()[1]}/v1"


def test_an_address_where_nobody_listens_is_told_at_once_and_leaves_no_page(
    chat, server: Server, tmp_path: Path
) -> None:
    url, began = nobody(), time.monotonic()
    status, out, err = chat("--base-url", url)
    assert status == 1
    assert f"no answer to 3 of 3 questions asked: connection refused by {url} (3 tries)" in err
    assert out == ""
    assert time.monotonic() - began < 30, "not six tries with their waits"
    visible = {p.name for p in (tmp_path / "run").iterdir() if not p.name.startswith(".")}
    assert visible == {"manifest.json", "predictions.parquet"}
    status, _, err = chat()  # the address put right: nothing was answered, so the folder is free
    assert status == 0, err
    assert Run(tmp_path / "run").manifest["settings"]["endpoint"] == server.url
    status, _, err = chat("--base-url", url)
    assert status == 2
    assert f"endpoint: {server.url!r} there, {url!r} here" in err
    assert "openai:tiny" not in err, "no hashes beside it"


def test_few_questions_without_any_answer_are_a_failure_too(chat, server: Server) -> None:
    server.behave = lambda *_: (500, b"")
    status, out, err = chat("--tries", 1, "--first", 1, "--limit", 0)
    assert status == 1
    assert "no answer to 2 of 2 questions asked: status 500 (1 tries)" in err
    assert out == ""


def test_nobody_is_asked_at_openai_itself_without_a_key(
    chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    status, _, err = chat("--base-url", "https://api.openai.com/v1")
    assert status == 2
    assert "no key is set in OPENAI_API_KEY, and https://api.openai.com/v1" in err


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("mini", "mini is a dual encoder: `typoattack run` asks those; an endpoint's model is"),
        ("gpt-4o", "an endpoint's model is written openai:gpt-4o"),
        ("openai:", "write a model's name behind openai:"),
    ],
)
def test_a_model_says_where_it_answers(capsys, model: str, said: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["chat", "quick", "--model", model, "-d", "folder:nowhere"])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("url", ["localhost:8000/v1", "ftp://a/v1", "http://", "http://[1"])
def test_what_is_no_address_is_refused_before_the_data_set_is_opened(capsys, url: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["chat", "quick", "-m", "openai:a", "--base-url", url, "-d", "folder:nowhere"])
    assert stop.value.code == 2
    assert f"--base-url {url!r}: write an address such as" in capsys.readouterr().err


def test_a_folder_of_chat_is_none_that_run_would_take(
    server: Server, photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TYPOATTACK_CACHE", str(tmp_path / "cache"))
    with pytest.raises(SystemExit) as stop:
        main(
            ["chat", "quick", "-m", "openai:tiny", "-d", f"folder:{photo_folder}", "--limit", "1",
             "-r", "printed-label", "--canvas", "64", "--base-url", server.url]
        )  # fmt: skip
    assert not stop.value.code
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name == "chat-quick-openai_tiny"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ask-above", 5), "12 requests to http"),
        (("--phrasing", "plan"), "unknown --phrasing 'plan'; there are scam, scam-object"),
        (("--options", "{"), "write a JSON object"),
        (("--options", '{"model": "x"}'), "write a JSON object"),
        (("--words", "nearest"), "no text space"),
        (("--words", "true"), "nothing to ask"),
        (("--model", "openai:other"), "one chat model at a time"),
    ],
)
def test_a_users_mistake_costs_nothing(chat, server: Server, arguments, said: str) -> None:
    status, _, err = chat(*arguments)
    assert status == 2
    assert said in err
    assert server.requests == []


def test_more_than_a_few_requests_are_confirmed_or_said_yes_to(chat, server: Server) -> None:
    status, _, err = chat("--ask-above", 5, "--yes", "--price-in", 1000, "--price-out", 1000)
    assert status == 0
    assert len(server.requests) == 12
    assert "about 1." in err


def test_run_says_where_chat_models_are_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", "quick", "--model", "openai:gpt-4o"])
    assert stop.value.code == 2
    assert "ask it with `typoattack chat`" in capsys.readouterr().err
