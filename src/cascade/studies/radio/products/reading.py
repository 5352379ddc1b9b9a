"""What the radio products share: predictions, colours, and how traces are counted and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cascade.errors import CascadeError, nearest
from cascade.events import hdf5
from cascade.plotting import reading
from cascade.plotting.product import Inputs
from cascade.plotting.reading import Applied
from cascade.plotting.settings import FigureSettings
from cascade.plotting.style import plural
from cascade.studies.radio import metrics

SCORED = ("score", "label", "snr")
CHUNK = 2048
"""Traces that are read at a time: those of a whole sample would fill the memory."""

Columns = Mapping[str, np.ndarray]


def predictions(
    inputs: Inputs,
    settings: FigureSettings,
    product: str,
    columns: Sequence[str] = SCORED,
    predicted: Sequence[str] = (),
    arrays: Sequence[str] = (),
) -> list[Applied]:
    """Read the predictions of a product, in the order of the config.

    Parameters
    ----------
    columns
        What every file must hold.
    predicted, arrays
        What a method may leave out: it is then left out of the figure. The arrays, which are
        large, are not read: see ``per_trace``.

    Raises
    ------
    CascadeError
        There are none, a file lacks a column, or none of the methods predicts what is needed.
    """
    wanted = {*predicted, *arrays}
    having = {}
    for key, path in inputs.predictions.items():
        with hdf5.opened(path) as file:
            if wanted <= set(hdf5.fields(file)):
                having[key] = path
    if inputs.predictions and not having:
        raise CascadeError(
            f"{product}: none of the methods predicts {' and '.join(sorted(wanted))}: "
            f"{', '.join(dict.fromkeys(method for method, _ in inputs.predictions))}"
        )
    shown = replace(inputs, predictions=having)
    return reading.predictions(shown, settings.labels, (*columns, *predicted))


def per_trace(
    path: Path, names: Sequence[str], function: Callable[[Columns], Columns]
) -> dict[str, np.ndarray]:
    """Return what a function makes of the columns of a file, one value a trace.

    Parameters
    ----------
    function
        Of columns (some traces, …) read from the file; it returns others, (some traces,).
    """
    parts = [function(chunk) for chunk in hdf5.chunks(path, names, CHUNK)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def looks(inputs: Inputs, limit: str) -> dict[tuple[str, str], int]:
    """Return the number that fixes the colour of each method, the same in all figures of a list.

    The limit is drawn in black and takes none.
    """
    others = [key for key in inputs.predictions if key[0] != limit]
    return {key: others.index(key) if key in others else 0 for key in inputs.predictions}


def the_method(name: str | None, applied: Sequence[Applied], where: str, usual: int = 0) -> Applied:
    """Return the predictions of a method, or those at a usual place if none is named.

    Raises
    ------
    CascadeError
        There is no such method; ``where`` names the key that asks for it.
    """
    if name is None:
        return applied[usual]
    for one in applied:
        if name in (one.key, one.method):
            return one
    known = [one.key for one in applied]
    raise CascadeError(f"{where}: no predictions of '{name}' to show; {nearest(name, known)}")


def noise_scores(applied: Applied) -> np.ndarray:
    """Return the scores of the traces without a pulse.

    Raises
    ------
    CascadeError
        There are none.
    """
    noise = applied.columns["score"][applied.columns["label"] == 0]
    if len(noise) == 0:
        raise CascadeError(f"{applied.path}: holds no traces without a pulse, which set the cut")
    return noise


def found(applied: Applied) -> np.ndarray:
    """Return which traces hold a pulse that is detected, bool (traces,).

    Raises
    ------
    CascadeError
        There are no traces without a pulse, which set the cut.
    """
    noise_scores(applied)
    return metrics.detected(applied.columns) & (applied.columns["label"] != 0)


def counts(applied: Sequence[Applied]) -> str:
    """Say how many traces there are of each sample, with a pulse and without.

    Predictions of all methods on a sample are of the same traces.
    """
    parts = []
    for one in {one.sample: one for one in applied}.values():
        pulses = int(np.count_nonzero(one.columns["label"]))
        parts.append(
            f"{plural(one.events, 'trace')} of sample '{one.sample}' ({pulses_of(pulses)})"
        )
    return " and ".join(parts)


def pulses_of(number: int) -> str:
    """Say how many traces have a pulse."""
    return f"{number:,} with a pulse".replace(",", "\u2009")


def black_line(applied: Sequence[Applied], limit: str) -> str:
    """Say what the black line is, if there is one."""
    for one in applied:
        if one.method == limit:
            what = (
                "a matched filter that knows the pulse, in traces without interference"
                if limit == "limit"
                else "what the others are judged by"
            )
            return f" Black: {one.label}, {what}."
    return ""
