"""Activations by name, and the initial weights of a layer that suit the activation behind it.

A layer keeps the size of a signal from input to output if the variance of its weights is

- 2 / n_in for activations that cut one half away: ReLU and its kin (He et al., arXiv:1502.01852),
- 2 / (n_in + n_out) for activations linear about zero: tanh, sigmoid (Glorot and Bengio, 2010),
- 1 / n_in for SELU, which normalises by itself (Klambauer et al., arXiv:1706.02515), and for a
  layer with no activation behind it.
"""

from __future__ import annotations

from typing import Literal, TypeVar, get_args

from torch import nn

ActivationName = Literal["relu", "leaky_relu", "elu", "selu", "tanh", "sigmoid"]

LEAKY_SLOPE = 0.1

_MODULES = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(LEAKY_SLOPE),
    "elu": nn.ELU,
    "selu": nn.SELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
assert set(_MODULES) == set(get_args(ActivationName))

Layer = TypeVar("Layer", nn.Linear, nn.Conv1d, nn.Conv2d)


def activation(name: ActivationName) -> nn.Module:
    """Return a new activation module: one a layer, so that each can be hooked by itself."""
    return _MODULES[name]()


def initialise(layer: Layer, before: ActivationName | Literal["linear"]) -> Layer:
    """Draw a layer's weights anew, as suits the activation that follows; set its bias to 0.

    Parameters
    ----------
    layer
        A linear or convolutional layer, changed in place.
    before
        The activation behind the layer, ``"linear"`` if there is none.

    Returns
    -------
    The same layer.
    """
    if before in ("tanh", "sigmoid"):
        nn.init.xavier_normal_(layer.weight)
    elif before in ("selu", "linear"):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    else:
        slope = LEAKY_SLOPE if before == "leaky_relu" else 0.0
        nn.init.kaiming_normal_(layer.weight, a=slope, nonlinearity="leaky_relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
