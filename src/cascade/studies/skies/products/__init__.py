"""Products of the skies study: figures with the tables and numbers behind them.

Each is a function ``(inputs, settings) -> Result``; see ``cascade.plotting.product``.
"""

from cascade.plotting.history import history
from cascade.studies.skies.products.detection import tpr_over_fraction
from cascade.studies.skies.products.differences import tpr_differences
from cascade.studies.skies.products.graphs import neighbour_graphs
from cascade.studies.skies.products.maps import sky_maps
from cascade.studies.skies.products.performance import roc
from cascade.studies.skies.products.rays import ray_scores
from cascade.studies.skies.products.real import real_sky
from cascade.studies.skies.products.relevance import relevance_map

__all__ = [
    "history",
    "neighbour_graphs",
    "ray_scores",
    "real_sky",
    "relevance_map",
    "roc",
    "sky_maps",
    "tpr_differences",
    "tpr_over_fraction",
]
