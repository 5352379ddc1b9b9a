"""Products of the refinement study: figures with the tables and numbers behind them.

Each is a function ``(inputs, settings) -> Result``; see ``cascade.plotting.product``.
"""

from cascade.plotting.history import history
from cascade.studies.refinement.products.critic import critic_history
from cascade.studies.refinement.products.distributions import observables
from cascade.studies.refinement.products.energy import energy_over_energy
from cascade.studies.refinement.products.gap import gap_closed
from cascade.studies.refinement.products.labels import label_kept
from cascade.studies.refinement.products.side_by_side import side_by_side
from cascade.studies.refinement.products.traces import example_traces
from cascade.studies.refinement.products.two_sample import two_sample

__all__ = [
    "critic_history",
    "energy_over_energy",
    "example_traces",
    "gap_closed",
    "history",
    "label_kept",
    "observables",
    "side_by_side",
    "two_sample",
]
