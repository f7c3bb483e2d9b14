"""From the tables of parts to one sorted pandas frame, without ever holding it twice.

A million rows are half a gigabyte in Arrow and far more in pandas where each cell that holds a list
is an array of its own.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from typoattack.results.schema import KEY


def sorted_frame(tables: list[pa.Table], columns: Sequence[str], compact: bool) -> pd.DataFrame:
    """The rows of all tables, sorted by `KEY`.

    Args:
        tables: of one schema that holds `KEY`; at least one. The list is emptied, so that a
            column can be let go.
        columns: of the frame, in its order.
        compact: whether cells that hold lists stay in Arrow's memory, a sixth of what an array each
            takes; they are Python lists then when they are taken out.
    """
    table = pa.concat_tables(tables)
    tables.clear()
    order = _order(table)
    series: dict[str, pd.Series] = {}
    for name in columns:
        # Column by column, each let go once it is taken over.
        column = table.column(name)
        table = table.drop_columns([name])
        series[name] = _series(column if order is None else column.take(order), compact)
    pa.default_memory_pool().release_unused()
    frame: pd.DataFrame = pd.DataFrame(series, copy=False)
    return frame


def by_model(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each model, by its name; of a single model the frame itself, not a copy."""
    names = rows["model"].unique()
    if len(names) == 1:
        yield str(names[0]), rows
        return
    for name, own in rows.groupby("model", sort=True):
        yield str(name), own


def _series(column: pa.ChunkedArray, compact: bool) -> pd.Series:
    if compact and pa.types.is_list(column.type):
        arrow: pd.Series = pd.Series(pd.arrays.ArrowExtensionArray(column))
        return arrow
    series: pd.Series = column.to_pandas()
    return series


def _order(table: pa.Table) -> pa.Array | None:
    """The places of the rows in sorted order; None where they stand in it."""
    order = np.lexsort([_ranks(table.column(name)) for name in reversed(KEY)])
    if bool((order == np.arange(len(order))).all()):
        return None
    return pa.array(order)


def _ranks(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    """The place of each value among the distinct ones of its column."""
    encoded = column.dictionary_encode().unify_dictionaries()
    if not encoded.num_chunks:
        return np.zeros(0, np.int32)
    values = encoded.chunk(0).dictionary
    ranks = np.empty(len(values), np.int32)
    ranks[pc.sort_indices(values).to_numpy()] = np.arange(len(values), dtype=np.int32)
    return np.concatenate([ranks[part.indices.to_numpy()] for part in encoded.chunks])
