import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.studies.jets import images
from cascade.studies.jets.images import Hits

SIZE, HALF_WIDTH = 25, 1.25


def random_hits(seed, jets=3, each=20, spread=0.3):
    rng = np.random.default_rng(seed)
    n = jets * each
    return Hits(
        rng.normal(0, spread, n),
        images.wrap(rng.normal(0, spread, n)),
        rng.exponential(5, n),
        np.repeat(np.arange(jets), each),
        jets,
    )


def prongs(hits):
    """Take the first two hits of each jet for its subjets."""
    first = np.searchsorted(hits.jet, np.arange(hits.jets))
    place = np.stack([hits.eta, hits.phi], axis=1)
    return place[first], place[first + 1]


def final(hits):
    return images.preprocess(hits, *prongs(hits))["flipped"]


def test_pixels_keep_the_energy_inside():
    hits = random_hits(1, spread=0.6)
    inside = np.maximum(abs(hits.eta), abs(hits.phi)) < HALF_WIDTH
    assert not inside.all()
    image = images.pixelate(hits, SIZE, HALF_WIDTH)
    assert image.shape == (3, SIZE, SIZE)
    np.testing.assert_allclose(
        image.sum(axis=(1, 2)), np.bincount(hits.jet[inside], hits.energy[inside])
    )


def test_a_pixel_is_eta_by_phi():
    hits = Hits(
        np.array([0.0, 0.3]), np.array([0.0, -0.5]), np.array([2.0, 1.0]), np.zeros(2, int), 1
    )
    image = images.pixelate(hits, SIZE, HALF_WIDTH)[0]
    assert image[12, 12] == 2
    assert image[15, 7] == 1


def test_no_step_changes_the_sum():
    hits = random_hits(2)
    for step in images.preprocess(hits, *prongs(hits)).values():
        sums = images.pixelate(step, SIZE, 4.0).sum(axis=(1, 2))
        np.testing.assert_allclose(sums, hits.total(hits.energy))


def test_aligned_jets_have_their_prongs_in_place():
    hits = random_hits(3)
    aligned = final(hits)
    leading, subleading = prongs(aligned)
    np.testing.assert_allclose(leading, 0, atol=1e-12)
    np.testing.assert_allclose(np.arctan2(subleading[:, 1], subleading[:, 0]), -np.pi / 2)
    right = aligned.total(aligned.energy * (aligned.eta > 0))
    assert (right >= aligned.total(aligned.energy * (aligned.eta < 0))).all()


@given(
    st.integers(0, 1000),
    st.floats(-np.pi, np.pi),
    st.floats(-2, 2),
    st.floats(-np.pi, np.pi),
    st.booleans(),
)
def test_rotated_boosted_and_mirrored_jets_look_alike(seed, angle, boost, azimuth, mirror):
    hits = random_hits(seed)
    turned = images.rotate(hits, np.full(hits.jets, angle))
    if mirror:
        turned = Hits(-turned.eta, turned.phi, turned.energy, turned.jet, turned.jets)
    moved = images.translate(turned, np.full(hits.jets, -boost), np.full(hits.jets, -azimuth))
    expected, found = final(hits), final(moved)
    np.testing.assert_allclose(found.eta, expected.eta, atol=1e-9)
    np.testing.assert_allclose(found.phi, expected.phi, atol=1e-9)


def test_without_a_second_subjet_the_principal_axis_points_down():
    rng = np.random.default_rng(4)
    along, across = rng.exponential(0.4, 500), rng.normal(0, 0.02, 500)
    straight = Hits(along, across, np.ones(500), np.zeros(500, int), 1)
    for angle in (0.0, 1.0, 2.5, -2.0):
        turned = images.rotate(straight, np.array([angle]))
        nowhere = np.full((1, 2), np.nan)
        aligned = images.preprocess(turned, np.zeros((1, 2)), nowhere)["rotated"]
        assert aligned.phi.mean() == pytest.approx(-along.mean(), rel=1e-2)
        assert abs(aligned.eta.mean()) < 0.02


def test_distances_cross_the_seam_in_azimuth():
    hits = Hits(np.zeros(2), np.array([3.1, -3.1]), np.ones(2), np.zeros(2, int), 1)
    moved = images.translate(hits, np.zeros(1), np.array([3.1]))
    np.testing.assert_allclose(moved.phi, [0, 2 * np.pi - 6.2], atol=1e-12)


def test_normalised_images_have_unit_norm_and_empty_ones_stay_empty():
    stack = np.stack([np.zeros((3, 3)), np.arange(9.0).reshape(3, 3)])
    normalised = images.normalise(stack)
    np.testing.assert_array_equal(normalised[0], 0)
    assert np.sum(normalised[1] ** 2) == pytest.approx(1)


def test_no_jets_give_no_images():
    hits = Hits(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, int), 0)
    steps = images.preprocess(hits, np.zeros((0, 2)), np.zeros((0, 2)))
    assert images.pixelate(steps["flipped"], SIZE, HALF_WIDTH).shape == (0, SIZE, SIZE)
