"""The figures of a run, drawn by matplotlib: for the page (SVG) and for a paper (SVG and PNG)."""

from collections.abc import Callable, Sequence

import pandas as pd

from typoattack.metrics.reading import Price
from typoattack.metrics.summaries import RecipeSummary
from typoattack.report.charts.base import Chart
from typoattack.report.charts.budget import budget_charts
from typoattack.report.charts.coverage import coverage_charts
from typoattack.report.charts.dose import dose_charts
from typoattack.report.charts.facts import fact_charts
from typoattack.report.charts.fate import fate_charts
from typoattack.report.charts.flip_rate import flip_rate_charts
from typoattack.report.charts.price import price_charts
from typoattack.report.charts.word_matrix import word_matrix_charts


def charts(
    summaries: Sequence[RecipeSummary],
    counted: pd.DataFrame,
    names_of: Callable[[str], Sequence[str]],
    prices: Sequence[Price] = (),
    facts: pd.DataFrame | None = None,
    budget: pd.DataFrame | None = None,
) -> list[Chart]:
    """The figures that these results have something to show in.

    Args:
        summaries: of one or several models.
        counted: what `typoattack.metrics.outcomes.outcomes` gives for the same rows.
        names_of: for a task, what its labels index.
        prices: what is read and kept, a model each.
        facts: what `typoattack.metrics.dose.by_facts` gives for them; None: nothing.
        budget: what `typoattack.metrics.budget.by_budget` gives for them; None: nothing.
    """
    return [
        *price_charts(prices),
        *flip_rate_charts(summaries),
        *fate_charts(summaries),
        *coverage_charts(summaries),
        *dose_charts(summaries),
        *budget_charts(pd.DataFrame() if budget is None else budget),
        *fact_charts(pd.DataFrame() if facts is None else facts),
        *word_matrix_charts(counted, names_of),
    ]
