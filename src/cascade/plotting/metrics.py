"""All methods and their metrics, study by study: what a referee looks for first."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.declarations import load_study
from cascade.errors import CascadeError
from cascade.files import read_text
from cascade.plotting import style
from cascade.plotting.product import Number, Result
from cascade.plotting.reading import called
from cascade.study import Metric

NAMES, COLUMN, HEAD, ROW = 1.25, 0.635, 0.8, 0.19
"""Widths of the names and of a column, heights of a table's head and of a row [in]."""


@dataclass(frozen=True)
class Table:
    """The methods of a study.

    Attributes
    ----------
    sample
        What they are judged on.
    metrics
        The columns, by name.
    rows
        Number by metric, by method; a method may lack some.
    """

    study: str
    title: str
    sample: str
    events: int
    metrics: Mapping[str, Metric]
    rows: Mapping[str, Mapping[str, Number]]

    def best(self, metric: str) -> set[str]:
        """Return the methods with the best number in a column; none if it tells none apart."""
        rank = {"highest": float, "lowest": lambda value: -value, "zero": lambda value: -abs(value)}
        key = rank.get(self.metrics[metric].best)
        if key is None:
            return set()
        ranks = {name: key(row[metric].value) for name, row in self.rows.items() if metric in row}
        best = {name for name, value in ranks.items() if value == max(ranks.values())}
        return best if len(set(ranks.values())) > 1 else set()


@style.styled
def metrics(paths: Mapping[str, Path]) -> Result:
    """Draw a table of methods × metrics for each study.

    Parameters
    ----------
    paths
        ``metrics.json`` of a method by ``study/name``.
    """
    tables = read_tables(paths)
    heights = [HEAD + ROW * len(table.rows) for table in tables]
    columns = max(len(table.metrics) for table in tables)
    figure = Figure(figsize=(max(style.PAGE, NAMES + COLUMN * columns), sum(heights)))
    edges = {"left": 0, "right": 1, "bottom": 0, "top": 1, "hspace": 0}
    grid = figure.add_gridspec(len(tables), height_ratios=heights, **edges)
    for cell, table in zip(grid, tables, strict=True):
        _draw(figure.add_subplot(cell), table)
    columns = ("study", "method", "metric", "value", "low", "high", "unit", "events", "best")
    content: dict[str, list] = {column: [] for column in columns}
    numbers = {}
    for table in tables:
        for method, row in table.rows.items():
            for name, number in row.items():
                facts = (table.study, method, name, number.value, number.low, number.high,
                         number.unit, number.events, int(method in table.best(name)))  # fmt: skip
                for column, fact in zip(columns, facts, strict=True):
                    content[column].append(fact)
                numbers[f"{table.study}/{method}/{name}"] = number
    return Result(figure, content, _caption(tables), numbers)


def read_tables(paths: Mapping[str, Path]) -> list[Table]:
    """Read metrics of methods, by study in their order.

    Raises
    ------
    CascadeError
        A file is no ``metrics.json``, or of another method than its key says.
    """
    found: dict[str, dict[str, dict]] = {}
    for key, path in paths.items():
        study, _, method = key.partition("/")
        try:
            content = json.loads(read_text(path))
            there = f"{content['study']}/{content['method']}"
            numbers = {name: _number(each) for name, each in content["metrics"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CascadeError(f"{path}: holds no metrics; see cascade evaluate") from None
        if there != key:
            raise CascadeError(f"{path}: holds the metrics of '{there}', not of '{key}'")
        found.setdefault(study, {})[method] = {**content, "metrics": numbers}
    return [_table(study, contents) for study, contents in found.items()]


def _table(study: str, contents: Mapping[str, dict]) -> Table:
    declared = load_study(study)
    rows = {method: content["metrics"] for method, content in contents.items()}
    used = {name for row in rows.values() for name in row}
    # in the study's order; a number that it no longer knows comes last
    metrics = {name: metric for name, metric in declared.metrics.items() if name in used}
    metrics |= {name: Metric("", best="none") for name in sorted(used - metrics.keys())}
    first = next(iter(contents.values()))
    return Table(study, declared.title, first["sample"], first["events"], metrics, rows)


def _number(saved: Mapping) -> Number:
    """Return a number with its interval; JSON has null for infinity."""
    value = math.inf if saved["value"] is None else saved["value"]
    low = value if saved["low"] is None else saved["low"]
    high = math.inf if saved["high"] is None else saved["high"]
    return Number(value, low, high, saved["unit"], saved["events"])


def heading(name: str, metric: Metric) -> str:
    """Return what a metric is called in tables, with its unit.

    Examples
    --------
    >>> heading("core_resolution", Metric("", "m", "core, 68 %")), heading("lift_2", Metric(""))
    ('core, 68 % [m]', 'lift 2')
    """
    unit = f" [{metric.unit.replace('2', '²')}]" if metric.unit != "1" else ""
    return (metric.title or name.replace("_", " ")) + unit


def rounded(number: Number) -> tuple[str, str, str]:
    """Return a value and the distances to the ends of its interval, to two digits of the larger.

    Examples
    --------
    >>> rounded(Number(0.82617, 0.7999, 0.8530, "1", 200))
    ('0.826', '+0.027', '−0.026')
    >>> rounded(Number(100.0, 30.5, math.inf, "1", 200))
    ('100', '+∞', '−70')
    """
    if math.isinf(number.value):
        return "∞", "", ""
    up, down = number.high - number.value, number.value - number.low
    widths = [width for width in (up, down) if math.isfinite(width) and width > 0]
    size = max(widths) if widths else abs(number.value) / 10 or 1.0
    digits = min(6, max(0, 1 - math.floor(math.log10(size))))
    shown = [f"{round(number.value, digits) + 0.0:.{digits}f}".replace("-", "−")]
    for sign, width in (("+", up), ("−", down)):
        shown.append(sign + (f"{width:.{digits}f}" if math.isfinite(width) else "∞"))
    return shown[0], shown[1], shown[2]


def _draw(panel: Axes, table: Table) -> None:
    """Draw a table, one inch wide where its coordinates say one."""
    width, height = panel.figure.get_size_inches()
    box = panel.get_position()
    panel.set(xlim=(0, width * box.width), ylim=(height * box.height, 0))
    panel.axis("off")
    panel.text(0.05, 0.3, table.title, weight="bold", fontsize=8, va="bottom")
    right = NAMES + COLUMN * len(table.metrics)
    panel.plot([0.05, right], [HEAD - 0.04] * 2, color=style.BLACK, lw=0.6)
    for column, (name, metric) in enumerate(table.metrics.items()):
        middle = NAMES + COLUMN * (column + 0.5)
        title = heading(name, metric).replace(" %", "\xa0%").replace(" > ", "\xa0>\xa0")
        lines = "\n".join(textwrap.wrap(title, 13))
        panel.text(middle, HEAD - 0.08, lines, ha="center", va="bottom", fontsize=6)
        best = table.best(name)
        for row, (method, numbers) in enumerate(table.rows.items()):
            text = _written(numbers[name], method in best) if name in numbers else "–"
            panel.text(middle, HEAD + ROW * (row + 0.5), text, ha="center", va="center", fontsize=7)
    for row, method in enumerate(table.rows):
        panel.text(0.05, HEAD + ROW * (row + 0.5), called(method, {}), va="center", fontsize=7)


def _written(number: Number, best: bool) -> str:
    value, up, down = (part.replace("−", "-").replace("∞", r"\infty") for part in rounded(number))
    value = rf"\mathbf{{{value}}}" if best else value
    return f"${value}^{{{up}}}_{{{down}}}$"


def _caption(tables: list[Table]) -> str:
    judged = "; ".join(
        f"{table.study}: {style.plural(len(table.rows), 'method')}, "
        f"{style.plural(table.events, 'event')} of sample '{table.sample}'"
        for table in tables
    )
    return (
        f"All methods and their metrics, on the test split of each study ({judged}). Raised and "
        "lowered: the way to the ends of the central 68 % of the bootstrap replicas of the same "
        "events. Bold: the best number of a column, of a bias the one nearest to zero, whatever "
        "its method was told (limits and oracles know what no detector tells). Networks are "
        "chosen by the validation split, not by these numbers. A dash: the method does not "
        "predict that. Stands beside no figure of a paper: the captions of each study's figures "
        "name those that show the same numbers."
    )
