"""Predicted over true energy, depth, zenith angle and core, event by event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from cascade.errors import CascadeError
from cascade.evaluation.bootstrap import bootstrap_samples
from cascade.evaluation.resolution import bias, resolution
from cascade.plotting import style
from cascade.plotting.correlation import count_norm, counts, draw_counts
from cascade.plotting.images import colour_bar
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.studies.showers.products.reading import counts as count_events
from cascade.studies.showers.products.reading import predictions, zenith_of
from cascade.studies.showers.products.resolution import enclosing
from cascade.studies.showers.settings import HistogramsSettings


@dataclass(frozen=True)
class Quantity:
    """One number of a shower, true and predicted.

    Attributes
    ----------
    column
        Of the truth; the predicted one has ``predicted_`` before its name.
    value
        The number, from that column.
    step
        The axes end at multiples of this.
    """

    label: str
    unit: str
    column: str
    value: Callable[[np.ndarray], np.ndarray]
    step: float
    digits: int

    def true(self, applied: Applied) -> np.ndarray:
        """Return the true values, shape (events,)."""
        return self.value(applied.columns[self.column].astype(np.float64))

    def predicted(self, applied: Applied) -> np.ndarray:
        """Return the predicted values, shape (events,)."""
        return self.value(applied.columns[f"predicted_{self.column}"].astype(np.float64))

    def there(self, applied: Applied) -> bool:
        """Whether the method predicts it."""
        return f"predicted_{self.column}" in applied.columns

    @property
    def axis(self) -> str:
        """Label with unit."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label


def _itself(values: np.ndarray) -> np.ndarray:
    return values


QUANTITIES = {
    "lg_energy": Quantity(r"lg($E$/eV)", "", "lg_energy", _itself, 0.1, 3),
    "x_max": Quantity(r"$X_\mathrm{max}$", "g/cm$^2$", "x_max", _itself, 50, 1),
    "zenith": Quantity(r"$\theta$", "°", "axis", zenith_of, 5, 2),
    "core_x": Quantity("core, east", "m", "core", lambda core: core[:, 0], 100, 1),
}
_UNITS = {"lg_energy": "1", "x_max": "g/cm2", "zenith": "deg", "core_x": "m"}


@style.styled
def predicted_over_true(inputs: Inputs, settings: HistogramsSettings) -> Result:
    """Draw histograms of predicted over true values, a row a method."""
    applied = predictions(inputs, settings)
    shown = {
        (one.key, name): quantity
        for one in applied
        for name, quantity in QUANTITIES.items()
        if quantity.there(one)
    }
    if not shown:
        raise CascadeError("predicted_over_true: none of the methods predicts what it shows")
    applied = [one for one in applied if any(key == one.key for key, _ in shown)]
    names = [name for name in QUANTITIES if any(name == other for _, other in shown)]
    edges = {name: _edges(QUANTITIES[name], applied, settings.bins) for name in names}
    named = {one.key: one for one in applied}
    histograms = {
        (key, name): counts(quantity.true(named[key]), quantity.predicted(named[key]), edges[name])
        for (key, name), quantity in shown.items()
    }
    figure = _draw(applied, names, histograms, edges)
    numbers = {
        f"{key}/{name}_{number}": value
        for (key, name), quantity in shown.items()
        for number, value in _numbers(
            quantity, _UNITS[name], named[key], settings.replicas, inputs.seed
        ).items()
    }
    return Result(figure, _table(histograms, edges), _caption(applied), numbers)


def _edges(quantity: Quantity, applied: Sequence[Applied], bins: int) -> np.ndarray:
    """Return bins about all true values and nearly all predictions."""
    ranges = [quantity.true(one) for one in applied]
    ranges += [
        np.nanquantile(quantity.predicted(one), [0.001, 0.999])
        for one in applied
        if quantity.there(one)
    ]
    return np.linspace(*enclosing(ranges, quantity.step), bins + 1)


def deviations(quantity: Quantity, applied: Applied) -> np.ndarray:
    """Return predicted minus true values, shape (events,)."""
    return quantity.predicted(applied) - quantity.true(applied)


def printed(difference: np.ndarray, digits: int) -> str:
    r"""Write mean and standard deviation of deviations, in two lines.

    Examples
    --------
    >>> printed(np.array([-1.0, 1.0, -1e-9]), 1)
    'bias 0.0\nwidth 1.0'
    """
    mean = round(float(difference.mean()), digits) + 0.0  # no negative zero
    sign = "+" if mean > 0 else ""
    text = f"bias {sign}{mean:.{digits}f}\nwidth {difference.std(ddof=1):.{digits}f}"
    return text.replace("-", "−")


def _numbers(
    quantity: Quantity, unit: str, applied: Applied, replicas: int, seed: int
) -> dict[str, Number]:
    """Return mean and standard deviation of the deviations."""
    difference = deviations(quantity, applied)
    found = {}
    for name, statistic in (("bias", bias), ("width", resolution)):
        rng = np.random.default_rng(seed)
        bounds = bootstrap_samples(statistic, [difference], rng, replicas)
        found[name] = Number(*bounds, unit, len(difference))
    return found


def _draw(
    applied: Sequence[Applied],
    names: Sequence[str],
    histograms: Mapping[tuple[str, str], np.ndarray],
    edges: Mapping[str, np.ndarray],
) -> Figure:
    rows, columns = len(applied), len(names)
    width = style.PAGE if columns > 1 else style.COLUMN
    side = (width - 0.9 - 0.35 * columns) / columns
    figure, axes = style.subplots(
        rows, columns, width=width, height=rows * (side + 0.28) + 0.25, sharex="col"
    )
    norm = count_norm(list(histograms.values()))
    for row, one in zip(axes, applied, strict=True):
        for panel, name in zip(row, names, strict=True):
            quantity = QUANTITIES[name]
            if (one.key, name) not in histograms:
                panel.set_axis_off()
                continue
            draw_counts(panel, histograms[one.key, name], edges[name], norm)
            style.note(panel, printed(deviations(quantity, one), quantity.digits), x=0.05)
    for one, panel in zip(applied, axes[:, 0], strict=True):
        panel.set_ylabel(f"{one.label}\npredicted")
    for name, panel in zip(names, axes[-1], strict=True):
        panel.set_xlabel(f"true {QUANTITIES[name].axis}")
    colour_bar(figure, axes, norm, "events per bin", colours=style.FILLED)
    return figure


def _table(
    histograms: Mapping[tuple[str, str], np.ndarray], edges: Mapping[str, np.ndarray]
) -> dict[str, list]:
    """Return the filled bins, by their middles."""
    table = {column: [] for column in ("method", "quantity", "true", "predicted", "events")}
    for (key, name), histogram in histograms.items():
        centres = (edges[name][1:] + edges[name][:-1]) / 2
        true, predicted = np.nonzero(histogram)
        table["method"] += [key] * len(true)
        table["quantity"] += [name] * len(true)
        table["true"] += centres[true].tolist()
        table["predicted"] += centres[predicted].tolist()
        table["events"] += histogram[true, predicted].astype(int).tolist()
    return table


def _caption(applied: Sequence[Applied]) -> str:
    return (
        "Predicted over true values of lg E, depth of the maximum, zenith angle and core, events "
        f"per bin, from {count_events(applied)}, all primaries together; one row a method. Dashed: "
        "perfect prediction. Printed: mean (bias) and standard deviation (width) of predicted "
        "minus true values, in the unit of the axis, from all events, also those outside the "
        "frame. Stands beside the predicted over true depths of arXiv:2101.02946."
    )
