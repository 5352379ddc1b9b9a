"""Which rays decide: relevance of each ray on the sphere, and how much of it lies on sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.images import colour_bar
from cascade.plotting.product import Inputs, Result
from cascade.plotting.relevance import UNSIGNED, Attributions, attributions, draw_shares
from cascade.plotting.sky import circle_rays, coordinates, draw_frame, mark_sources, project
from cascade.studies.skies.products.maps import Sky, read_sky
from cascade.studies.skies.products.reading import percent, skies
from cascade.studies.skies.settings.products import RelevanceMapSettings

COLUMNS = ("direction", "energy", "signal_fraction", "label", "ray_label")
NORM = Normalize(-1, 1)


@style.styled
def relevance_map(inputs: Inputs, settings: RelevanceMapSettings) -> Result:
    """Draw the relevance of each ray of a few skies, and its share on source rays."""
    found = attributions(inputs, settings.ways, settings.labels, COLUMNS)
    shown = [sky_of(inputs, found, n) for n in choose(found.columns, settings.fractions)]
    rows = len(found.ways)
    figure = style.empty(style.PAGE, 1.2 * rows + 2.5)
    grid = figure.add_gridspec(rows + 1, len(shown), height_ratios=(*[1] * rows, 1.4))
    panels = np.empty((rows, len(shown)), object)
    for row, column in np.ndindex(panels.shape):
        panels[row, column] = figure.add_subplot(grid[row, column])
    for line, way in zip(panels, found.ways, strict=True):
        for panel, sky in zip(line, shown, strict=True):
            draw_relevance(panel, sky, found.scaled(way, sky.number))
            share = found.columns[f"{way}_share"][sky.number]
            if np.isfinite(share):
                style.note(panel, f"{100 * share:.0f} %", x=1.0, y=1.02)
        line[0].text(-0.03, 0.5, found.ways[way], transform=line[0].transAxes, rotation=90,
                     ha="right", va="center")  # fmt: skip
    for panel, sky in zip(panels[0], shown, strict=True):
        panel.set_title(title(sky, found), fontsize=7.5)
    colour_bar(figure, panels, NORM, "relevance / its largest size in the sky", "bottom")
    below = figure.add_subplot(grid[-1, :])
    fraction = np.asarray(found.columns["signal_fraction"], np.float64)
    shares = draw_shares(below, found, fraction, settings.edges)
    below.set(xlabel="signal fraction", ylabel="share on source rays")
    style.legend_below(figure, below, columns=1 + min(rows, 4))
    return Result(figure, _table(found, shown, shares), _caption(found, shown))


def choose(columns: Mapping[str, np.ndarray], wanted: Sequence[float]) -> list[int]:
    """Return the first of the skies next to each signal fraction, and the first isotropic one.

    Raises
    ------
    CascadeError
        No sky has source rays.
    """
    fraction = np.asarray(columns["signal_fraction"], np.float64)
    lit = np.flatnonzero(columns["ray_label"].any(axis=1))
    if not len(lit):
        raise CascadeError("relevance_map: no explained sky has source rays; explain more events")
    chosen = [int(lit[np.abs(fraction[lit] - each).argmin()]) for each in wanted]
    return list(dict.fromkeys([*chosen, *np.flatnonzero(columns["label"] == 0)[:1].tolist()]))


def sky_of(inputs: Inputs, found: Attributions, number: int) -> Sky:
    """Return an explained sky: of the sample with all its truth, if that is given.

    Raises
    ------
    CascadeError
        The sample holds other skies.
    """
    own = {name: found.columns[name][number] for name in COLUMNS}
    for path in inputs.samples.values():
        sky = read_sky(path, number) if number < hdf5.count(path) else None
        if sky is None or not np.array_equal(sky.fields["energy"], own["energy"]):
            raise CascadeError(f"{found.path}: is of other skies than {path}")
        return sky
    return Sky(number, own)


def title(sky: Sky, found: Attributions) -> str:
    """Say what sky it is, and what the network says of it."""
    fraction = float(sky.fields["signal_fraction"])
    kind = f"signal fraction {percent(fraction)} %" if fraction else "isotropic"
    return f"{kind}, logit {found.columns['explained'][sky.number]:.1f}".replace("-", "−")


def draw_relevance(axes: Axes, sky: Sky, relevance: np.ndarray) -> None:
    """Draw rays by relevance, the largest on top, rings around source rays, stars at sources."""
    draw_frame(axes, names=False)
    direction, order = sky.fields["direction"], np.argsort(np.abs(relevance), kind="stable")
    # below the rays: where many lie together, their colours must be seen
    circle_rays(axes, direction[sky.signal], 22.0, linewidths=0.4, zorder=1.5)
    if "source" in sky.fields and sky.signal.any():
        mark_sources(axes, sky.sources, size=36.0)
    x, y = project(direction[order])
    size = np.abs(relevance[order])
    axes.scatter(
        x, y, s=1.0 + 17 * size, c=relevance[order], cmap=style.DIVERGING, norm=NORM,
        edgecolors="0.45", linewidths=0.15, zorder=6, clip_on=False,
    )  # fmt: skip


def _table(found: Attributions, shown: Sequence[Sky], shares: Mapping[str, list]) -> dict:
    table: dict[str, list] = {
        name: [] for name in ("shown", "way", "sky", "right_ascension", "declination", "ray_label",
                              "signal_fraction", "value", "error", "events")
    }  # fmt: skip

    def add(*values: object) -> None:
        for column, value in zip(table.values(), values, strict=True):
            column.append(value)

    for way in found.ways:
        for sky in shown:
            place = coordinates(sky.fields["direction"])
            fraction = float(sky.fields["signal_fraction"])
            rays = zip(*place, sky.signal, found.scaled(way, sky.number), strict=True)
            for alpha, delta, label, value in rays:
                add("relevance", way, sky.number, float(alpha), float(delta), int(label), fraction,
                    float(value), "", 1)  # fmt: skip
    for way, low, high, share, error, _, events in zip(*shares.values(), strict=True):
        add("share", way, "", "", "", "", (low + high) / 2, share, error, events)
    return table


def _caption(found: Attributions, shown: Sequence[Sky]) -> str:
    lit = int(np.count_nonzero(found.columns["ray_label"].any(axis=1)))
    unsigned = [label for way, label in found.ways.items() if way in UNSIGNED]
    sides = f" ({', '.join(unsigned)}: no negative side)" if unsigned else ""
    stars = "; stars: these sources" if any("source" in sky.fields for sky in shown) else ""
    numbers = ", ".join(str(sky.number) for sky in shown)
    return (
        f"Which rays decide about the answer of '{found.network}'. Top: the relevance of each ray "
        f"of {skies(len(shown))} ({numbers}) by {', '.join(found.ways.values())}, over its largest "
        "size in the sky: orange speaks for sources, blue against them"
        f"{sides}; the area of a dot is the size. Rings: rays of a source of two rays or more"
        f"{stars}; numbers: share of the relevance, without its sign, on ringed rays. Equatorial "
        "coordinates, Hammer projection, right ascension grows to the left. Bottom: that share "
        f"over the signal fraction, of {skies(lit)} with source rays among "
        f"{found.events} explained, means with standard errors; skies without any relevance "
        "do not count. Dotted: random order. Stands beside the skies of arXiv:2003.13038."
    )
