"""typoattack: a typographic attack benchmark for CLIP-like models."""

__version__ = "0.1.0"
