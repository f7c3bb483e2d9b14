"""A preflight: is this installation fit, and is this model opened as it was trained?"""

from typoattack.doctor.examine import examine_installation, examine_model
from typoattack.doctor.finding import Finding

__all__ = ["Finding", "examine_installation", "examine_model"]
