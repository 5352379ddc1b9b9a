"""Settings of the refinement study."""

from cascade.studies.refinement.settings.ingest import Hdf5Settings
from cascade.studies.refinement.settings.networks import (
    DiscriminatorSettings,
    EnergySettings,
    RefinerSettings,
)
from cascade.studies.refinement.settings.products import (
    ExampleTracesSettings,
    GapClosedSettings,
    LabelKeptSettings,
    ObservablesSettings,
    ResolutionSettings,
    SideBySideSettings,
    TwoSampleSettings,
)
from cascade.studies.refinement.settings.sources import StationSettings
from cascade.studies.refinement.settings.transport import OracleSettings, QuantileMappingSettings

__all__ = [
    "DiscriminatorSettings",
    "EnergySettings",
    "ExampleTracesSettings",
    "GapClosedSettings",
    "Hdf5Settings",
    "LabelKeptSettings",
    "ObservablesSettings",
    "OracleSettings",
    "QuantileMappingSettings",
    "RefinerSettings",
    "ResolutionSettings",
    "SideBySideSettings",
    "StationSettings",
    "TwoSampleSettings",
]
