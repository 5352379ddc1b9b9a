"""Air showers: footprints with time traces on a surface detector."""

from __future__ import annotations

from types import MappingProxyType

from cascade.events.schema import Field
from cascade.products import COMMON
from cascade.study import (
    Estimator,
    Evidence,
    Ingestion,
    Metric,
    Network,
    Product,
    Simulation,
    Study,
)

_HERE = "cascade.studies.showers"

SCHEMA = (
    Field(
        "station",
        "1",
        "site of each triggered station on the lattice: row times columns plus column",
        ("station",),
        dtype="int16",
        ragged=True,
    ),
    Field(
        "position",
        "m",
        "east, north, up of each triggered station, relative to the array's centre",
        ("station", "xyz"),
        ragged=True,
    ),
    Field("time", "ns", "start of each station's trace", ("station",), ragged=True),
    Field(
        "trace",
        "particles",
        "signal of each station over time, noise included",
        ("station", "time_bin"),
        ragged=True,
    ),
    Field("axis", "1", "unit vector towards the origin of the shower: east, north, up", ("xyz",)),
    Field("core", "m", "where the axis meets the array's plane: east, north", ("xy",)),
    Field("lg_energy", "1", "lg of the primary's energy in eV"),
    Field("x_max", "g/cm2", "slant depth of the shower maximum"),
    Field("mass_number", "1", "mass number of the primary", dtype="int16"),
    Field("turn", "1", "by how many sixths of a turn the event was rotated", dtype="int8"),
    Field("mirrored", "1", "1 if the event was mirrored east-west before", dtype="int8"),
)

PREDICTIONS = (
    Field("predicted_axis", "1", "predicted axis, a unit vector: east, north, up", ("xyz",)),
    Field("predicted_core", "m", "predicted core: east, north", ("xy",)),
    Field("predicted_lg_energy", "1", "predicted lg of the energy in eV"),
    Field("predicted_x_max", "g/cm2", "predicted depth of the shower maximum"),
    Field("axis_uncertainty", "rad", "standard deviation of the axis, in each of two directions"),
    Field("core_uncertainty", "m", "standard deviation of the core, in each of two directions"),
    Field("lg_energy_uncertainty", "1", "standard deviation of lg E"),
    Field("x_max_uncertainty", "g/cm2", "standard deviation of the depth of the maximum"),
    Field("score", "1", "grows with the probability of iron against protons", dtype="float64"),
)

TRUTH = ("axis", "core", "lg_energy", "x_max", "mass_number")
STATIONS = ("position", "time", "trace")
MAPPED = ("station", *STATIONS)


def _settings(name: str) -> str:
    return f"{_HERE}.settings:{name}"


def _product(module: str, name: str, settings: str) -> Product:
    return Product(f"{_HERE}.products.{module}:{name}", _settings(f"{settings}Settings"))


def _estimator(module: str, name: str, settings: str) -> Estimator:
    return Estimator(
        fit=f"{_HERE}.baselines.{module}:fit_{name}",
        predict=f"{_HERE}.baselines.{module}:predict_{name}",
        inputs=STATIONS,
        fields=MappingProxyType({"train": (*STATIONS, "lg_energy", "x_max", "mass_number")}),
        settings=_settings(settings),
    )


def _network(name: str, settings: str, inputs: tuple[str, ...] = STATIONS) -> Network:
    return Network(
        network=f"{_HERE}.networks:{name}",
        objective=f"{_HERE}.networks.outputs:Reconstruction",
        inputs=inputs,
        fields=MappingProxyType({"train": (*inputs, *TRUTH)}),
        settings=_settings(settings),
        augment=f"{_HERE}.networks.augmentation:augment",
    )


STUDY = Study(
    name="showers",
    title="Air showers on a surface detector",
    schema=SCHEMA,
    truth=(*TRUTH, "turn", "mirrored"),
    predictions=PREDICTIONS,
    sources=MappingProxyType(
        {
            "toy": Simulation(
                f"{_HERE}.simulation.simulate:simulate", _settings("ShowerSettings"), block=1000
            ),
            "orbits": Simulation(
                f"{_HERE}.simulation.orbits:simulate_orbits",
                _settings("OrbitsSettings"),
                block=1200,  # whole orbits of 12
            ),
            "root": Ingestion(f"{_HERE}.ingestion.ingest:ingest", _settings("RootSettings")),
        }
    ),
    methods=MappingProxyType(
        {
            "fit": _estimator("methods", "fit", "FitSettings"),
            "likelihood": _estimator("methods", "likelihood", "LikelihoodSettings"),
            # knows the toy's own formulas: not a rival, but about what can be known at all
            "trace_likelihood": _estimator("methods", "likelihood", "TraceLikelihoodSettings"),
            "trees": _estimator("trees", "trees", "TreesSettings"),
            "trees_mass": _estimator("trees", "mass", "TreesSettings"),
            "cartesian": _network("cartesian", "CartesianSettings", MAPPED),
            "hexagonal": _network("hexagonal", "HexagonalSettings", MAPPED),
            "hexagonal_p6": _network("hexagonal_p6", "HexagonalGroupSettings", MAPPED),
            "graph": _network("graph", "GraphSettings"),
            "unrolled": _network("unrolled", "UnrolledSettings"),
        }
    ),
    metrics=MappingProxyType(
        {
            name: Metric(f"{_HERE}.metrics:{name}", *facts)
            for name, facts in {
                "angular_resolution": ("deg", "axis, 68 %", "lowest"),
                "core_resolution": ("m", "core, 68 %", "lowest"),
                "energy_bias": ("1", "energy, bias", "zero"),
                "energy_resolution": ("1", "energy, width", "lowest"),
                "lg_energy_resolution": ("1", "lg E, width", "lowest"),
                "x_max_bias": ("g/cm2", "X_max, bias", "zero"),
                "x_max_resolution": ("g/cm2", "X_max, RMS", "lowest"),
                "merit_factor": ("1", "merit factor p, Fe", "highest"),
                "auc": ("1", "AUC of Fe, p", "highest"),
            }.items()
        }
    ),
    products=MappingProxyType(
        {
            **COMMON,
            "event_display": _product("display", "event_display", "ShowerDisplay"),
            "resolution_energy": _product("resolution", "resolution_energy", "Resolution"),
            "resolution_zenith": _product("resolution", "resolution_zenith", "Resolution"),
            "resolution_primary": _product("primaries", "resolution_primary", "Resolution"),
            "resolution_primary_energy": _product(
                "primaries", "resolution_primary_energy", "Resolution"
            ),
            "predicted_over_true": _product("histograms", "predicted_over_true", "Histograms"),
            "mass_separation": _product("mass", "mass_separation", "Mass"),
            "score_distributions": _product("mass", "score_distributions", "Mass"),
            "equivariance": _product("equivariance", "equivariance", "Equivariance"),
            "uncertainty": _product("uncertainty", "uncertainty", "Uncertainty"),
            "selection": _product("selection", "selection", "Methods"),
            "comparison": _product("comparison", "comparison", "Comparison"),
            "footprint_relevance": _product(
                "footprint_relevance", "footprint_relevance", "FootprintRelevance"
            ),
            "relevance_over_distance": _product(
                "relevance_profiles", "relevance_over_distance", "RelevanceProfiles"
            ),
        }
    ),
    elements="trace",
    evidence=MappingProxyType(
        {
            "earliest": Evidence(
                f"{_HERE}.evidence:earliest",
                ("trace",),
                "the rise of the signals in the three hottest stations, among bins with signal",
            )
        }
    ),
    event_kb=(9, 11),
    event_ms=(0.7, 1),
)
