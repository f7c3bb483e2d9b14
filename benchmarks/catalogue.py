"""Prints every recipe that can be drawn without asking a model, for `make pictures`."""

from typoattack.recipes import RECIPES, AsGiven, Control, SearchRecipe

print(
    *(
        name
        for name, made in RECIPES.items()
        if made is not Control and not issubclass(made, AsGiven | SearchRecipe)
    )
)
