"""Open vision-language models in this process: any that `transformers` opens for image and text."""

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from typoattack.core.errors import RunFailure, UserError
from typoattack.core.hub import asking_the_hub, fetch
from typoattack.core.randomness import digest
from typoattack.models.huggingface import opened_by_transformers
from typoattack.models.inference import check_precision, weights_fingerprint

PREFIX = "vlm:transformers:"

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_MOST_TOKENS = 64
"""Of a generated answer; a letter was asked for."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """A text whose likelihood behind a question is wanted.

    Attributes:
        question: what the user says beside the picture.
        answer: what the assistant would say, to its last letter; no end of turn behind it.
    """

    question: str
    answer: str


class VisionLanguageModel:
    """A vision-language model that answers about one picture at a time.

    Args:
        name: what reports call it.
        module: a decoder-only model of `AutoModelForImageTextToText`, on `device`.
        processor: its processor, with a chat template.
        device: where `module` lies.
        precision: of its weights, `fp32`, `bf16` or `fp16`.

    Raises:
        UserError: if it is no such model.
    """

    def __init__(
        self, name: str, module: Any, processor: Any, *, device: str = "cpu", precision: str
    ) -> None:
        self.name = name
        self.module = module.eval()
        self._processor = processor
        self._device = device
        if getattr(module.config, "is_encoder_decoder", False):
            raise UserError(f"model {name!r}: it has an encoder for text, and no chat")
        if not getattr(processor, "chat_template", None):
            raise UserError(f"model {name!r}: its processor has no chat template, so it cannot ask")
        tokenizer = processor.tokenizer
        self.fingerprint = weights_fingerprint(module, _settings(processor), precision)
        tokenizer.padding_side = "right"  # what stands behind the answer changes nothing before it
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        self._keeps = "logits_to_keep" in inspect.signature(module.forward).parameters

    def log_probabilities(
        self, image: Image.Image, wanted: Sequence[Sequence[Continuation]]
    ) -> list[list[list[float]]]:
        """How likely answers are, token by token, each behind its own tokens (teacher forcing).

        Args:
            image: RGB.
            wanted: groups of continuations to be held against each other. What precedes an answer
                is what the whole group has in common, so that a token that spans the end of the
                question counts for all of a group or for none.

        Returns:
            Natural logarithms of the tokens' probabilities, a list an answer.

        Raises:
            UserError: if the model gives no number, or its processor refuses the question.
            RunFailure: if memory does not suffice.
        """
        texts, counts = [], []
        for group in wanted:
            prompt = self._prompt(group[0].question)
            whole = [self._with_answer(prompt, one) for one in group]
            tokens = [self._tokens(text) for text in (prompt, *whole)]
            common = _common(tokens)
            texts += whole
            counts += [len(own) - common for own in tokens[1:]]
        batch = self._batch(texts, image)
        lengths = batch["attention_mask"].sum(1).tolist()
        kept = batch["input_ids"].shape[1] - min(
            length - count for length, count in zip(lengths, counts, strict=True)
        )
        rows = self._row_scores(batch, int(kept), lengths, counts)
        groups = iter(rows)
        return [[next(groups) for _ in group] for group in wanted]

    def _row_scores(
        self, batch: Any, kept: int, lengths: Sequence[int], counts: Sequence[int]
    ) -> list[list[float]]:
        """Log-probabilities of the last `counts` tokens of each row of a batch."""
        keep = {"logits_to_keep": kept + 1} if self._keeps else {}
        with torch.inference_mode(), self._memory():
            logits = self.module(**batch, **keep).logits
        width = batch["input_ids"].shape[1]
        missing = width - logits.shape[1]
        rows = []
        for row, (length, count) in enumerate(zip(lengths, counts, strict=True)):
            places = torch.arange(length - count, length, device=logits.device)
            scores = logits[row, places - 1 - missing].float().log_softmax(-1)
            found = scores.gather(1, batch["input_ids"][row, places, None])[:, 0]
            if not bool(found.isfinite().all()):
                raise UserError(
                    f"model {self.name!r} gives no number for an answer; "
                    "a higher --precision may help"
                )
            rows.append([float(one) for one in found.cpu()])
        return rows

    def generate(self, image: Image.Image, question: str) -> str:
        """What it says of a picture, the likeliest token each time, to the end of its turn.

        Raises:
            UserError: if its processor refuses the question.
            RunFailure: if memory does not suffice.
        """
        batch = self._batch([self._prompt(question)], image)
        with torch.inference_mode(), self._memory():
            made = self.module.generate(
                **batch,
                do_sample=False,
                num_beams=1,
                temperature=None,
                top_p=None,
                top_k=None,
                max_new_tokens=_MOST_TOKENS,
                pad_token_id=self._processor.tokenizer.pad_token_id,
            )
        new = made[:, batch["input_ids"].shape[1] :]
        return str(self._processor.batch_decode(new, skip_special_tokens=True)[0]).strip()

    def _prompt(self, question: str) -> str:
        """All that the chat template writes before the assistant's first letter."""
        return self._render([_said_by_user(question)], add_generation_prompt=True)

    def _with_answer(self, prompt: str, one: Continuation) -> str:
        """The prompt and the answer, with what white space the template puts between them.

        That is found by an answer that occurs nowhere else: a letter may stand in a marker too.
        """
        answered = {"role": "assistant", "content": [{"type": "text", "text": _NOWHERE_ELSE}]}
        with contextlib.suppress(
            Exception
        ):  # a template that knows no assistant as a list of parts
            whole = self._render([_said_by_user(one.question), answered])
            before, found, _ = whole.partition(_NOWHERE_ELSE)
            if found and before.startswith(prompt) and not before[len(prompt) :].strip():
                return before + one.answer
        return prompt + one.answer

    def _render(self, conversation: Sequence[Any], **more: Any) -> str:
        return str(self._processor.apply_chat_template(conversation, tokenize=False, **more))

    def _specials(self, text: str) -> bool:
        """Whether the tokenizer is to begin the text by itself; many templates did already."""
        begin = self._processor.tokenizer.bos_token
        return begin is None or not text.startswith(begin)

    def _tokens(self, text: str) -> list[int]:
        """Of a text whose picture is one token."""
        made = self._processor.tokenizer(text, add_special_tokens=self._specials(text))
        return [int(one) for one in made["input_ids"]]

    def _batch(self, texts: Sequence[str], image: Image.Image) -> Any:
        """The model's input: each text with the picture."""
        try:
            made = self._processor(
                text=list(texts),
                images=[[image] for _ in texts],
                padding=True,
                add_special_tokens=self._specials(texts[0]),
                return_tensors="pt",
            )
        except (ValueError, IndexError, RuntimeError) as error:
            told = " ".join(str(error).split())[:200]
            raise UserError(
                f"model {self.name!r}: its processor refuses a question ({told})"
            ) from None
        return made.to(self._device, dtype=self.module.dtype)

    @contextlib.contextmanager
    def _memory(self) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError:
            raise RunFailure(
                f"the device's memory does not suffice for model {self.name!r}; what is finished "
                "is kept: try --precision bf16, or a smaller --canvas"
            ) from None


_NOWHERE_ELSE = "Xq7Zk"
"""An answer that no template and no question holds."""


def _said_by_user(question: str) -> dict[str, Any]:
    parts = [{"type": "image"}, {"type": "text", "text": question}]
    return {"role": "user", "content": parts}


def _common(tokens: Sequence[Sequence[int]]) -> int:
    """How many tokens all of some texts begin with alike."""
    count = 0
    for each in zip(*tokens, strict=False):
        if len(set(each)) > 1:
            break
        count += 1
    return count


def _settings(processor: Any) -> str:
    """All of a processor that changes what the model is given."""
    tokenizer = processor.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    words = backend.to_str() if backend is not None else repr(sorted(tokenizer.get_vocab().items()))
    return digest(processor.to_json_string(), str(processor.chat_template), words)


_PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def load_vlm(name: str, *, device: str = "cpu", precision: str = "fp32") -> VisionLanguageModel:
    """Open `vlm:transformers:ORG/NAME` on the Hub, or `vlm:transformers:PATH`.

    Weights come from safetensors alone, and no code that comes with a model is run.

    Raises:
        UserError: if `transformers` is not installed, there is no such model, it cannot be
            fetched, or it is no vision-language model that chats.
    """
    check_precision(precision)
    source = name.removeprefix(PREFIX)
    if not name.startswith(PREFIX) or not source:
        raise UserError(f"model {name!r} is written {PREFIX}ORG/NAME or {PREFIX}PATH")
    with opened_by_transformers(name):
        module, processor = _parts(name, source, _PRECISIONS[precision])
        return VisionLanguageModel(
            name, module.to(device), processor, device=device, precision=precision
        )


def _parts(name: str, source: str, dtype: torch.dtype) -> tuple[Any, Any]:
    """Model and processor of a folder, or of a repository of the Hub."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    with contextlib.ExitStack() as stack:
        if not Path(source).is_dir():
            stack.enter_context(asking_the_hub())
            # transformers would fetch them too, but calls files missing that cannot be fetched.
            for files in (["config.json"], _WEIGHTS):
                fetch(f"model {name!r}", source, files)
        elif not any((Path(source) / file).is_file() for file in _WEIGHTS):
            raise UserError(f"model {name!r}: the folder has no {' or '.join(_WEIGHTS)}")
        module = AutoModelForImageTextToText.from_pretrained(
            source, dtype=dtype, use_safetensors=True, trust_remote_code=False
        )
        processor = AutoProcessor.from_pretrained(source, trust_remote_code=False)  # type: ignore[no-untyped-call]
        return module, processor
