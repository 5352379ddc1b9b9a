import awkward as ak
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from cascade.errors import CascadeError
from cascade.events.seeding import Block, blocks, sequence
from cascade.studies.jets import SCHEMA
from cascade.studies.jets.reconstruction import find_jets
from cascade.studies.jets.settings import Selection, ToySettings
from cascade.studies.jets.toy import (
    accepted_jets,
    as_records,
    hard_jets,
    pick,
    power_law,
    promising,
    qcd_jets,
    shower,
    simulate,
    underlying_event,
    w_jets,
)
from cascade.studies.jets.toy_decay import boost, decay, distance, invariant_mass, partons_of
from cascade.studies.jets.toy_shower import (
    CA,
    CF,
    TR,
    Partons,
    branch,
    evolve,
    hadronise,
    kernel,
    massless,
    totals,
    trial,
)
from cascade.studies.jets.weights import pt_weights

SETTINGS = ToySettings()
W = 80.4


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def one_kind(number: int, pt: float, gluon: bool) -> Partons:
    zeros = np.zeros(number)
    return Partons(np.arange(number), zeros + pt, zeros, zeros, np.full(number, gluon))


@pytest.fixture(scope="module")
def jets() -> dict:
    drawn = [simulate(b, SETTINGS) for b in blocks(1, "jets", "toy", "train", 6000, 2000)]
    names = ("mass", "tau21", "delta_r", "pt", "label")
    events = {name: np.concatenate([events[name] for events in drawn]) for name in names}
    return events | next(pt_weights([events]))


# ------------------------------------------------------------------------------------- kinematics


@pytest.mark.parametrize("longitudinal", [0.0, 1.0])
def test_quarks_add_up_to_their_boson_and_follow_the_decay_law(longitudinal):
    n = 20000
    draw = rng()
    bosons = np.stack(
        [draw.uniform(200, 400, n), draw.uniform(-2, 2, n), draw.uniform(-3, 3, n), np.full(n, W)]
    )
    total, quarks = decay(draw, bosons, longitudinal)
    np.testing.assert_allclose(quarks.sum(axis=0), total, atol=1e-9)
    np.testing.assert_allclose(invariant_mass(total), W, rtol=1e-9)
    np.testing.assert_allclose(np.hypot(total[0], total[1]), bosons[0])
    energy, momentum = quarks[:, 3], np.sqrt((quarks[:, :3] ** 2).sum(axis=1))
    np.testing.assert_allclose(energy, momentum, rtol=1e-9)

    # E = (E_W ± p_W cos θ*)/2; ⟨cos²θ*⟩ is 1/3 if flat, 1/5 for sin²θ*
    cos = (energy[0] - energy[1]) / (bosons[0] * np.cosh(bosons[1]))
    assert np.mean(cos) == pytest.approx(0, abs=0.02)
    assert np.mean(cos**2) == pytest.approx(0.2 if longitudinal else 1 / 3, rel=0.03)


def test_quarks_of_a_boosted_boson_are_m_over_pt_sqrt_z_apart():
    n = 5000
    pt = 1500.0
    bosons = np.stack([np.full(n, pt), rng(2).uniform(-1, 1, n), np.zeros(n), np.full(n, W)])
    _, quarks = decay(rng(), bosons, 1.0)
    first, second = (partons_of(q) for q in quarks)
    z = first.pt / (first.pt + second.pt)
    found = distance(first.eta - second.eta, first.phi - second.phi)
    balanced = np.minimum(z, 1 - z) > 0.1
    expected = W / (pt * np.sqrt(z * (1 - z)))
    np.testing.assert_allclose(found[balanced], expected[balanced], rtol=0.01)


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3))
def test_a_boost_is_undone_by_the_opposite_one(x, y, z):
    velocity = np.array([[x], [y], [z], [np.sqrt(1 + x * x + y * y + z * z)]])
    momentum = massless(*np.array([[3.0], [0.7], [1.1]]))
    back = boost(boost(momentum, velocity), velocity * np.array([[-1], [-1], [-1], [1]]))
    np.testing.assert_allclose(back, momentum, rtol=1e-8, atol=1e-8)
    at_rest = np.array([[0.0], [0], [0], [1]])
    np.testing.assert_allclose(boost(at_rest, velocity), velocity)


def test_the_hadrons_of_a_w_boson_have_its_four_momentum():
    n = 2000
    pt, eta, phi = rng().uniform(220, 350, n), rng(2).uniform(-2, 2, n), rng(3).uniform(-3, 3, n)
    event, momenta = w_jets(rng(), pt, eta, phi, SETTINGS)
    total = totals(event, momenta, n)
    np.testing.assert_allclose(total[0], pt * np.cos(phi), atol=1e-7)
    np.testing.assert_allclose(total[2], pt * np.sinh(eta), atol=1e-6)
    mass = invariant_mass(total)
    assert np.median(mass) == pytest.approx(80.38, abs=0.15)
    # half of a Breit–Wigner lies within half its width
    assert np.mean(np.abs(mass - 80.38) < 2.09 / 2) == pytest.approx(0.5, abs=0.05)


# ----------------------------------------------------------------------------------------- shower


@pytest.mark.parametrize("gluon", [True, False])
def test_branchings_follow_the_splitting_functions(gluon):
    """Rate and z of branchings in a thin slice of angle against dN = αs P(z)/π dz dlnθ."""
    number, pt, slab = 400_000, 300.0, 0.02
    partons = one_kind(number, pt, gluon)
    draw = rng(4)
    theta, z = trial(draw, partons.pt, partons.gluon, np.ones(number), SETTINGS)
    keep, pair = kernel(z, partons.gluon, SETTINGS)
    chance = draw.random(number)
    kept = (theta > 1 - slab) & (z < 1) & (chance < keep)

    # the slab's middle stands for the slab
    nf, grid = SETTINGS.flavours, np.geomspace(SETTINGS.kt_min / pt, 1, 20001)[1:-1]
    alpha = 6 * np.pi / ((33 - 2 * nf) * np.log(grid * (1 - slab / 2) * pt / SETTINGS.lambda_qcd))
    quarks = TR * nf * (grid**2 + (1 - grid) ** 2) if gluon else np.zeros_like(grid)
    gluons = (
        2 * CA * ((1 - grid) / grid + grid * (1 - grid) / 2)
        if gluon
        else CF * (1 + (1 - grid) ** 2) / grid
    )
    edges = np.array([0.003, 0.006, 0.012, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.98])
    counts = np.histogram(z[kept], edges)[0]
    density = alpha / np.pi * (quarks + gluons) * -np.log(1 - slab) * number
    cumulative = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(grid))])
    expected = np.diff(np.interp(edges, grid, cumulative))
    # an earlier trial above the branching's angle is rare, but not absent
    survival = 1 - np.mean(theta > 1 - slab) / 2
    pull = (counts - expected * survival) / np.sqrt(expected)
    assert np.mean(pull**2) < 2.5, pull
    assert counts.sum() == pytest.approx(expected.sum() * survival, rel=0.03)

    to_quarks = np.trapezoid(alpha * quarks, grid) / np.trapezoid(alpha * (quarks + gluons), grid)
    assert np.mean(chance[kept] < pair[kept]) == pytest.approx(to_quarks, abs=0.01)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.2))
def test_a_branching_keeps_pt_and_direction_and_makes_its_mass(z, theta):
    pt, eta, phi = 100.0, 0.4, 1.2
    parent = Partons(
        np.zeros(1, int), np.array([pt]), np.array([eta]), np.array([phi]), np.array([True])
    )
    pair = branch(rng(), parent, np.array([theta]), np.array([z]), np.array([False]))
    assert pair.pt.sum() == pytest.approx(pt)
    assert np.average(pair.eta, weights=pair.pt) == pytest.approx(eta)
    assert np.average(pair.phi, weights=pair.pt) == pytest.approx(phi)
    assert np.hypot(np.diff(pair.eta), np.diff(pair.phi))[0] == pytest.approx(theta)
    mass = invariant_mass(pair.momenta().sum(axis=1))
    assert mass == pytest.approx(pt * theta * np.sqrt(z * (1 - z)), rel=0.01)


def test_a_shower_keeps_each_events_pt():
    partons = one_kind(500, 250.0, True)
    final = evolve(rng(), partons, np.ones(500), SETTINGS)
    np.testing.assert_allclose(np.bincount(final.event, final.pt), 250)
    np.testing.assert_allclose(np.bincount(final.event, final.pt * final.eta), 0, atol=1e-9)
    assert len(final.pt) > 5 * 500


def test_gluons_radiate_more_than_quarks_and_more_from_wide_angles():
    def multiplicity(gluon: bool, angle: float) -> float:
        partons = one_kind(2000, 250.0, gluon)
        return len(evolve(rng(), partons, np.full(2000, angle), SETTINGS).pt) / 2000

    assert multiplicity(True, 1.0) > 1.5 * multiplicity(False, 1.0)
    assert multiplicity(True, 1.0) > multiplicity(True, 0.3) > multiplicity(True, 0.1)
    # nothing can radiate where θ pT stays below the smallest kT
    assert multiplicity(True, 0.5 * SETTINGS.kt_min / 250) == 1


def test_hadrons_keep_their_partons_momentum():
    n = 300
    draw = rng()
    partons = Partons(
        np.arange(n),
        draw.uniform(1, 100, n),
        draw.uniform(-2, 2, n),
        draw.uniform(-3, 3, n),
        np.ones(n, bool),
    )
    event, momenta = hadronise(draw, partons, SETTINGS)
    total = totals(event, momenta, n)
    np.testing.assert_allclose(total[:3], partons.momenta()[:3], atol=1e-9)
    assert np.all(total[3] > partons.momenta()[3] - 1e-9)
    np.testing.assert_allclose(momenta[3], np.sqrt((momenta[:3] ** 2).sum(axis=0)))


def test_a_qcd_jet_keeps_its_pt_in_small_angles():
    n = 2000
    event, momenta = qcd_jets(rng(), np.full(n, 250.0), np.zeros(n), np.zeros(n), SETTINGS)
    scalar = np.bincount(event, np.hypot(momenta[0], momenta[1]), n)
    assert np.median(scalar) == pytest.approx(250, rel=0.03)


@pytest.mark.parametrize("index", [5.5, 0.0])
def test_a_power_law_has_its_index(index):
    x = power_law(rng(), 100_000, 220.0, 350.0, index)
    assert x.min() > 220
    assert x.max() < 350
    counts, edges = np.histogram(x, 4)
    primitive = edges ** (1 - index) / (1 - index)
    np.testing.assert_allclose(counts / 100_000, np.diff(primitive) / np.ptp(primitive), rtol=0.03)


# ----------------------------------------------------------------------------------------- source


def test_particles_are_massless_lists_of_events():
    particles = shower(rng(), 20, 1, SETTINGS)
    assert len(particles) == 20
    assert set(ak.fields(particles)) == {"px", "py", "pz", "E"}
    square = particles.E**2 - particles.px**2 - particles.py**2 - particles.pz**2
    assert ak.all(np.abs(square) < 1e-6 * (1 + particles.E**2))


def test_the_surroundings_add_their_density():
    bare = ToySettings(wide_angle_density=0.0, qcd_underlying_density=0.0)
    full = ToySettings(wide_angle_density=0.0, qcd_underlying_density=10.0)
    added = ak.mean(ak.num(shower(rng(), 2000, 0, full))) - ak.mean(
        ak.num(shower(rng(), 2000, 0, bare))
    )
    assert added == pytest.approx(10 * np.pi * SETTINGS.surroundings_radius**2, rel=0.02)


@pytest.mark.parametrize("label", [0, 1])
def test_events_that_are_not_promising_would_not_have_passed(label):
    n, selection = 4000, SETTINGS.selection
    kept = accepted_jets(rng(), 300, label, SETTINGS)
    assert len(kept) == 300
    axis, hard = hard_jets(rng(7), n, label, SETTINGS)
    keep = promising(hard, n, selection)
    hopeless = pick(hard, ~keep)
    assert 0.02 < 1 - keep.mean() < 0.7
    np.testing.assert_array_equal(np.unique(hopeless[0]), np.arange((~keep).sum()))
    soft = underlying_event(rng(8), *axis[:, ~keep], label, SETTINGS)
    found, _ = find_jets(as_records([hopeless, soft], int((~keep).sum())), selection)
    assert len(found) <= 2


@pytest.mark.parametrize("events", [1, 2, 61])
def test_a_block_holds_its_events_in_equal_classes(events):
    block = Block(0, events, sequence(3))
    found = simulate(block, SETTINGS)
    assert set(found) == {field.name for field in SCHEMA} - {"weight"}
    assert all(len(values) == events for values in found.values())
    assert found["label"].dtype == np.int8
    assert found["label"].sum() == events // 2
    low, high = SETTINGS.selection.mass
    assert np.all((found["mass"] > low) & (found["mass"] < high))


def test_a_block_depends_on_its_seed_alone():
    first, again, other = (
        simulate(Block(index, 40, sequence(seed)), SETTINGS)
        for index, seed in ((0, 1), (5, 1), (0, 2))
    )
    for name, values in first.items():
        assert ak.array_equal(values, again[name]), name
    assert not np.array_equal(first["mass"], other["mass"])
    # the classes are mixed
    assert 0 < first["label"][:20].sum() < 20


def test_impossible_settings_are_named():
    selection = Selection(mass=(2000.0, 2100.0))
    with pytest.raises(
        CascadeError, match=r"no jet of \d+ toy events .* mass \(2000\.0, 2100\.0\)"
    ):
        simulate(Block(0, 2, sequence(1)), ToySettings(selection=selection))
    with pytest.raises(ValidationError, match=r"kt_min 0\.1 must lie above lambda_qcd"):
        ToySettings(kt_min=0.1)
    with pytest.raises(ValidationError, match="wide_angle_pt must start above 0"):
        ToySettings(wide_angle_pt=(0.0, 10.0))


# ------------------------------------------------------------------------------------ calibration


def test_the_w_peak_stands_where_it_should(jets):
    mass = jets["mass"][jets["label"] == 1]
    # Pythia 8: median 79.6, 87 % within 70–95
    assert np.median(mass) == pytest.approx(79.6, abs=1.0)
    assert np.mean((mass > 70) & (mass < 95)) == pytest.approx(0.87, abs=0.04)


def test_the_subjets_of_a_w_are_m_over_pt_sqrt_z_apart(jets):
    signal = jets["label"] == 1
    # z = ½ is the closest two massless subjets of this mass can come
    closest = 2 * jets["mass"][signal] / jets["pt"][signal]
    ratio = jets["delta_r"][signal] / closest
    assert np.quantile(ratio, 0.1) > 0.75
    assert np.median(ratio) == pytest.approx(1.03, abs=0.06)


# measured on 2342 QCD and 3438 W jets of Pythia 8.3 in the same selection, pT-weighted
@pytest.mark.parametrize(
    ("columns", "pythia"),
    [(("mass",), 0.81), (("mass", "tau21"), 0.87)],
)
def test_trees_tell_toy_classes_apart_as_well_as_pythias(jets, columns, pythia):
    table = np.stack([jets[name] for name in columns], axis=1)
    half = len(table) // 2
    trees = HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=8, min_samples_leaf=40, random_state=1
    ).fit(table[:half], jets["label"][:half])
    score = trees.predict_proba(table[half:])[:, 1]
    auc = roc_auc_score(jets["label"][half:], score, sample_weight=jets["weight"][half:])
    assert auc == pytest.approx(pythia, abs=0.05)


@pytest.mark.parametrize(("name", "sign", "pythia"), [("mass", 1, 0.62), ("tau21", -1, 0.79)])
def test_raw_observables_tell_toy_classes_apart_as_well_as_pythias(jets, name, sign, pythia):
    auc = roc_auc_score(jets["label"], sign * jets[name], sample_weight=jets["weight"])
    assert auc == pytest.approx(pythia, abs=0.05)
