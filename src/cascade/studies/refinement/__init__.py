"""Refinement: simulated traces made data-like by a network that a critic teaches."""

from __future__ import annotations

from types import MappingProxyType

from cascade.events.schema import Field
from cascade.study import Simulation, Study

_HERE = "cascade.studies.refinement"

SCHEMA = (
    Field("trace", "1", "particles in time bins of a station", ("bin",)),
    Field("distance", "m", "of the station from the shower axis"),
    Field("zenith", "deg", "zenith angle of the shower"),
    Field("lg_energy", "1", "lg(E / eV) of the primary"),
    Field("delta_x", "g/cm2", "slant depth between the station and the shower maximum"),
)

PREDICTIONS = (
    Field("predicted_lg_energy", "1", "predicted lg(E / eV)"),
    Field("score", "1", "grows with the probability that a trace is data", dtype="float64"),
)

TRUTH = ("lg_energy", "distance", "zenith")


def _settings(name: str) -> str:
    return f"{_HERE}.settings:{name}"


STUDY = Study(
    name="refinement",
    title="Simulated traces made data-like",
    schema=SCHEMA,
    truth=TRUTH,
    predictions=PREDICTIONS,
    sources=MappingProxyType(
        {
            "toy": Simulation(
                f"{_HERE}.simulation.simulate:simulate", _settings("StationSettings"), block=1000
            )
        }
    ),
    methods=MappingProxyType({}),
    metrics=MappingProxyType({}),
    products=MappingProxyType({}),
)
