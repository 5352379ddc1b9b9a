"""Settings of the sources of jets: Pythia 8, the toy, a user's ROOT files."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cascade.settings import Settings
from cascade.studies.jets.settings.selection import Selection, Window


class PythiaSettings(Settings):
    """W′ → W Z with W → qq′, Z → νν, and QCD dijets, by Pythia 8."""

    selection: Selection = Selection()
    """From particles to jets."""

    sqrt_s: float = Field(default=13.0, gt=0, le=1000)
    """Energy of the proton–proton collisions in their centre of mass [TeV]."""

    w_prime_mass: float = Field(default=600.0, gt=200)
    """Mass of the W′ [GeV]; its half is about the W's largest pT."""

    pt_hat: Window = (220.0, 350.0)
    """Window of the hard scattering's pT in QCD events [GeV]. Default is the published range; about
    a third of the QCD jets in the default window of pT would come from 150–220 GeV."""

    mpi: bool = True
    """Simulate multiparton interactions: switched off, QCD jets come several times faster."""

    lines: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Further lines for Pythia, for both classes, e.g. ``TimeShower:alphaSvalue = 0.13``."""


class ToySettings(Settings):
    """The toy source: hard process, shower, hadrons, surroundings. Tuned to Pythia 8's jets."""

    selection: Selection = Selection()
    """From particles to jets, as for every other source."""

    pt: Window = (220.0, 350.0)
    """Range of the initial parton's or W boson's transverse momentum [GeV]; it should exceed the
    selection's window by what radiation takes away."""

    qcd_pt_index: float = Field(default=5.5, gt=1)
    """QCD partons follow dN/dpT ∝ pT^−index."""

    w_pt_index: float = Field(default=0.0, lt=1)
    """W bosons follow dN/dpT ∝ pT^−index."""

    eta_max: float = Field(default=2.0, gt=0, le=5)
    """Pseudorapidities are flat between ± this."""

    quark_fraction: float = Field(default=0.25, ge=0, le=1)
    """Fraction of QCD jets that start as a quark; the others start as a gluon."""

    longitudinal_fraction: float = Field(default=0.85, ge=0, le=1)
    """Fraction of W bosons that decay as sin²θ*; the others decay flat in cos θ*."""

    angle_max: float = Field(default=1.0, gt=0, le=3)
    """Largest angle of a QCD jet's first branching, as a distance in eta and phi."""

    kt_min: float = Field(default=0.5, gt=0)
    """Smallest transverse momentum kT = z θ pT of a branching [GeV]; above Λ."""

    lambda_qcd: float = Field(default=0.2, gt=0)
    """Λ of the one-loop αs(kT) [GeV]."""

    flavours: int = Field(default=5, ge=0, le=6)
    """Number of quark flavours in αs and in g → qq̄."""

    hadron_multiplicity: float = Field(default=1.3, ge=0, le=20)
    """A parton turns into 1 + Poisson(this · ln(1 + pT/GeV)) hadrons."""

    hadron_kick: float = Field(default=0.12, ge=0)
    """Momentum across the parton's direction that a hadron gets, in each of two components:
    standard deviation [GeV]."""

    surroundings_radius: float = Field(default=1.5, gt=0, le=3)
    """Underlying event and wide-angle partons fill a disc of this radius about the jet."""

    qcd_underlying_density: float = Field(default=7.7, ge=0, le=100)
    """Soft particles about a QCD jet, per unit area in eta and phi: more than about a W boson,
    since a coloured jet radiates into its surroundings."""

    w_underlying_density: float = Field(default=5.8, ge=0, le=100)
    """Soft particles about a W boson, per unit area in eta and phi."""

    underlying_pt: float = Field(default=0.6, gt=0)
    """Mean transverse momentum of a particle of the underlying event [GeV]."""

    wide_angle_density: float = Field(default=0.02, ge=0, le=10)
    """Extra partons from initial-state radiation, per unit area and per unit of ln pT."""

    wide_angle_pt: Window = (2.0, 80.0)
    """Range of the extra partons' transverse momentum [GeV], flat in ln pT."""

    @model_validator(mode="after")
    def _check_scales(self) -> Self:
        if self.kt_min <= self.lambda_qcd:
            raise ValueError(
                f"kt_min {self.kt_min:g} must lie above lambda_qcd {self.lambda_qcd:g}, where αs "
                "diverges"
            )
        for key in ("pt", "wide_angle_pt"):
            if getattr(self, key)[0] == 0:
                raise ValueError(f"{key} must start above 0, where its spectrum diverges")
        return self


class CartesianBranches(Settings):
    """Jagged branches that hold the particles of an event: px, py, pz and energy."""

    px: str
    """Branch of the momentum's x component."""

    py: str
    """Branch of the momentum's y component."""

    pz: str
    """Branch of the momentum's z component, along the beam."""

    energy: str
    """Branch of the energy."""


class PolarBranches(Settings):
    """Jagged branches that hold the particles of an event: pT, η, φ and mass."""

    pt: str
    """Branch of the transverse momentum."""

    eta: str
    """Branch of the pseudorapidity."""

    phi: str
    """Branch of the azimuth [rad]."""

    mass: str | None = None
    """Branch of the mass; without it particles are massless."""


class RootSettings(Settings):
    """A user's ROOT files with the visible particles of events, and which class they are of."""

    selection: Selection = Selection()
    """From particles to jets."""

    tree: str
    """Name of the tree or RNTuple, with its directory if it lies in one."""

    cartesian: CartesianBranches | None = None
    """Branches of the particles, if their momenta are px, py, pz and energy."""

    polar: PolarBranches | None = None
    """Branches of the particles, if their momenta are pT, η, φ and mass."""

    unit: Literal["GeV", "MeV"] = "GeV"
    """Unit of momenta, energies and masses in the file."""

    label_branch: str | None = None
    """Branch with one number an event: 1 for a W boson, 0 for QCD."""

    labels: dict[str, Literal[0, 1]] | None = None
    """Label of all events of a file, by its name or a pattern of names, e.g. ``"ww_*.root": 1``."""

    chunk: (
        Annotated[int, Field(ge=1)] | Annotated[str, Field(pattern=r"^\d+(\.\d+)? ?[kMG]?B$")]
    ) = "50 MB"
    """Events that are held at once, or their size in memory, e.g. ``50 MB``."""

    @model_validator(mode="after")
    def _say_which(self) -> RootSettings:
        if (self.cartesian is None) == (self.polar is None):
            raise ValueError("name the particles' branches under either 'cartesian' or 'polar'")
        if (self.label_branch is None) == (self.labels is None):
            raise ValueError("give the label by either 'label_branch' or 'labels'")
        return self
