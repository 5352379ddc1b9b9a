"""Turn and mirror a shower, and watch what the methods predict turn with it, or not.

The sample holds each shower with its twelve images under the symmetries of the lattice of stations
(source ``orbits``). Predictions are turned back; for a method that respects the symmetry, such as a
group convolution (arXiv:1803.02108), all twelve are then the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from cascade.errors import CascadeError
from cascade.evaluation.bootstrap import bootstrap
from cascade.evaluation.resolution import angular_distance, containment
from cascade.plotting import style
from cascade.plotting.points import draw_rows, name_rows
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.studies.showers import symmetry
from cascade.studies.showers.products.measure import METRICS, measure
from cascade.studies.showers.products.reading import TRUTH, predictions, zenith_of
from cascade.studies.showers.settings import EquivarianceSettings

TYPICAL = 40.0
"""Zenith angle [°] of the orbit that is drawn if none is set."""
SMALLEST = 1e-7
"""Deviations below this part of the resolution are drawn there: rounding alone is left."""


@dataclass(frozen=True)
class Quantity:
    """What a method predicts, and how far apart the predictions for an orbit are.

    Attributes
    ----------
    metric
        The study's metric for the same quantity, in the same unit.
    deviation
        Of predictions (orbits, 12, …), turned back, from their mean, shape (orbits, 12).
    """

    column: str
    metric: str
    label: str
    deviation: Callable[[np.ndarray], np.ndarray]


def _from_mean_axis(axes: np.ndarray) -> np.ndarray:
    mean = axes.mean(axis=1, keepdims=True)
    mean /= np.linalg.norm(mean, axis=-1, keepdims=True)
    return np.degrees(angular_distance(axes, mean))


def _from_mean_core(cores: np.ndarray) -> np.ndarray:
    return np.linalg.norm(cores - cores.mean(axis=1, keepdims=True), axis=-1)


def _from_mean_energy(lg_energy: np.ndarray) -> np.ndarray:
    return np.abs(10 ** (lg_energy - lg_energy.mean(axis=1, keepdims=True)) - 1)


def _from_mean(values: np.ndarray) -> np.ndarray:
    return np.abs(values - values.mean(axis=1, keepdims=True))


QUANTITIES = {
    "axis": Quantity("predicted_axis", "angular_resolution", "axis [°]", _from_mean_axis),
    "core": Quantity("predicted_core", "core_resolution", "core [m]", _from_mean_core),
    "energy": Quantity("predicted_lg_energy", "energy_resolution", "energy [%]", _from_mean_energy),
    "x_max": Quantity(
        "predicted_x_max", "x_max_resolution", r"$X_\mathrm{max}$ [g/cm$^2$]", _from_mean
    ),
}


@style.styled
def equivariance(inputs: Inputs, settings: EquivarianceSettings) -> Result:
    """Draw the predicted axes of one orbit, and how far predictions for an orbit are apart."""
    everything = predictions(inputs, settings, (*TRUTH, "turn", "mirrored"))
    applied = [one for one in everything if "predicted_axis" in one.columns]
    if not applied:
        raise CascadeError("equivariance: none of the methods predicts an axis")
    orbits = {one.key: whole_orbits(one) for one in applied}
    number = min(len(rows) for rows in orbits.values())
    event = chosen_orbit(applied[0], orbits[applied[0].key], settings.event)
    if event >= number:
        raise CascadeError(
            f"equivariance: event: {event} is too large, there are {style.plural(number, 'orbit')}"
        )
    figure = style.empty(style.PAGE, 3.9 + 0.17 * len(applied))
    above, below = figure.add_gridspec(2, 1, height_ratios=(3, 0.6 + 0.17 * len(applied)))
    turned, back = (figure.add_subplot(part) for part in above.subgridspec(1, 2))
    rows = below.subgridspec(1, len(QUANTITIES)).subplots(sharey=True)
    for look, one in enumerate(applied):
        chosen = {key: values[orbits[one.key][event]] for key, values in one.columns.items()}
        draw_turned(turned, chosen, one.label, style.symbol(look))
        draw_turned_back(back, chosen, style.symbol(look))
    draw_truth(turned, chosen)
    frame(turned, back)
    figure.legend(*turned.get_legend_handles_labels(), loc="outside upper center", ncols=5)
    spreads = {
        (one.key, name): spread(one, orbits[one.key], quantity, settings.replicas, inputs.seed)
        for one in applied
        for name, quantity in QUANTITIES.items()
        if quantity.column in one.columns
    }
    judged = {
        (one.key, name): measure(
            one, QUANTITIES[name].metric, settings.replicas, inputs.seed, orbits[one.key].ravel()
        )
        for one in applied
        for name in QUANTITIES
        if (one.key, name) in spreads
    }
    for panel, name in zip(rows, QUANTITIES, strict=True):
        draw_spreads(panel, name, [one.key for one in applied], spreads, judged)
    name_rows(rows[0], [one.label for one in applied])
    numbers = {f"{key}/orbit_deviation_{name}": found for (key, name), found in spreads.items()}
    numbers |= {f"{key}/{QUANTITIES[name].metric}": found for (key, name), found in judged.items()}
    return Result(
        figure, _table(spreads, judged), _caption(applied, orbits, event, settings), numbers
    )


def whole_orbits(applied: Applied) -> np.ndarray:
    """Return the rows of the events of each complete orbit, shape (orbits, 12).

    Raises
    ------
    CascadeError
        There is none.
    """
    turn, mirrored = applied.columns["turn"], applied.columns["mirrored"]
    element = turn + 6 * mirrored.astype(int)
    if len(element) >= symmetry.ORDER:
        windows = np.lib.stride_tricks.sliding_window_view(element, symmetry.ORDER)
        starts = np.flatnonzero((windows == np.arange(symmetry.ORDER)).all(axis=1))
        if len(starts):
            return starts[:, np.newaxis] + np.arange(symmetry.ORDER)
    raise CascadeError(
        f"{applied.path}: holds no shower with its twelve images in order; "
        "apply the methods to a sample of the source 'orbits'"
    )


def turned_back(vectors: np.ndarray) -> np.ndarray:
    """Undo the symmetries of orbits of vectors (…, 12, 2 or 3), in float64."""
    vectors = vectors.astype(np.float64)
    undo = symmetry.planar()[symmetry.INVERSE]
    level = np.einsum("sij,...sj->...si", undo, vectors[..., :2])
    return np.concatenate([level, vectors[..., 2:]], axis=-1)


def chosen_orbit(applied: Applied, orbits: np.ndarray, event: int | None) -> int:
    """Return the number of the orbit that is drawn: the one set, or one of a typical shower."""
    if event is not None:
        return event
    zenith = zenith_of(applied.columns["axis"][orbits[:, 0]])
    return int(np.argmin(np.abs(zenith - TYPICAL)))


def deviations(applied: Applied, orbits: np.ndarray, quantity: Quantity) -> np.ndarray:
    """Return how far each prediction, turned back, is from its orbit's mean, (orbits, 12)."""
    values = applied.columns[quantity.column][orbits].astype(np.float64)
    return quantity.deviation(turned_back(values) if values.ndim > 2 else values)


def spread(
    applied: Applied, orbits: np.ndarray, quantity: Quantity, replicas: int, seed: int
) -> Number:
    """Return what 68 % of the deviations stay below; whole orbits are drawn for its interval."""
    columns = {"deviation": deviations(applied, orbits, quantity)}
    bounds = bootstrap(
        lambda drawn: containment(drawn["deviation"].ravel()),
        columns,
        np.random.default_rng(seed),
        replicas,
    )
    return Number(*bounds, METRICS[quantity.metric].unit, orbits.size)


def draw_turned(axes: Axes, orbit: Mapping[str, np.ndarray], label: str, look: dict) -> None:
    """Draw the predicted axes of an orbit as seen from above."""
    axes.plot(*orbit["predicted_axis"][:, :2].T, label=label, zorder=3, **_points(look, size=3.5))


def draw_truth(axes: Axes, orbit: Mapping[str, np.ndarray]) -> None:
    """Draw the true axes of an orbit, and the circle of their zenith angle."""
    true = orbit["axis"][:, :2]
    angle, radius = np.linspace(0, 2 * np.pi, 200), np.hypot(*true[0])
    axes.plot(radius * np.cos(angle), radius * np.sin(angle), color="0.8", linewidth=0.6, zorder=0)
    axes.plot(
        *true.T, "o", color="black", fillstyle="none", markersize=8, markeredgewidth=0.6,
        label="true axis",
    )  # fmt: skip


def draw_turned_back(axes: Axes, orbit: Mapping[str, np.ndarray], look: dict) -> None:
    """Draw the same predictions turned back, as angles [°] from the true axis of the shower."""
    true = orbit["axis"][0].astype(np.float64)
    east = np.cross([0.0, 1.0, 0.0], true)
    east /= np.linalg.norm(east)
    north = np.cross(true, east)
    predicted = turned_back(orbit["predicted_axis"])
    offset = np.degrees(np.stack([predicted @ east, predicted @ north]))
    axes.plot(*offset, **_points(look, size=3.5))


def frame(turned: Axes, back: Axes) -> None:
    """Give both maps equal scales in both directions."""
    largest = 1.15 * max(np.abs(line.get_xydata()).max() for line in turned.lines)
    turned.set(xlim=(-largest, largest), ylim=(-largest, largest), aspect="equal")
    turned.set(xlabel=r"$\sin\theta\,\cos\varphi$", ylabel=r"$\sin\theta\,\sin\varphi$")
    largest = 1.15 * max(np.abs(line.get_xydata()).max() for line in back.lines)
    back.plot(0, 0, "+", color="black", markersize=8, zorder=0)
    back.set(xlim=(-largest, largest), ylim=(-largest, largest), aspect="equal")
    back.set(xlabel="eastward, turned back [°]", ylabel="northward, turned back [°]")


def _points(look: dict, size: float) -> dict:
    return {**look, "linestyle": "none", "markersize": size, "markeredgewidth": 0.7}


def draw_spreads(
    panel: Axes,
    name: str,
    keys: Sequence[str],
    spreads: Mapping[tuple[str, str], Number],
    judged: Mapping[tuple[str, str], Number],
) -> None:
    """Draw the deviations within orbits, and by a stroke the resolution, a row a method."""
    factor = METRICS[QUANTITIES[name].metric].factor
    resolutions = np.array([_value(judged.get((key, name))) for key in keys])
    found = np.array(
        [
            [getattr(spreads[key, name], bound) for bound in ("value", "low", "high")]
            if (key, name) in spreads
            else [np.nan] * 3
            for key in keys
        ]
    )
    found = factor * np.fmax(found, SMALLEST * resolutions[:, np.newaxis])
    looks = [style.symbol(look) for look in range(len(keys))]
    draw_rows(panel, found[:, 0], (found[:, 1], found[:, 2]), looks=looks)
    panel.plot(factor * resolutions, np.arange(len(keys)), "|", color="black", markersize=7)
    panel.set(xscale="log", xlabel=QUANTITIES[name].label)
    panel.minorticks_off()


def _value(number: Number | None) -> float:
    return np.nan if number is None else number.value


def _table(
    spreads: Mapping[tuple[str, str], Number], judged: Mapping[tuple[str, str], Number]
) -> dict[str, list]:
    return {
        "method": [key for key, _ in spreads],
        "quantity": [name for _, name in spreads],
        "deviation": [found.value for found in spreads.values()],
        "low": [found.low for found in spreads.values()],
        "high": [found.high for found in spreads.values()],
        "resolution": [judged[key].value for key in spreads],
        "unit": [found.unit for found in spreads.values()],
    }


def _caption(
    applied: Sequence[Applied],
    orbits: Mapping[str, np.ndarray],
    event: int,
    settings: EquivarianceSettings,
) -> str:
    first = applied[0]
    rows = orbits[first.key]
    axis = first.columns["axis"][rows[event, 0]]
    lg_energy = first.columns["lg_energy"][rows[event, 0]]
    return (
        f"Showers of sample '{first.sample}' and their images under the six rotations of the "
        "lattice of stations, each with and without a mirror. Top left: horizontal part of the "
        f"axes predicted for the twelve images of shower {event} (lg(E/eV) = {lg_energy:.2f}, "
        f"zenith angle {zenith_of(axis):.0f}°); circles: the true axes. Top right: the same "
        "predictions turned back, as angles from the true axis (cross): one point if the method "
        "respects the symmetry. Bottom: distance of the predictions, turned back, from the mean "
        f"of their orbit, below which 68 % of them lie, from {style.plural(len(rows), 'shower')}, "
        f"with the central 68 % of {settings.replicas} bootstrap replicas of whole orbits; stroke: "
        f"the method's resolution. Deviations below {SMALLEST:g} of the resolution are drawn "
        "there. Stands beside the group convolutions of arXiv:1803.02108."
    )
