"""Settings of the networks on skies."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.settings import Settings

Width = Annotated[int, Field(ge=1, le=4096)]
Count = Annotated[int, Field(ge=1, le=1000)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Charge = Annotated[int, Field(ge=1, le=26)]
Angle = Annotated[float, Field(gt=0, le=180)]


class SkyNetworkSettings(Settings):
    """What all networks on skies are told."""

    width: Width = 32
    """Numbers that stand for a ray behind each layer."""

    layers: Annotated[int, Field(ge=1, le=32)] = 3
    """Layers before the heads."""

    declination: bool = False
    """Tell the network the declination of each ray; for observatories, that see some
    declinations longer than others."""


class DeepSetsSettings(SkyNetworkSettings):
    """A network that sees each ray by itself, and the mean over all rays."""


class SpectralSettings(SkyNetworkSettings):
    """Chebyshev polynomials of the graph's Laplacian."""

    neighbours: Count = 16
    """Rays that each ray is linked with, the nearest ones on the sphere."""

    scale: Angle = 10.0
    """Links fall with the angle as a Gaussian of this width [deg]."""

    order: Annotated[int, Field(ge=1, le=20)] = 4
    """Number of polynomials K; a layer reaches K − 1 links far."""


class MomentSettings(Settings):
    """What surrounds a ray, in numbers that do not change when the sky is turned."""

    neighbours: Count = 32
    """Nearest rays that are summed over."""

    scales: list[Angle] = [1.5, 3.0, 5.0, 8.0, 12.0, 18.0]
    """Widths of the Gaussians in angular distance [deg]."""

    harmonics: Annotated[int, Field(ge=0, le=8)] = 2
    """Highest m of the moments Σ e^(imφ) in the azimuth about the ray; 0: numbers of rays alone."""

    channels: Width = 16
    """Learned mixtures of the moments of each m, whose sizes enter the network."""


class ArcSettings(Settings):
    """Arcs of a source's rays through each ray, as likelihood ratios; see ``networks.arcs``."""

    neighbours: Count = 96
    """Nearest rays that may belong to an arc."""

    near: Count = 40
    """Nearest rays that protons and helium are looked for among."""

    azimuths: Count = 8
    """Directions of the arc that are tried."""

    anchors: Annotated[list[Charge], Field(min_length=1)] = [1, 2]
    """Charge numbers that the ray itself is supposed to have, one after the other."""

    coherent: NotNegative = 30.0
    """Coherent deflection at 10 EV [deg]."""

    turbulent: Angle = 6.0
    """Turbulent smearing at 10 EV [deg]."""

    protons: Share = 0.15
    """Share of protons."""

    helium: Share = 0.45
    """Share of helium; the others are taken for nitrogen, give or take a charge."""

    rays: Positive = 6.0
    """Rays expected from a source."""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.protons + self.helium > 1:
            raise ValueError(
                f"protons ({self.protons:g}) and helium ({self.helium:g}) are more than all rays"
            )
        return self

    def groups(self) -> list[tuple[int, float, float, int]]:
        """Return charge, share, spread of charges, and how many neighbours are looked through."""
        others = 1 - self.protons - self.helium
        return [
            (7, others, 0.8, self.neighbours),
            (1, self.protons, 0.0, self.near),
            (2, self.helium, 0.0, self.near),
        ]


class GraphSettings(SkyNetworkSettings):
    """Edge convolutions."""

    neighbours: Count = 16
    """Nearest rays that each ray compares itself with."""

    dynamic: bool = True
    """From the second layer on, look for the nearest rays in the features of the layer before
    instead of on the sphere."""

    aggregation: Literal["max", "mean", "sum"] = "mean"
    """What is made of a ray's edges."""

    library: Literal["cascade", "torch_geometric"] = "cascade"
    """Whose edge convolution is used; both are the same function."""

    moments: MomentSettings | None = None
    """Local moments as further features of each ray."""

    arcs: ArcSettings | None = None
    """Likelihood ratios of arcs as further features of each ray."""


class StaticGraphSettings(GraphSettings):
    """Edge convolutions on the nearest rays on the sphere."""

    dynamic: bool = False
    """See ``GraphSettings``."""


class GeometricSettings(GraphSettings):
    """The dynamic graph network with the edge convolution of PyTorch Geometric."""

    library: Literal["cascade", "torch_geometric"] = "torch_geometric"
    """See ``GraphSettings``."""


class MomentGraphSettings(StaticGraphSettings):
    """Local moments of the rays about each ray, then edge convolutions."""

    layers: Annotated[int, Field(ge=1, le=32)] = 2
    """See ``SkyNetworkSettings``."""

    moments: MomentSettings | None = MomentSettings()
    """See ``GraphSettings``."""


class ArcGraphSettings(StaticGraphSettings):
    """Likelihood ratios of arcs, then edge convolutions."""

    neighbours: Count = 24
    """See ``GraphSettings``."""

    arcs: ArcSettings | None = ArcSettings()
    """See ``GraphSettings``."""
