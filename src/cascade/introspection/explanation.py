"""The explanation of a network: attributions of some events, held to truth, flipping and chance.

All is kept event by event, so that whoever draws it works out means and errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cascade.declarations import resolve
from cascade.errors import CascadeError, known
from cascade.events.schema import Field
from cascade.introspection import WAYS, checked_ways
from cascade.introspection.batching import Attribution, array, numbers, scores, with_numbers
from cascade.introspection.explained import Explained
from cascade.introspection.pixel_flipping import flipped, of_elements
from cascade.introspection.randomisation import randomised_explained
from cascade.introspection.references import reference
from cascade.introspection.scores import conservation_error, rank_correlation, relevance_mass
from cascade.introspection.settings import ExplanationSettings
from cascade.settings import Settings
from cascade.training.batches import Values

BATCH = 256
"""Events whose number is worked out at a time, without gradients."""
SEEDS = 1000
"""Seeds between two networks of shuffled weights: more than either tries."""
Columns = tuple[tuple[Field, ...], dict[str, Any]]
"""The schema of a file, and its arrays."""


def attributed(
    explained: Explained,
    inputs: Sequence[Values],
    ways: Mapping[str, Settings],
    settings: ExplanationSettings,
    elements: Field,
    evidence: Values | None = None,
) -> Columns:
    """Return attributions of events, and how good they are, as columns of a file.

    Columns
    -------
    explained
        The number that is explained.
    WAY
        Relevance of each element: pixel, time bin, ray.
    evidence
        As given.
    WAY_share, random_share
        Share of the relevance that lies on the evidence, and what a random order gets.
    WAY_flipped, random_flipped
        The number with elements replaced, (F,), and in random orders, (orders, F).
    WAY_randomised
        Rank correlation with the relevance by shuffled weights, mean over some such networks; NaN
        where it was not worked out.
    WAY_conservation
        By how much of itself the sum of the relevance misses what it should be, of ways that
        promise it.

    Parameters
    ----------
    ways
        Settings of each way, all attributions.
    elements
        The input field whose numbers are the elements.
    evidence
        In the shape of that field: 1 where the truth lies, 0 where not, −1 for elements that do
        not count.
    """
    columns = _Columns()
    score = scores(explained, inputs, BATCH)
    columns.add("explained", "the number that is explained", score.cpu().numpy())
    found = {name: _attribute(explained, inputs, name, chosen) for name, chosen in ways.items()}
    axes = len(elements.dims) - int(elements.ragged)
    relevances = {name: of_elements(shares, axes) for name, shares in found.items()}
    for name, relevance in relevances.items():
        columns.add(name, f"relevance by {name}", array(relevance), elements.dims, elements.ragged)
        if WAYS[name].conserves:
            error = conservation_error(found[name], score, _start(explained, inputs, ways[name]))
            columns.add(f"{name}_conservation", "|Σ R − S| / |S|", error)
    if evidence is not None:
        columns.add("evidence", "1 where the truth lies, −1 where nothing counts", array(evidence),
                    elements.dims, elements.ragged, "int8")  # fmt: skip
        _held_to(columns, relevances, evidence, settings)
    if settings.pixel_flipping:
        rng = np.random.default_rng(settings.seed)
        curves = flipped(explained, inputs, relevances, settings.pixel_flipping, rng)
        for name, curve in curves.items():
            columns.add(f"{name}_flipped", "the number, most relevant first", curve.curves,
                        ("fraction",))  # fmt: skip
        columns.add("random_flipped", "the number in random orders", curve.random_curves,
                    ("order", "fraction"))  # fmt: skip
    if settings.randomised:
        _randomised(columns, explained, inputs, ways, relevances, axes, settings)
    return columns.schema, columns.arrays


def attribution(
    explained: Explained, events: Mapping[str, Any], way: str, **settings: Any
) -> dict[str, Any]:
    """Return what one way says of events: the function for a network of one's own.

    Parameters
    ----------
    events
        NumPy or Awkward arrays by input field.
    way
        One of ``introspection.WAYS`` that attributes.
    settings
        Of the way.

    Returns
    -------
    For each input field its attribution, in the field's shape; none for whole numbers.

    Raises
    ------
    CascadeError
        There is no such way or setting, or it does not apply to this network.

    Examples
    --------
    >>> import torch
    >>> network = torch.nn.Linear(2, 1, bias=False)
    >>> _ = network.weight.data.copy_(torch.tensor([[1.0, -2.0]]))
    >>> looked = Explained(network, ("height",), lambda output: output[:, 0])
    >>> attribution(looked, {"height": np.array([[3.0, 1.0]])}, "lrp")["height"].round(2)
    array([[ 3., -2.]], dtype=float32)
    """
    attributions = [name for name, each in WAYS.items() if each.kind == "attribution"]
    known(way, attributions, "way", "way of attributing")
    chosen = checked_ways([way], {way: settings}, "way", "settings")[way]
    found = _attribute(explained, explained.inputs(events), way, chosen)
    return {
        name: array(values)
        for name, values in zip(explained.fields, found, strict=True)
        if values is not None
    }


class _Columns:
    """Columns as they come."""

    def __init__(self) -> None:
        self.schema: tuple[Field, ...] = ()
        self.arrays: dict[str, Any] = {}

    def add(
        self, name: str, description: str, values: Any, dims: tuple[str, ...] = (),
        ragged: bool = False, dtype: str = "float32",
    ) -> None:  # fmt: skip
        self.schema += (Field(name, "1", description, dims, dtype, ragged),)
        self.arrays[name] = values


def _attribute(
    explained: Explained, inputs: Sequence[Values], name: str, settings: Settings
) -> list[Attribution]:
    """Return what a way gives each input.

    Raises
    ------
    CascadeError
        It does not apply to this network.
    """
    try:
        return resolve(WAYS[name].function)(explained, inputs, settings)
    except CascadeError as error:
        raise CascadeError(f"{name}: {error}") from error


def _start(explained: Explained, inputs: Sequence[Values], settings: Settings) -> Any:
    """Return the number at the baseline that a way starts from, (B,); 0 if it has none."""
    if not hasattr(settings, "baseline"):
        return 0.0
    baseline = reference(explained, inputs, settings.baseline, levels=settings.levels)
    start = [
        x if name in settings.held else x0
        for name, x, x0 in zip(explained.fields, inputs, baseline, strict=True)
    ]
    return scores(explained, start, settings.batch)


def _held_to(
    columns: _Columns,
    relevances: Mapping[str, Values],
    evidence: Values,
    settings: ExplanationSettings,
) -> None:
    true, among = (
        with_numbers(evidence, test) for test in (numbers(evidence) > 0, numbers(evidence) >= 0)
    )
    for name, relevance in relevances.items():
        mass = relevance_mass(relevance, true, among, absolute=settings.absolute)
        columns.add(f"{name}_share", "share of the relevance on the evidence", mass.shares)
    columns.add("random_share", "share of the elements that are evidence", mass.random_shares)


def _randomised(
    columns: _Columns,
    explained: Explained,
    inputs: Sequence[Values],
    ways: Mapping[str, Settings],
    relevances: Mapping[str, Values],
    axes: int,
    settings: ExplanationSettings,
) -> None:
    """Compare the relevance of the first events with those by shuffled weights."""
    few = [values[: settings.randomised] for values in inputs]
    shuffled = [
        randomised_explained(explained, few, settings.seed + SEEDS * number)
        for number in range(settings.shuffles)
    ]
    alive = [each for each in shuffled if each is not None]
    for name, chosen in ways.items() if alive else ():
        ours = relevances[name][: settings.randomised]
        found = [
            rank_correlation(ours, of_elements(_attribute(each, few, name, chosen), axes))
            for each in alive
        ]
        correlation = np.full(len(inputs[0]), math.nan)
        correlation[: len(ours)] = np.mean(found, axis=0)
        columns.add(f"{name}_randomised", "rank correlation with shuffled weights", correlation)


def one_file(
    explained: Explained, inputs: Sequence[Values], ways: Mapping[str, Settings], **given: Any
) -> Columns:
    """Return what several ways say of the same events in one file; see ``attributed``."""
    schema, arrays = (), {}
    attributions = {name: way for name, way in ways.items() if WAYS[name].kind == "attribution"}
    parts = [attributed(explained, inputs, attributions, **given)] if attributions else []
    parts += [
        _attribute(explained, inputs, name, settings)
        for name, settings in ways.items()
        if name not in attributions
    ]
    for columns, values in parts:
        schema, arrays = (*schema, *columns), {**arrays, **values}
    return schema, arrays
