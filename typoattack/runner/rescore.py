"""One run scored again by another rule, from its embeddings: other sentences, other answers.

What a harness counts as an answer differs from paper to paper: all classes, the label against the
written word, a handful of options; one sentence a class or eighty. None of that needs the pictures
again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.core.randomness import stream
from typoattack.models.base import Classifier, Model
from typoattack.models.text_cache import Features, TextCache
from typoattack.models.zero_shot import softmax
from typoattack.results.embeddings import read_embeddings
from typoattack.results.folder import RunFolder
from typoattack.results.schema import TOP
from typoattack.samples.labels import templates
from typoattack.task import Task

ALL = "all"
"""Every class is an answer."""

AS_RUN = "as run"
"""The sentences that the run was asked with."""

_ROWS = 2048
"""Predictions whose similarities to all classes are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of each picture.

    Attributes:
        templates: `as run`, or what `typoattack.samples.labels.templates` takes.
        among: `all` classes, or a number: the label, the written word, and others by lot.
    """

    templates: str = AS_RUN
    among: str = ALL

    def __post_init__(self) -> None:
        if self.among != ALL and not (self.among.isascii() and self.among.isdigit()):
            raise UserError(f"among {self.among!r}: `{ALL}` or a number of answers, such as 2")
        if self.among != ALL and int(self.among) < 2:
            raise UserError(f"among {self.among}: the label and the word are two answers already")

    def __str__(self) -> str:
        answers = "all classes" if self.among == ALL else f"{self.among} answers"
        return f"{self.templates}, {answers}"


Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run kept of one model, read once for any number of rules.

    Attributes:
        manifest: of the run.
        rows: the model's predictions of the suite's own question.
        embeddings: (n_pictures, d).
        pictures: for each row where its picture's embedding lies.
        cleans: and that of its clean picture; −1 without one.
    """

    manifest: Mapping[str, Any]
    rows: pd.DataFrame
    embeddings: Features
    pictures: Places
    cleans: Places


def read_kept(folder: RunFolder, model: Model) -> Kept:
    """What a run kept of a model.

    Raises:
        UserError: if the run kept no embeddings of it, or not all; if another model made them, or
            one that answers by a classifier of its own.
    """
    manifest = folder.manifest()
    entry = next((m for m in manifest["models"] if m["name"] == model.name), None)
    if entry is None or entry["fingerprint"] != model.fingerprint:
        raise UserError(f"the embeddings in {str(folder.path)!r} are not those of {model.name!r}")
    if model.lineage.classifier:
        raise UserError(f"{model.name} answers by {model.lineage.classifier}, not by sentences")
    place, embeddings = read_embeddings(folder.path, model.name)
    predictions = folder.predictions()
    own = predictions["model"] == model.name
    asked = predictions["task"] == manifest["task"]["name"]
    rows = predictions[own & asked].reset_index(drop=True)
    return Kept(manifest, rows, embeddings, *_places(rows, place, folder))


def rescored(kept: Kept, model: Model, rule: Rule, cache: TextCache) -> pd.DataFrame:
    """A model's predictions under another rule, as a run that asked so would have them.

    Of few answers, a clean picture is asked with those of each attacked one, so `clean_predicted`
    may differ from row to row; a row whose answer is a word that is no class has −1 as `predicted`.

    Args:
        kept: what a run kept of the model.
        model: the one that made the embeddings.
        rule: what is asked.
        cache: where text features are kept.
    """
    asked = kept.manifest["task"]
    chosen = tuple(asked["templates"]) if rule.templates == AS_RUN else templates(rule.templates)
    task = Task(str(asked["name"]), tuple(asked["class_names"]), chosen)
    seed = int(kept.manifest["identity"].get("seed", 0))
    scorer = _Scorer(model, model.classifier(task, cache), rule, seed)
    parts = []
    for start in range(0, len(kept.rows), _ROWS):
        part = slice(start, start + _ROWS)
        before = kept.cleans[part]
        here, there = kept.embeddings[kept.pictures[part]], kept.embeddings[before]
        parts.append(scorer.scored(kept.rows.iloc[part], here, there, before >= 0))
    whole: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return whole


def _places(
    rows: pd.DataFrame, place: Mapping[str, int], folder: RunFolder
) -> tuple[Places, Places]:
    """For each row where its embedding lies, and that of its clean picture; −1 without one."""
    found = rows["pixels"].map(place)
    lacking = int(found.isna().sum())
    if lacking:
        raise UserError(
            f"{str(folder.path)!r} lacks the embeddings of {lacking} of {len(rows)} pictures: the "
            "run did not keep them from the start; run it anew with --keep-embeddings"
        )
    clean = rows[rows["family"] == "clean"].set_index("sample")["pixels"].map(place)
    before = rows["sample"].map(clean).fillna(-1)
    return found.to_numpy(np.int64), before.to_numpy(np.int64)


@dataclass(frozen=True, slots=True)
class _Scorer:
    """Answers a rule's question from embeddings."""

    model: Model
    classifier: Classifier
    rule: Rule
    seed: int

    def scored(
        self, rows: pd.DataFrame, embedded: Features, clean: Features, has_clean: NDArray[np.bool_]
    ) -> pd.DataFrame:
        """Rows of the predictions with what is answered now.

        Args:
            rows: (n,) as the run has them.
            embedded: (n, d) of their pictures.
            clean: (n, d) of their clean pictures; anything where there is none.
            has_clean: (n,) whether there is one.
        """
        labels, targets = (rows[name].to_numpy(np.int64) for name in ("label", "target"))
        here, there = (self.classifier.scores(part).similarity for part in (embedded, clean))
        words = self._words(rows)
        word_here, word_there = (np.einsum("nd,nd->n", part, words) for part in (embedded, clean))
        allowed, strange = self._allowed(rows, labels, targets)
        answered = self._answer(here, allowed, np.where(strange, word_here, np.nan))
        before = self._answer(there, allowed, np.where(strange, word_there, np.nan))
        each = np.arange(len(rows))
        worded = (rows["word"] != "").to_numpy()
        probability, predicted = answered.probability, answered.predicted
        known = np.maximum(predicted, 0)

        def where(mask: NDArray[np.bool_], values: Features) -> NDArray[np.float64]:
            return np.where(mask, values, np.nan)

        answers: pd.DataFrame = rows.assign(
            predicted=predicted.astype(np.int32),
            correct=predicted == labels,
            clean_predicted=np.where(has_clean, before.predicted, -1).astype(np.int32),
            prob_label=probability[each, labels],
            prob_word=where(targets >= 0, probability[each, np.maximum(targets, 0)]),
            prob_predicted=where(predicted >= 0, probability[each, known]),
            sim_label=here[each, labels],
            sim_word=where(worded, word_here),
            sim_predicted=where(predicted >= 0, here[each, known]),
            clean_sim_label=where(has_clean, there[each, labels]),
            clean_sim_word=where(has_clean & worded, word_there),
            top=list(answered.top),
            top_prob=list(np.take_along_axis(probability, answered.top, axis=1)),
        )
        return answers

    def _words(self, rows: pd.DataFrame) -> Features:
        """(n, d): the text features of what is written; zeros where nothing is."""
        texts = rows["word"].tolist()
        distinct = list(dict.fromkeys(text for text in texts if text))
        width = self.classifier.weights.shape[1]
        features = {"": np.zeros(width, np.float32)}
        if distinct:
            features |= dict(zip(distinct, self.classifier.word_features(distinct), strict=True))
        return np.stack([features[text] for text in texts])

    def _allowed(
        self, rows: pd.DataFrame, labels: Places, targets: Places
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(n, n_classes) which classes are answers; (n,) whether a word that is no class is one."""
        classes = len(self.classifier.task.class_names)
        worded = (rows["word"] != "").to_numpy()
        if self.rule.among == ALL or not worded.any():
            return np.ones((len(rows), classes), bool), np.zeros(len(rows), bool)
        count = min(int(self.rule.among), classes)
        allowed = np.zeros((len(rows), classes), bool)
        each = np.arange(len(rows))
        allowed[each, labels] = True
        allowed[each[targets >= 0], targets[targets >= 0]] = True
        strange = worded & (targets < 0)
        keys = zip(rows["sample"], rows["word"], strict=True)
        for row, (sample, word) in enumerate(keys):
            if not worded[row]:
                allowed[row] = True  # a clean picture by itself: among which is said by attacks
                continue
            lot = stream(self.seed, "answers", sample, word).permutation(classes)
            free = count - int(allowed[row].sum()) - int(strange[row])
            others = [index for index in lot.tolist() if not allowed[row, index]]
            allowed[row, others[: max(free, 0)]] = True
        return allowed, strange

    def _answer(
        self, similarity: Features, allowed: NDArray[np.bool_], word: NDArray[np.floating[Any]]
    ) -> "_Answered":
        """What is answered: the likeliest allowed class, or −1 for a word that is none."""
        cut = np.where(allowed, similarity, -np.inf)
        best = cut.argmax(axis=1)
        beaten = word > cut.max(axis=1)  # False where there is no such word
        logits = np.where(allowed, similarity, -10.0) * np.float32(self.model.logit_scale)
        top = np.argsort(-cut, axis=1, kind="stable")[:, : min(TOP, cut.shape[1])]
        return _Answered(
            np.where(beaten, -1, best).astype(np.int64), self._probability(logits, allowed), top
        )

    def _probability(self, logits: Features, allowed: NDArray[np.bool_]) -> Features:
        bias = self.model.logit_bias
        if bias is None:
            each = softmax(logits)
        else:
            each = 1 / (1 + np.exp(-np.clip(logits + bias, -80, 80)))
        return np.asarray(np.where(allowed, each, 0), np.float32)


@dataclass(frozen=True, slots=True)
class _Answered:
    """Of n pictures the class answered (−1: a word that is none), probabilities, the likeliest."""

    predicted: Places
    probability: Features
    top: NDArray[np.int64]


def every_rule(sentences: Sequence[str], among: Sequence[str]) -> list[Rule]:
    """Every pair of them, each once."""
    return [Rule(one, many) for one in dict.fromkeys(sentences) for many in dict.fromkeys(among)]
