"""Settings of the study of skies, by kind."""

from cascade.studies.skies.settings.baselines import ScanSettings, ScanTreesSettings
from cascade.studies.skies.settings.ingest import ListSettings, RootSettings
from cascade.studies.skies.settings.networks import (
    ArcGraphSettings,
    ArcSettings,
    DeepSetsSettings,
    GeometricSettings,
    GraphSettings,
    MomentGraphSettings,
    MomentSettings,
    SpectralSettings,
    StaticGraphSettings,
)
from cascade.studies.skies.settings.products import (
    DetectionSettings,
    DifferencesSettings,
    NeighbourGraphsSettings,
    RayScoresSettings,
    RealSkySettings,
    RelevanceMapSettings,
    RocSettings,
    SkyMapsSettings,
)
from cascade.studies.skies.settings.sources import (
    ExposureSettings,
    SkySettings,
    SpectrumSettings,
)

__all__ = [
    "ArcGraphSettings",
    "ArcSettings",
    "DeepSetsSettings",
    "DetectionSettings",
    "DifferencesSettings",
    "ExposureSettings",
    "GeometricSettings",
    "GraphSettings",
    "ListSettings",
    "MomentGraphSettings",
    "MomentSettings",
    "NeighbourGraphsSettings",
    "RayScoresSettings",
    "RealSkySettings",
    "RelevanceMapSettings",
    "RocSettings",
    "RootSettings",
    "ScanSettings",
    "ScanTreesSettings",
    "SkyMapsSettings",
    "SkySettings",
    "SpectralSettings",
    "SpectrumSettings",
    "StaticGraphSettings",
]
