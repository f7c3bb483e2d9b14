"""Renew the golden predictions of `mini` on `quick`, with the reason why they may change.

.venv/bin/python benchmarks/trust/renew_golden.py --reason "mini: new reader weights"
"""

import csv
import datetime
import io
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from typoattack import api
from typoattack.core.errors import UserError
from typoattack.core.files import write_whole

FOLDER = Path(__file__).parents[2] / "tests" / "golden"
COLUMNS = ("recipe", "sample", "word", "predicted", "prob_predicted", "prob_label", "pixels")


def golden_rows(run: api.Run) -> list[dict[str, str]]:
    """The rows of a run as the golden file has them."""
    table = run.predictions.sort_values(["recipe", "sample"])
    rows = table[list(COLUMNS)].to_dict("records")
    return [{key: _shown(value) for key, value in row.items()} for row in rows]


def _shown(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def changed_rows(old: Path, rows: list[dict[str, str]]) -> str:
    """How many of the rows that stay have another answer or other pixels."""
    if not old.is_file():
        return "first golden predictions"
    with old.open(encoding="utf-8", newline="") as file:
        before = {(row["recipe"], row["sample"]): row for row in csv.DictReader(file)}
    both = [(before[key], row) for row in rows if (key := (row["recipe"], row["sample"])) in before]
    answers = sum(a["predicted"] != b["predicted"] for a, b in both)
    pixels = sum(a["pixels"] != b["pixels"] for a, b in both)
    return f"of {len(both)} rows {answers} have another answer and {pixels} other pixels"


def main(
    reason: Annotated[str, typer.Option("--reason", help="Why the predictions may change.")],
    out: Annotated[Path, typer.Option("--out", help="Where the run goes.")] = Path("runs/golden"),
) -> None:
    """Run `quick` on `mini` and keep its predictions in tests/golden, with the reason."""
    if len(reason.split()) < 3:
        raise UserError("--reason: say in a few words why the predictions may change")
    run = api.run("quick", model="mini", out=out, machine=api.Machine("cpu", workers=0))
    rows = golden_rows(run)
    notes_file, table_file = FOLDER / "quick-mini.json", FOLDER / "quick-mini.csv"
    told = changed_rows(table_file, rows)
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    FOLDER.mkdir(exist_ok=True)
    notes = json.loads(notes_file.read_text("utf-8")) if notes_file.is_file() else {"renewed": []}
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    notes["renewed"].append({"date": today, "reason": reason, "change": told})
    notes["model"] = run.manifest["models"][0]["fingerprint"]
    notes["versions"] = run.manifest["versions"]
    write_whole(table_file, text.getvalue().encode())
    write_whole(notes_file, (json.dumps(notes, indent=1, ensure_ascii=False) + "\n").encode())
    typer.echo(f"{len(rows)} rows; {told}")


if __name__ == "__main__":
    typer.run(main)
