"""Jets from Pythia 8 (arXiv:2203.11601): W′ → W Z with W → qq′, Z → νν against QCD dijets.

The Z is invisible, so the leading jet of a signal event is the boosted W. Each class of a block is
drawn by its own Pythia, initialised for the block with a seed of its own, until it holds the wanted
number of accepted jets: a block depends on its seed and the settings alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import awkward as ak
import numpy as np
import pythia8mc

from cascade.errors import CascadeError
from cascade.studies.jets.observables import describe
from cascade.studies.jets.reconstruction import find_jets
from cascade.studies.jets.settings import PythiaSettings

if TYPE_CHECKING:
    from cascade.events.schema import Events
    from cascade.events.seeding import Block

BACKGROUND, SIGNAL = 0, 1
SEEDS = 900_000_000
BATCH = 100
"""Largest number of events converted at once: the full record takes 0.2 MB an event."""
PATIENCE = 20_000
"""Events without a single accepted jet after which the settings are held to be a mistake."""

QUIET = ("Print:quiet = on", "Next:numberShowEvent = 0", "Next:numberShowProcess = 0")


def simulate(block: Block, settings: PythiaSettings) -> Events:
    """Draw a block of accepted jets, half of them W (an odd one is QCD), in random order.

    Returns
    -------
    Events
        All fields of a jet but ``weight``.

    Raises
    ------
    CascadeError
        Pythia refuses a setting, or its events never pass the selection.
    """
    signal = block.events // 2
    classes = {SIGNAL: signal, BACKGROUND: block.events - signal}
    drawn = [
        accepted_jets(generator(label, block.integer_seed(label, SEEDS), settings), jets, settings)
        for label, jets in classes.items()
    ]
    order = block.rng().permutation(block.events)
    events = _join(drawn)
    events["label"] = np.repeat(np.array(list(classes), dtype=np.int8), list(classes.values()))
    return {name: values[order] for name, values in events.items()}


def version() -> str:
    """Return the generator's name and version."""
    # the number is a setting of Pythia's; reading it needs no initialisation
    return f"Pythia {pythia8mc.Pythia('', False).parm('Pythia:versionNumber'):.3f}"


def process(label: int, settings: PythiaSettings) -> tuple[str, ...]:
    """Return the Pythia lines that choose the process of a class."""
    if label == SIGNAL:
        return (
            "NewGaugeBoson:ffbar2Wprime = on",
            "Wprime:coup2WZ = 1.",
            f"34:m0 = {settings.w_prime_mass}",
            "34:onMode = off",
            "34:onIfMatch = 24 23",
            "24:onMode = off",
            "24:onIfAny = 1 2 3 4 5",
            "23:onMode = off",
            "23:onIfAny = 12 14 16",
        )
    return (
        "HardQCD:all = on",
        f"PhaseSpace:pTHatMin = {settings.pt_hat[0]}",
        f"PhaseSpace:pTHatMax = {settings.pt_hat[1]}",
    )


def generator(label: int, seed: int, settings: PythiaSettings) -> pythia8mc.Pythia:
    """Return an initialised Pythia for a class.

    Raises
    ------
    CascadeError
        Pythia refuses a line, or the lines together.
    """
    pythia = pythia8mc.Pythia("", False)
    for line in (
        *QUIET,
        f"Beams:eCM = {1000 * settings.sqrt_s}",
        f"PartonLevel:MPI = {'on' if settings.mpi else 'off'}",
        *process(label, settings),
        *settings.lines,
        # last, since the seed belongs to the block
        "Random:setSeed = on",
        f"Random:seed = {seed}",
    ):
        if not pythia.readString(line, False):
            raise CascadeError(
                f"Pythia does not accept the line '{line}': it needs a known setting with a value "
                "in range, e.g. 'TimeShower:alphaSvalue = 0.13'"
            )
    if not pythia.init():
        raise CascadeError(
            f"Pythia does not start with sqrt_s {settings.sqrt_s:g} TeV, w_prime_mass "
            f"{settings.w_prime_mass:g} GeV, pt_hat {settings.pt_hat} GeV and the lines "
            f"{list(settings.lines)}: are these collisions possible?"
        )
    return pythia


def accepted_jets(pythia: pythia8mc.Pythia, jets: int, settings: PythiaSettings) -> Events:
    """Run Pythia until exactly ``jets`` jets are accepted; the last batch's surplus is dropped.

    Batches never run further than the jets still wanted are expected to need, so that little is
    generated in vain; their sizes do not change which jets are found.
    """
    parts = [find_jets(visible_particles(pythia, 0), settings.selection)[0]]
    found = tried = 0
    while found < jets:
        # before the first jet one event in four is taken to give one
        rate = found / tried if found else 0.25
        events = int(np.clip((jets - found) / rate, 10, BATCH))
        towers, _ = find_jets(visible_particles(pythia, events), settings.selection)
        parts.append(towers)
        found += len(towers)
        tried += events
        if not found and tried > PATIENCE:
            raise CascadeError(
                f"no jet of {tried} Pythia events passes the selection: widen its windows pt "
                f"{settings.selection.pt} and mass {settings.selection.mass}, or move "
                f"w_prime_mass {settings.w_prime_mass:g} or pt_hat {settings.pt_hat} towards them"
            )
    return describe(ak.concatenate(parts)[:jets], settings.selection)


def visible_particles(pythia: pythia8mc.Pythia, events: int) -> ak.Array:
    """Generate events and return their visible stable particles.

    Returns
    -------
    ak.Array
        Events × variable, records with ``px``, ``py``, ``pz``, ``E`` [GeV]; events that Pythia
        gives up are absent.
    """
    if events == 0:
        return ak.unflatten(ak.zip(dict.fromkeys(("px", "py", "pz", "E"), np.zeros(0))), [0])[:0]
    record = pythia.nextBatch(events).prt
    final = record.status > 0
    code = ak.to_numpy(ak.flatten(record.id[final]))
    kinds, index = np.unique(code, return_inverse=True)
    seen = np.array([pythia.particleData.isVisible(int(kind)) for kind in kinds], dtype=bool)[index]
    counts = ak.num(record.id[final])
    momentum = record.p[final][ak.unflatten(seen, counts)]
    return ak.zip(
        {"px": momentum.px, "py": momentum.py, "pz": momentum.pz, "E": momentum.e},
        with_name="Momentum4D",
    )


def _join(parts: list[Events]) -> Events:
    """Concatenate events field by field, dense ones as NumPy arrays."""
    return {
        name: (np if isinstance(first, np.ndarray) else ak).concatenate(
            [part[name] for part in parts]
        )
        for name, first in parts[0].items()
    }
