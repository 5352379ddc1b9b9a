"""Product of any study: the explained number when the most relevant elements are taken away."""

from __future__ import annotations

import json
from pathlib import Path

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.plotting import style
from cascade.plotting.attribution import read_all
from cascade.plotting.product import Inputs, Result
from cascade.plotting.reading import called
from cascade.plotting.settings import FigureSettings

OPERATORS = {
    "zero": "0 behind the scaler",
    "empty": "0 in the units of the file, as where there is no signal",
    "mean": "the mean of the events",
    "shuffle": "those of another event",
}
"""What an operator puts in the place of an element."""


@style.styled
def pixel_flipping(inputs: Inputs, settings: FigureSettings) -> Result:
    """Draw the explained number when elements are taken away in the order of their relevance."""
    found = read_all(inputs)
    names = {name: next(iter(ways.values())).network for name, ways in found.items()}
    figure, panels = style.subplots(
        1, len(found), style.COLUMN if len(found) == 1 else style.PAGE, 3.1, sharex=True
    )
    table: dict[str, list] = {
        column: [] for column in ("explanation", "way", "fraction", "value", "error")
    }
    places = {
        way: place for place, way in enumerate(dict.fromkeys(w for f in found.values() for w in f))
    }
    events = 0
    for panel, (name, ways) in zip(panels[0], found.items(), strict=True):
        curves = {way: s.flipping for way, s in ways.items() if s.flipping is not None}
        if not curves:
            raise CascadeError(f"{inputs.explanations[name]}: was made without pixel flipping")
        first = next(iter(curves.values()))
        events = len(first.curves)
        drawn = {way: (c.curve, c.error, style.line(places[way])) for way, c in curves.items()}
        random = {"color": style.GREY, "linestyle": "-", "linewidth": 2}
        drawn["random"] = (first.random, first.random_spread, random)
        for way, (curve, error, look) in drawn.items():
            panel.plot(first.fractions, curve, label=called(way, settings.labels), **look)
            panel.fill_between(
                first.fractions,
                curve - error,
                curve + error,
                color=look["color"],
                alpha=0.15,
                linewidth=0,
            )
            for fraction, value, width in zip(first.fractions, curve, error, strict=True):
                for column, fact in zip(
                    table, (name, way, float(fraction), float(value), float(width)), strict=True
                ):
                    table[column].append(fact)
        panel.set(xlim=(0, first.fractions[-1]), xlabel="share of the elements taken away")
        if len(found) > 1:
            style.note(panel, called(names[name], settings.labels))
    panels[0, 0].set_ylabel("mean of the explained number")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2 if len(found) == 1 else 4)
    operators = {_operator(path) for path in inputs.explanations.values()}
    caption = (
        f"Pixel flipping (arXiv:1509.06321) for the network "
        f"{' and '.join(repr(called(n, settings.labels)) for n in names.values())}, mean of "
        f"{style.plural(events, 'event')} with its standard error: the number that is explained "
        "when elements of the input are taken away, the most relevant first, and in random order "
        "(grey: mean and spread of the orders). Elements are replaced by "
        f"{' or '.join(sorted(operators))}. The faster a curve falls, the better its way knows "
        "what the network uses."
    )
    return Result(figure, table, caption)


def _operator(path: Path) -> str:
    settings = json.loads(hdf5.attributes(path)["settings"])
    return OPERATORS[settings["pixel_flipping"]["operator"]]
