"""Products of the jets study: figures with the tables and numbers behind them.

Each is a function ``(inputs, settings) -> Result``; see ``cascade.plotting.product``.
"""

from cascade.plotting.history import history
from cascade.studies.jets.products.display import event_display
from cascade.studies.jets.products.fits import depth, first_layer_filters, selection
from cascade.studies.jets.products.images import average_images, pixel_correlation
from cascade.studies.jets.products.observables import observables, source_comparison
from cascade.studies.jets.products.performance import roc, roc_family

__all__ = [
    "average_images",
    "depth",
    "event_display",
    "first_layer_filters",
    "history",
    "observables",
    "pixel_correlation",
    "roc",
    "roc_family",
    "selection",
    "source_comparison",
]
