"""Wrappers that make a model harder to fool."""

from typoattack.defences.ablate_units import AblateUnits
from typoattack.defences.base import (
    DEFENCES,
    Defence,
    Defended,
    parse_defence,
    split_defences,
    with_defences,
)
from typoattack.defences.defense_prefix import DefensePrefix
from typoattack.defences.mask_text import MaskText
from typoattack.defences.mirror import Mirror
from typoattack.defences.projection import Projection
from typoattack.defences.prompt import Prompt

__all__ = [
    "DEFENCES",
    "AblateUnits",
    "Defence",
    "Defended",
    "DefensePrefix",
    "MaskText",
    "Mirror",
    "Projection",
    "Prompt",
    "parse_defence",
    "split_defences",
    "with_defences",
]
