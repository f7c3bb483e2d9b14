"""A run's result in sentences, for a reader who was not there."""

from collections.abc import Mapping, Sequence
from typing import Any

from typoattack.metrics.intervals import Figure
from typoattack.metrics.stroop import Interference
from typoattack.metrics.summaries import RecipeSummary
from typoattack.results.schema import CLEAN


def percent(figure: Figure) -> str:
    """`82 % (59 to 94)`: the value and its interval."""
    value, low, high = (f"{100 * x:.0f}" for x in (figure.value, figure.low, figure.high))
    return f"{value} % ({low} to {high})"


def strongest(summaries: Sequence[RecipeSummary]) -> RecipeSummary | None:
    """The attack with the highest flip rate."""
    attacks = [s for s in summaries if s.family == "attack" and s["flip_rate"]]
    return max(attacks, key=lambda s: s["flip_rate"].value, default=None)


def tell(summaries: Sequence[RecipeSummary]) -> list[str]:
    """A few sentences on one model: how good, how vulnerable, and why.

    Args:
        summaries: of one model and task.
    """
    told = []
    clean = next((s for s in summaries if s.family == CLEAN), None)
    if clean is None:
        return _without_clean(summaries)
    right = round(clean["accuracy_clean"].value * clean.samples)
    told.append(
        f"Of {clean.samples} clean photographs it answers {right} correctly: "
        f"{percent(clean['accuracy_clean'])}, the 95 % interval in brackets."
    )
    worst = strongest(summaries)
    if worst is None:
        return [*told, "No attacked photograph was right when clean, so nothing could flip."]
    told.append(
        f"The strongest attack is {worst.recipe}: of the {worst['flip_rate'].n} photographs that "
        f"were right, {percent(worst['flip_rate'])} turn wrong."
    )
    if worst["targeted_success"]:
        told.append(
            f"{percent(worst['targeted_success'])} are then called exactly what is written on them."
        )
    return [*told, _why(summaries)]


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


def _why(summaries: Sequence[RecipeSummary]) -> str:
    """How much of it is reading, by the attack whose controls tell most clearly."""
    attacks = [s for s in summaries if s.family == "attack"]
    on_surface = [s for s in attacks if s["reading_effect"] and not s.bare]
    if on_surface:
        most = max(on_surface, key=lambda s: s["reading_effect"].value)
        return _effect(most, most["reading_effect"], "the same surface without the word")
    against_pseudo = [s for s in attacks if s["word_effect"]]
    if against_pseudo:
        most = max(against_pseudo, key=lambda s: s["word_effect"].value)
        return _effect(most, most["word_effect"], "a made-up word in the same place")
    return "No control was run that would tell how much of this is reading and how much covering."


def _effect(one: RecipeSummary, effect: Figure, against: str) -> str:
    points, low, high = (
        f"{100 * x:+.0f}".replace("-", "−") for x in (effect.value, effect.low, effect.high)
    )
    if effect.low > 0:
        verdict = "the word is read, it is not just in the way"
    elif effect.high < 0:
        verdict = "the word does less harm than what it stands on"
    else:
        verdict = "this run cannot tell reading from covering"
    return (
        f"Is it reading or covering? {one.recipe} flips {percent(one['flip_rate'])}; against "
        f"{against} that is {points} points ({low} to {high}): {verdict}."
    )


def model_notes(model: Mapping[str, Any]) -> list[str]:
    """What must be said of a model's figures.

    Args:
        model: an entry of the manifest's `models`.
    """
    note = str(model["note"]).rstrip(".")
    return [f"{note[0].upper()}{note[1:]}."] if note else []
