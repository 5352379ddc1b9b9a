"""Which rule of relevance propagation belongs to which of torch's functions.

Functions are known by their names, as torch has the same one as a function, a method and an
operator. Those that are not named here are let through: if they only move numbers about, or pick
the largest, then their gradient is how they carry relevance. Whether they do, ``foreign`` tells
from the nodes that they leave in autograd's graph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node
from torch.utils._pytree import tree_flatten, tree_unflatten


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


POINTWISE = _names("""
    abs acos asin atan celu clamp clamp_max clamp_min clip cos cosh deg2rad elu erf exp exp2 expm1
    gelu hardsigmoid hardswish hardtanh leaky_relu log log10 log1p log2 logsigmoid mish normalize
    pow prelu rad2deg reciprocal relu relu6 rsqrt selu sigmoid silu sin sinh softmax softplus
    rpow softsign sqrt square tan tanh threshold
""")
"""Functions of single numbers; ``softmax`` and ``normalize`` are if their denominator is held."""

HOMOGENEOUS = _names("""
    add adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d avg_pool1d avg_pool2d
    avg_pool3d conj cumsum diff hypot index_add interpolate linalg_norm linalg_vector_norm mean neg
    negative norm radd rsub scatter_add scatter_reduce segment_reduce sub subtract sum trace
    vector_norm
""")
"""Functions linear, but for a bias, or homogeneous of degree 1 in all their carriers together."""

SHIFTS = {"add", "radd", "rsub", "sub", "subtract"}
"""Of these, those with a constant move the origin."""

PRODUCTS = _names("""
    bmm conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d einsum linear
    matmul mm mul multiply mv rmatmul rmul
""")
"""Functions linear in each of their factors; a constant factor is a weight."""

SCALINGS = {"mul", "multiply", "rmul"}
"""Products number by number: there is nothing to be shared out between many."""

MIXING = (HOMOGENEOUS - SHIFTS) | (PRODUCTS - SCALINGS) | {"log", "log10", "log1p", "log2"}
"""Functions that add up numbers, or undo an exponential: what they make of gates is none."""

QUOTIENTS = frozenset({"div", "divide", "rdiv", "rtruediv", "true_divide", "truediv"})

HELD = frozenset({"inverse", "linalg_inv"})
"""Functions whose result takes nothing: the solution of linear equations is a quotient too."""

GATES = frozenset({"exp", "hardsigmoid", "sigmoid", "softmax"})
"""Positive functions: a product with one is the other factor, let through more or less."""

PICKING = {"segment_reduce", "scatter_reduce"}
"""Functions that add or pick, as they are told."""

MOVING_IN_PLACE = {
    "copy", "detach", "fill", "index_copy", "masked_fill", "requires_grad", "scatter", "squeeze",
    "unsqueeze", "zero",
}  # fmt: skip

_MOVES = _names("""
    AccumulateGrad Alias AsStrided Cat Clone Complex ConstantPadNd Copy CopySlices Diagonal Expand
    Flip Gather Im2Col Imag Index IndexCopy IndexPut IndexSelect MaskedFill MaskedScatter
    MaskedSelect Permute PixelShuffle PixelUnshuffle Real ReflectionPad1D ReflectionPad2D Repeat
    ReplicationPad1D ReplicationPad2D ReshapeAlias Roll Scatter Select SelectScatter Slice
    SliceScatter Split SplitWithSizes Squeeze Stack T ToCopy Transpose Tril Triu Unbind Unfold
    UnsafeSplit UnsafeView Unsqueeze View ViewAsComplex ViewAsReal Where
""")
_PICKS = _names("""
    AdaptiveMaxPool1D AdaptiveMaxPool2D Amax Amin Kthvalue Logsumexp Max MaxPool2DWithIndices
    MaxPool3DWithIndices Maximum Median Min Minimum MkldnnMaxPool2D Nanmedian ScatterReduce
    SegmentReduce Sort Topk
""")
"""The winner takes all; of a smooth maximum, logsumexp, each its softmax."""
_OURS = {"Share", "Pass"}


def name_of(function: Callable) -> tuple[str, bool]:
    """Return the plain name of a function, operator or method, and whether it works in place."""
    name = getattr(function, "__name__", str(function))
    if name.startswith("__"):
        return name.strip("_"), False
    return name.strip("_"), name.endswith("_")


def nodes_of(found: Iterable[Any]) -> list[Node]:
    """Return autograd's nodes of the carriers among some objects."""
    return [x.grad_fn for x in found if is_carrier(x) and x.grad_fn is not None]


def is_carrier(x: Any) -> bool:
    """Return whether something carries relevance: the weights are frozen, so a gradient says it."""
    return isinstance(x, Tensor) and x.requires_grad


def foreign(start: Iterable[Node], known: set[Node]) -> str | None:
    """Return the name of an operation in autograd's graph whose gradient is no relevance.

    Parameters
    ----------
    start
        Where to begin.
    known
        Nodes behind which there is nothing to be looked for; those seen are added.
    """
    waiting = list(start)
    while waiting:
        node = waiting.pop()
        if node in known:
            continue
        known.add(node)
        name = re.sub(r"Backwards?\d*$", "", node.name()).strip("_")
        if name.rpartition("::")[2] not in _MOVES | _PICKS | _OURS:
            return name
        waiting += [before for before, _ in node.next_functions if before is not None]
    return None


class Call:
    """A call of a function: its carriers of relevance, and itself as a function of these.

    Attributes
    ----------
    leaves
        All arguments, lists taken apart.
    places
        Which of them are carriers.
    """

    def __init__(self, function: Callable, args: tuple, kwargs: dict[str, Any]):
        self.function = function
        self.leaves, self._spec = tree_flatten((args, kwargs))
        self.places = [place for place, x in enumerate(self.leaves) if is_carrier(x)]

    @property
    def carriers(self) -> list[Tensor]:
        """Return the carriers."""
        return [self.leaves[place] for place in self.places]

    @property
    def constants(self) -> list[int]:
        """Return the places of tensors of numbers that carry nothing."""
        return [
            place
            for place, x in enumerate(self.leaves)
            if isinstance(x, Tensor)
            and not x.requires_grad
            and (x.is_floating_point() or x.is_complex())
        ]

    @property
    def arguments(self) -> tuple[tuple, dict[str, Any]]:
        """Return the arguments as they were given."""
        return tree_unflatten(self.leaves, self._spec)

    def replaced(self, values: dict[int, Any]) -> Any:
        """Call the function with other values at some places."""
        leaves = [values.get(place, x) for place, x in enumerate(self.leaves)]
        args, kwargs = tree_unflatten(leaves, self._spec)
        return self.function(*args, **kwargs)

    def operation(self) -> Callable[..., Tensor]:
        """Return the call as an operation of its carriers."""

        def operation(*carriers: Tensor, gamma: float = 0.0) -> Tensor:
            return self.replaced(dict(zip(self.places, carriers, strict=True)))

        return operation

    def layer(self, name: str) -> tuple[Callable[..., Tensor], Tensor, Tensor | None] | None:
        """Return a product as a layer ``(x, weight, bias)``, with weight and bias, if it is one."""
        constants = self.constants
        if len(self.places) > 1 or not 0 < len(constants) <= 1 + has_bias(name):
            return None
        weight, bias = constants[0], constants[1] if len(constants) == 2 else None

        def layer(x: Tensor, weights: Tensor, biases: Tensor | None) -> Tensor:
            values = {self.places[0]: x, weight: weights}
            return self.replaced(values if bias is None else {**values, bias: biases})

        return layer, self.leaves[weight], None if bias is None else self.leaves[bias]

    def held(self, places: Iterable[int]) -> Call:
        """Return the call with some carriers held fixed."""
        args, kwargs = tree_unflatten(
            [x.detach() if place in set(places) else x for place, x in enumerate(self.leaves)],
            self._spec,
        )
        return Call(self.function, args, kwargs)


def has_bias(name: str) -> bool:
    """Return whether a product has a bias, its third argument."""
    return name == "linear" or name.startswith("conv")


def is_hidden(name: str, call: Call) -> bool:
    """Return whether a call does what its node in autograd's graph, that of a move, hides."""
    accumulates = name == "index_put" and any(x is True for x in call.leaves)
    return accumulates or (name in PICKING and "prod" in _words(call))


def is_shift(name: str, call: Call) -> bool:
    """Return whether a call adds a constant."""
    return name in SHIFTS and len(call.places) == 1


def is_pointwise(name: str, call: Call) -> bool:
    """Return whether a call is a function of each number alone."""
    # the modulus of a complex number is a function of two
    return name in POINTWISE and not (name == "abs" and call.carriers[0].is_complex())


def is_homogeneous(name: str, call: Call) -> bool:
    """Return whether a call is linear or homogeneous in its carriers."""
    if name in PICKING and not {"sum", "mean"} & _words(call):
        return False
    return name in HOMOGENEOUS or name == "abs" or name.startswith("fft_")


def _words(call: Call) -> set[str]:
    return {x for x in call.leaves if isinstance(x, str)}
