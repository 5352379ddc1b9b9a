"""Four-momenta in groups and their clustering with FastJet (arXiv:1111.6097).

FastJet knows azimuth and rapidity; for massless towers rapidity is pseudorapidity. Groups (the
towers of an event, of a jet, of a subjet) are kept as one flat array each with the group's number
beside it: sums over groups are then one pass, whatever the number of groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import awkward as ak
import fastjet
import numpy as np

# FastJet would print its banner at the first clustering, into whatever the command prints
fastjet._swig.ClusterSequence.set_fastjet_banner_stream(None)


@dataclass(frozen=True)
class Momenta:
    """Four-momenta of all groups in a row.

    Attributes
    ----------
    px, py, pz, E
        Components [GeV], each of shape (momenta,).
    group
        Number of the group that a momentum belongs to, shape (momenta,), never falling.
    groups
        Number of groups (some may be empty).
    """

    px: np.ndarray
    py: np.ndarray
    pz: np.ndarray
    E: np.ndarray
    group: np.ndarray
    groups: int

    @classmethod
    def massless(
        cls, pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, group: np.ndarray, groups: int
    ) -> Momenta:
        """Return massless momenta of given pT [GeV], η and φ [rad], each of shape (momenta,)."""
        return cls(
            pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta), group, groups
        )

    def counts(self) -> np.ndarray:
        """Return the number of momenta in each group, shape (groups,)."""
        return np.bincount(self.group, minlength=self.groups)

    def take(self, chosen: np.ndarray, group: np.ndarray, groups: int) -> Momenta:
        """Return the chosen momenta (indices or a mask) in new groups, in the groups' order."""
        order = np.argsort(group, kind="stable")
        components = ((self.px, self.py, self.pz, self.E)[i][chosen][order] for i in range(4))
        return Momenta(*components, group[order], groups)

    def select(self, wanted: np.ndarray) -> Momenta:
        """Return the groups of given numbers, each at most once, numbered anew in this order."""
        number = np.full(self.groups, -1)
        number[wanted] = np.arange(len(wanted))
        chosen = number[self.group] >= 0
        return self.take(chosen, number[self.group[chosen]], len(wanted))

    def total(self) -> dict[str, np.ndarray]:
        """Return ``pt``, ``mass`` [GeV], ``eta`` and ``phi`` [rad] of each group's sum.

        Each has shape (groups,) and is 0 for an empty group.
        """
        px, py, pz, E = (
            np.bincount(self.group, component, self.groups)
            for component in (self.px, self.py, self.pz, self.E)
        )
        pt = np.hypot(px, py)
        return {
            "pt": pt,
            "eta": np.arcsinh(pz / np.where(pt > 0, pt, 1.0)),
            "phi": np.arctan2(py, px),
            "mass": np.sqrt(np.maximum(E**2 - px**2 - py**2 - pz**2, 0.0)),
        }

    def jagged(self) -> ak.Array:
        """Return groups × variable records as FastJet wants them."""
        return ak.Array(
            ak.contents.ListOffsetArray(
                ak.index.Index64(np.concatenate([[0], np.cumsum(self.counts())])),
                ak.contents.RecordArray(
                    [ak.contents.NumpyArray(x) for x in (self.px, self.py, self.pz, self.E)],
                    ["px", "py", "pz", "E"],
                ),
            )
        )


def cluster(
    momenta: Momenta, algorithm: int, radius: float, min_pt: float = 0.0
) -> tuple[Momenta, np.ndarray]:
    """Cluster each group into inclusive jets above ``min_pt`` [GeV].

    Returns
    -------
    jets
        The momenta grouped by jet.
    owner
        Number of the group that each jet was found in, shape (jets,).
    """
    definition = fastjet.JetDefinition(algorithm, radius)
    index = fastjet.ClusterSequence(momenta.jagged(), definition).constituent_index(min_pt=min_pt)
    owner = np.repeat(np.arange(momenta.groups), ak.to_numpy(ak.num(index, axis=1)))
    sizes = ak.to_numpy(ak.num(ak.flatten(index, axis=1), axis=1))
    first = np.cumsum(momenta.counts()) - momenta.counts()
    chosen = ak.to_numpy(ak.flatten(index, axis=None)) + np.repeat(first[owner], sizes)
    return momenta.take(chosen, np.repeat(np.arange(len(sizes)), sizes), len(sizes)), owner


def trim(jets: Momenta, radius: float, fraction: float) -> Momenta:
    """Drop the kT subjets with less than a fraction of their jet's pT."""
    subjets, owner = cluster(jets, fastjet.kt_algorithm, radius)
    kept = subjets.total()["pt"] >= fraction * jets.total()["pt"][owner]
    chosen = kept[subjets.group]
    return subjets.take(chosen, owner[subjets.group[chosen]], jets.groups)


def n_subjettiness(jets: Momenta, radius: float) -> np.ndarray:
    """Return τ1, τ2, τ3, shape (jets, 3); 0 for jets with no more momenta than axes.

    N-subjettiness (arXiv:1011.2268) with β = 1 measures distances to axes found by exclusive kT
    clustering: τN = Σ pT_i min_k ΔR_ik / (Σ pT_i R0), small for a jet with N prongs or fewer.
    """
    axes = np.array([1, 2, 3])
    if jets.groups == 0:
        return np.zeros((0, len(axes)))
    definition = fastjet.JetDefinition(fastjet.kt_algorithm, radius)
    taus = fastjet.ClusterSequence(jets.jagged(), definition).njettiness(
        measure_definition="NormalizedMeasure",
        axes_definition="KT_Axes",
        njets=axes.tolist(),
        beta=1.0,
        R0=radius,
    )
    # the distance of a momentum to an axis of its own is 0 up to rounding
    return np.where(jets.counts()[:, None] > axes, ak.to_numpy(taus), 0.0)
