"""Vision-language models that chat, at an endpoint or in-process: a multiple-choice question."""
