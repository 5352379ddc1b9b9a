"""Settings of the radio study: sources, methods, products."""

from __future__ import annotations

from cascade.studies.radio.settings.baselines import (
    EnvelopeSettings,
    LimitSettings,
    MatchedFilterSettings,
    WienerSettings,
)
from cascade.studies.radio.settings.ingest import Hdf5Settings, RootSettings
from cascade.studies.radio.settings.networks import (
    ClassifierSettings,
    DenoiserSettings,
    JointSettings,
    RecurrentSettings,
)
from cascade.studies.radio.settings.products import (
    CompressionSettings,
    DetectionSettings,
    ExampleTracesSettings,
    InventedPulsesSettings,
    LatentSettings,
    RocSettings,
    SnrSettings,
    TraceRelevanceSettings,
)
from cascade.studies.radio.settings.sources import TraceSettings

__all__ = [
    "ClassifierSettings",
    "CompressionSettings",
    "DenoiserSettings",
    "DetectionSettings",
    "EnvelopeSettings",
    "ExampleTracesSettings",
    "Hdf5Settings",
    "InventedPulsesSettings",
    "JointSettings",
    "LatentSettings",
    "LimitSettings",
    "MatchedFilterSettings",
    "RecurrentSettings",
    "RocSettings",
    "RootSettings",
    "SnrSettings",
    "TraceRelevanceSettings",
    "TraceSettings",
    "WienerSettings",
]
