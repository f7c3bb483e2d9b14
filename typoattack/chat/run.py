"""Running a suite on a chat model: which pictures, which questions, what was answered."""

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from typoattack.chat.client import ChatClient, NoAnswer, Reply, give_up, png
from typoattack.chat.question import Question, Verdict, ask, verdict_on
from typoattack.core.errors import UserError
from typoattack.core.files import write_whole
from typoattack.core.progress import Progress
from typoattack.core.randomness import stream
from typoattack.core.version import __version__
from typoattack.metrics.intervals import wilson
from typoattack.results.folder import Skipped
from typoattack.results.schema import CLEAN
from typoattack.runner.draw import Generator, draw_all, open_sample
from typoattack.runner.plan import chosen_indices, needs_text_space

if TYPE_CHECKING:
    from typoattack.samples.base import Dataset
    from typoattack.suite import Suite

_MOST_FAILURES = 10
"""Questions in a row without any answer after which a run stops."""

_TOKENS_A_PICTURE = 85
"""What OpenAI counts for a picture at low detail (its vision guide); others differ."""

ANSWERS = "answers.csv"
MANIFEST = "chat.json"


@dataclass(frozen=True, slots=True)
class Item:
    """One question about one picture.

    Attributes:
        recipe: the attack's label, or `clean` for the same pair on the clean picture.
        sample: id of the photograph.
        replicate: which of the suite's words.
        phrasing: a name of `PHRASINGS`.
        question: what is asked.
        image: the picture as PNG.
    """

    recipe: str
    sample: str
    replicate: int
    phrasing: str
    question: Question
    image: bytes


def items(
    suite: "Suite",
    data: "Dataset",
    phrasings: Sequence[str],
    skipped: list[Skipped] | None = None,
) -> Iterator[Item]:
    """Every question of a suite: each attacked picture, and its clean one with the same pair.

    Controls without the word, and pictures whose word is the label, ask nothing and are left out;
    so are searches.

    Args:
        suite: what is drawn on what.
        data: the photographs.
        phrasings: names of `PHRASINGS`.
        skipped: gets the photographs that cannot be decoded.
    """
    if needs_text_space(suite):
        raise UserError("a chat model has no text space: choose other words than nearest, farthest")
    names = data.task.class_names
    generator = Generator(suite, names)
    for index in chosen_indices(suite, data):
        opened = open_sample(generator, data[index])
        sample, canvas = opened.sample, opened.canvas
        if canvas is None:
            if skipped is not None:
                skipped.append(Skipped(sample.id, opened.broken))
            continue
        label, asked = names[sample.label], set[str]()
        for one in draw_all(generator, opened):
            word = one.attacked.word
            if one.attack.control or not word or word == label:
                continue
            pictures = [(one.attack.label, one.attacked.image)]
            if sample.has_clean and word not in asked:
                asked.add(word)
                pictures.insert(0, (CLEAN, canvas))
            for recipe, image in pictures:
                data_ = png(image)
                for phrasing in phrasings:
                    key = (suite.seed, sample.id, recipe, word, one.replicate, phrasing)
                    question = ask(label, word, phrasing, stream("chat", *key))
                    yield Item(recipe, sample.id, one.replicate, phrasing, question, data_)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will ask and cost.

    Attributes:
        questions: in all.
        unpaid: those that the cache does not know.
        prompt_tokens: of the unpaid, roughly.
        completion_tokens: of the unpaid, roughly.
    """

    questions: int
    unpaid: int
    prompt_tokens: int
    completion_tokens: int

    def cost(self, price_in: float, price_out: float) -> float:
        """In the currency of the prices, which are for a million tokens."""
        return (self.prompt_tokens * price_in + self.completion_tokens * price_out) / 1e6


def estimate(asked: Iterable[Item], client: ChatClient) -> Estimate:
    """Count the questions, without asking any; four characters are taken for a token."""
    questions, unpaid, tokens = 0, 0, 0
    for item in asked:
        questions += 1
        if client.known(item.image, item.question.text) is None:
            unpaid += 1
            tokens += _TOKENS_A_PICTURE + len(item.question.text) // 4
    return Estimate(questions, unpaid, tokens, 5 * unpaid)


def run_chat(
    asked: Iterable[Item], client: ChatClient, *, total: int, concurrency: int, progress: Progress
) -> pd.DataFrame:
    """Ask every question, at most `concurrency` at a time; answers are cached as they come.

    Args:
        asked: taken one after the other, so that few pictures are held at once.
        client: whom to ask.
        total: how many questions there are.
        concurrency: requests in flight at most.
        progress: told (`questions`, done, total).

    Returns:
        One row a question in the order of `asked`: recipe, sample, replicate, phrasing, label,
        word, label_first, verdict, answer, prompt_tokens, completion_tokens, answered_by.

    Raises:
        UserError: if the endpoint refuses the key, the model or the requests.
        RunFailure: if it answers nothing several times in a row.
    """
    rows: dict[int, dict[str, Any]] = {}
    failures, todo = 0, enumerate(asked)
    with ThreadPoolExecutor(concurrency) as pool:
        running: dict[Future[Reply], tuple[int, Item]] = {}
        try:
            while True:
                for place, item in todo:
                    future = pool.submit(client.ask, item.image, item.question.text)
                    running[future] = place, item
                    if len(running) >= concurrency:
                        break
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    place, item = running.pop(future)
                    rows[place] = _row(item, future)
                    failures = failures + 1 if rows[place]["verdict"] == "failed" else 0
                    progress("questions", len(rows), total)
                    if failures >= _MOST_FAILURES:
                        raise give_up(client.endpoint.base_url, rows[place]["answer"])
        except BaseException:
            client.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    answers: pd.DataFrame = pd.DataFrame([rows[place] for place in sorted(rows)])
    return answers


def _row(item: Item, future: "Future[Reply]") -> dict[str, Any]:
    verdict: Verdict
    try:
        reply = future.result()
        verdict = "refused" if reply.refused else verdict_on(item.question, reply.text)
    except NoAnswer as error:
        reply, verdict = Reply(str(error)), "failed"
    return {
        "recipe": item.recipe,
        "sample": item.sample,
        "replicate": item.replicate,
        "phrasing": item.phrasing,
        "label": item.question.label,
        "word": item.question.word,
        "label_first": item.question.label_first,
        "verdict": verdict,
        "answer": reply.text[:2000],
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "answered_by": reply.model,
    }


def summarise_chat(answers: pd.DataFrame) -> pd.DataFrame:
    """One row a (recipe, phrasing): accuracy among choices with its interval, and the rest.

    `accuracy` is the share of `label` among the answers that chose; refusals, unclear answers and
    failures are counted apart. Wilson's interval, over questions.
    """
    lines = []
    for (recipe, phrasing), rows in answers.groupby(["recipe", "phrasing"], sort=False):
        chose = rows[rows["verdict"].isin(["label", "word"])]
        figure = wilson((chose["verdict"] == "label").to_numpy(float))
        counts = {v: int((rows["verdict"] == v).sum()) for v in ("refused", "unclear", "failed")}
        lines.append(
            {
                "recipe": recipe,
                "phrasing": phrasing,
                "questions": len(rows),
                "accuracy": figure.value,
                "accuracy_low": figure.low,
                "accuracy_high": figure.high,
                "accuracy_n": figure.n,
                **counts,
            }
        )
    lines.sort(key=lambda line: (line["recipe"] != CLEAN, line["recipe"], line["phrasing"]))
    summary: pd.DataFrame = pd.DataFrame(lines)
    return summary


def open_folder(out: Path, suite: "Suite", data: "Dataset", identity: dict[str, Any]) -> None:
    """Make `out` a chat run's folder, or take up the same one.

    Raises:
        UserError: if it holds something else.
    """
    noted = {
        "typoattack": __version__,
        "suite": suite.identity,
        "data": data.fingerprint,
        "licence": data.licence,
        **identity,
    }
    noted = json.loads(json.dumps(noted))
    path = out / MANIFEST
    if path.is_file():
        try:
            there = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            there = {}
        if there | {"typoattack": noted["typoattack"]} != noted:
            raise UserError(f"{str(out)!r} holds another chat run; choose another --out")
    elif out.exists() and any(out.iterdir()):
        raise UserError(f"{str(out)!r} is not empty and holds no chat run; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(noted, indent=2, ensure_ascii=False) + "\n").encode())


def save_answers(out: Path, answers: pd.DataFrame) -> Path:
    """Write `answers.csv` and `summary.csv`; the path of the first."""
    write_whole(out / ANSWERS, answers.to_csv(index=False).encode())
    write_whole(out / "summary.csv", summarise_chat(answers).to_csv(index=False).encode())
    return out / ANSWERS
