from __future__ import annotations

import pytest

from cascade.events.seeding import Block, sequence
from cascade.settings import validate
from cascade.studies.radio.settings import TraceSettings
from cascade.studies.radio.simulation.simulate import simulate


@pytest.fixture(scope="session")
def drawn():
    """Return a function that draws traces; its keywords are the settings that differ."""

    def draw(events, seed=1, **settings):
        return simulate(Block(0, events, sequence(seed)), validate(TraceSettings, settings))

    return draw
