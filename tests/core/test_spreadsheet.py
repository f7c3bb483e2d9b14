"""Tables that a spreadsheet opens without acting on them, and that are read back as they were."""

import csv
import io

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from typoattack.core.spreadsheet import csv_text, plain_cell, safe_cell


@given(st.text(max_size=20))
def test_no_text_begins_as_a_formula_and_each_comes_back(text: str) -> None:
    safe = safe_cell(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    if not text.startswith("'"):
        assert plain_cell(safe) == text


def test_a_table_is_safe_in_cells_and_heads_and_its_numbers_stay() -> None:
    frame = pd.DataFrame({"=head": ["=1+1", "@x", "cat"], "gap": [-0.5, 1.0, float("nan")]})
    rows = list(csv.reader(io.StringIO(csv_text(frame))))
    assert rows == [["'=head", "gap"], ["'=1+1", "-0.5"], ["'@x", "1.0"], ["cat", ""]]


def test_mixed_columns_keep_their_numbers() -> None:
    frame = pd.DataFrame({"value": ["-cmd", -3, None]})
    assert csv_text(frame) == 'value\n\'-cmd\n-3\n""\n'
