"""What the refinement products share: samples, predictions, deviations, and how they are counted.

Δ = lg E' − lg E is the deviation of a predicted energy from the true one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cascade.errors import CascadeError, known
from cascade.plotting import reading, style
from cascade.plotting.product import Inputs
from cascade.plotting.reading import Applied, check_same
from cascade.plotting.settings import FigureSettings
from cascade.plotting.style import plural

PAPER = "arXiv:1802.03325"
ENERGIES = ("lg_energy", "distance", "predicted_lg_energy")
"""What products of energies read."""
LG_ENERGY = r"lg($E$/eV)"
DISTANCE = "distance [m]"
BIAS = r"bias $\langle\Delta\rangle$"
WIDTH = r"resolution $\sigma(\Delta)$"


def predictions(
    inputs: Inputs, settings: FigureSettings, columns: Iterable[str] = ENERGIES
) -> list[Applied]:
    """Read the predictions of a product, in the order of the config."""
    return reading.predictions(inputs, settings.labels, columns)


def on_one_sample(
    inputs: Inputs, settings: FigureSettings, product: str, least: int = 1
) -> list[Applied]:
    """Read predicted energies of methods that are all applied to the same events.

    Raises
    ------
    CascadeError
        They are of several samples, of other events, or there are too few.
    """
    applied = predictions(inputs, settings)
    samples = list(dict.fromkeys(one.sample for one in applied))
    if len(samples) > 1:
        raise CascadeError(
            f"{product}: shows methods on one sample, not on {', '.join(samples)}; "
            "say which one as 'on'"
        )
    if len(applied) < least:
        raise CascadeError(f"{product}: needs {plural(least, 'method')}, not {len(applied)}")
    check_same(applied, ["lg_energy"])
    return applied


def deviations(one: Applied) -> np.ndarray:
    """Return Δ of each event, (events,)."""
    return np.subtract(
        one.columns["predicted_lg_energy"], one.columns["lg_energy"], dtype=np.float64
    )


def samples(inputs: Inputs, data: str, product: str) -> dict[str, Path]:
    """Return the samples of a product, by name, with data last.

    Raises
    ------
    CascadeError
        Data are not among them, or nothing else is.
    """
    found = dict(reading.samples(inputs, 2))
    known(data, found, f"{product}: data", "sample")
    return {name: path for name, path in found.items() if name != data} | {data: found[data]}


def look(index: int, is_data: bool) -> dict[str, Any]:
    """Return colour and dashes of a sample: black for data, else by its running number."""
    if is_data:
        return {"color": style.BLACK, "linestyle": "-"}
    symbol = style.symbol(index)
    return {key: symbol[key] for key in ("color", "linestyle")}


def events_of(numbers: Mapping[str, int]) -> str:
    """Say how many events there are of each sample.

    Examples
    --------
    >>> events_of({"refined": 200, "data": 1})
    "200 events of sample 'refined' and 1 event of sample 'data'"
    """
    parts = [f"{plural(number, 'event')} of sample '{name}'" for name, number in numbers.items()]
    return listed(parts)


def counts(applied: Sequence[Applied]) -> str:
    """Say how many events there are of each sample that predictions are of."""
    return events_of({one.sample: one.events for one in applied})


def listed(parts: Sequence[str]) -> str:
    """Join parts as a sentence does.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def edges_of(edges: Sequence[float], unit: str = "") -> str:
    """Say which bins there are.

    Examples
    --------
    >>> edges_of([500.0, 700.0, 1500.0], "m")
    '2 bins with edges 500, 700, 1500 m'
    """
    numbers = ", ".join(f"{edge:g}" for edge in edges)
    return f"{plural(len(edges) - 1, 'bin')} with edges {numbers} {unit}".rstrip()
