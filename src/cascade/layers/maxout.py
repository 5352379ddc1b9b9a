"""MaxOut layer (Goodfellow et al., arXiv:1302.4389): the activation is learned too.

Each output is the largest of several linear functions of the input,
h_i(x) = max_j (x · W_ij + b_ij), j = 1 … pieces: any convex function, piece by piece.
"""

from __future__ import annotations

from torch import Tensor, nn

from cascade.layers.activations import initialise


class MaxOut(nn.Module):
    """The maximum over ``pieces`` linear layers.

    Shapes
    ------
    ``(B, inputs) -> (B, outputs)``
    """

    def __init__(self, inputs: int, outputs: int, pieces: int) -> None:
        super().__init__()
        self.outputs, self.pieces = outputs, pieces
        # variance 1 / n_in: the larger of two such numbers has a mean square of exactly 1
        self.linear = initialise(nn.Linear(inputs, outputs * pieces), "linear")

    def forward(self, x: Tensor) -> Tensor:
        """Return the maximum over the pieces."""
        pieces = self.linear(x).unflatten(-1, (self.outputs, self.pieces))  # (B, outputs, pieces)
        return pieces.amax(dim=-1)
