"""Cosmic-ray skies: arrival directions and energies, isotropic or with rays from a few sources."""

from __future__ import annotations

from types import MappingProxyType

from cascade.events.schema import Field
from cascade.study import Simulation, Study

_HERE = "cascade.studies.skies"

SCHEMA = (
    Field("direction", "1", "arrival directions, equatorial unit vectors", ("ray", "xyz")),
    Field("energy", "EeV", "energies", ("ray",)),
    Field("charge", "1", "charge numbers", ("ray",), dtype="int8"),
    Field("source", "1", "number of each ray's source, -1 for background", ("ray",), dtype="int8"),
    Field(
        "ray_label", "1", "1 for rays of a source with two rays or more", ("ray",), dtype="int8"
    ),
    Field(
        "source_direction",
        "1",
        "directions of the sources; in an isotropic sky they are dark",
        ("source", "xyz"),
    ),
    Field("label", "1", "1 for a sky with sources, 0 for an isotropic one", dtype="int8"),
    Field("signal_fraction", "1", "share of the rays that come from sources"),
)

PREDICTIONS = (
    Field("score", "1", "grows with the probability of sources in the sky", dtype="float64"),
    Field("ray_score", "1", "grows with the probability that a ray is of a source", ("ray",)),
)


def _settings(name: str) -> str:
    return f"{_HERE}.settings:{name}"


STUDY = Study(
    name="skies",
    title="Cosmic-ray skies",
    schema=SCHEMA,
    truth=("label", "signal_fraction", "ray_label"),
    predictions=PREDICTIONS,
    sources=MappingProxyType(
        {
            "toy": Simulation(
                f"{_HERE}.simulation.simulate:simulate", _settings("SkySettings"), block=1000
            ),
        }
    ),
    methods=MappingProxyType({}),
    metrics=MappingProxyType({}),
    products=MappingProxyType({}),
)
