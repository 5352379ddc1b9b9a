"""Activation maximisation: the input that excites a part of a network most.

Gradient ascent from noise (Erhan et al., 2009; Simonyan et al., arXiv:1312.6034),

    x ← (1 − decay) x + step · u · g / RMS(g),    g = ∂a/∂x,

for the mean activation a of a neuron, a channel, a layer, or the number that is explained. The
gradient is brought to an RMS of 1 for each event and input field, so that the step has the same
size everywhere; u is the RMS of the field in the template, since fields differ in their units. With
jitter the input is shifted at random, there and back, in each step: what is left does not hang on
the place of single pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from cascade.errors import CascadeError, known
from cascade.introspection.batching import numbers, sums, with_numbers
from cascade.introspection.explained import Explained, attributable
from cascade.introspection.feature_maps import Layer, kept, layer
from cascade.introspection.settings import MaximisationSettings
from cascade.layers.ragged import Ragged
from cascade.training.batches import Values


@dataclass(frozen=True)
class Maximised:
    """What excites a part of a network.

    Attributes
    ----------
    inputs
        The inputs found, scaled, in the shapes of the template.
    activations
        Of each event before each step and at the end, (steps + 1, B).
    """

    inputs: list[Values]
    activations: Tensor


def maximise(
    explained: Explained, template: Sequence[Values], settings: MaximisationSettings
) -> Maximised:
    """Return inputs that excite the chosen part of a network.

    Parameters
    ----------
    template
        Events whose shapes, numbers of rows, whole numbers, held fields and typical size are taken
        over; each is a start of its own.

    Raises
    ------
    CascadeError
        There is no such layer, channel, neuron or field; jitter is asked for on ragged events.
    """
    for name in (*settings.held, *settings.lowest, *settings.directions):
        known(name, explained.fields, "held, lowest, directions", "input field")
    free = [
        place
        for place, (name, x) in enumerate(zip(explained.fields, template, strict=True))
        if attributable(x) and name not in settings.held
    ]
    if settings.jitter and any(isinstance(template[place], Ragged) for place in free):
        raise CascadeError("jitter: shifts images and traces, not events with rows; let it be 0")
    chosen = None if settings.layer is None else layer(explained, template, settings.layer)
    units = {place: _rms(numbers(template[place])) for place in free}
    draw = torch.Generator().manual_seed(settings.seed)
    inputs = list(template)

    def put(place: int, values: Tensor) -> None:
        allowed = _allowed(values, explained.fields[place], settings)
        inputs[place] = with_numbers(template[place], allowed)

    for place in free:
        values = numbers(template[place])
        noise = torch.randn(values.shape, generator=draw).to(values)
        put(place, settings.noise * units[place] * noise)
    history = []
    for _ in range(settings.steps):
        shift = _shift(settings.jitter, draw)
        activations, gradient = _uphill(explained, inputs, free, chosen, settings, shift)
        history.append(activations)
        for place, found in zip(free, gradient, strict=True):
            step = settings.step * units[place] * _normalised(with_numbers(inputs[place], found))
            put(place, (1 - settings.decay) * numbers(inputs[place]) + step)
    with torch.no_grad():
        history.append(_activation(explained, inputs, chosen, settings))
    return Maximised(inputs, torch.stack(history))


def _rms(values: Tensor) -> Tensor:
    """Return the RMS of a field, 1 where it is empty."""
    rms = values.double().square().mean().sqrt().to(values.dtype)
    return torch.where(rms > 0, rms, 1.0)


def _allowed(values: Tensor, name: str, settings: MaximisationSettings) -> Tensor:
    """Return the nearest values that a field may have."""
    if name in settings.directions:
        return F.normalize(values, dim=-1)
    return values.clamp(min=settings.lowest[name]) if name in settings.lowest else values


def _normalised(gradient: Values) -> Tensor:
    """Return a gradient divided by its RMS over each event."""
    known = numbers(gradient)
    squares = sums(with_numbers(gradient, known.square()))
    rms = (squares / sums(with_numbers(gradient, torch.ones_like(known)))).sqrt()
    rms = torch.where(rms > 0, rms, 1.0)  # events without rows too
    if isinstance(gradient, Ragged):
        rms = rms[gradient.index()]
    return known / rms.reshape(-1, *[1] * (known.ndim - 1))


def _shift(jitter: int, draw: torch.Generator) -> tuple[int, int]:
    if not jitter:
        return 0, 0
    return tuple(torch.randint(-jitter, jitter + 1, (2,), generator=draw).tolist())


def _rolled(values: Tensor, shift: tuple[int, int]) -> Tensor:
    """Shift the last axis, of images the last two, around the edge."""
    axes = min(values.ndim - 1, 2)
    return values.roll(shift[:axes], tuple(range(-axes, 0)))


def _uphill(
    explained: Explained,
    inputs: Sequence[Values],
    free: Sequence[int],
    chosen: Layer | None,
    settings: MaximisationSettings,
    shift: tuple[int, int],
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return activations (B,) and their gradients with respect to the free inputs."""
    leaves = [numbers(inputs[place]).detach().requires_grad_() for place in free]
    given = list(inputs)
    for place, leaf in zip(free, leaves, strict=True):
        given[place] = with_numbers(inputs[place], _rolled(leaf, shift) if any(shift) else leaf)
    activations = _activation(explained, given, chosen, settings)
    gradient = torch.autograd.grad(activations.sum(), leaves, materialize_grads=True)
    return activations.detach(), gradient


def _activation(
    explained: Explained,
    inputs: Sequence[Values],
    chosen: Layer | None,
    settings: MaximisationSettings,
) -> Tensor:
    """Return the mean activation of what is excited, (B,)."""
    if chosen is None:
        return explained.score(*inputs)
    with kept(chosen.module) as outputs:
        explained.score(*inputs)
    maps = outputs[-1].movedim(chosen.channel_axis, 1)
    if settings.channel is not None:
        if settings.channel >= maps.shape[1]:
            raise CascadeError(
                f"channel: {settings.channel} is too large; the layer has {maps.shape[1]}"
            )
        maps = maps[:, settings.channel, None]
    if settings.position is not None:
        maps = _at(maps, settings.position)
    each = chosen.by_event(maps.flatten(1).mean(dim=1), inputs)
    return each.mean() if isinstance(each, Ragged) else each


def _at(maps: Tensor, position: tuple[int, ...]) -> Tensor:
    """Return maps (B, C, …) at one position, (B, C)."""
    size = maps.shape[2:]
    if len(position) != len(size) or any(p >= s for p, s in zip(position, size, strict=True)):
        raise CascadeError(f"position: {list(position)} is not on the layer's map {list(size)}")
    return maps[(slice(None), slice(None), *position)]
