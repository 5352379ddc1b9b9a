import fastjet
import numpy as np
import pytest

from cascade.studies.jets.clustering import Momenta, cluster, n_subjettiness, trim


def rapidity(p):
    return 0.5 * np.log((p[3] + p[2]) / (p[3] - p[2]))


def distance(p, q):
    phi = abs(np.arctan2(p[1], p[0]) - np.arctan2(q[1], q[0]))
    return np.hypot(rapidity(p) - rapidity(q), min(phi, 2 * np.pi - phi))


def slow_cluster(momenta, power, radius):
    """Sequential recombination, by its definition: members of each inclusive jet."""
    pseudojets = [(p, frozenset([i])) for i, p in enumerate(momenta)]
    jets = []
    while pseudojets:
        scale = [np.hypot(p[0], p[1]) ** (2 * power) for p, _ in pseudojets]
        candidates = [(scale[i], i, i) for i in range(len(pseudojets))]
        for i in range(len(pseudojets)):
            for j in range(i):
                delta = distance(pseudojets[i][0], pseudojets[j][0])
                candidates.append((min(scale[i], scale[j]) * (delta / radius) ** 2, i, j))
        _, i, j = min(candidates)
        first = pseudojets.pop(i)
        if i == j:
            jets.append(first)
        else:
            second = pseudojets.pop(j)
            pseudojets.append((first[0] + second[0], first[1] | second[1]))
    return {members: np.hypot(p[0], p[1]) for p, members in jets}


def random_events(rng, sizes):
    counts = np.asarray(sizes)
    n = counts.sum()
    pt, eta, phi = (
        rng.exponential(10, n) + 0.1,
        rng.uniform(-2, 2, n),
        rng.uniform(-np.pi, np.pi, n),
    )
    return Momenta.massless(pt, eta, phi, np.repeat(np.arange(len(counts)), counts), len(counts))


def rows(momenta):
    return np.stack([momenta.px, momenta.py, momenta.pz, momenta.E], axis=1)


@pytest.mark.parametrize(
    ("algorithm", "power", "radius"),
    [(fastjet.antikt_algorithm, -1, 1.0), (fastjet.kt_algorithm, 1, 0.3)],
)
def test_clustering_follows_its_definition(algorithm, power, radius):
    events = random_events(np.random.default_rng(1), [12, 0, 1, 25, 2])
    jets, owner = cluster(events, algorithm, radius)
    for event in range(events.groups):
        members = rows(events)[events.group == event]
        expected = {
            frozenset(map(tuple, members[list(jet)]))
            for jet in slow_cluster(members, power, radius)
        }
        found = {
            frozenset(map(tuple, rows(jets)[jets.group == jet]))
            for jet in np.flatnonzero(owner == event)
        }
        assert found == expected


def test_only_jets_above_the_threshold_are_returned():
    events = random_events(np.random.default_rng(2), [20, 20])
    everything, _ = cluster(events, fastjet.antikt_algorithm, 1.0)
    hard, _ = cluster(events, fastjet.antikt_algorithm, 1.0, min_pt=30)
    pt = everything.total()["pt"]
    assert 0 < hard.groups < everything.groups
    np.testing.assert_allclose(np.sort(hard.total()["pt"]), np.sort(pt[pt >= 30]))


def test_trimming_drops_exactly_the_soft_subjets():
    jets = random_events(np.random.default_rng(3), [30, 1, 18])
    trimmed = trim(jets, 0.3, 0.05)
    assert trimmed.groups == jets.groups
    for jet in range(jets.groups):
        members = rows(jets)[jets.group == jet]
        threshold = 0.05 * np.hypot(*members[:, :2].sum(axis=0))
        kept = [i for s, pt in slow_cluster(members, 1, 0.3).items() if pt >= threshold for i in s]
        found = rows(trimmed)[trimmed.group == jet]
        assert {tuple(p) for p in found} == {tuple(p) for p in members[kept]}


def test_totals_are_vector_sums():
    pt, eta, phi = np.array([3.0, 4.0, 5.0]), np.array([0.0, 0.0, 1.2]), np.array([0, np.pi / 2, 3])
    total = Momenta.massless(pt, eta, phi, np.array([0, 0, 2]), 3).total()
    np.testing.assert_allclose(total["pt"], [5, 0, 5])
    np.testing.assert_allclose(total["mass"], [np.sqrt(49 - 25), 0, 0], atol=1e-6)
    np.testing.assert_allclose(total["eta"], [0, 0, 1.2], atol=1e-12)
    np.testing.assert_allclose(total["phi"], [np.arctan2(4, 3), 0, 3])


def test_selected_groups_come_in_the_wanted_order():
    events = random_events(np.random.default_rng(4), [3, 5, 0, 2])
    chosen = events.select(np.array([3, 0]))
    np.testing.assert_array_equal(chosen.counts(), [2, 3])
    np.testing.assert_array_equal(
        rows(chosen), np.concatenate([rows(events)[events.group == g] for g in (3, 0)])
    )


def test_subjettiness_of_prongs():
    # n equal prongs, far apart: n axes hit them all, one fewer merges two of them
    eta = np.array([0.0, 0.0, 0.5, 0.0, 0.4, 0.8])
    group = np.array([0, 1, 1, 2, 2, 2])
    jets = Momenta.massless(np.full(6, 50.0), eta, np.zeros(6), group, 4)
    taus = n_subjettiness(jets, 1.0)
    assert taus.shape == (4, 3)
    np.testing.assert_array_equal(taus[0], 0)
    np.testing.assert_array_equal(taus[3], 0)
    np.testing.assert_allclose(taus[1], [0.25, 0, 0], atol=1e-3)
    assert taus[2, 0] > taus[2, 1] > taus[2, 2] == 0


def test_subjettiness_against_its_formula():
    jets = random_events(np.random.default_rng(5), [20])
    members = rows(jets)
    # exclusive kT: recombine until three pseudojets are left, those are the axes
    pseudojets = list(members)
    while len(pseudojets) > 3:
        best = (np.inf, 0, 0)
        for i, p in enumerate(pseudojets):
            best = min(best, (p[0] ** 2 + p[1] ** 2, i, i))
            for j, q in enumerate(pseudojets[:i]):
                scale = min(p[0] ** 2 + p[1] ** 2, q[0] ** 2 + q[1] ** 2)
                best = min(best, (scale * (distance(p, q) / 10.0) ** 2, i, j))
        _, i, j = best
        assert i != j
        second, first = pseudojets.pop(i), pseudojets.pop(j)
        pseudojets.append(first + second)
    pt = np.hypot(members[:, 0], members[:, 1])
    nearest = [min(distance(p, axis) for axis in pseudojets) for p in members]
    # a radius beyond the jet's extent keeps the beam out of the game
    assert n_subjettiness(jets, 10.0)[0, 2] == pytest.approx(np.dot(pt, nearest) / pt.sum() / 10.0)


def test_fastjet_keeps_its_banner_to_itself(capfd):
    cluster(random_events(np.random.default_rng(6), [4]), fastjet.kt_algorithm, 0.4)
    assert capfd.readouterr().out == ""
