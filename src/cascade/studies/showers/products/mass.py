"""Protons against iron: ROC curves, merit factors, distributions of what tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cascade.errors import CascadeError
from cascade.evaluation import resolution
from cascade.evaluation.bootstrap import bootstrap, bootstrap_samples
from cascade.evaluation.resolution import Binned, binned
from cascade.evaluation.roc import area_and_rejection
from cascade.plotting import style
from cascade.plotting.histograms import density, draw_density
from cascade.plotting.points import draw_rows, name_rows
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import Applied
from cascade.plotting.resolution import Curve, draw_curves, limit_resolution
from cascade.plotting.roc import Curve as RocCurve
from cascade.plotting.roc import draw_rejection
from cascade.studies.showers import metrics
from cascade.studies.showers.constants import IRON, PROTON
from cascade.studies.showers.products.reading import composition, predictions
from cascade.studies.showers.products.resolution import enclosing
from cascade.studies.showers.settings import MassSettings

LOOKS = {PROTON: ("p", style.BACKGROUND), IRON: ("Fe", style.SIGNAL)}
FEWEST = 5
"""The ROC curves' frame ends where so few protons pass."""
DEPTH = r"$X_\mathrm{max}$"


@dataclass(frozen=True)
class Separator:
    """A number that tells protons from iron.

    Attributes
    ----------
    key, label
        In metrics and in the figure.
    axis
        Label of its own axis.
    values
        Of the protons' and irons', shape (events,); higher for iron if ``sign`` is 1, else lower.
    iron
        Mask of the iron events.
    lg_energy
        True, shape (events,).
    true
        It is no prediction but the truth: what the predictions are compared with.
    """

    key: str
    label: str
    axis: str
    values: np.ndarray
    iron: np.ndarray
    lg_energy: np.ndarray
    sign: int = 1
    true: bool = False

    @property
    def classes(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of protons and of iron."""
        return self.values[~self.iron], self.values[self.iron]


@style.styled
def mass_separation(inputs: Inputs, settings: MassSettings) -> Result:
    """Draw ROC curves, and merit factors over lg E and of all energies together."""
    applied = predictions(inputs, settings)
    found = separators(applied)
    numbers = [merit(one, settings.replicas, inputs.seed) for one in found]
    looks = [_look(found, index) for index in range(len(found))]
    figure = style.empty(style.PAGE, max(2.5, 0.7 + 0.17 * len(found)))
    roc, energy, rows = figure.subplots(1, 3, width_ratios=(1.2, 1.1, 0.8))
    grid = np.linspace(0, 1, settings.points + 1)[1:]
    curves, areas = zip(
        *(rejection(one, grid, settings.replicas, inputs.seed) for one in found), strict=True
    )
    lines = [{key: look[key] for key in ("color", "linestyle")} for look in looks]
    draw_rejection(roc, curves, lines)
    roc.set(xlabel=r"iron efficiency $\varepsilon_\mathrm{Fe}$")
    roc.set(ylabel=r"proton rejection $1/\varepsilon_\mathrm{p}$")
    protons = min(np.count_nonzero(~one.iron) for one in found)
    roc.set_ylim(1, max(protons / FEWEST, 10))
    low, high = enclosing([one.lg_energy for one in found], 0.05)
    edges = np.linspace(low, high, settings.energy_bins + 1)
    bins = [merit_bins(one, edges, settings, inputs.seed) for one in found]
    draw_curves(
        energy,
        edges,
        [
            Curve(one.label, of.value, of.low, of.high, place, one.true)
            for place, (one, of) in enumerate(zip(found, bins, strict=True))
        ],
    )
    limit_resolution(energy)
    energy.locator_params(axis="x", nbins=4)
    energy.set(xlabel=r"lg($E$/eV)", ylabel="merit factor p, Fe")
    value, below, above = (
        np.array([getattr(n, name) for n in numbers]) for name in ("value", "low", "high")
    )
    draw_rows(rows, value, (below, above), looks=looks)
    rows.yaxis.tick_right()
    name_rows(rows, [one.label for one in found])
    rows.set_xlabel("merit factor, all energies")
    table = _table(found, bins, edges, curves, settings)
    results = {f"{one.key}/merit_factor": n for one, n in zip(found, numbers, strict=True)}
    results |= {f"{one.key}/auc": area for one, area in zip(found, areas, strict=True)}
    return Result(figure, table, _caption(applied, settings), results)


def separators(applied: Sequence[Applied]) -> list[Separator]:
    """Return all that tells protons from iron: scores, predicted depths, and the true depth.

    Raises
    ------
    CascadeError
        No method predicts a score or a depth, or a sample lacks protons or iron.
    """
    found, depths = [], {}
    for one in applied:
        mass = one.columns["mass_number"]
        chosen = (mass == PROTON) | (mass == IRON)
        iron = mass[chosen] == IRON
        if iron.all() or not iron.any():
            raise CascadeError(
                f"{one.path}: a separation of protons from iron needs both, A = 1 and A = 56"
            )
        energy = one.columns["lg_energy"][chosen].astype(np.float64)
        if "score" in one.columns:
            score = metrics.mass_estimator(one.columns)[chosen].astype(np.float64)
            found.append(Separator(one.key, one.label, "score", score, iron, energy))
        if "predicted_x_max" in one.columns:
            depth = one.columns["predicted_x_max"][chosen].astype(np.float64)
            label, key = f"{DEPTH}, {one.label}", f"{one.key}/x_max"
            axis = f"predicted {DEPTH} [g/cm$^2$]"
            found.append(Separator(key, label, axis, depth, iron, energy, -1))
        depth = one.columns["x_max"][chosen].astype(np.float64)
        depths[one.sample] = (depth, iron, energy)
    if not found:
        raise CascadeError("none of the methods predicts a score or a depth of the maximum")
    found.sort(key=lambda one: one.sign, reverse=True)
    for sample, (depth, iron, energy) in depths.items():
        suffix = "" if len(depths) == 1 else f"/{sample}"
        label = f"true {DEPTH}" + ("" if len(depths) == 1 else f", {sample}")
        axis = f"true {DEPTH} [g/cm$^2$]"
        found.append(Separator(f"true_x_max{suffix}", label, axis, depth, iron, energy, -1, True))
    return found


def merit(one: Separator, replicas: int, seed: int) -> Number:
    """Return the merit factor |μ_p − μ_Fe| / √(σ_p² + σ_Fe²) with its interval."""
    rng = np.random.default_rng(seed)
    bounds = bootstrap_samples(resolution.merit_factor, one.classes, rng, replicas)
    return Number(*bounds, "1", len(one.values))


def merit_bins(one: Separator, edges: np.ndarray, settings: MassSettings, seed: int) -> Binned:
    """Return the merit factor in bins of lg E."""
    samples = [
        (values, one.lg_energy[one.iron == iron])
        for values, iron in zip(one.classes, (False, True), strict=True)
    ]
    rng = np.random.default_rng(seed)
    return binned(resolution.merit_factor, samples, edges, rng, settings.replicas)


def rejection(
    one: Separator, grid: np.ndarray, replicas: int, seed: int
) -> tuple[RocCurve, Number]:
    """Return the ROC curve on a grid of iron efficiencies, and the area under it."""
    order = np.argsort(one.sign * one.values, kind="stable")
    columns = {"score": one.sign * one.values[order], "label": one.iron[order]}
    statistic = partial(area_and_rejection, grid=grid)
    bounds = bootstrap(statistic, columns, np.random.default_rng(seed), replicas)
    value, low, high = (bound[1:] for bound in bounds)
    area = Number(*(float(bound[0]) for bound in bounds), "1", len(one.values))
    return RocCurve(one.label, grid, value, low, high), area


def _look(found: Sequence[Separator], index: int) -> dict:
    """Return colour, symbol and dashes of a separator: black for the truth."""
    if found[index].true:
        return {"color": "black", "marker": "o", "markerfacecolor": "black", "linestyle": "-"}
    return style.symbol(index)


@style.styled
def score_distributions(inputs: Inputs, settings: MassSettings) -> Result:
    """Draw the distributions of scores and depths for protons and iron, a panel each."""
    applied = predictions(inputs, settings)
    found = separators(applied)
    rows, columns = style.grid(len(found))
    width = style.COLUMN if columns == 1 else style.PAGE
    figure, axes = style.subplots(rows, columns, width=width, height=0.4 + 1.75 * rows)
    names = ("method", "mass_number", "low", "high", "density", "error")
    table: dict[str, list] = {name: [] for name in names}
    for panel, one in zip(axes.flat, found, strict=False):
        edges = np.linspace(*np.quantile(one.values, [0.002, 0.998]), settings.bins + 1)
        for values, (mass, (label, look)) in zip(one.classes, LOOKS.items(), strict=True):
            histogram = density(values, edges)
            draw_density(panel, histogram, label, **look)
            parts = (edges[:-1], edges[1:], histogram.value, histogram.error)
            table["method"] += [one.key] * len(histogram.value)
            table["mass_number"] += [mass] * len(histogram.value)
            for name, part in zip(names[2:], parts, strict=True):
                table[name] += part.tolist()
        top = panel.get_ylim()[1]
        panel.set(xlabel=one.axis, xlim=edges[[0, -1]], ylim=(0, 1.3 * top))
        style.note(panel, one.label, x=0.04)
        panel.locator_params(nbins=4)
    for spare in axes.flat[len(found) :]:
        spare.set_axis_off()
    for panel in axes[:, 0]:
        panel.set_ylabel("density")
    style.legend_below(figure, axes[0, 0])
    caption = (
        "Distributions of what tells protons (dashed) from iron (solid): scores of classifiers "
        "(probabilities as their logit), predicted depths of the maximum and the true depth, each "
        f"of unit area, from {composition(applied)}. Bars: statistical standard deviations. "
        "The outermost 0.2 % of the events on either side lie outside the frame."
    )
    return Result(figure, table, caption, {})


def _table(
    found: Sequence[Separator],
    bins: Sequence[Binned],
    edges: np.ndarray,
    curves: Sequence[RocCurve],
    settings: MassSettings,
) -> dict[str, list]:
    """Return merit factors by bin of lg E, and the ROC curves by iron efficiency."""
    table = {name: [] for name in ("method", "curve", "x_low", "x_high", "value", "low", "high")}
    for one, of, curve in zip(found, bins, curves, strict=True):
        grid = curve.signal_efficiency
        for name, rows in (
            ("merit_factor", (edges[:-1], edges[1:], of.value, of.low, of.high)),
            ("proton_rejection", (grid, grid, curve.rejection, curve.low, curve.high)),
        ):
            table["method"] += [one.key] * len(rows[0])
            table["curve"] += [name] * len(rows[0])
            for column, values in zip(list(table)[2:], rows, strict=True):
                table[column] += values.tolist()
    return table


def _caption(applied: Sequence[Applied], settings: MassSettings) -> str:
    return (
        "Separation of protons from iron by the scores of classifiers, by predicted depths of the "
        f"maximum, and by the true depth (black), from {composition(applied)}, of which protons "
        "and iron are used; the rows name colours and symbols. Left: inverse efficiency of "
        f"protons over the efficiency of iron nuclei, up to where {FEWEST} protons pass; dotted: "
        "a random choice. Middle: merit factor |μ_p − μ_Fe| / √(σ_p² + σ_Fe²) "
        "over the energy. Right: merit factor of all energies together, in which the depth's rise "
        "with the energy widens both classes. Scores that are probabilities enter as their logit. "
        "A predicted depth may separate better than the true one: the footprint tells the mass by "
        "its muons, too; where their number does not fluctuate from shower to shower, as in the "
        "toy simulation, masses separate far better than in data. "
        f"Bands and bars: central 68 % of {settings.replicas} bootstrap replicas. Stands beside "
        "the merit factors of arXiv:2101.02946."
    )
