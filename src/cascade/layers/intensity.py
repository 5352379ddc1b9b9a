"""Views of one intensity that spans decades: as it is and as its logarithm.

Sums of pixels (a mass, a momentum) are linear functions of the intensity itself, whereas a faint
pixel shows in the logarithm. A network that is given both need not learn one from the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

ViewName = Literal["linear", "log"]

VIEWS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x,
    "log": torch.log1p,
}


class IntensityViews(nn.Module):
    """Stack views of an image as its channels.

    Each view is f(x) / f(reference): it leaves 0 at 0 (as the padding of a convolution does) and
    takes the reference to 1. Negative intensities count as 0.

    Parameters
    ----------
    views
        Names of the functions f: x, log(1 + x).
    reference
        A typical intensity, in the unit of the image.

    Shapes
    ------
    ``(B, H, W) -> (B, len(views), H, W)``
    """

    def __init__(self, views: Sequence[ViewName], reference: float) -> None:
        super().__init__()
        self.views = tuple(views)
        self.reference = reference

    def forward(self, image: Tensor) -> Tensor:
        """Return the views."""
        intensity = image.clamp(min=0)
        reference = torch.tensor(self.reference, dtype=image.dtype, device=image.device)
        return torch.stack(
            [VIEWS[view](intensity) / VIEWS[view](reference) for view in self.views], 1
        )
