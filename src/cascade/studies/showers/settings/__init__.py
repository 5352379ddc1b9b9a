"""Settings of the showers study: what a user may set, with units and bounds."""

from cascade.studies.showers.settings.sources import (
    ArraySettings,
    DetectorSettings,
    ShowerSettings,
    SignalSettings,
    TraceSettings,
)

__all__ = [
    "ArraySettings",
    "DetectorSettings",
    "ShowerSettings",
    "SignalSettings",
    "TraceSettings",
]
