"""Products of the radio study: figures with the tables and numbers behind them.

Each is a function ``(inputs, settings) -> Result``; see ``cascade.plotting.product``.
"""

from cascade.plotting.history import history
from cascade.studies.radio.products.bottleneck import compression
from cascade.studies.radio.products.denoising import peak_time_error, snr_gain
from cascade.studies.radio.products.detection import tpr_over_snr
from cascade.studies.radio.products.fluence import fluence_ratio
from cascade.studies.radio.products.inventions import invented_pulses
from cascade.studies.radio.products.latent_space import latent
from cascade.studies.radio.products.performance import roc
from cascade.studies.radio.products.relevance import trace_relevance
from cascade.studies.radio.products.traces import example_traces

__all__ = [
    "compression",
    "example_traces",
    "fluence_ratio",
    "history",
    "invented_pulses",
    "latent",
    "peak_time_error",
    "roc",
    "snr_gain",
    "tpr_over_snr",
    "trace_relevance",
]
