"""Products of the showers study: figures with the tables and numbers behind them.

Each is a function ``(inputs, settings) -> Result``; see ``cascade.plotting.product``.
"""

from cascade.plotting.history import history
from cascade.studies.showers.products.display import event_display
from cascade.studies.showers.products.resolution import resolution_energy, resolution_zenith

__all__ = ["event_display", "history", "resolution_energy", "resolution_zenith"]
