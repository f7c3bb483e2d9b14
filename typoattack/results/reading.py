"""What a run's models read: word-only pictures, which word of k each model picked.

Stands beside the predictions as `reading.parquet`, and no figure of the attacks counts a row of it.
"""

import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from typoattack.core.errors import UserError
from typoattack.core.files import write_whole

READING = "reading.parquet"

SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("picture", pa.string()),  # the same word-only picture has the same name in every run
        ("word", pa.string()),
        ("written", pa.string()),  # the word, or the sentence it stands in
        ("form", pa.string()),  # `word` or `sentence`
        ("font", pa.string()),
        ("style", pa.string()),  # of the font: `printed` or `handwriting`
        ("size", pa.float32()),  # font size used, share of the canvas
        ("candidates", pa.list_(pa.string())),
        ("picked", pa.string()),
        ("read", pa.bool_()),
        ("seed", pa.int64()),
        ("pixels", pa.string()),  # fingerprint of the picture
    ]
)


def write_reading(folder: Path, table: pd.DataFrame) -> Path:
    """Keep the answers in a run's folder, whole or not at all."""
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(table, SCHEMA, preserve_index=False), buffer)
    write_whole(folder / READING, buffer.getvalue())
    return folder / READING


def read_reading(folder: Path) -> pd.DataFrame | None:
    """The answers in a run's folder; None if its models were not asked.

    Raises:
        UserError: if the file is damaged.
    """
    path = folder / READING
    if not path.is_file():
        return None
    try:
        table: pd.DataFrame = pq.read_table(path, schema=SCHEMA).to_pandas()
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        told = " ".join(str(error).split())[:200]
        raise UserError(f"{str(path)!r} is damaged ({told}); delete it and run again") from None
    return table
