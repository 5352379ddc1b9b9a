"""Settings of the showers study: what a user may set, with units and bounds."""

from cascade.studies.showers.settings.baselines import (
    FitSettings,
    LikelihoodSettings,
    TraceLikelihoodSettings,
    TreesSettings,
)
from cascade.studies.showers.settings.ingest import (
    RootSettings,
    StationBranches,
    TraceReading,
    TruthBranches,
    Units,
)
from cascade.studies.showers.settings.networks import (
    CartesianSettings,
    GraphSettings,
    GridSettings,
    HexagonalGroupSettings,
    HexagonalSettings,
    ShowerNetworkSettings,
    TraceEncoderSettings,
    UnrolledSettings,
)
from cascade.studies.showers.settings.orbits import OrbitsSettings
from cascade.studies.showers.settings.products import (
    ComparisonSettings,
    EquivarianceSettings,
    Group,
    HistogramsSettings,
    MassSettings,
    MethodsSettings,
    ResolutionSettings,
    ShowerDisplaySettings,
    UncertaintySettings,
)
from cascade.studies.showers.settings.sources import (
    ArraySettings,
    DetectorSettings,
    ShowerSettings,
    SignalSettings,
    TraceSettings,
)

__all__ = [
    "ArraySettings",
    "CartesianSettings",
    "ComparisonSettings",
    "DetectorSettings",
    "EquivarianceSettings",
    "FitSettings",
    "GraphSettings",
    "GridSettings",
    "Group",
    "HexagonalGroupSettings",
    "HexagonalSettings",
    "HistogramsSettings",
    "LikelihoodSettings",
    "MassSettings",
    "MethodsSettings",
    "OrbitsSettings",
    "ResolutionSettings",
    "RootSettings",
    "ShowerDisplaySettings",
    "ShowerNetworkSettings",
    "ShowerSettings",
    "SignalSettings",
    "StationBranches",
    "TraceEncoderSettings",
    "TraceLikelihoodSettings",
    "TraceReading",
    "TraceSettings",
    "TreesSettings",
    "TruthBranches",
    "UncertaintySettings",
    "Units",
    "UnrolledSettings",
]
