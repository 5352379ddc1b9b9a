"""Settings of the refinement study."""

from cascade.studies.refinement.settings.sources import StationSettings
from cascade.studies.refinement.settings.transport import OracleSettings, QuantileMappingSettings

__all__ = ["OracleSettings", "QuantileMappingSettings", "StationSettings"]
