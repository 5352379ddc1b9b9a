import awkward as ak
import numpy as np
import pytest

from cascade.studies.jets import SCHEMA, reconstruction
from cascade.studies.jets.observables import describe, four_momenta, preprocessing
from cascade.studies.jets.reconstruction import reconstruct
from cascade.studies.jets.settings import Selection
from cascade.studies.jets.towers import deposit, grid, nearest_centre

FIELDS = {field.name for field in SCHEMA} - {"label", "weight"}


def particles(pt, eta, phi, counts):
    flat = {"px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": pt * np.sinh(eta)}
    return ak.unflatten(ak.zip({**flat, "E": pt * np.cosh(eta)}), counts)


def two_prongs(events, seed=1, soft=20):
    """Events with a two-prong jet of mass about 80 GeV, sprays of it, and soft particles."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(events):
        eta, phi = rng.uniform(-1.5, 1.5), rng.uniform(-np.pi, np.pi)
        angle = rng.uniform(-np.pi, np.pi)
        place = np.repeat([0.3, -0.3], 10) + rng.normal(0, 0.04, 20)
        across = rng.normal(0, 0.04, 20)
        prongs = np.stack(
            [
                np.full(20, rng.uniform(11, 17)),
                eta + place * np.cos(angle) - across * np.sin(angle),
                phi + place * np.sin(angle) + across * np.cos(angle),
            ]
        )
        noise = [rng.exponential(0.5, soft), rng.uniform(-4, 4, soft), rng.uniform(-3, 3, soft)]
        parts.append(np.concatenate([prongs, noise], axis=1))
    return particles(*np.concatenate(parts, axis=1), [20 + soft] * events)


@pytest.fixture(scope="module")
def events():
    return two_prongs(120)


@pytest.fixture(scope="module")
def found(events):
    return reconstruct(events, Selection())


def test_jets_have_all_fields_in_their_shapes(found):
    jets, event = found
    assert set(jets) == FIELDS
    assert 20 < len(event) < 120
    assert (np.diff(event) > 0).all()
    for name, values in jets.items():
        assert len(values) == len(event)
        if name != "constituents":
            assert isinstance(values, np.ndarray)
            assert values.dtype == np.float32
            assert np.isfinite(values).all()
    assert jets["image"].shape == jets["image_raw"].shape == (len(event), 25, 25)
    assert str(jets["constituents"].type) == f"{len(event)} * var * 3 * float32"


def test_windows_are_kept(found):
    jets, _ = found
    assert ((jets["pt"] > 250) & (jets["pt"] < 300)).all()
    assert ((jets["mass"] > 50) & (jets["mass"] < 110)).all()
    assert (np.abs(jets["eta"]) < 2).all()


def test_kinematics_are_vector_sums_of_the_constituents(found):
    jets, _ = found
    for i, towers in enumerate(jets["constituents"][:20]):
        pt, eta, phi = towers.to_numpy().astype(np.float64).T
        x, y, z = (pt * np.cos(phi)).sum(), (pt * np.sin(phi)).sum(), (pt * np.sinh(eta)).sum()
        E = (pt * np.cosh(eta)).sum()
        assert jets["pt"][i] == pytest.approx(np.hypot(x, y), rel=1e-5)
        assert jets["mass"][i] == pytest.approx(np.sqrt(E**2 - x**2 - y**2 - z**2), rel=1e-5)
        assert jets["eta"][i] == pytest.approx(np.arcsinh(z / np.hypot(x, y)), rel=1e-5, abs=1e-6)
        assert jets["phi"][i] == pytest.approx(np.arctan2(y, x), rel=1e-5, abs=1e-6)
        assert (np.diff(pt) <= 0).all()


def test_two_prongs_are_recovered(found):
    jets, _ = found
    assert jets["delta_r"].mean() == pytest.approx(0.6, abs=0.03)
    assert np.median(jets["tau21"]) < 0.25
    # the second prong lies below the first, 0.6 away: 6 of the pixels of 0.1
    below = jets["image"][:, 11:14, 4:8].sum(axis=(1, 2)) / jets["image"].sum(axis=(1, 2))
    assert below.mean() == pytest.approx(0.5, abs=0.1)


def test_images_hold_the_jet(found):
    jets, _ = found
    transverse_energy = ak.sum(jets["constituents"][..., 0], axis=1)
    for image in ("image_raw", "image"):
        sums = jets[image].sum(axis=(1, 2))
        np.testing.assert_allclose(sums, transverse_energy, rtol=1e-4)


def test_a_raw_pixel_is_a_tower(found):
    jets, _ = found
    for raw, towers in zip(jets["image_raw"], jets["constituents"], strict=True):
        np.testing.assert_allclose(np.sort(raw[raw > 0]), np.sort(towers[:, 0]), rtol=1e-6)


def test_who_reads_the_constituents_finds_the_same_images(found):
    jets, _ = found
    steps = preprocessing(jets["constituents"], Selection())
    assert list(steps) == ["raw", "translated", "rotated", "flipped"]
    np.testing.assert_array_equal(steps["raw"].astype(np.float32), jets["image_raw"])
    np.testing.assert_array_equal(steps["flipped"].astype(np.float32), jets["image"])


def test_normalising_changes_the_final_image_alone(events, found):
    jets, _ = reconstruct(events, Selection(normalise=True))
    np.testing.assert_allclose(np.sum(jets["image"] ** 2, axis=(1, 2)), 1, rtol=1e-5)
    np.testing.assert_array_equal(jets["image_raw"], found[0]["image_raw"])


def test_chunks_do_not_change_the_jets(events, found, monkeypatch):
    monkeypatch.setattr(reconstruction, "CHUNK", 1000)
    jets, event = reconstruct(events, Selection())
    np.testing.assert_array_equal(event, found[1])
    for name, values in jets.items():
        assert ak.array_equal(values, found[0][name])


def test_a_turn_by_whole_towers_leaves_pt_mass_and_windows(events, found):
    width = grid(Selection())[3]
    cosine, sine = np.cos(7 * width), np.sin(7 * width)
    turned = ak.zip(
        {
            "px": cosine * events.px - sine * events.py,
            "py": sine * events.px + cosine * events.py,
            "pz": -events.pz,
            "E": events.E,
        }
    )
    jets, event = reconstruct(turned, Selection())
    common, ours, theirs = np.intersect1d(event, found[1], return_indices=True)
    # towers tie in distance, so a few jets may be clustered otherwise
    assert len(common) > 0.95 * len(event)
    close = np.isclose(jets["pt"][ours], found[0]["pt"][theirs], rtol=1e-4)
    close &= np.isclose(jets["mass"][ours], found[0]["mass"][theirs], rtol=1e-3)
    assert close.mean() > 0.9


@pytest.mark.parametrize("counts", [[], [0, 0, 0]])
def test_no_particles_give_no_jets(counts):
    jets, event = reconstruct(particles(*np.zeros((3, 0)), np.array(counts, int)), Selection())
    assert len(event) == 0
    assert set(jets) == FIELDS
    assert jets["image"].shape == (0, 25, 25)
    assert len(jets["constituents"]) == 0


def test_empty_events_between_full_ones_keep_their_numbers(events, found):
    padded = ak.concatenate([events[:0], events[:0]])
    gaps = ak.concatenate([ak.unflatten(ak.flatten(events[:1])[:0], [0]), events])
    assert len(reconstruct(padded, Selection())[1]) == 0
    np.testing.assert_array_equal(reconstruct(gaps, Selection())[1], found[1] + 1)


def test_windows_that_nothing_meets_give_no_jets(events):
    jets, event = reconstruct(events, Selection(pt=(2000, 3000)))
    assert len(event) == len(jets["pt"]) == 0


def test_the_harder_of_two_jets_after_trimming_decides():
    # a spray of subjets below 5 % makes one jet lead before trimming, not after
    spray = np.linspace(-np.pi, np.pi, 8, endpoint=False)
    pt = np.concatenate([[170.0, 60.0], np.full(8, 11.0), [270.0, 10.0]])
    eta = np.concatenate([[0.0, 0.0], 0.75 * np.cos(spray), [0.0, 0.0]])
    phi = np.concatenate([[0.0, 0.45], 0.75 * np.sin(spray), [3.0, 2.9]])
    jets, _ = reconstruct(particles(pt, eta, phi, [len(pt)]), Selection(mass=(0, 300)))
    assert jets["pt"][0] == pytest.approx(280, rel=0.02)
    assert abs(jets["phi"][0]) > 2.5


def test_towers_add_up_and_point_to_their_centres():
    selection = Selection()
    eta = np.array([0.02, 0.07, 3.97, 4.2, -3.99])
    phi = np.array([0.01, 0.04, 1.0, 1.0, np.pi])
    towers = deposit(particles(np.full(5, 10.0), eta, phi, [5]), selection)
    pt, energy = np.hypot(towers.px, towers.py), towers.E
    found = np.arcsinh(towers.pz / pt)
    assert towers.groups == 1
    np.testing.assert_allclose(np.sort(found), [-3.95, 0.05, 3.95])
    inside = abs(eta) < 4
    assert energy.sum() == pytest.approx((10 * np.cosh(eta[inside])).sum())
    np.testing.assert_allclose(energy**2, pt**2 + towers.pz**2)
    centre = nearest_centre(eta[inside], phi[inside], selection)
    np.testing.assert_allclose(np.unique(centre[0]), np.sort(found), atol=1e-9)


def test_particles_along_the_beam_are_lost():
    beam = ak.zip(
        {
            name: [value]
            for name, value in zip(("px", "py", "pz", "E"), (0.0, 0.0, 7.0, 7.0), strict=True)
        }
    )
    assert deposit(ak.unflatten(beam, [1]), Selection()).counts().tolist() == [0]


def test_smearing_has_the_stated_width_and_repeats_itself():
    rng = np.random.default_rng(3)
    n = 20_000
    one_each = particles(
        np.full(n, 100.0), np.full(n, 0.05), rng.uniform(-3, 3, n), np.ones(n, int)
    )
    plain = deposit(one_each, Selection())
    selection = Selection(smearing_stochastic=0.5, smearing_constant=0.03)
    smeared = deposit(one_each, selection)
    energy = plain.E[0]
    expected = np.hypot(0.5 * np.sqrt(energy), 0.03 * energy)
    assert (smeared.E - plain.E).std() == pytest.approx(expected, rel=0.03)
    assert smeared.E.mean() == pytest.approx(energy, rel=1e-3)
    np.testing.assert_array_equal(smeared.E, deposit(one_each, selection).E)


def test_jets_of_few_towers_have_finite_observables():
    towers = ak.Array([[[260.0, 0.05, 0.05]], [[200.0, 0.05, 0.05], [70.0, 0.05, 0.55]]])
    jets = describe(ak.from_regular(towers, axis=None), Selection())
    for name in ("tau1", "tau2", "tau3", "tau21", "tau32", "delta_r"):
        assert np.isfinite(jets[name]).all()
    assert jets["delta_r"] == pytest.approx([0, 0.5])
    assert jets["tau21"].tolist() == [0, 0]
    assert four_momenta(towers).total()["mass"][0] == pytest.approx(0, abs=1e-3)
