"""Settings of the study of skies, by kind."""

from cascade.studies.skies.settings.ingest import ListSettings, RootSettings
from cascade.studies.skies.settings.sources import (
    ExposureSettings,
    SkySettings,
    SpectrumSettings,
)

__all__ = [
    "ExposureSettings",
    "ListSettings",
    "RootSettings",
    "SkySettings",
    "SpectrumSettings",
]
