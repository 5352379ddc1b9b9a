from __future__ import annotations

import pytest

from ..simulation.drawn import DATA, drawn


@pytest.fixture(scope="session")
def splits():
    """Training and validation splits of both roles."""
    return [
        {"simulation": drawn(events, seed=seed), "data": drawn(events, DATA, seed=seed + 1)}
        for events, seed in ((12_000, 11), (6000, 21))
    ]
