"""Products of the showers study: figures with the tables and numbers behind them.

Each is a function ``(inputs, settings) -> Result``; see ``cascade.plotting.product``.
"""

from cascade.plotting.history import history
from cascade.studies.showers.products.comparison import comparison
from cascade.studies.showers.products.display import event_display
from cascade.studies.showers.products.equivariance import equivariance
from cascade.studies.showers.products.histograms import predicted_over_true
from cascade.studies.showers.products.mass import mass_separation, score_distributions
from cascade.studies.showers.products.primaries import (
    resolution_primary,
    resolution_primary_energy,
)
from cascade.studies.showers.products.resolution import resolution_energy, resolution_zenith
from cascade.studies.showers.products.selection import selection
from cascade.studies.showers.products.uncertainty import uncertainty

__all__ = [
    "comparison",
    "equivariance",
    "event_display",
    "history",
    "mass_separation",
    "predicted_over_true",
    "resolution_energy",
    "resolution_primary",
    "resolution_primary_energy",
    "resolution_zenith",
    "score_distributions",
    "selection",
    "uncertainty",
]
