"""Refinement: simulated traces made data-like by a network that a critic teaches."""

from __future__ import annotations

from types import MappingProxyType

from cascade.events.schema import Field
from cascade.products import COMMON
from cascade.study import Estimator, Ingestion, Metric, Network, Product, Simulation, Study

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


HIT = ("trace", "distance", "zenith")
"""What is known of a station in data, too."""
FIGURE = "cascade.plotting.settings:FigureSettings"
SCALING = MappingProxyType({"distance": "standard", "zenith": "standard"})


def _network(
    name: str,
    settings: str,
    objective: str,
    fields: dict[str, tuple[str, ...]],
    **others: str,
) -> Network:
    return Network(
        network=f"{_HERE}.networks:{name}",
        objective=f"{_HERE}.networks.outputs:{objective}",
        inputs=HIT,
        fields=MappingProxyType(fields),
        settings=_settings(f"{settings}Settings"),
        scaling=SCALING,
        **others,
    )


def _transport(name: str, settings: str, fields: dict[str, tuple[str, ...]]) -> Estimator:
    return Estimator(
        fit=f"{_HERE}.transport.{name}:fit_{name}",
        transform=f"{_HERE}.transport.{name}:transform_{name}",
        inputs=HIT,
        fields=MappingProxyType(fields),
        settings=_settings(f"{settings}Settings"),
    )


def _product(function: str, settings: str | None = None) -> Product:
    where = _settings(f"{settings}Settings") if settings else FIGURE
    return Product(f"{_HERE}.products.{function}", where)


KNOWN = (*HIT, "lg_energy", "delta_x")
UNLABELLED = {"simulation": HIT, "data": HIT}

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
            ),
            "hdf5": Ingestion(f"{_HERE}.ingestion.datasets:ingest", _settings("Hdf5Settings")),
        }
    ),
    methods=MappingProxyType(
        {
            "refiner": _network(
                "refiner",
                "Refiner",
                "Likeness",
                UNLABELLED,
                task="cascade.training.wasserstein:WassersteinRefinement",
                transform=f"{_HERE}.networks.transform:refine",
            ),
            "quantile_mapping": _transport("quantile_mapping", "QuantileMapping", UNLABELLED),
            # knows the truth of each simulated trace, and how data come about
            "oracle": _transport("oracle", "Oracle", {"simulation": KNOWN}),
            "energy": _network(
                "energy", "Energy", "EnergyRegression", {"train": (*HIT, "lg_energy")}
            ),
            "discriminator": _network(
                "discriminator",
                "Discriminator",
                "TwoSampleTest",
                UNLABELLED,
                task="cascade.training.tasks:TwoSamples",
            ),
        }
    ),
    metrics=MappingProxyType(
        {
            name: Metric(f"{_HERE}.metrics:{name}", title=title, best=best)
            for name, (title, best) in {
                "lg_energy_bias": ("lg E on data, bias", "zero"),
                "lg_energy_resolution": ("lg E on data, width", "lowest"),
                # of data themselves: 1/2 if they cannot be told from the other sample
                "taken_for_data": ("share taken for data", "none"),
            }.items()
        }
    ),
    products=MappingProxyType(
        {
            **COMMON,
            "critic_history": _product("critic:critic_history"),
            "example_traces": _product("traces:example_traces", "ExampleTraces"),
            "observables": _product("distributions:observables", "Observables"),
            "two_sample": _product("two_sample:two_sample", "TwoSample"),
            "energy_over_energy": _product("energy:energy_over_energy", "Resolution"),
            "side_by_side": _product("side_by_side:side_by_side", "SideBySide"),
            "gap_closed": _product("gap:gap_closed", "GapClosed"),
            "label_kept": _product("labels:label_kept", "LabelKept"),
        }
    ),
    event_kb=(2, 1),
    event_ms=(0.1, 0.1),
)
