"""Attacks that somebody else photographed or drew: nothing is added."""

from typoattack.recipes.base import RecipeBase, recipe


@recipe("as-given", source="the data set that carries the pictures")
class AsGiven(RecipeBase):
    """The attacked picture that the data set pairs with the clean one (SCAM, Stroop cards, ...).

    Attributes:
        variant: what the data set calls this kind of picture, such as `SCAM`.
    """

    variant: str
