"""Whether methods know their own errors: pulls and coverage of predicted uncertainties.

The pull of a number is its error over the predicted standard deviation: standard normal if the
uncertainty is right. Of axis and core, with the same uncertainty in two directions, it is the
distance over the standard deviation, which then follows Rayleigh's distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from scipy.special import erf

from cascade.errors import CascadeError
from cascade.evaluation.bootstrap import LEVEL, binomial_interval
from cascade.plotting import style
from cascade.plotting.histograms import density, draw_density
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.studies.showers import metrics
from cascade.studies.showers.products.reading import PREDICTED, TRUTH, counts, predictions
from cascade.studies.showers.settings import UncertaintySettings

Columns = Mapping[str, np.ndarray]
NOMINAL = np.linspace(0, 1, 51)
"""Probabilities at which the coverage is drawn."""


@dataclass(frozen=True)
class Pull:
    """Error over uncertainty of one quantity.

    Attributes
    ----------
    error
        From the columns of the predictions, in the unit of the uncertainty.
    plane
        The error is a distance in two directions, else a signed number.
    """

    label: str
    error: Callable[[Columns], np.ndarray]
    plane: bool = False

    def expected(self, pull: np.ndarray) -> np.ndarray:
        """Return the density of pulls of right uncertainties."""
        normal = np.exp(-(pull**2) / 2)
        return pull * normal if self.plane else normal / np.sqrt(2 * np.pi)

    def probability(self, pull: np.ndarray) -> np.ndarray:
        """Return how probable pulls of smaller size are, if the uncertainties are right."""
        if self.plane:
            return -np.expm1(-(pull**2) / 2)
        return erf(np.abs(pull) / np.sqrt(2))


def _difference(name: str) -> Callable[[Columns], np.ndarray]:
    return lambda columns: np.subtract(
        columns[f"predicted_{name}"], columns[name], dtype=np.float64
    )


PULLS = {
    "axis": Pull("axis: distance / σ", metrics.angular_distances, plane=True),
    "core": Pull("core: distance / σ", metrics.core_distances, plane=True),
    "lg_energy": Pull(r"lg $E$: error / σ", _difference("lg_energy")),
    "x_max": Pull(r"$X_\mathrm{max}$: error / σ", _difference("x_max")),
}
UNCERTAINTIES = tuple(f"{name}_uncertainty" for name in PULLS)


@style.styled
def uncertainty(inputs: Inputs, settings: UncertaintySettings) -> Result:
    """Draw pulls and coverage of all methods that predict uncertainties."""
    applied = predictions(inputs, settings, TRUTH, (*PREDICTED, *UNCERTAINTIES))
    found = {
        (one.key, name): pulls(one, name)
        for one in applied
        for name in PULLS
        if {f"predicted_{name}", f"{name}_uncertainty"} <= set(one.columns)
    }
    if not found:
        raise CascadeError("uncertainty: none of the methods predicts an uncertainty")
    names = [name for name in PULLS if any(name == other for _, other in found)]
    applied = [one for one in applied if any(key == one.key for key, _ in found)]
    figure, axes = style.subplots(
        2, len(names), width=style.PAGE if len(names) > 1 else style.COLUMN, height=4.2
    )
    table = {column: [] for column in ("method", "quantity", "nominal", "coverage", "low", "high")}
    for (upper, lower), name in zip(axes.T, names, strict=True):
        shown = [
            (look, one, found[one.key, name])
            for look, one in enumerate(applied)
            if (one.key, name) in found
        ]
        draw_pulls(upper, PULLS[name], shown, settings.bins)
        for look, one, values in shown:
            bounds = coverage(PULLS[name], values, NOMINAL)
            draw_coverage(lower, bounds, one.label, style.line(look))
            for column, numbers in zip(list(table)[2:], (NOMINAL, *bounds), strict=True):
                table[column] += numbers.tolist()
            table["method"] += [one.key] * len(NOMINAL)
            table["quantity"] += [name] * len(NOMINAL)
        lower.plot([0, 1], [0, 0], color="black", linewidth=0.5, zorder=0)
        lower.set(xlabel="nominal probability", xlim=(0, 1))
    axes[0, 0].set_ylabel("density")
    axes[1, 0].set_ylabel("coverage − nominal")
    style.legend_below(figure, axes, columns=4)
    numbers = {}
    for (key, name), values in found.items():
        value, low, high = (
            float(bound[0]) for bound in coverage(PULLS[name], values, np.array([LEVEL]))
        )
        numbers[f"{key}/{name}_coverage_68"] = Number(value, low, high, "1", len(values))
    return Result(figure, table, _caption(applied), numbers)


def pulls(applied: Applied, name: str) -> np.ndarray:
    """Return the errors over the predicted uncertainties, shape (events,)."""
    sigma = applied.columns[f"{name}_uncertainty"].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return PULLS[name].error(applied.columns) / sigma


def coverage(
    pull: Pull, values: np.ndarray, nominal: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the share of events within the regions of nominal probabilities, and its interval."""
    inside = np.sort(pull.probability(values))
    passed = np.searchsorted(inside, nominal, side="right")
    return passed / len(values), *binomial_interval(passed, len(values))


def draw_pulls(
    axes: Axes, pull: Pull, shown: Sequence[tuple[int, Applied, np.ndarray]], bins: int
) -> None:
    """Draw the distributions of pulls, and the one of right uncertainties as an area."""
    low, high = (0.0, 5.0) if pull.plane else (-4.0, 4.0)
    fine = np.linspace(low, high, 200)
    axes.fill_between(fine, pull.expected(fine), color="0.85", linewidth=0, label="expected")
    edges = np.linspace(low, high, bins + 1)
    for look, one, values in shown:
        draw_density(axes, density(values, edges), one.label, **style.line(look))
    axes.set(xlabel=pull.label, xlim=(low, high))
    axes.set_ylim(bottom=0)


def draw_coverage(
    axes: Axes, bounds: tuple[np.ndarray, np.ndarray, np.ndarray], label: str, look: dict
) -> None:
    """Draw by how much the coverage exceeds the nominal one, with its band."""
    value, low, high = (bound - NOMINAL for bound in bounds)
    axes.plot(NOMINAL, value, label=label, **look)
    axes.fill_between(NOMINAL, low, high, color=look["color"], alpha=0.2, linewidth=0)


def _caption(applied: Sequence[Applied]) -> str:
    return (
        f"Predicted uncertainties against actual errors, from {counts(applied)}. Top: "
        "distributions of the error over the predicted standard deviation (of axis and core the "
        "distance, over the standard deviation in one direction), with statistical errors; grey: "
        "expected of right uncertainties, a normal distribution (of distances a Rayleigh "
        "distribution). Bottom: share of the events within the predicted region of a nominal "
        "probability, less that probability, with its 68 % interval (Clopper and Pearson); below "
        "zero the uncertainties are too small."
    )
