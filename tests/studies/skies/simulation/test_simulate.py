"""Whole skies: what signal and background share, labels, exposure, reproducibility."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cascade.errors import CascadeError
from cascade.events.seeding import Block, sequence
from cascade.settings import validate
from cascade.studies.skies import SCHEMA
from cascade.studies.skies.settings import ExposureSettings, SkySettings, SpectrumSettings
from cascade.studies.skies.simulation.simulate import simulate
from cascade.studies.skies.simulation.sphere import relative_exposure

AUGER = {
    "exposure": ExposureSettings(),
    "spectrum": SpectrumSettings(resolution=0.14),
    "angular_resolution": 1.0,
}


def drawn(skies, seed=1, **settings):
    return simulate(Block(0, skies, sequence(seed)), SkySettings(**settings))


@pytest.fixture(scope="module")
def skies():
    return drawn(2000)


@pytest.fixture(scope="module")
def seen():
    return drawn(1000, isotropic=0.0, **AUGER)


def angle(first, second):
    return 2 * np.arcsin(np.linalg.norm(first - second, axis=-1) / 2)


def test_fields_are_those_of_the_schema(skies):
    shapes = {"sky": 2000, "ray": 500, "source": 3, "xyz": 3}
    assert skies.keys() == {field.name for field in SCHEMA}
    for field in SCHEMA:
        expected = (2000, *(shapes[name] for name in field.dims))
        assert skies[field.name].shape == expected, field.name
        assert skies[field.name].dtype == field.dtype, field.name
    for name in ("direction", "source_direction"):
        assert np.allclose(np.linalg.norm(skies[name].astype(float), axis=-1), 1, atol=1e-6)


def test_half_the_skies_have_sources_and_share_the_fractions(skies):
    lit = skies["label"] == 1
    assert lit.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(2000))
    assert (skies["signal_fraction"][~lit] == 0).all()
    fractions, counts = np.unique(skies["signal_fraction"][lit], return_counts=True)
    assert fractions == pytest.approx([0.02, 0.03, 0.05, 0.07, 0.1, 0.15])
    assert stats.chisquare(counts).pvalue > 1e-3
    signal = (skies["source"] >= 0).sum(axis=1)
    assert (signal == np.rint(skies["signal_fraction"] * 500)).all()


@pytest.mark.parametrize("which", ["skies", "seen"])
def test_sources_are_equally_bright(which, request):
    source = request.getfixturevalue(which)["source"]
    assert source.min() == -1
    assert source.max() == 2
    assert stats.chisquare(np.bincount(source[source >= 0])).pvalue > 1e-3


def test_a_ray_counts_as_signal_if_it_is_not_alone():
    found = drawn(300, isotropic=0.2, fractions=[0.02, 0.1], sources=8, rays=100)
    for source, label in zip(found["source"], found["ray_label"], strict=True):
        counts = np.bincount(source[source >= 0], minlength=8)
        assert (label == (source >= 0) & (counts[np.maximum(source, 0)] >= 2)).all()
    lonely = (found["source"] >= 0) & (found["ray_label"] == 0)
    assert lonely.any()


def test_a_sky_with_sources_has_a_ray_of_theirs_however_small():
    found = drawn(200, rays=5)
    assert ((found["source"] >= 0).sum(axis=1) >= found["label"]).all()


@pytest.mark.parametrize("which", ["skies", "seen"])
def test_signal_rays_stand_anywhere_and_have_the_spectrum_of_the_others(which, request):
    found = request.getfixturevalue(which)
    signal = found["source"] >= 0
    counts = signal.sum(axis=0)
    # the numbers by place vary a little less than Poisson's, as a sky's sum is fixed
    assert ((counts - counts.mean()) ** 2).sum() / counts.mean() < stats.chi2.isf(1e-3, 499)
    assert stats.ks_2samp(found["energy"][signal], found["energy"][~signal]).pvalue > 1e-3
    order = np.argsort(np.argsort(found["energy"], axis=1), axis=1)
    assert stats.kstest((order[signal] + 0.5) / 500, "uniform").pvalue > 1e-3


def test_signal_rays_surround_their_source_the_closer_the_more_rigid():
    rays = {"isotropic": 0.0, "fractions": [0.2], "composition": {1: 0.5, 8: 0.5}}
    found = drawn(200, **rays)
    sky, ray = np.nonzero(found["source"] >= 0)
    centre = found["source_direction"][sky, found["source"][sky, ray]]
    apart = angle(found["direction"][sky, ray].astype(float), centre.astype(float))
    rigidity = found["energy"][sky, ray] / found["charge"][sky, ray]
    # 30° and 6° at 10 EV, at right angles to each other in the mean, while angles are small
    fast = rigidity > 40
    expected = np.hypot(1, np.sqrt(2) * 6 / 30) * np.radians(300) / rigidity
    pulled = np.sqrt(np.mean((apart / expected)[fast] ** 2))
    assert pulled == pytest.approx(1, abs=0.05)
    assert stats.spearmanr(rigidity, apart).statistic < -0.8


def test_without_deflection_rays_point_back_to_their_source():
    found = drawn(20, isotropic=0.0, coherent=0.0, turbulent=0.0)
    sky, ray = np.nonzero(found["source"] >= 0)
    centre = found["source_direction"][sky, found["source"][sky, ray]]
    assert angle(found["direction"][sky, ray], centre).max() < 1e-3


def test_rays_of_like_rigidity_are_deflected_alike():
    """Two rays of one source stay closer together than two of the same sky's sources."""
    found = drawn(50, isotropic=0.0, fractions=[0.1], turbulent=0.0, composition={1: 1.0})
    for sky in range(50):
        ray = np.flatnonzero(found["source"][sky] == 0)
        ray = ray[np.argsort(found["energy"][sky, ray])]
        arc = found["direction"][sky, ray].astype(float)
        if len(arc) > 2:
            steps = angle(arc[1:], arc[:-1]).sum()
            # in the order of energy the way along the rays is the arc, there is none to and fro
            assert steps < 1.2 * angle(arc[:1], arc[-1:])[0] + np.radians(1)


def test_background_is_isotropic(skies):
    background = skies["direction"][skies["source"] < 0].astype(float)
    pulls = background.mean(axis=0) * np.sqrt(3 * len(background))
    assert np.abs(pulls).max() < 4
    tensor = background.T @ background / len(background) - np.eye(3) / 3
    # the variances of x² and of x y on the sphere are 4 / 45 and 1 / 15
    error = np.sqrt(np.where(np.eye(3), 4 / 45, 1 / 15) / len(background))
    assert np.abs(tensor / error).max() < 4


def in_view(directions, exposure):
    declination = np.degrees(np.arcsin(directions[..., 2].astype(float)))
    return np.abs(declination - exposure.latitude) < exposure.zenith + 0.01


def test_with_an_exposure_nothing_comes_from_where_it_does_not_see(seen):
    found = drawn(300, exposure=ExposureSettings(), isotropic=0.0)
    for name in ("direction", "source_direction"):
        assert in_view(found[name], ExposureSettings()).all(), name
    # but for the uncertainty of a measured direction
    assert in_view(seen["direction"], ExposureSettings(zenith=85.0)).all()


@pytest.mark.parametrize("sources", [1, 3])
def test_declinations_do_not_tell_signal_from_background(sources):
    """One signal ray of each sky, since those of a sky have not come independently."""
    found = drawn(3000, isotropic=0.0, rays=100, sources=sources, exposure=ExposureSettings())
    sky = np.arange(3000)
    first = found["direction"][sky, np.argmax(found["source"] >= 0, axis=1), 2]
    sine = np.linspace(-1, 1, 20_001)
    cumulated = np.cumsum(relative_exposure(sine, ExposureSettings()))
    cumulated /= cumulated[-1]
    assert stats.kstest(first, lambda x: np.interp(x, sine, cumulated)).pvalue > 1e-3
    background = found["direction"][sky, np.argmax(found["source"] < 0, axis=1), 2]
    assert stats.kstest(background, lambda x: np.interp(x, sine, cumulated)).pvalue > 1e-3


@pytest.mark.parametrize(
    "settings",
    [
        # a single source at the edge, whose rays the field drives out of view
        {"sources": 1, "fractions": [0.15]},
        {"sources": 1, "coherent": 0.0, "turbulent": 0.0},
        {"sources": 2, "exposure": ExposureSettings(zenith=30.0)},
    ],
)
def test_rays_of_any_source_get_into_view(settings):
    found = drawn(1000, **({"exposure": ExposureSettings(), "isotropic": 0.0} | settings))
    exposure = settings.get("exposure", ExposureSettings())
    assert in_view(found["direction"], exposure).all()
    sky, ray = np.nonzero(found["source"] >= 0)
    if settings.get("coherent") == 0:
        centre = found["source_direction"][sky, found["source"][sky, ray]]
        assert angle(found["direction"][sky, ray], centre).max() < 1e-3


def test_what_can_never_be_seen_is_said():
    hopeless = {"fractions": [1.0], "coherent": 2000.0, "turbulent": 2000.0, "isotropic": 0.0}
    with pytest.raises(CascadeError, match=r"exposure: \d+ rays did not get into the field of"):
        drawn(2, **hopeless, exposure=ExposureSettings(zenith=0.5))


def test_one_seed_gives_the_same_skies():
    for settings in ({}, AUGER):
        first, again, other = (drawn(20, seed=seed, **settings) for seed in (5, 5, 6))
        for name in first:
            assert np.array_equal(first[name], again[name]), name
        assert not np.array_equal(first["energy"], other["energy"])


@pytest.mark.parametrize("seed", range(3))
def test_shares_of_none_and_all(seed):
    assert not drawn(30, seed=seed, isotropic=1.0)["label"].any()
    assert (drawn(30, seed=seed, isotropic=1.0)["source"] == -1).all()
    assert drawn(30, seed=seed, isotropic=0.0)["label"].all()
    assert (drawn(3, seed=seed, isotropic=0.0, fractions=[1.0])["source"] >= 0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rays": 1}, "rays: 1 is wrong: must be greater than or equal to 2"),
        ({"fractions": []}, "fractions: must name at least one signal fraction"),
        ({"fractions": [0.0]}, "fractions.0: 0.0 is wrong: must be greater than 0"),
        ({"composition": {"1": 0.5, "26": 0.4}}, "composition: shares add up to 0.9, not to 1"),
        ({"composition": {"0": 1.0}}, "composition.0"),
        ({"sources": 0}, "sources: 0 is wrong"),
        ({"exposure": {"zenith": 0}}, "exposure.zenith: 0 is wrong"),
        ({"exposure": {"latitude": -91}}, "exposure.latitude: -91 is wrong"),
        ({"spectrum": {"shape": "powerlaw"}}, "spectrum.shape: .*did you mean 'power_law'"),
        ({"spectrum": {"index": 1}}, "spectrum.index: 1 is wrong"),
        ({"spectrum": {"minimum": 0}}, "spectrum.minimum: 0 is wrong"),
        ({"turbulence": 3}, "turbulence: unknown key; did you mean 'turbulent'"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(CascadeError, match=f"^{message}"):
        validate(SkySettings, settings)
