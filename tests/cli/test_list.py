"""`typoattack list` shows what there is."""

import pytest


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("recipes", "handwritten-note"),
        ("models", "local-dir:PATH"),
        ("defences", "mask-text"),
        ("suites", "quick"),
        ("datasets", "hf:NAME[:SPLIT]"),
        ("words", "nearest"),
        ("fonts", "caveat"),
        ("formats", "parquet"),
        ("figures", "flip_rate"),
    ],
)
def test_list_shows_each_kind_of_part(typoattack, kind: str, shown: str) -> None:
    done = typoattack("list", kind)
    assert done.status == 0
    assert shown in done.out
    assert kind in typoattack("list", "--help").out
