"""Settings of the refinement study."""

from cascade.studies.refinement.settings.sources import StationSettings

__all__ = ["StationSettings"]
