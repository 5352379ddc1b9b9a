"""Product of any study: how much of the relevance lies on the truth, and what else it should do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator

from cascade.plotting import style
from cascade.plotting.attribution import QUANTITIES, Measure, Scores, measures, read_all
from cascade.plotting.product import Inputs, Number, Result
from cascade.plotting.reading import called
from cascade.plotting.settings import FigureSettings

HEADERS = {
    "share": "share on the evidence",
    "flipping": "area over the flipping curve",
    "randomised": "rank correlation,\nweights shuffled",
    "conservation": "conservation error",
}
"""What the axis of a quantity is called."""
LARGEST_CORRELATION = 0.3
"""A map that agrees more than this with one by shuffled weights does not explain the network."""
COLUMNS = (
    "explanation", "network", "way", "quantity", "value", "error", "random", "significance",
    "events",
)  # fmt: skip


@style.styled
def truth_scores(inputs: Inputs, settings: FigureSettings) -> Result:
    """Draw how much of the relevance lies on the truth, and what else a way should do."""
    found = read_all(inputs)
    rows = list(dict.fromkeys(way for ways in found.values() for way in ways))
    quantities = [
        quantity
        for quantity in QUANTITIES
        if any(measured == quantity for *_, measured, _ in measures(found))
    ]
    networks = [next(iter(ways.values())).network for ways in found.values()]
    height = 0.75 + 0.24 * len(rows) + (0.25 if len(found) > 1 else 0)
    figure, panels = style.subplots(1, len(quantities), style.PAGE, height, sharey=True)
    table: dict[str, list] = {column: [] for column in COLUMNS}
    metrics = {}
    for name, network, way, quantity, measure in measures(found):
        panel = panels[0, quantities.index(quantity)]
        place, several = list(found).index(name), len(found)
        _draw(panel, rows.index(way) + 0.5 * ((place + 0.5) / several - 0.5), place, measure)
        facts = (name, network, way, quantity, measure.value, measure.error, measure.random,
                 measure.significance, measure.events)  # fmt: skip
        for column, value in zip(table, facts, strict=True):
            table[column].append(value)
        prefix = f"{name}/" if several > 1 else ""
        metrics[f"{prefix}{way}/{quantity}"] = Number(
            measure.value, measure.value - measure.error, measure.value + measure.error, "1",
            measure.events,
        )  # fmt: skip
    for panel, quantity in zip(panels[0], quantities, strict=True):
        _frame(panel, quantity, [called(way, settings.labels) for way in rows])
    if len(found) > 1:
        figure.legend(
            handles=[
                panels[0, 0].plot(
                    [], [], linestyle="none", **_look(place), label=called(network, settings.labels)
                )[0]
                for place, network in enumerate(networks)
            ],
            loc="outside lower center",
            ncols=min(len(found), 5),
        )
    return Result(figure, table, _caption(found, networks, settings), metrics)


def _look(place: int) -> dict:
    return {"markersize": 3.2, **style.marker(place)}


def _draw(panel: Axes, y: float, place: int, measure: Measure) -> None:
    if np.isfinite(measure.random):
        panel.plot([measure.random] * 2, [y - 0.3, y + 0.3], color=style.GREY, linewidth=1.4)
    if np.isfinite(measure.value):
        error = measure.error if np.isfinite(measure.error) else 0
        panel.errorbar(
            measure.value, y, xerr=error, linestyle="none", elinewidth=0.8, **_look(place)
        )


def _frame(panel: Axes, quantity: str, names: list[str]) -> None:
    panel.set(ylim=(len(names) - 0.4, -0.6), xlabel=HEADERS[quantity])
    panel.set_yticks(range(len(names)), names)
    panel.yaxis.set_minor_locator(NullLocator())
    panel.tick_params(axis="y", length=0)
    if quantity == "randomised":
        panel.axvspan(LARGEST_CORRELATION, 1, color="0.92", zorder=0)
        panel.axvline(0, color="black", linewidth=0.4)
        low = min(-0.2, panel.get_xlim()[0])
        panel.set_xlim(low, 1)
    elif quantity == "conservation":
        panel.set_xscale("log")
        low, high = (np.log10(max(end, 1e-6)) for end in panel.get_xlim())
        panel.set_xlim(10 ** np.floor(low), 10 ** np.ceil(high))
        panel.xaxis.set_minor_formatter(NullFormatter())
    else:
        panel.set_xlim(min(0, panel.get_xlim()[0]), None)


def _caption(
    found: Mapping[str, Mapping[str, Scores]], networks: list[str], settings: FigureSettings
) -> str:
    told = max((m.events for *_, q, m in measures(found) if q == "share"), default=0)
    best = sorted(
        (-m.significance, called(way, settings.labels))
        for _, _, way, q, m in measures(found)
        if q == "share" and np.isfinite(m.significance)
    )
    names = " and ".join(f"'{called(network, settings.labels)}'" for network in networks)
    ranking = (
        f" Most significant: {best[0][1]}, {-best[0][0]:.0f} standard errors above a random order."
        if best
        else ""
    )
    truth = next(
        (f" ({each.evidence})" for w in found.values() for each in w.values() if each.evidence), ""
    )
    return (
        f"How good ways of explaining the network {names} are. Share of the relevance on the "
        f"evidence{truth}, which the toy knows, against that of an order which knows nothing (grey "
        f"bar), mean over {style.plural(told, 'event')} with evidence.{ranking} Area over the "
        "curve of the explained number when the most relevant elements are taken away first "
        "(pixel flipping), in units of the mean size of the number, against random orders (grey "
        "bar). Rank correlation with maps of networks of shuffled weights: above "
        f"{LARGEST_CORRELATION:g} (grey) a map shows the events more than the network. "
        "Conservation error |Σ R − S| / |S|, median, bars half of the central 68 %, of ways that "
        "promise to share out the whole number (biases keep their part). Other bars are standard "
        "errors. Stands beside the ranking of heatmaps in arXiv:1509.06321 and the sanity checks "
        "of arXiv:1810.03292."
    )
