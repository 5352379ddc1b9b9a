"""Single skies with their truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import samples
from cascade.plotting.sky import (
    circle_rays,
    coordinates,
    draw_frame,
    draw_rays,
    energy_norm,
    mark_sources,
    ray_sizes,
)
from cascade.studies.skies.products.reading import has_fraction, need_fraction, percent
from cascade.studies.skies.settings.products import SkyMapsSettings

TICKS = (40, 50, 60, 80, 100, 150)
"""Energies that the colour bar names [EeV]."""


@dataclass(frozen=True)
class Sky:
    """One sky: number in its file, and its fields without the axis of the events."""

    number: int
    fields: Mapping[str, np.ndarray]

    @property
    def rays(self) -> int:
        """Number of rays."""
        return len(self.fields["energy"])

    @property
    def signal(self) -> np.ndarray:
        """Which rays belong to a source; none where there is no truth."""
        return self.fields.get("ray_label", np.zeros(self.rays)) != 0

    @property
    def sources(self) -> np.ndarray:
        """Directions of the sources that shine with two rays or more (sources, 3)."""
        if "source" not in self.fields:
            return np.empty((0, 3))
        return self.fields["source_direction"][np.unique(self.fields["source"][self.signal])]


@style.styled
def sky_maps(inputs: Inputs, settings: SkyMapsSettings) -> Result:
    """Draw an isotropic sky and one with sources; of skies without truth the first."""
    sample, path = samples(inputs)[0]
    shown = [read_sky(path, number) for number in choose(path, settings.fraction)]
    figure, axes = style.subplots(1, len(shown), width=style.PAGE, height=2.35)
    if len(shown) == 1:
        figure.set_size_inches(style.COLUMN, 2.35)
    norm = energy_norm(*(sky.fields["energy"] for sky in shown))
    for panel, letter, sky in zip(axes.flat, "ab", shown, strict=False):
        draw_sky(panel, sky, norm)
        if len(shown) > 1:
            style.note(panel, f"({letter})", x=0.02, y=0.97)
    energy_bar(figure, axes, norm)
    return Result(figure, _table(shown), _caption(sample, shown))


def choose(path: Path, fraction: float) -> list[int]:
    """Return the numbers of the first isotropic sky and the first of a signal fraction.

    Where the file holds no truth it is the first sky alone.

    Raises
    ------
    CascadeError
        No sky has the signal fraction.
    """
    with hdf5.opened(path) as file:
        if "signal_fraction" not in hdf5.fields(file):
            return [0]
    found = hdf5.read(path, ("signal_fraction",))["signal_fraction"]
    need_fraction(found, fraction, "sky_maps", str(path))
    isotropic = np.flatnonzero(found == 0)[:1]
    return [*isotropic.tolist(), int(np.flatnonzero(has_fraction(found, fraction))[0])]


def read_sky(path: Path, number: int) -> Sky:
    """Read one sky, all its fields."""
    fields = hdf5.read(path, None, number, number + 1)
    return Sky(number, {name: values[0] for name, values in fields.items()})


def draw_sky(axes: Axes, sky: Sky, norm: LogNorm) -> None:
    """Draw the rays of a sky by energy, rings around signal rays, stars at the sources."""
    draw_frame(axes)
    direction, energy = sky.fields["direction"], sky.fields["energy"]
    draw_rays(axes, direction, energy, norm, ray_sizes(energy))
    circle_rays(axes, direction[sky.signal])
    mark_sources(axes, sky.sources)


def energy_bar(figure: Figure, axes: np.ndarray, norm: LogNorm) -> None:
    """Put one bar of energies under all the given axes."""
    bar = figure.colorbar(
        ScalarMappable(norm, style.FILLED), ax=list(np.ravel(axes)), location="bottom",
        pad=0.03, aspect=40, fraction=0.05, shrink=0.6 if np.size(axes) > 1 else 0.85,
    )  # fmt: skip
    bar.set_label("energy [EeV]")
    bar.outline.set_linewidth(0.6)
    bar.set_ticks([tick for tick in TICKS if norm.vmin <= tick <= norm.vmax])
    bar.ax.xaxis.set_major_formatter(ScalarFormatter())
    bar.ax.xaxis.set_minor_formatter(NullFormatter())


def _table(shown: list[Sky]) -> dict[str, list]:
    table: dict[str, list] = {
        column: []
        for column in ("sky", "right_ascension", "declination", "energy", "charge", "source",
                       "ray_label")
    }  # fmt: skip
    for sky in shown:
        right_ascension, declination = coordinates(sky.fields["direction"])
        table["sky"] += [sky.number] * sky.rays
        table["right_ascension"] += right_ascension.tolist()
        table["declination"] += declination.tolist()
        table["energy"] += sky.fields["energy"].tolist()
        for name in ("charge", "source", "ray_label"):
            values = sky.fields.get(name)
            table[name] += [""] * sky.rays if values is None else values.tolist()
    return table


def _caption(sample: str, shown: list[Sky]) -> str:
    rays = " and ".join(str(number) for number in sorted({sky.rays for sky in shown}))
    known = all("signal_fraction" in sky.fields for sky in shown)
    said = []
    for letter, sky in zip("ab", shown, strict=False):
        fraction = float(sky.fields.get("signal_fraction", 0))
        text = "an isotropic sky" if known else "a sky without truth"
        if fraction > 0:
            text = f"a sky with a signal fraction of {percent(fraction)} %; {_rings(sky)}"
        said.append(f"({letter}) sky {sky.number}, {text}" if len(shown) > 1 else text)
    beside = (
        "the simulated skies of arXiv:2003.13038"
        if known
        else "the measured sky of arXiv:2206.13492"
    )
    return (
        f"Arrival directions of {rays} cosmic rays a sky, of sample '{sample}', in equatorial "
        "coordinates (Hammer projection, right ascension grows to the left): "
        f"{'; '.join(said)}. Colour and size of the dots: energy. Stands beside {beside}."
    )


def _rings(sky: Sky) -> str:
    """Say which rays are ringed in a sky with sources."""
    number = int(sky.signal.sum())
    if not number:
        return "none of its sources has two rays"
    return (
        f"rings: the {style.plural(number, 'ray')} that belong to a source of two rays or more, "
        "stars: these sources"
    )
