"""Radio traces: pulses of air showers in noise, found, denoised and measured."""

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

_HERE = "cascade.studies.radio"

SCHEMA = (
    Field("trace", "uV/m", "measured field strength", ("sample",)),
    Field("signal", "uV/m", "the pulse within the trace; 0 without one", ("sample",)),
    Field("interference", "uV/m", "carriers and bursts within the trace, if known", ("sample",)),
    Field("label", "1", "1 for a trace with a pulse, 0 without", dtype="int8"),
    Field("snr", "1", "largest |signal| over the RMS of the broad-band noise; 0 without a pulse"),
    Field("noise_rms", "uV/m", "RMS of all but the pulse, interference included"),
    Field("fluence", "eV/m2", "energy fluence of the pulse; 0 without one"),
    Field("peak_time", "ns", "maximum of the pulse's Hilbert envelope; -1 without a pulse"),
)

PREDICTIONS = (
    Field("score", "1", "grows with the probability of a pulse", dtype="float64"),
    Field("denoised", "uV/m", "what the method takes for the pulse", ("sample",)),
    Field("predicted_fluence", "eV/m2", "predicted energy fluence of the pulse"),
    Field("predicted_time", "ns", "predicted maximum of the pulse's Hilbert envelope"),
    Field("latent", "1", "what a network keeps of the trace", ("feature",)),
)

TRUTH = ("label", "snr", "fluence", "peak_time", "signal", "noise_rms")


TRACE = ("trace",)
FOUND = ("trace", "label", "snr", "fluence")
PAIRED = ("trace", "signal", "label", "snr", "noise_rms", "fluence")
"""What traces are paired anew from."""


def _settings(name: str) -> str:
    return f"{_HERE}.settings:{name}"


def _product(module: str, name: str, settings: str) -> Product:
    return Product(f"{_HERE}.products.{module}:{name}", _settings(f"{settings}Settings"))


def _baseline(
    name: str, settings: str, fields: tuple[str, ...] = FOUND, inputs: tuple[str, ...] = TRACE
) -> Estimator:
    return Estimator(
        fit=f"{_HERE}.baselines.{name}:fit_{name}",
        predict=f"{_HERE}.baselines.{name}:predict_{name}",
        inputs=inputs,
        fields=MappingProxyType({"train": fields}),
        settings=_settings(settings),
    )


def _network(name: str, settings: str) -> Network:
    return Network(
        network=f"{_HERE}.networks:{name}",
        objective=f"{_HERE}.networks.outputs:PulseSearch",
        inputs=TRACE,
        fields=MappingProxyType({"train": PAIRED}),
        settings=_settings(settings),
        augment=f"{_HERE}.networks.pairing:augment",
    )


ORACLE = ("trace", "signal", "interference")

STUDY = Study(
    name="radio",
    title="Radio traces of air showers",
    schema=SCHEMA,
    truth=TRUTH,
    predictions=PREDICTIONS,
    sources=MappingProxyType(
        {
            "toy": Simulation(
                f"{_HERE}.simulation.simulate:simulate", _settings("TraceSettings"), block=2000
            ),
            "hdf5": Ingestion(f"{_HERE}.ingestion.datasets:ingest", _settings("Hdf5Settings")),
            "root": Ingestion(f"{_HERE}.ingestion.trees:ingest", _settings("RootSettings")),
        }
    ),
    methods=MappingProxyType(
        {
            "envelope": _baseline("envelope", "EnvelopeSettings"),
            "matched_filter": _baseline("matched_filter", "MatchedFilterSettings"),
            "wiener": _baseline("wiener", "WienerSettings", (*FOUND, "signal")),
            # knows each pulse and its trace without interference: not a rival, but all that can be
            # known
            "limit": _baseline("limit", "LimitSettings", (*ORACLE, "label"), ORACLE),
            "classifier": _network("classifier", "ClassifierSettings"),
            "denoiser": _network("denoiser", "DenoiserSettings"),
            "joint": _network("joint", "JointSettings"),
            "bilstm": _network("bilstm", "RecurrentSettings"),
        }
    ),
    metrics=MappingProxyType(
        {
            name: Metric(f"{_HERE}.metrics:{name.replace('-', '_')}", title=title, best=best)
            for name, (title, best) in {
                "auc": ("AUC", "highest"),
                "tpr_fpr_2e-3_snr_3": ("TPR at FPR 0.2 %, SNR > 3", "highest"),
                "fluence_bias": ("fluence, bias", "zero"),
                "fluence_resolution": ("fluence, half-width", "lowest"),
                "snr_gain": ("noise reduced by a factor", "highest"),
            }.items()
        }
    ),
    products=MappingProxyType(
        {
            **COMMON,
            "example_traces": _product("traces", "example_traces", "ExampleTraces"),
            "roc": _product("performance", "roc", "Roc"),
            "tpr_over_snr": _product("detection", "tpr_over_snr", "Detection"),
            "fluence_ratio": _product("fluence", "fluence_ratio", "Snr"),
            "snr_gain": _product("denoising", "snr_gain", "Snr"),
            "peak_time_error": _product("denoising", "peak_time_error", "Snr"),
            "latent": _product("latent_space", "latent", "Latent"),
            "invented_pulses": _product("inventions", "invented_pulses", "InventedPulses"),
            "compression": _product("bottleneck", "compression", "Compression"),
            "trace_relevance": _product("relevance", "trace_relevance", "TraceRelevance"),
        }
    ),
    elements="trace",
    evidence=MappingProxyType(
        {"pulse": Evidence(f"{_HERE}.evidence:pulse", ("signal",), "the true pulse")}
    ),
    event_kb=(5, 6),
    event_ms=(1.3, 0.2),
)
