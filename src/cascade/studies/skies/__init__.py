"""Cosmic-ray skies: arrival directions and energies, isotropic or with rays from a few sources."""

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

_HERE = "cascade.studies.skies"

SCHEMA = (
    Field("direction", "1", "arrival directions, equatorial unit vectors", ("ray", "xyz")),
    Field("energy", "EeV", "energies", ("ray",)),
    Field("charge", "1", "charge numbers", ("ray",), dtype="int8"),
    Field("source", "1", "number of each ray's source, -1 for background", ("ray",), dtype="int8"),
    Field("ray_label", "1", "1 for rays of a source with two rays or more", ("ray",), dtype="int8"),
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


TRUTH = ("label", "signal_fraction", "ray_label")
RAYS = ("direction", "energy")
LABELS = ("label", "ray_label")
FRACTIONS = (5, 7, 10)
"""Signal fractions that metrics are given for [%]."""


def _settings(name: str) -> str:
    return f"{_HERE}.settings:{name}"


def _product(module: str, name: str, settings: str) -> Product:
    return Product(f"{_HERE}.products.{module}:{name}", _settings(f"{settings}Settings"))


def _scan(module: str, name: str, settings: str) -> Estimator:
    return Estimator(
        fit=f"{_HERE}.baselines.{module}:fit_{name}",
        predict=f"{_HERE}.baselines.{module}:predict_{name}",
        inputs=RAYS,
        fields=MappingProxyType({"train": (*RAYS, "label")}),
        settings=_settings(settings),
    )


def _network(name: str, settings: str, event_ms: float | None = None) -> Network:
    return Network(
        network=f"{_HERE}.networks:{name}",
        objective=f"{_HERE}.networks.outputs:SourceSearch",
        inputs=RAYS,
        fields=MappingProxyType({"train": (*RAYS, *LABELS)}),
        settings=_settings(settings),
        event_ms=event_ms,
    )


STUDY = Study(
    name="skies",
    title="Cosmic-ray skies",
    schema=SCHEMA,
    truth=TRUTH,
    predictions=PREDICTIONS,
    sources=MappingProxyType(
        {
            "toy": Simulation(
                f"{_HERE}.simulation.simulate:simulate", _settings("SkySettings"), block=1000
            ),
            "list": Ingestion(f"{_HERE}.ingestion.lists:ingest", _settings("ListSettings")),
            "root": Ingestion(f"{_HERE}.ingestion.trees:ingest", _settings("RootSettings")),
        }
    ),
    methods=MappingProxyType(
        {
            "autocorrelation": _scan("scans", "autocorrelation", "ScanSettings"),
            "multiplet": _scan("scans", "multiplet", "ScanSettings"),
            "scan_trees": _scan("trees", "scan_trees", "ScanTreesSettings"),
            "deep_sets": _network("deep_sets", "DeepSetsSettings", event_ms=1),
            "spectral": _network("spectral", "SpectralSettings"),
            "static_graph": _network("graph", "StaticGraphSettings"),
            "dgcnn": _network("graph", "GraphSettings"),
            "dgcnn_geometric": _network("graph", "GeometricSettings"),
            "moment_graph": _network("graph", "MomentGraphSettings"),
            "arc_graph": _network("graph", "ArcGraphSettings"),
        }
    ),
    metrics=MappingProxyType(
        {
            f"{name}_f{percent}": Metric(
                f"{_HERE}.metrics:{name.replace('-', '_')}_f{percent}",
                title=f"{title}, {percent} % signal",
            )
            for name, title in {
                "tpr_fpr_1e-2": "TPR at FPR 1 %",
                "auc": "AUC",
                "ray_auc": "AUC of rays",
            }.items()
            for percent in FRACTIONS
        }
    ),
    products=MappingProxyType(
        {
            **COMMON,
            "sky_maps": _product("maps", "sky_maps", "SkyMaps"),
            "neighbour_graphs": _product("graphs", "neighbour_graphs", "NeighbourGraphs"),
            "roc": _product("performance", "roc", "Roc"),
            "tpr_over_fraction": _product("detection", "tpr_over_fraction", "Detection"),
            "tpr_differences": _product("differences", "tpr_differences", "Differences"),
            "ray_scores": _product("rays", "ray_scores", "RayScores"),
            "real_sky": _product("real", "real_sky", "RealSky"),
            "relevance_map": _product("relevance", "relevance_map", "RelevanceMap"),
        }
    ),
    elements="energy",
    evidence=MappingProxyType(
        {
            "source_rays": Evidence(
                f"{_HERE}.evidence:source_rays", ("ray_label",), "rays of sources"
            )
        }
    ),
    event_kb=(40, 15),
    event_ms=(20, 2),
)
