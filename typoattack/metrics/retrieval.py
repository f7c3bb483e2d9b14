"""Image–text retrieval in a gallery some of whose photographs carry words.

A rank is one more than the number of candidates that lie at least as near: who is tied stands
behind, so that a model to which everything is alike finds nothing. Candidates that are right too
(photographs of the same class or with the same caption; other captions of the same photograph;
others that carry the same word) do not stand in the way, as in the filtered ranks of Bordes et al.
2013, section 4.1. Equal texts are one. Recall@k is the share of ranks up to k,
as Flickr30k and COCO are scored (Karpathy and Fei-Fei 2015, section 4.2).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from typoattack.core.errors import UserError
from typoattack.metrics.clusters import AUTO, clustered, clusters
from typoattack.metrics.intervals import DIFFERENCE, NOTHING, SHARE, Figure, wilson
from typoattack.recipes.control import best_unread
from typoattack.runner.retrieval import Gallery, Lettered

TOP = (1, 5, 10)
"""The k of recall@k."""

TIE = 1e-6
"""Cosines so close are tied: float32 does not tell them apart."""

TO_IMAGE, TO_TEXT, WORD = "text to image", "image to text", "written word"
QUERIES = (TO_IMAGE, TO_TEXT, WORD)
"""What is asked for: a caption's photograph, a photograph's caption, and the written word's."""

Similarity = NDArray[np.floating]
Mask = NDArray[np.bool_]

_PAIRS = 512
"""Queries whose similarities to a whole gallery are in memory at a time."""


def ranks(own: Similarity, others: Similarity, rivals: Mask | None = None) -> NDArray[np.int64]:
    """The rank of what is right among its rivals, ties behind.

    Args:
        own: (n,) how near what is right lies to each query.
        others: (n, m) how near each candidate lies.
        rivals: (n, m) which of the candidates are wrong; all if None.
    """
    near = others >= own[:, None] - TIE
    if rivals is not None:
        near &= rivals
    return np.asarray(1 + near.sum(axis=1), np.int64)


def parts(order: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """In which gallery each photograph carries words: in exactly one of about 1/share.

    Args:
        order: (n,) the photographs' lots, a permutation of 0 … n − 1.
        share: of photographs that carry words in a gallery, above 0 and up to 1.

    Raises:
        UserError: for another share, or one above a half that is not 1.
    """
    if not 0 < share <= 1:
        raise UserError(f"share {share}: of the photographs that carry words, above 0 and up to 1")
    if 1 / 2 < share < 1:
        raise UserError(
            f"share {share}: each photograph carries its word in one gallery of several alike, so "
            "that 1/2 carry words in two, and all in one; give 0.5 or less, or 1"
        )
    return np.asarray(order % min(round(1 / share), max(len(order), 1)), np.int64)


def ranked(gallery: Gallery, share: float) -> pd.DataFrame:
    """The rank of what is right, clean and in a gallery with words, for every query.

    Args:
        gallery: of one model.
        share: of photographs that carry words in a gallery.

    Returns:
        A row a (recipe, replicate, photograph that carries a word, query, text): `model`, `recipe`,
        `family`, `control`, `control_of`, `replicate`, `sample`, `label`, `word`, `query`, `text`
        (its place among the gallery's; −1 where there is none), `clean_rank`, `rank`,
        `candidates`, `right` (how many of these are right: the texts of a photograph, else 1),
        `coverage` (of the picture with the word). A written word that one of the photograph's
        texts says has no query of its own.

    Raises:
        UserError: for a share that is none.
    """
    part = parts(gallery.order, share)
    tables = [_ranked(gallery, one, part) for one in gallery.lettered]
    whole: pd.DataFrame = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return whole


def _ranked(gallery: Gallery, lettered: Lettered, part: NDArray[np.int64]) -> pd.DataFrame:
    there = np.flatnonzero(lettered.places >= 0)
    clean = gallery.embeddings[gallery.clean]
    worded = clean.copy()
    worded[there] = gallery.embeddings[lettered.places[there]]
    owned = _owned(gallery)
    asked: dict[str, _Ranks] = {
        TO_IMAGE: _to_image(gallery, owned, clean, worded, part, there),
        TO_TEXT: (
            there, np.full(len(there), -1), *_to_text(gallery, owned, clean, worded, there)
        ),
        WORD: _for_word(gallery, lettered, owned, clean, worded, part, there),
    }  # fmt: skip
    tables = []
    for query, (photographs, texts, before, after, candidates, right) in asked.items():
        columns = {
            "model": gallery.model,
            "recipe": lettered.recipe,
            "family": lettered.family,
            "control": lettered.control,
            "control_of": lettered.control_of,
            "replicate": lettered.replicate,
            "sample": [gallery.samples[n] for n in photographs],
            "label": gallery.labels[photographs],
            "word": [lettered.words[n] for n in photographs],
            "query": query,
            "text": texts,
            "clean_rank": before,
            "rank": after,
            "candidates": candidates,
            "right": right,
            "coverage": lettered.coverage[photographs],
        }
        tables.append(pd.DataFrame(columns))
    whole: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return whole


_Ranks = tuple[NDArray[np.int64], ...]


@dataclass(frozen=True, slots=True)
class _Owned:
    """Which texts are right for which photographs; equal texts are one.

    Attributes:
        first: (t,) of each distinct text its first place among the gallery's.
        groups: (n,) of each photograph, from 0.
        pairs: (2, p) distinct text and group, sorted; of groups that have photographs.
    """

    first: NDArray[np.int64]
    groups: NDArray[np.int64]
    pairs: NDArray[np.int64]


def _owned(gallery: Gallery) -> _Owned:
    codes, distinct = pd.factorize(np.array(gallery.texts, object))
    first = np.unique(codes, return_index=True)[1] if len(distinct) else np.zeros(0, np.int64)
    names, groups = np.unique(gallery.groups, return_inverse=True)
    known = np.isin(gallery.text_groups, names)
    pairs = np.stack([codes[known], np.searchsorted(names, gallery.text_groups[known])])
    return _Owned(first, groups.astype(np.int64), np.unique(pairs, axis=1).astype(np.int64))


def _beside(
    asked: NDArray[np.int64], keys: NDArray[np.int64], values: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each key asked for, its place and every value that stands beside it; `keys` is sorted."""
    start, stop = (np.searchsorted(keys, asked, side) for side in ("left", "right"))
    counts = stop - start
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(np.arange(len(asked)), counts), values[np.repeat(start, counts) + within]


def _to_image(
    gallery: Gallery,
    owned: _Owned,
    clean: Similarity,
    worded: Similarity,
    part: NDArray[np.int64],
    there: NDArray[np.int64],
) -> _Ranks:
    """Photographs, their texts, and the ranks of the former among the gallery of the latter."""
    texts, groups = owned.pairs
    by_group = np.argsort(groups, kind="stable")
    places, own = _beside(owned.groups[there], groups[by_group], texts[by_group])
    by_text = np.argsort(own, kind="stable")
    photographs, queries = there[places[by_text]], own[by_text]

    def right(chosen: slice) -> Mask:
        asked = queries[chosen]
        owners = np.zeros((len(asked), int(owned.groups.max(initial=0)) + 1), bool)
        owners[_beside(asked, texts, groups)] = True
        return owners[:, owned.groups]

    features = gallery.text_features[owned.first]
    found = _in_gallery(features, queries, photographs, (clean, worded), part, right)
    return photographs, owned.first[queries], *found


def _for_word(
    gallery: Gallery,
    lettered: Lettered,
    owned: _Owned,
    clean: Similarity,
    worded: Similarity,
    part: NDArray[np.int64],
    there: NDArray[np.int64],
) -> _Ranks:
    """Photographs, and their ranks for the word that is written on them.

    Others that carry the word in the same gallery are found with as much right.
    """
    texts, groups = owned.pairs
    by_group = np.argsort(groups, kind="stable")
    said: list[list[str]] = [[] for _ in there]
    for n, text in zip(
        *_beside(owned.groups[there], groups[by_group], texts[by_group]), strict=True
    ):
        said[n].append(gallery.texts[owned.first[text]])
    pairs = zip(there.tolist(), said, strict=True)
    photographs = np.array([n for n, own in pairs if not _says(own, lettered.words[n])], np.int64)
    place = {word: number for number, word in enumerate(gallery.word_features)}
    features = np.stack([*gallery.word_features.values()]) if place else clean[:0]
    queries = np.array([place[lettered.words[n]] for n in photographs], np.int64)
    carried = np.full(len(gallery.samples), -1)
    carried[there] = pd.factorize(np.array([lettered.words[n] for n in there], object))[0]
    each = np.arange(len(gallery.samples))

    def right(chosen: slice) -> Mask:
        own = photographs[chosen]
        alike = (carried == carried[own][:, None]) & (part == part[own][:, None])
        return np.asarray(alike | (each == own[:, None]), bool)

    found = _in_gallery(features, queries, photographs, (clean, worded), part, right)
    return photographs, np.full(len(photographs), -1), *found


def _says(texts: list[str], word: str) -> bool:
    """Whether one of the texts is the word, or has it among its words, also in the plural."""
    said = re.compile(rf"(?<!\w){re.escape(word.lower())}(s|es)?(?!\w)")
    return any(said.search(text.lower()) for text in texts)


def _in_gallery(
    features: Similarity,
    queries: NDArray[np.int64],
    photographs: NDArray[np.int64],
    pictures: tuple[Similarity, Similarity],
    part: NDArray[np.int64],
    right: Callable[[slice], Mask],
) -> _Ranks:
    """Ranks clean, and in the gallery in which the photograph carries its word; rivals + 1; 1.

    Args:
        features: (q, d) of queries.
        queries: (p,) which query.
        photographs: (p,) whose rank.
        pictures: (n, d) of clean photographs, and of those with words.
        part: (n,) in which gallery each carries its word.
        right: of some of the p, (·, n) photographs that do not stand in the way, its own included.
    """
    made = []
    for start in range(0, len(queries), _PAIRS):
        chosen = slice(start, start + _PAIRS)
        asked, own = queries[chosen], photographs[chosen]
        clean, worded = (features[asked] @ side.T for side in pictures)
        rivals = ~right(chosen)
        here = part[None, :] == part[own][:, None]
        each = np.arange(len(own))
        now = np.where(here, worded, clean)
        made.append(
            np.stack(
                [
                    ranks(clean[each, own], clean, rivals),
                    ranks(now[each, own], now, rivals),
                    1 + rivals.sum(axis=1),
                    np.ones(len(own), np.int64),
                ]
            )
        )
    return tuple(np.concatenate(made, axis=1)) if made else (np.zeros(0, np.int64),) * 4


def _to_text(
    gallery: Gallery,
    owned: _Owned,
    clean: Similarity,
    worded: Similarity,
    there: NDArray[np.int64],
) -> _Ranks:
    """Ranks of each photograph's best text, clean and with its word; candidates; its texts."""
    texts, groups = owned.pairs
    by_group = np.argsort(groups, kind="stable")
    features = gallery.text_features[owned.first]
    made = []
    for start in range(0, len(there), _PAIRS):
        own = there[start : start + _PAIRS]
        right = np.zeros((len(own), len(features)), bool)
        right[_beside(owned.groups[own], groups[by_group], texts[by_group])] = True
        found = []
        for side in (clean, worded):
            near = side[own] @ features.T
            best = np.where(right, near, -np.inf).max(axis=1)
            found.append(ranks(best, near, ~right))
        made.append(np.stack([*found, np.full(len(own), len(features)), right.sum(axis=1)]))
    return tuple(np.concatenate(made, axis=1)) if made else (np.zeros(0, np.int64),) * 4


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What words do to one kind of query.

    Attributes:
        model: who was asked.
        recipe: what was written on the photographs.
        family: `attack` or `control`.
        control_of: the attack whose geometry a control has; empty for an attack.
        query: one of `QUERIES`.
        clean: by k the share found among the first k while the photograph is clean.
        attacked: the same where it carries a word.
        change: `attacked` less `clean`, photograph by photograph.
        beyond: what an attack changes more than its control, photograph by photograph; nothing
            without a control.
        shift: how many places down, the mean.
        median: the median rank while clean, and with a word.
        chance: by k the share that a gallery in random order would give.
    """

    model: str
    recipe: str
    family: str
    control_of: str
    query: str
    clean: dict[int, Figure]
    attacked: dict[int, Figure]
    change: dict[int, Figure]
    beyond: dict[int, Figure]
    shift: Figure
    median: tuple[float, float]
    chance: dict[int, float] = field(default_factory=dict)


def retrieved(rows: pd.DataFrame, by: str = AUTO) -> list[Retrieved]:
    """The figures of `ranked`'s rows, of one model or several.

    Args:
        rows: a row a (model, recipe, photograph, replicate, query, text), with `clean_rank`,
            `rank`, `candidates`, `right`, and what `clusters` needs.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    return list(_each(rows, by))


def _each(rows: pd.DataFrame, by: str) -> Iterator[Retrieved]:
    for model in dict.fromkeys(rows["model"]):
        own = rows[rows["model"] == model]
        for recipe, family, base in _in_order(own):
            for query in QUERIES:
                asked = own[own["query"] == query]
                mine = asked[asked["recipe"] == recipe]
                if len(mine):
                    beside = _unread(asked[asked["control_of"] == recipe])
                    yield _one((model, recipe, family, base, query), mine, beside, by)


_KEYS = ["sample", "replicate", "text"]


def _unread(controls: pd.DataFrame) -> pd.DataFrame:
    """Of one attack's controls that which tells reading from covering, a row a query."""
    order = best_unread(controls["control"].tolist(), controls["coverage"].tolist())
    usable = controls.assign(order=order)[order >= 0].sort_values("order", kind="stable")
    first: pd.DataFrame = usable.drop_duplicates(_KEYS)
    return first


def _in_order(rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Each recipe, its family and whose control it is; controls behind their attack."""
    columns = ["recipe", "family", "control_of"]
    names = [(one, kind, base) for one, kind, base in rows[columns].drop_duplicates().to_numpy()]
    place = {recipe: n for n, (recipe, _, _) in enumerate(names)}
    return sorted(names, key=lambda one: (place.get(one[2] or one[0], len(names)), bool(one[2])))


def _one(
    key: tuple[str, str, str, str, str], rows: pd.DataFrame, control: pd.DataFrame, by: str
) -> Retrieved:
    groups = clusters(rows, by)
    before, after = (rows[name].to_numpy(np.int64) for name in ("clean_rank", "rank"))

    def share(ranked: NDArray[np.int64], k: int) -> Figure:
        values = (ranked <= k).astype(np.float64)
        single = groups.trivial and len(np.unique(groups.samples)) == len(values)
        return wilson(values) if single else clustered(values, groups, SHARE)

    def change(k: int) -> Figure:
        gap = (after <= k).astype(np.float64) - (before <= k)
        return clustered(gap, groups, DIFFERENCE)

    candidates, right = (rows[name].to_numpy(np.int64) for name in ("candidates", "right"))
    return Retrieved(
        *key,
        clean={k: share(before, k) for k in TOP},
        attacked={k: share(after, k) for k in TOP},
        change={k: change(k) for k in TOP},
        beyond={k: _beyond(rows, control, k, by) for k in TOP},
        shift=clustered((after - before).astype(np.float64), groups),
        median=(float(np.median(before)), float(np.median(after))),
        chance={k: float(by_lot(candidates, right, k).mean()) for k in TOP},
    )


def by_lot(candidates: NDArray[np.int64], right: NDArray[np.int64], k: int) -> NDArray[np.floating]:
    """The chance that some of what is right is among the first k in random order.

    Args:
        candidates: (n,) how many, those that are right included.
        right: (n,) how many of them are right, 1 or more.
        k: how many are drawn without replacement: 1 − C(wrong, k) / C(candidates, k).
    """
    missed = np.ones(len(candidates))
    for drawn in range(k):
        missed *= np.clip((candidates - right - drawn) / np.maximum(candidates - drawn, 1), 0, 1)
    return 1 - missed


def _beyond(rows: pd.DataFrame, control: pd.DataFrame, k: int, by: str) -> Figure:
    """What the attack changes more than its control, where both were drawn."""
    if control.empty:
        return NOTHING
    columns = [*_KEYS, "rank"]
    both = rows.merge(control[columns], on=_KEYS, suffixes=("", "_control"), validate="m:1")
    gap = (both["rank"] <= k).astype(float) - (both["rank_control"] <= k)
    return clustered(gap.to_numpy(np.float64), clusters(both, by), DIFFERENCE)


def first_found(
    gallery: Gallery, lettered: Lettered, photograph: int, share: float, k: int = 5
) -> list[tuple[int, bool]]:
    """What the written word finds first in the gallery in which a photograph carries it.

    Args:
        gallery: of one model.
        lettered: what is written.
        photograph: its place in the gallery; it has a word.
        share: of photographs that carry words.
        k: how many.

    Returns:
        For each, the nearest first, its place in the gallery and whether it carries a word there.
    """
    part = parts(gallery.order, share)
    here = (part == part[photograph]) & (lettered.places >= 0)
    shown = np.where(here, lettered.places, gallery.clean)
    near = gallery.embeddings[shown] @ gallery.word_features[lettered.words[photograph]]
    order = np.argsort(-near, kind="stable")[:k].tolist()
    return [(n, bool(here[n])) for n in order]
