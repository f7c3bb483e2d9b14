"""Vision-language chat models behind an OpenAI-compatible endpoint: a multiple-choice question."""
