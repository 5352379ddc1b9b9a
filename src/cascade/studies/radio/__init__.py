"""Radio traces: pulses of air showers in noise, found, denoised and measured."""

from __future__ import annotations

from types import MappingProxyType

from cascade.events.schema import Field
from cascade.study import Simulation, Study

_HERE = "cascade.studies.radio"

SCHEMA = (
    Field("trace", "uV/m", "measured field strength", ("sample",)),
    Field("signal", "uV/m", "the pulse within the trace; 0 without one", ("sample",)),
    Field("interference", "uV/m", "carriers and bursts within the trace", ("sample",)),
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


def _settings(name: str) -> str:
    return f"{_HERE}.settings:{name}"


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
        }
    ),
    methods=MappingProxyType({}),
    metrics=MappingProxyType({}),
    products=MappingProxyType({}),
)
