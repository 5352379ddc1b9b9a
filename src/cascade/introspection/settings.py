"""Settings of the ways of explaining a network."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cascade.settings import Settings

Names = Annotated[tuple[str, ...], Field(strict=False)]
Number = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class AttributionSettings(Settings):
    """How the attribution of any method is worked out."""

    batch: Annotated[int, Field(ge=1)] = 64
    """Events that are explained at a time."""


class IntegratedGradientsSettings(AttributionSettings):
    """Integrated gradients."""

    steps: Annotated[int, Field(ge=1, le=10_000)] = 32
    """Points on the way from the baseline to the event."""

    at_once: Annotated[int, Field(ge=1)] = 512
    """Events, or rows of an event, that may be in memory, all points on the way counted."""

    baseline: Literal["zero", "empty", "mean"] = "zero"
    """Where the way begins: 0 behind the scaler, 0 in the file's units, or the events' mean."""

    levels: dict[str, float] = {}
    """What ``empty`` is of an input field, where it is not 0: a pedestal, in the file's units."""

    held: Names = ()
    """Input fields that stay as they are on the way, and so get no share."""


class LayerSettings(AttributionSettings):
    """A layer that is looked at."""

    layer: str | int | None = None
    """Name of the layer, or its place in the list of layers; by default the one that the method
    looks at by itself."""


class TranslationSettings(AttributionSettings):
    """Inputs are shifted, pixel by pixel or sample by sample."""

    axis: Annotated[int, Field(le=-1)] = -1
    """Along which axis of the input, counted from its last one, -1."""

    largest: Annotated[int, Field(ge=1)] = 8
    """Largest shift, in pixels or samples."""

    layers: Annotated[tuple[str | int, ...], Field(strict=False, min_length=1)] = (0,)
    """Layers whose maps are looked at: names, or places in the list of layers."""


class DeconvNetSettings(AttributionSettings):
    """A feature that is projected back to the input."""

    layer: str | int
    """Name of the layer, or its place in the list of layers."""

    channel: Number = 0
    """Which of the layer's channels."""

    count: Annotated[int, Field(ge=1)] = 9
    """Events that excite the channel most, where the best are looked for."""


class ChannelsSettings(Settings):
    """Channels of a layer."""

    layer: str | int
    """Name of the layer, or its place in the list of layers."""

    channels: (
        Annotated[int, Field(ge=1)]
        | Annotated[tuple[Number, ...], Field(strict=False, min_length=1)]
    ) = 3
    """How many channels, those on which the number that is explained hangs most; or a list of
    them."""


Features = Annotated[tuple[ChannelsSettings, ...], Field(strict=False)]


class PatchesSettings(AttributionSettings):
    """Events that excite channels most, and what these look at in them."""

    features: Annotated[Features, Field(min_length=1)]
    """Layers, and which of their channels."""

    count: Annotated[int, Field(ge=1)] = 9
    """Events shown of each channel, the most excited of all."""


class AscentSettings(Settings):
    """A way uphill, from noise to what excites a part of a network."""

    steps: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Steps uphill."""

    step: Positive = 0.05
    """Size of a step, in units of the RMS of each input field in the template."""

    noise: Annotated[float, Field(ge=0)] = 0.1
    """Width of the noise at the start, in the same units."""

    decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """By how much of itself the input shrinks in each step."""

    jitter: Number = 0
    """Pixels or samples by which the input is shifted at random, there and back, in each step."""

    held: Names = ()
    """Input fields that stay as the template has them."""

    lowest: dict[str, float] = {}
    """Smallest value of an input field, behind its scaler."""

    directions: Names = ()
    """Input fields of unit vectors: each vector is brought to length 1 again after each step."""

    seed: Number = 1
    """Of noise and shifts."""


class MaximisationSettings(AscentSettings):
    """What input excites a part of a network most."""

    layer: str | int | None = None
    """Layer that is excited; the number that is explained if none is given."""

    channel: Number | None = None
    """Which of the layer's channels; by default all of them together."""

    position: Annotated[tuple[Number, ...], Field(strict=False)] | None = None
    """Which neuron of the channel: its place on the map; by default all of them together."""


class MaximisedSettings(AscentSettings):
    """Inputs that make the number large that is explained, or small, or that excite channels."""

    features: Features = ()
    """Layers, and which of their channels."""

    middle: bool = True
    """Excite the neuron in the middle of a channel's map; if not, all of them together."""

    starts: Annotated[int, Field(ge=1)] = 2
    """From how many starts. Shapes and sizes are those of so many events, the first ones."""

    batch: Annotated[int, Field(ge=1)] = 64
    """Events at a time, when channels are looked for."""


class EmbeddingSettings(LayerSettings):
    """t-SNE of a layer's nodes."""

    perplexity: Positive = 30.0
    """About how many neighbours an event is compared with."""

    seed: Number = 1
    """Of the embedding."""


class PixelFlippingSettings(AttributionSettings):
    """Elements of the input are replaced, the most relevant first."""

    operator: Literal["zero", "empty", "mean", "shuffle"] = "empty"
    """By what: 0 behind the scaler, 0 in the file's units, the events' mean, another event's."""

    levels: dict[str, float] = {}
    """What ``empty`` is of an input field, where it is not 0: a pedestal, in the file's units."""

    fractions: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(strict=False)] = (
        0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5,
    )  # fmt: skip
    """Shares of the elements that are replaced, ascending from 0."""

    orders: Annotated[int, Field(ge=1)] = 5
    """Random orders to compare with."""


class RelevanceSettings(AttributionSettings):
    """Layer-wise relevance propagation."""

    rule: Literal["zero", "epsilon", "gamma", "composite"] = "epsilon"
    """How the layers share out relevance: as their inputs contributed (LRP-0), with a stabiliser
    (LRP-ε), with more for contributions of the output's sign (LRP-γ), or γ, ε and 0 from the
    first layers to the last."""

    epsilon: Annotated[float, Field(ge=0)] = 0.001
    """Stabiliser of the ε rule, relative to the mean size of the layer's outputs of an event."""

    gamma: Annotated[float, Field(ge=0)] = 0.25
    """By how much the γ rule favours contributions of the output's sign."""

    held: Names = ()
    """Input fields that are constants to the network, and so get no share."""


class ExplanationSettings(Settings):
    """What of a network is explained, on which events, and how the explanation is judged."""

    number: str | None = None
    """Which number of the output, one of the objective's ``scores``; by default the first one."""

    events: Annotated[int, Field(ge=2)] = 256
    """How many events are looked at: the first of the file."""

    evidence: str | None = None
    """Which evidence of the study relevance is held to; by default its first one."""

    absolute: bool = True
    """Count relevance of either sign as relevance; if not, only what speaks for the number."""

    pixel_flipping: PixelFlippingSettings | None = PixelFlippingSettings()
    """How elements are taken away, the most relevant first; null: not at all."""

    randomised: Number = 32
    """Events whose attribution is compared with those of networks with shuffled weights."""

    shuffles: Annotated[int, Field(ge=1)] = 4
    """Such networks: of a single one the sign of its score may decide for all events."""

    seed: Number = 1
    """Of random orders, and of the shuffled weights."""

    ways: dict[str, dict[str, Any]] = {}
    """Settings of single ways of explaining, by name."""
