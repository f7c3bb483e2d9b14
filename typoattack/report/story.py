"""A run's result in sentences, for a reader who was not there."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from typoattack.metrics.clusters import AUTO
from typoattack.metrics.headline import Strongest, effects, strongest
from typoattack.metrics.intervals import Figure
from typoattack.metrics.paired import ALPHA
from typoattack.metrics.stroop import Interference
from typoattack.metrics.summaries import RecipeSummary
from typoattack.results.schema import CLEAN


def percent(figure: Figure) -> str:
    """`82 % (59 to 94)`: the value and its interval."""
    value, low, high = (f"{100 * x:.0f}" for x in (figure.value, figure.low, figure.high))
    return f"{value} % ({low} to {high})"


def tell(summaries: Sequence[RecipeSummary], counted: pd.DataFrame, by: str = AUTO) -> list[str]:
    """A few sentences on one model: how good, how vulnerable, and why.

    Args:
        summaries: of one model and task.
        counted: their rows, from `typoattack.metrics.outcomes.outcomes`.
        by: what photographs belong together by; see `typoattack.metrics.clusters.clusters`.
    """
    told = []
    clean = next((s for s in summaries if s.family == CLEAN), None)
    if clean is None:
        return _without_clean(summaries)
    right = round(clean["accuracy_clean"].value * clean.samples)
    told.append(
        f"Of {_photographs(clean.samples, 'clean ')} it answers {right} correctly: "
        f"{percent(clean['accuracy_clean'])}, the 95 % interval in brackets."
    )
    told += _instructed(summaries)
    most = strongest(counted, by=by)
    if most is None:
        return [*told, "No attacked photograph was right when clean, so nothing could flip."]
    worst = next(s for s in summaries if s.recipe == most.recipes[0])
    told.append(
        f"{_strongest_of(most)}: of the {_photographs(worst['flip_rate'].n)} right when clean, "
        f"{percent(worst['flip_rate'])} turn wrong{_apart(most)}."
    )
    if worst["targeted_success"]:
        told.append(
            f"{percent(worst['targeted_success'])} are then called exactly what is written on them."
        )
    return [*told, _why(summaries, counted, by)]


def _instructed(summaries: Sequence[RecipeSummary]) -> list[str]:
    """Whether sentences in the picture are obeyed, where a run asks that."""
    asked = [s for s in summaries if s.family == "attack" and s["follows_text"]]
    if not asked:
        return []
    most = max(asked, key=lambda s: s["follows_text"].value)
    effect = most["instruction_effect"]
    beyond = ""
    if effect:
        points, low, high = _points(effect)
        beyond = f"; beyond the word alone in its place that is {points} points ({low} to {high})"
    of = "" if len(asked) == 1 else f", most of {len(asked)} such attacks"
    return [
        f"What a sentence in the picture asks for is answered in {percent(most['follows_text'])} "
        f"under {most.recipe}{of}{beyond}."
    ]


def _points(effect: Figure) -> tuple[str, ...]:
    """A difference and the ends of its interval, in points with their sign."""
    ends = effect.value, effect.low, effect.high
    return tuple(f"{100 * x:+.0f}".replace("-", "−") for x in ends)


def _photographs(count: int, kind: str = "") -> str:
    return f"{count} {kind}photograph{'' if count == 1 else 's'}"


def _strongest_of(most: Strongest) -> str:
    """How the sentence on the strongest attack begins, with the number it was chosen from."""
    if most.attacks == 1:
        return f"The only attack is {most.recipes[0]}"
    if len(most.recipes) > 1:
        return f"{listed(most.recipes)} tie as the strongest of {most.attacks} attacks"
    return f"The strongest of {most.attacks} attacks is {most.recipes[0]}"


def _apart(most: Strongest) -> str:
    """Whether the strongest attack is told apart from the others."""
    others = most.attacks - len(most.recipes)
    if not others:
        return ""
    if not most.alike:
        return ", more than under any other after adjusting for their number"
    which = "any other" if len(most.alike) == others else listed(most.alike)
    return (
        f"; this run does not tell its rate apart from that of {which}"
        f"{_could_show('a difference', most.detectable)}"
    )


def _could_show(what: str, share: float) -> str:
    """What a run could have shown where it tells nothing apart."""
    if math.isnan(share):
        return f" (so few photographs could not show {what} of any size)"
    return f" ({what} of {100 * share:.0f} points could have been shown)"


def listed(names: Sequence[str], most: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, or `a, b, c and 4 others`."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} other{'s' if len(names) - most > 1 else ''}")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def tell_stroop(found: Interference) -> str:
    """The Stroop effect of one model in a sentence."""
    low, high = (100 * bound for bound in (found.interference.low, found.interference.high))
    return (
        f"Asked for the ink, it is right on {percent(found.congruent)} of inks under their own "
        f"name and on {percent(found.incongruent)} under another colour's: an interference of "
        f"{100 * found.interference.value:.0f} points ({low:.0f} to {high:.0f}); "
        f"{percent(found.intrusion)} of those words are said instead of the ink."
    )


def _without_clean(summaries: Sequence[RecipeSummary]) -> list[str]:
    """For photographs that exist attacked only, where nothing can be seen to flip."""
    told = ["There are no clean pictures beside these, so nothing can be said to flip."]
    for one in (s for s in summaries if s.family == "attack" and s["accuracy_attacked"]):
        told.append(
            f"{one.recipe}: of {one.samples} pictures {percent(one['accuracy_attacked'])} are "
            "answered correctly, the 95 % interval in brackets"
            + (
                f", and {percent(said)} with what is written."
                if (said := one["says_word"])
                else "."
            )
        )
    return told


def _why(summaries: Sequence[RecipeSummary], counted: pd.DataFrame, by: str) -> str:
    """How much of it is reading, by the attack whose controls tell most clearly."""
    attacks = [s for s in summaries if s.family == "attack"]
    controlled = [s for s in attacks if s["reading_effect"]]
    if controlled:
        return _effect(controlled, "reading_effect", counted, by)
    against_pseudo = [s for s in attacks if s["word_effect"]]
    if against_pseudo:
        return _effect(against_pseudo, "word_effect", counted, by)
    return "No control was run that would tell how much of this is reading and how much covering."


def _effect(attacks: Sequence[RecipeSummary], figure: str, counted: pd.DataFrame, by: str) -> str:
    """The largest effect that is established among all, or else the largest; and what it says."""
    found = effects(counted, figure, [s.recipe for s in attacks], by=by)
    above = [s for s in attacks if found[s.recipe].p < ALPHA and s[figure].value > 0]
    one = max(above or attacks, key=lambda s: s[figure].value)
    effect, test = one[figure], found[one.recipe]
    points, low, high = _points(effect)
    if above:
        verdict = "the word is read, it is not just in the way"
    elif test.p < ALPHA:
        verdict = "the word does less harm than what it stands on"
    else:
        reach = _could_show("an effect", test.detectable)
        verdict = f"this run cannot tell reading from covering{reach}"
    of = "" if len(attacks) == 1 else f", after adjusting for {len(attacks)} attacks"
    return (
        f"Is it reading or covering? {one.recipe} flips {percent(one['flip_rate'])}; against "
        f"{_against(one, figure)} that is {points} points ({low} to {high}; {said_p(test.p)}{of}): "
        f"{verdict}."
    )


def _against(one: RecipeSummary, figure: str) -> str:
    """What an effect is taken against."""
    if figure == "word_effect":
        return "a made-up word in the same place"
    return "the same letters mirrored" if one.bare else "the same surface without the word"


def said_p(p: float) -> str:
    """`p = 0.012`, or `p < 0.001`: no false zero."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def model_notes(model: Mapping[str, Any]) -> list[str]:
    """What must be said of a model's figures.

    Args:
        model: an entry of the manifest's `models`.
    """
    note = str(model["note"]).rstrip(".")
    return [f"{note[0].upper()}{note[1:]}."] if note else []
