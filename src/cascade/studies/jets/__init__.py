"""Jets: boosted W bosons against QCD, from Pythia 8, a toy, or a user's own ROOT file."""

from __future__ import annotations

from types import MappingProxyType

from cascade.events.schema import Field
from cascade.products import COMMON
from cascade.study import (
    Estimator,
    Evidence,
    Finalise,
    Formula,
    Ingestion,
    Metric,
    Network,
    Product,
    Simulation,
    Study,
)

_HERE = "cascade.studies.jets"

SCHEMA = (
    Field("image_raw", "GeV", "transverse energy per tower about the jet axis", ("eta", "phi")),
    Field("image", "GeV", "transverse energy, translated, rotated, flipped", ("eta", "phi")),
    Field(
        "constituents",
        "GeV, 1, rad",
        "towers of the trimmed jet: pT, eta, phi",
        ("constituent", "pt_eta_phi"),
        ragged=True,
    ),
    Field("pt", "GeV", "transverse momentum of the trimmed jet"),
    Field("eta", "1", "pseudorapidity of the trimmed jet"),
    Field("phi", "rad", "azimuth of the trimmed jet"),
    Field("mass", "GeV", "mass of the trimmed jet"),
    Field("tau1", "1", "1-subjettiness"),
    Field("tau2", "1", "2-subjettiness"),
    Field("tau3", "1", "3-subjettiness"),
    Field("tau21", "1", "tau2 / tau1"),
    Field("tau32", "1", "tau3 / tau2"),
    Field("delta_r", "1", "distance of the two leading subjets, 0 with fewer than two"),
    Field("label", "1", "1 for a W boson, 0 for QCD", dtype="int8"),
    Field("weight", "1", "weight that gives W jets the pT spectrum of QCD jets"),
)

MARK = Field("mark", "1", "1 where an artefact was planted into the image", ("eta", "phi"), "int8")
"""What samples with an artefact have beside all others."""

PREDICTIONS = (Field("score", "1", "grows with the probability of a W boson", dtype="float64"),)


def _settings(name: str) -> str:
    return f"{_HERE}.settings:{name}"


def _baseline(name: str, inputs: tuple[str, ...]) -> Formula:
    return Formula(f"{_HERE}.baselines:{name}", inputs)


def _estimator(
    module: str, fit: str, predict: str, inputs: tuple[str, ...], settings: str
) -> Estimator:
    return Estimator(
        fit=f"{_HERE}.{module}:{fit}",
        predict=f"{_HERE}.{module}:{predict}",
        inputs=inputs,
        fields=MappingProxyType({"train": (*inputs, "label", "weight")}),
        settings=_settings(settings),
    )


def _network(name: str, settings: str, event_ms: float | None = None) -> Network:
    return Network(
        network=f"{_HERE}.networks:{name}",
        objective="cascade.training.objectives:BinaryClassification",
        inputs=("image",),
        fields=MappingProxyType({"train": ("image", "label", "weight")}),
        settings=_settings(settings),
        event_ms=event_ms,
    )


def _product(module: str, name: str, settings: str) -> Product:
    return Product(f"{_HERE}.products.{module}:{name}", _settings(f"{settings}Settings"))


STUDY = Study(
    name="jets",
    title="Boosted W jets against QCD",
    schema=(*SCHEMA, MARK),
    truth=("label", "weight", "pt", "mass", "tau21", "delta_r"),
    predictions=PREDICTIONS,
    finalise=Finalise(f"{_HERE}.weights:pt_weights", reads=("pt", "label")),
    elements="image",
    evidence=MappingProxyType(
        {
            "subjets": Evidence(
                f"{_HERE}.evidence:subjets",
                ("image", "delta_r"),
                "pixels of the two leading subjets, among those with energy",
            ),
            "artefact": Evidence(f"{_HERE}.artefact:planted", ("mark",), "the planted mark"),
        }
    ),
    sources=MappingProxyType(
        {
            "pythia8": Simulation(
                f"{_HERE}.pythia:simulate",
                _settings("PythiaSettings"),
                block=500,
                version=f"{_HERE}.pythia:version",
            ),
            "toy": Simulation(f"{_HERE}.toy:simulate", _settings("ToySettings"), block=1000),
            "root": Ingestion(f"{_HERE}.ingest:ingest", _settings("RootSettings")),
        }
    ),
    methods=MappingProxyType(
        {
            "mass": _baseline("mass", ("mass",)),
            "tau21": _baseline("tau21", ("tau21",)),
            "delta_r": _baseline("delta_r", ("delta_r", "pt")),
            "mass_tau21": _estimator(
                "baselines",
                "fit_mass_tau21",
                "predict_trees",
                ("mass", "tau21"),
                "BoostedTreesSettings",
            ),
            "observables": _estimator(
                "baselines",
                "fit_observables",
                "predict_trees",
                ("mass", "pt", "tau1", "tau2", "tau3", "tau21", "tau32", "delta_r"),
                "BoostedTreesSettings",
            ),
            "fisher": _estimator(
                "linear", "fit_fisher", "predict_linear", ("image",), "FisherSettings"
            ),
            "logistic": _estimator(
                "linear", "fit_logistic", "predict_linear", ("image",), "LogisticSettings"
            ),
            # no classifier: it plants a mark into the images of one class
            "artefact": Estimator(
                fit=f"{_HERE}.artefact:fit_artefact",
                transform=f"{_HERE}.artefact:plant",
                inputs=("image", "label"),
                fields=MappingProxyType({"train": ("label",)}),
                settings=_settings("ArtefactSettings"),
            ),
            "fully_connected": _network("fully_connected", "FullyConnectedSettings", event_ms=0.1),
            "maxout": _network("maxout", "MaxOutSettings"),
            "cnn": _network("cnn", "CNNSettings"),
        }
    ),
    metrics=MappingProxyType(
        {
            name: Metric(f"{_HERE}.metrics:{name}", title=title)
            for name, title in {
                "auc": "AUC",
                "background_rejection_50": "1/ε_B at ε_S = 50 %",
                "background_rejection_30": "1/ε_B at ε_S = 30 %",
            }.items()
        }
    ),
    products=MappingProxyType(
        {
            **COMMON,
            "average_images": _product("images", "average_images", "AverageImages"),
            "pixel_correlation": _product("images", "pixel_correlation", "PixelCorrelation"),
            "observables": _product("observables", "observables", "Observables"),
            "source_comparison": _product("observables", "source_comparison", "Observables"),
            "event_display": _product("display", "event_display", "EventDisplay"),
            "roc": _product("performance", "roc", "Roc"),
            "roc_family": _product("performance", "roc_family", "Roc"),
            "selection": _product("fits", "selection", "Score"),
            "depth": _product("fits", "depth", "Depth"),
            "first_layer_filters": _product("fits", "first_layer_filters", "Figure"),
            "artefact": _product("artefact", "artefact", "ArtefactMaps"),
            "saliency_blind_spot": _product("blind_spot", "saliency_blind_spot", "BlindSpot"),
            "translation": _product("translation", "translation", "Figure"),
            "heatmaps": _product("heatmaps", "heatmaps", "Heatmaps"),
            "average_relevance": _product("heatmaps", "average_relevance", "AverageRelevance"),
            "maximised": _product("excitation", "maximised", "Maximised"),
            "deconvnet_patches": _product("excitation", "deconvnet_patches", "Patches"),
            "feature_maps": _product("feature_maps", "feature_maps", "FeatureMaps"),
        }
    ),
    event_kb=(10, 15),
    event_ms=(1, 0.5),
)
