import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from typoattack.models.text_cache import Features, LastTexts, TextCache

Answer = Callable[[], Features]


class Encoder:
    """Counts the sentences it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Answer:
        self.asked += texts
        rows = np.array([[len(t), sum(map(ord, t)) % 97, 1.0] for t in texts], dtype=np.float32)
        return lambda: rows / np.linalg.norm(rows, axis=1, keepdims=True)


NAMES = [f"class {i}" for i in range(300)]
TEMPLATES = ("a {}", "the {}")


def test_what_was_encoded_once_is_read_back(tmp_path: Path) -> None:
    first, second = Encoder(), Encoder()
    made = TextCache(tmp_path).features("model", NAMES, TEMPLATES, first)
    again = TextCache(tmp_path).features("model", NAMES, TEMPLATES, second)
    assert len(first.asked) == 600
    assert second.asked == []
    np.testing.assert_array_equal(made, again)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-6)


def test_another_model_template_or_name_is_encoded_anew(tmp_path: Path) -> None:
    cache = TextCache(tmp_path)
    cache.features("model", NAMES[:3], TEMPLATES, Encoder())
    for arguments in (
        ("other", NAMES[:3], TEMPLATES),
        ("model", NAMES[:3], ("one {}",)),
        ("model", NAMES[1:4], TEMPLATES),
    ):
        encoder = Encoder()
        cache.features(*arguments, encoder)
        assert encoder.asked


def test_an_interrupted_encoding_keeps_what_it_finished(tmp_path: Path) -> None:
    class Interrupted(Encoder):
        def __call__(self, texts: Sequence[str]) -> Answer:
            if len(self.asked) >= 2048:
                raise KeyboardInterrupt
            return super().__call__(texts)

    names = [f"class {i}" for i in range(1500)]
    with contextlib.suppress(KeyboardInterrupt):
        TextCache(tmp_path).features("model", names, TEMPLATES, Interrupted())
    encoder = Encoder()
    TextCache(tmp_path).features("model", names, TEMPLATES, encoder)
    assert len(encoder.asked) == 3000 - 2048


def test_the_next_file_is_begun_before_the_answer_to_this_one_is_waited_for() -> None:
    told: list[str] = []

    def encode(texts: Sequence[str]) -> Answer:
        number = len(told)
        told.append(f"begun {len(texts)}")

        def answer() -> Features:
            told.append(f"answer {number}")
            return np.ones((len(texts), 2), np.float32)

        return answer

    TextCache(None).features("model", [f"class {i}" for i in range(2500)], ["a {}"], encode)
    assert told == ["begun 1024", "begun 1024", "answer 0", "begun 452", "answer 1", "answer 3"]


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    cache = TextCache(tmp_path)
    made = cache.features("model", NAMES[:3], TEMPLATES, Encoder())
    for file in tmp_path.rglob("*.npy"):
        file.write_bytes(b"\x93NUMPY half")
    encoder = Encoder()
    np.testing.assert_array_equal(cache.features("model", NAMES[:3], TEMPLATES, encoder), made)
    assert encoder.asked


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = TextCache(tmp_path / "file").features("model", NAMES[:3], TEMPLATES, Encoder())
    assert made.shape == (3, 3)


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    names = [f"class {i}" for i in range(1500)]
    TextCache(tmp_path).features(
        "model", names, TEMPLATES, Encoder(), lambda done, total: told.append((done, total))
    )
    assert told == [(512, 1500), (1024, 1500), (1500, 1500)]


def test_a_file_holds_full_batches_of_sentences_or_32_names_where_each_has_many(
    tmp_path: Path,
) -> None:
    sizes: dict[int, list[int]] = {}

    def asked(count: int) -> Encoder:
        class Counted(Encoder):
            def __call__(self, texts: Sequence[str]) -> Answer:
                sizes.setdefault(count, []).append(len(texts))
                return super().__call__(texts)

        return Counted()

    for count in (1, 80):
        sentences = [f"{n} {{}}" for n in range(count)]
        names = [f"class {i}" for i in range(1500)]
        TextCache(None).features("model", names, sentences, asked(count))
    assert sizes[1] == [1024, 476]
    assert set(sizes[80][:-1]) == {32 * 80}


def test_the_last_encoders_texts_are_kept_and_another_ones_are_not() -> None:
    asked: list[int] = []

    def encode(sentences: Sequence[str]) -> Answer:
        asked.append(len(sentences))
        return lambda: np.eye(len(sentences), 8, dtype=np.float32) + 0.1

    kept = LastTexts()
    for encoder, model in (("a", "1"), ("a", "2"), ("b", "2"), ("a", "3")):
        rows = kept.of(encoder).features(model, ["cat", "dog"], ["a {}"], encode)
        assert rows.shape == (2, 8)
        rows[:] = 0  # what a caller does to its own does not reach what is kept
    assert asked == [2, 2, 2]
    kept.features("3", ["cat", "dog"], ["the {}"], encode)
    assert len(asked) == 4
