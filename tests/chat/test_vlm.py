"""Open vision-language models in this process: log-probabilities by hand, in two families."""

import math
from pathlib import Path

import pytest
import torch
from conftest import noise

from typoattack.chat.vlm import Continuation, VisionLanguageModel, load_vlm
from typoattack.core.errors import UserError

transformers = pytest.importorskip("transformers")

from tests.chat.tiny_vlm import SAVERS, save_llava

QUESTION = "Which?\n(a) cat\n(b) dog"


@pytest.fixture(scope="module", params=list(SAVERS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SAVERS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def vlm(folder: Path) -> VisionLanguageModel:
    return load_vlm(f"vlm:transformers:{folder}")


def by_hand(folder: Path, question: str, answer: str) -> float:
    """The log-probability of an answer: one forward pass over it alone, without padding."""
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder).eval()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    said = [{"type": "image"}, {"type": "text", "text": question}]
    prompt = processor.apply_chat_template(
        [{"role": "user", "content": said}], tokenize=False, add_generation_prompt=True
    )
    space = " " if prompt.endswith("ASSISTANT:") else ""
    tokens = processor.tokenizer(space + answer, add_special_tokens=False)["input_ids"]
    batch = processor(
        text=[prompt + space + answer], images=[noise(1, 64, 64)], return_tensors="pt"
    )
    with torch.no_grad():
        scores = model(**batch).logits[0].log_softmax(-1)
    assert batch["input_ids"][0, -len(tokens) :].tolist() == tokens
    return sum(float(scores[-len(tokens) - 1 + n, one]) for n, one in enumerate(tokens))


def test_log_probabilities_are_those_of_a_direct_forward_pass(
    folder: Path, vlm: VisionLanguageModel
) -> None:
    asked = [(QUESTION, ("(a)", "b")), (QUESTION, ("a", "n")), ("What?", ("cat", "a longer name"))]
    groups = [[Continuation(question, one) for one in answers] for question, answers in asked]
    found = vlm.log_probabilities(noise(1, 64, 64), groups)
    for (question, answers), group in zip(asked, found, strict=True):
        for answer, tokens in zip(answers, group, strict=True):
            assert sum(tokens) == pytest.approx(by_hand(folder, question, answer), abs=1e-4)
    assert len(found[2][1]) > len(found[2][0]) >= 3


def test_an_answer_does_not_depend_on_what_is_asked_beside_it(vlm: VisionLanguageModel) -> None:
    group = [Continuation(QUESTION, "(a)"), Continuation(QUESTION, "(b)")]
    long = [Continuation(QUESTION * 3, "cat"), Continuation(QUESTION * 3, "dog")]
    image = noise(1, 64, 64)
    (alone,), (beside, _) = (
        vlm.log_probabilities(image, [group]),
        vlm.log_probabilities(image, [group, long]),
    )
    assert beside[0] == pytest.approx(alone[0], abs=1e-4)
    assert beside[1] == pytest.approx(alone[1], abs=1e-4)


def test_the_picture_counts(vlm: VisionLanguageModel) -> None:
    group = [[Continuation(QUESTION, "(a)"), Continuation(QUESTION, "(b)")]]
    one, other = (vlm.log_probabilities(noise(seed, 64, 64), group)[0][0] for seed in (1, 2))
    assert one != pytest.approx(other, abs=1e-7)


def test_an_answer_is_generated_greedily(folder: Path, vlm: VisionLanguageModel) -> None:
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder).eval()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    image = noise(1, 64, 64)
    said = [{"type": "image"}, {"type": "text", "text": QUESTION}]
    prompt = processor.apply_chat_template(
        [{"role": "user", "content": said}], tokenize=False, add_generation_prompt=True
    )
    tokens: list[int] = []
    ends = {2, 5}
    for _ in range(4):
        batch = processor(text=[prompt], images=[image], return_tensors="pt")
        more = torch.tensor([tokens], dtype=torch.long)
        batch["input_ids"] = torch.cat([batch["input_ids"], more], 1)
        batch["attention_mask"] = torch.ones_like(batch["input_ids"])
        if "mm_token_type_ids" in batch:
            batch["mm_token_type_ids"] = torch.nn.functional.pad(
                batch["mm_token_type_ids"], (0, len(tokens))
            )
        with torch.no_grad():
            tokens.append(int(model(**batch).logits[0, -1].argmax()))
        if tokens[-1] in ends:
            break
    wanted = processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()
    assert vlm.generate(image, QUESTION).startswith(wanted.rstrip("\ufffd"))
    assert vlm.generate(image, QUESTION) == vlm.generate(image, QUESTION)


def test_the_fingerprint_tells_weights_processor_and_precision(
    folder: Path, tmp_path: Path
) -> None:
    name = f"vlm:transformers:{folder}"
    first = load_vlm(name).fingerprint
    assert load_vlm(name).fingerprint == first
    assert load_vlm(name, precision="bf16").fingerprint != first
    other = load_vlm(name)
    with torch.no_grad():
        next(other.module.parameters()).add_(1)
    made = VisionLanguageModel(name, other.module, other._processor, precision="fp32")
    assert made.fingerprint != first
    processor = transformers.AutoProcessor.from_pretrained(folder)
    processor.chat_template = "Please. " + processor.chat_template
    module = load_vlm(name).module
    assert VisionLanguageModel(name, module, processor, precision="fp32").fingerprint != first


def test_weights_that_could_run_code_are_not_opened(tmp_path: Path) -> None:
    folder = save_llava(tmp_path)
    weights = load_vlm(f"vlm:transformers:{folder}").module.state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"the folder has no model\.safetensors"):
        load_vlm(f"vlm:transformers:{folder}")


def test_code_that_comes_with_a_model_is_not_run(tmp_path: Path) -> None:
    folder = save_llava(tmp_path / "model")
    config = (folder / "config.json").read_text()
    auto = '"auto_map": {"AutoModelForImageTextToText": "evil.Evil", "AutoConfig": "evil.Config"},'
    (folder / "config.json").write_text(
        config.replace("{", "{" + auto, 1).replace('"model_type": "llava"', '"model_type": "evil"')
    )
    mark = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w').write('x')\n")
    with pytest.raises(UserError, match="transformers cannot open it"):
        load_vlm(f"vlm:transformers:{folder}")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("vlm:transformers:", "is written vlm:transformers:ORG/NAME"),
        ("vlm:other", "is written vlm:transformers:ORG/NAME"),
        ("vlm:transformers:{empty}", "no model.safetensors"),
    ],
)
def test_a_name_that_is_no_model_is_said(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        load_vlm(name.replace("{empty}", str(tmp_path)))


def test_a_model_without_a_chat_template_is_refused(folder: Path) -> None:
    opened = load_vlm(f"vlm:transformers:{folder}")
    opened._processor.chat_template = None
    with pytest.raises(UserError, match="no chat template"):
        VisionLanguageModel("vlm:x", opened.module, opened._processor, precision="fp32")


def test_a_class_that_is_called_like_a_picture_is_refused(vlm: VisionLanguageModel) -> None:
    marker = "<image>" if "llava" in vlm.name else "<|image_pad|>"
    group = [Continuation(f"(a) {marker}", "(a)"), Continuation(f"(a) {marker}", "(b)")]
    with pytest.raises(UserError, match="its processor refuses a question"):
        vlm.log_probabilities(noise(1, 64, 64), [group])


def test_a_model_that_gives_no_number_is_said(vlm: VisionLanguageModel) -> None:
    kept = vlm.module.lm_head.weight.detach().clone()
    group = [[Continuation(QUESTION, "(a)"), Continuation(QUESTION, "(b)")]]
    try:
        with torch.no_grad():
            vlm.module.lm_head.weight.fill_(math.nan)
        with pytest.raises(UserError, match="gives no number"):
            vlm.log_probabilities(noise(1, 64, 64), group)
    finally:
        with torch.no_grad():
            vlm.module.lm_head.weight.copy_(kept)
