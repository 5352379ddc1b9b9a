from __future__ import annotations

import pytest
import torch

from studies.skies.networks.untrained import sky


@pytest.fixture(scope="session")
def skies():
    """Return directions and energies of five skies of 60 rays, the last with many from sources."""
    several, bright = sky(4, 1), sky(1, 2, isotropic=0.0, fractions=[0.5])
    return tuple(torch.cat(parts) for parts in zip(several, bright, strict=True))
