"""Settings of the jets study: what a user may set, with units and bounds."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from cascade.settings import Settings


def _ordered(window: tuple[float, float]) -> tuple[float, float]:
    low, high = window
    if not low < high:
        raise ValueError(f"the lower end {low:g} must lie below the upper end {high:g}")
    return window


# YAML knows lists only, which a strict tuple would refuse
Window = Annotated[
    tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0)]],
    Field(strict=False),
    AfterValidator(_ordered),
]


class Selection(Settings):
    """From particles to jets: detector, clustering, trimming, windows and images."""

    pt: Window = (250.0, 300.0)
    """Window of the trimmed jet's transverse momentum [GeV]."""

    mass: Window = (50.0, 110.0)
    """Window of the trimmed jet's mass [GeV]."""

    eta_max: float = Field(default=2.0, gt=0)
    """Largest |pseudorapidity| of the trimmed jet."""

    radius: float = Field(default=1.0, gt=0, le=1.5)
    """Radius parameter of the anti-kT jets."""

    trim_radius: float = Field(default=0.3, gt=0, le=1.5)
    """Radius parameter of the kT subjets that trimming keeps or drops."""

    trim_fraction: float = Field(default=0.05, ge=0, lt=1)
    """Subjets with less than this fraction of the untrimmed jet's pT are dropped."""

    tower_size: float = Field(default=0.1, ge=0.005, le=1)
    """Size of a calorimeter tower in pseudorapidity and azimuth (the latter to the nearest size
    that divides the circle) [rad]."""

    tower_eta_max: float = Field(default=4.0, gt=0, le=10)
    """Largest |pseudorapidity| of a tower."""

    smearing_stochastic: float = Field(default=0.0, ge=0, le=2)
    """a of the towers' energy resolution σ/E = a/√E ⊕ b [√GeV]; 0 switches it off."""

    smearing_constant: float = Field(default=0.0, ge=0, le=1)
    """b of the towers' energy resolution σ/E = a/√E ⊕ b; 0 switches it off."""

    image_size: int = Field(default=25, ge=1, le=200)
    """Pixels along an edge of the image."""

    image_half_width: float = Field(default=1.25, gt=0, le=3)
    """Half the width of the image in pseudorapidity and azimuth."""

    normalise: bool = False
    """Divide the preprocessed image by its L2 norm (this washes out the mass)."""


Width = Annotated[int, Field(ge=1, le=4096)]
Widths = Annotated[tuple[Width, ...], Field(strict=False)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Rates = Annotated[tuple[Rate, ...], Field(strict=False)]
Size = Annotated[int, Field(ge=1, le=1000)]
Sizes = Annotated[tuple[Size, ...], Field(strict=False)]
ActivationName = Literal["relu", "leaky_relu", "elu", "selu", "tanh", "sigmoid"]


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


class ImageNetworkSettings(Settings):
    """What all networks on jet images are told about their input."""

    image_size: Size = 25
    """Pixels along a side of the image, as simulated."""

    views: Annotated[tuple[Literal["linear", "log"], ...], Field(strict=False, min_length=1)] = (
        "linear",
        "log",
    )
    """Channels made of the transverse energy E of a pixel: E itself, log(1 + E / GeV). The
    jet's mass is a sum over E, soft radiation shows in the logarithm."""

    reference: Annotated[float, Field(gt=0)] = 10.0
    """Transverse energy [GeV] for which each view is 1."""


class FullyConnectedSettings(ImageNetworkSettings):
    """A fully connected network on the pixels of a jet image."""

    widths: Widths = (256, 128, 64)
    """Neurons of the hidden layers."""

    depth: Annotated[int, Field(ge=1, le=200)] = 1
    """How often each hidden layer is repeated."""

    activation: ActivationName = "relu"
    """Activation behind each hidden layer."""

    normalisation: Literal["none", "batch"] = "batch"
    """Normalisation between a hidden layer and its activation."""

    input_dropout: Rate = 0.0
    """Fraction of pixels that are dropped in training."""

    dropout: Rate = 0.5
    """Fraction of neurons of each hidden layer that are dropped in training."""


class MaxOutSettings(ImageNetworkSettings):
    """The MaxOut network of arXiv:1511.05190, on the pixels of a jet image."""

    maxout_widths: Widths = (256, 128)
    """Outputs of the MaxOut layers."""

    pieces: Annotated[int, Field(ge=1, le=64)] = 5
    """Linear functions of which a MaxOut output is the largest."""

    widths: Widths = (64, 25)
    """Neurons of the layers with ReLU behind the MaxOut layers."""

    dropouts: Rates = (0.3, 0.2, 0.2, 0.3)
    """Fraction dropped in training behind each layer, the MaxOut layers first."""


class CNNSettings(ImageNetworkSettings):
    """A convolutional network on jet images.

    A first convolution with a large filter (the images are sparse), then stages of units, each
    followed by a pooling, then a dense head.
    """

    first_channels: Width = 32
    """Filters of the first convolution."""

    first_kernel: Annotated[int, Field(ge=1, le=101)] = 11
    """Side of the first filters in pixels, odd."""

    channels: Widths = (32, 32)
    """Channels of each stage; with an empty list the first convolution stands alone."""

    depth: Annotated[int, Field(ge=1, le=200)] = 1
    """Units in a stage, one after the other; a residual unit holds two convolutions."""

    unit: Literal["plain", "residual", "inception", "separable", "dilated"] = "plain"
    """Kind of unit in the stages."""

    kernel: Annotated[int, Field(ge=1, le=101)] = 3
    """Side of the units' filters in pixels, odd; an inception unit has 1, 3 and 5."""

    activation: ActivationName = "relu"
    """Activation of all layers."""

    normalisation: Literal["none", "batch"] = "batch"
    """Normalisation of the convolutions."""

    pooling: Literal["max", "average", "overlapping_max", "stride", "none"] = "average"
    """How maps are made smaller behind the first convolution and behind each stage."""

    pooling_size: Size | Sizes = 2
    """Factor of a pooling, one for all, or a list: behind the first convolution and each stage."""

    pooling_dropout: Rate = 0.0
    """Fraction of single values that are dropped in training before each pooling."""

    spatial_dropout: Rate = 0.0
    """Fraction of whole channels that are dropped in training before each pooling."""

    head: Literal["flatten", "global_average", "global_max"] = "flatten"
    """What the dense layers read: all pixels of the last maps, or one number a channel."""

    dense: Widths = (64,)
    """Neurons of the dense layers before the output; empty for none."""

    dropout: Rate = 0.3
    """Fraction of values that are dropped in training before each dense layer and the output."""


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


class FigureSettings(Settings):
    """What all products of the study can be told."""

    labels: dict[str, str] = {}
    """Name of a method, fit or sample in the figure, where it shall differ from the config's."""


class RocSettings(FigureSettings):
    """Background rejection over signal efficiency, for several methods."""

    replicas: Annotated[int, Field(ge=10)] = 200
    """Bootstrap replicas behind bands and intervals."""

    points: Annotated[int, Field(ge=10, le=2000)] = 200
    """Signal efficiencies at which the curves are drawn and tabled."""


class AverageImagesSettings(FigureSettings):
    """Average image of each class after each step of the preprocessing."""

    jets: Annotated[int, Field(ge=1)] = 20000
    """At most so many jets are averaged, the file's first ones."""

    pt: Window | None = None
    """Narrower window of the jets' transverse momentum [GeV]; by default all."""

    mass: Window | None = None
    """Narrower window of the jets' mass [GeV]; by default all."""

    decades: Annotated[float, Field(gt=0, le=12)] = 5.0
    """Powers of ten that the colour scale spans."""


class PixelCorrelationSettings(FigureSettings):
    """Correlation of each pixel with the output of each method."""

    jets: Annotated[int, Field(ge=2)] = 100000
    """At most so many jets are used, the file's first ones."""


class ObservablesSettings(FigureSettings):
    """Distributions of the jets' observables, of one source or several."""

    bins: Annotated[int, Field(ge=2, le=500)] = 30
    """Bins of each distribution."""

    replicas: Annotated[int, Field(ge=10)] = 200
    """Bootstrap replicas behind the intervals of single observables' areas under the curve."""


class EventDisplaySettings(FigureSettings):
    """One jet of each class."""

    w: Annotated[int, Field(ge=0)] = 0
    """Which W jet is shown, counted from 0 in the order of the file."""

    qcd: Annotated[int, Field(ge=0)] = 0
    """Which QCD jet is shown, counted from 0 in the order of the file."""

    decades: Annotated[float, Field(gt=0, le=12)] = 3.0
    """Powers of ten that the colour scale spans."""


class ScoreSettings(FigureSettings):
    """Products that show areas under the ROC curve with their intervals."""

    replicas: Annotated[int, Field(ge=10)] = 200
    """Bootstrap replicas behind intervals."""


class DepthPoint(Settings):
    """Where a network stands in the figure of the depth."""

    depth: Annotated[int, Field(ge=1)]
    """Number of layers with weights, or what else is called depth: the figure's x axis."""

    kind: str = "network"
    """Networks of one kind are joined by a line."""


class DepthSettings(ScoreSettings):
    """Separation and size of the gradient over the networks' depth."""

    points: dict[str, DepthPoint] = {}
    """Depth and kind of each method."""


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


class BoostedTreesSettings(Settings):
    """Gradient-boosted trees on observables."""

    iterations: Annotated[int, Field(ge=1, le=10000)] = 300
    """Most trees that are grown; as many are kept as are best on the validation events."""

    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Fraction of a tree's answer that is added to the sum."""

    leaves: Annotated[int, Field(ge=2, le=1024)] = 8
    """Most leaves of a tree."""

    min_samples_leaf: Annotated[int, Field(ge=1)] = 40
    """Fewest training events in a leaf."""

    l2: Annotated[float, Field(ge=0)] = 1.0
    """L2 penalty on the values of the leaves."""

    threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads that grow the trees; the result does not depend on them."""


Penalties = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, min_length=1)]
Shrinkages = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(strict=False, min_length=1)
]


class FisherSettings(Settings):
    """Fisher's linear discriminant on the pixels of a jet image."""

    logarithm: bool = True
    """Take log(1 + pixel), the pixel in GeV."""

    shrinkages: Shrinkages = (0.001, 0.01, 0.1, 0.3, 0.6)
    """Fractions by which the covariance is shrunk towards its diagonal; the one that is best on the
    validation events is kept."""


class LogisticSettings(Settings):
    """Logistic regression on the pixels of a jet image."""

    logarithm: bool = True
    """Take log(1 + pixel), the pixel in GeV."""

    inverse_penalties: Penalties = (0.0003, 0.001, 0.003, 0.01, 0.1)
    """Values of C, the inverse of the L2 penalty on the coefficients of standardised pixels; the
    one that is best on the validation events is kept."""

    max_jets: Annotated[int, Field(ge=2)] = 200000
    """At most so many training jets are used, the file's first ones: 10 kB of memory each."""
