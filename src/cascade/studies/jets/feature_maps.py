"""Sizes of a convolutional network's maps, and whether its settings fit the image.

Poolings shrink the maps stage by stage. A filter whose outermost taps never find a pixel, or a
pooling with no window left, is a mistake in the settings.
"""

from __future__ import annotations

from cascade.errors import CascadeError
from cascade.layers.inception import BRANCHES
from cascade.layers.pooling import pooled_length
from cascade.studies.jets.settings import CNNSettings


def pooling_sizes(settings: CNNSettings) -> tuple[int, ...]:
    """Return the factor of the pooling behind the first convolution and behind each stage.

    Raises
    ------
    CascadeError
        A list of another length is given.
    """
    stages = 1 + len(settings.channels)
    if isinstance(settings.pooling_size, int):
        return (settings.pooling_size,) * stages
    if len(settings.pooling_size) != stages:
        raise CascadeError(
            f"cnn: pooling_size has {len(settings.pooling_size)} entries: give one number, or "
            f"{stages}: one for the first convolution and one for each stage in channels"
        )
    return settings.pooling_size


def map_lengths(settings: CNNSettings) -> list[int]:
    """Return the pixels along a side of the image and behind each pooling.

    Raises
    ------
    CascadeError
        As for ``cnn``: what does not fit, and what would.
    """
    for key in ("first_kernel", "kernel"):
        if (side := getattr(settings, key)) % 2 == 0:
            raise CascadeError(
                f"cnn: {key} is {side}, but a filter has a middle pixel: {side - 1} or {side + 1}"
            )
    if settings.unit == "inception" and (few := min(settings.channels, default=BRANCHES)) < 4:
        raise CascadeError(
            f"cnn: channels of {few} for inception units, whose {BRANCHES} branches share them: "
            f"give at least {BRANCHES} to each stage"
        )
    lengths = [settings.image_size]
    for stage, size in enumerate(pooling_sizes(settings)):
        _check_reach(settings, stage, lengths[-1])
        lengths.append(pooled_length(settings.pooling, lengths[-1], size))
        if lengths[-1] == 0:
            sizes = " → ".join(map(str, lengths[:-1]))
            raise CascadeError(
                f"cnn: {stage + 1} times {settings.pooling} pooling does not fit into "
                f"{settings.image_size} pixels ({sizes}, then nothing is left): at most {stage} "
                f"poolings fit, the first convolution's and those of {max(stage - 1, 0)} stages "
                "in channels; else give a smaller pooling_size, or pooling: none"
            )
    return lengths


def _check_reach(settings: CNNSettings, stage: int, length: int) -> None:
    """Raise unless each filter of a stage finds pixels under its outermost taps."""
    kernel = settings.kernel if stage else settings.first_kernel
    kernel = 5 if stage and settings.unit == "inception" else kernel
    widest = dilation(settings.depth - 1) if stage and settings.unit == "dilated" else 1
    reach = widest * (kernel // 2)
    if reach < length:
        return
    dilated = f", dilated by {widest}," if widest > 1 else ""
    where = f"stage {stage} of channels" if stage else "the first convolution"
    remedies = [f"a filter of {2 * ((length - 1) // widest) + 1}"]
    remedies += [f"at most {stage - 1} stages"] if stage > 1 else []
    remedies += ["less depth"] if widest > 1 else []
    remedies += ["fewer or smaller poolings"] if stage and settings.pooling != "none" else []
    raise CascadeError(
        f"cnn: in {where} a filter of {kernel} × {kernel} pixels{dilated} reaches {reach} pixels "
        f"from its middle, but the map there has {length} × {length}: {' or '.join(remedies)} fit"
    )


def dilation(position: int) -> int:
    """Dilations grow 2, 4, 8 … along a stage: each unit sees twice as far as the one before."""
    return 2 ** (position + 1)
