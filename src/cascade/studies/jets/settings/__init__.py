"""Settings of the jets study: what a user may set, with units and bounds."""

from cascade.studies.jets.settings.baselines import (
    BoostedTreesSettings,
    FisherSettings,
    LogisticSettings,
)
from cascade.studies.jets.settings.explanations import (
    AverageRelevanceSettings,
    FeatureMapsSettings,
    HeatmapsSettings,
    MaximisedSettings,
    PatchesSettings,
)
from cascade.studies.jets.settings.networks import (
    CNNSettings,
    FullyConnectedSettings,
    ImageNetworkSettings,
    MaxOutSettings,
)
from cascade.studies.jets.settings.products import (
    AverageImagesSettings,
    DepthPoint,
    DepthSettings,
    EventDisplaySettings,
    FigureSettings,
    ObservablesSettings,
    PixelCorrelationSettings,
    RocSettings,
    ScoreSettings,
)
from cascade.studies.jets.settings.selection import (
    Selection,
)
from cascade.studies.jets.settings.sources import (
    CartesianBranches,
    PolarBranches,
    PythiaSettings,
    RootSettings,
    ToySettings,
)
from cascade.studies.jets.settings.warnings import (
    ArtefactMapsSettings,
    ArtefactSettings,
    BlindSpotSettings,
)

__all__ = [
    "ArtefactMapsSettings",
    "ArtefactSettings",
    "AverageImagesSettings",
    "AverageRelevanceSettings",
    "BlindSpotSettings",
    "BoostedTreesSettings",
    "CNNSettings",
    "CartesianBranches",
    "DepthPoint",
    "DepthSettings",
    "EventDisplaySettings",
    "FeatureMapsSettings",
    "FigureSettings",
    "FisherSettings",
    "FullyConnectedSettings",
    "HeatmapsSettings",
    "ImageNetworkSettings",
    "LogisticSettings",
    "MaxOutSettings",
    "MaximisedSettings",
    "ObservablesSettings",
    "PatchesSettings",
    "PixelCorrelationSettings",
    "PolarBranches",
    "PythiaSettings",
    "RocSettings",
    "RootSettings",
    "ScoreSettings",
    "Selection",
    "ToySettings",
]
