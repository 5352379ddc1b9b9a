"""Jets: boosted W bosons against QCD, from Pythia 8, a toy, or a user's own ROOT file."""

from types import MappingProxyType

from cascade.events.schema import Field
from cascade.study import Estimator, Finalise, Formula, Ingestion, Metric, Network, Product
from cascade.study import Simulation, Study

_HERE = "cascade.studies.jets"

SCHEMA = (
    Field("image_raw", "GeV", "transverse energy per tower about the jet axis", ("eta", "phi")),
    Field("image", "GeV", "transverse energy, translated, rotated, flipped", ("eta", "phi")),
    Field(
        "constituents",
        "GeV, 1, rad",
        "towers of the trimmed jet: pT, eta, phi",
        ("constituent", "pt_eta_phi"),
        ragged=True,
    ),
    Field("pt", "GeV", "transverse momentum of the trimmed jet"),
    Field("eta", "1", "pseudorapidity of the trimmed jet"),
    Field("phi", "rad", "azimuth of the trimmed jet"),
    Field("mass", "GeV", "mass of the trimmed jet"),
    Field("tau1", "1", "1-subjettiness"),
    Field("tau2", "1", "2-subjettiness"),
    Field("tau3", "1", "3-subjettiness"),
    Field("tau21", "1", "tau2 / tau1"),
    Field("tau32", "1", "tau3 / tau2"),
    Field("delta_r", "1", "distance of the two leading subjets, 0 with fewer than two"),
    Field("label", "1", "1 for a W boson, 0 for QCD", dtype="int8"),
    Field("weight", "1", "weight that gives W jets the pT spectrum of QCD jets"),
)

STUDY = None
