"""Searches: what they had flipped after so many queries."""

from typing import Any

from typoattack.recipes.guided import Guided
from typoattack.report.section import ReportData, section
from typoattack.report.tables import percent


@section("budget", 34, navigation="Success against queries")
def build(data: ReportData) -> dict[str, Any] | None:
    """A table a model, a line a search; None where no search says when it succeeded."""
    if data.budget.empty:
        return None
    tables = []
    for model, rows in data.budget.groupby("model", sort=False):
        queries = sorted(set(rows["queries"].tolist()))
        lines = [
            {"recipe": recipe, "cells": _cells(mine, queries)}
            for recipe, mine in rows.groupby("recipe", sort=False)
        ]
        tables.append({"model": model, "queries": queries, "lines": lines})
    white_box = data.budget["recipe"].str.startswith(f"{Guided.name}(").any() or (
        Guided.name in set(data.budget["recipe"])
    )
    return {"tables": tables, "several": len(tables) > 1, "white_box": bool(white_box)}


def _cells(rows: Any, queries: list[int]) -> list[tuple[str, str]]:
    """What a search had flipped within each number of queries; empty beyond its budget."""
    by_queries = {row["queries"]: row for row in rows.to_dict("records")}
    return [_cell(by_queries[count]) if count in by_queries else ("", "") for count in queries]


def _cell(row: dict[str, Any]) -> tuple[str, str]:
    low, high = (f"{100 * row[f'flipped_{end}']:.0f}" for end in ("low", "high"))
    return percent(row["flipped"]), f"[{low}, {high}]"
