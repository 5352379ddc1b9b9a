import awkward as ak
import numpy as np
import pytest
from pydantic import ValidationError

from cascade.errors import CascadeError
from cascade.events.seeding import Block, sequence
from cascade.studies.jets import SCHEMA, pythia
from cascade.studies.jets.settings import PythiaSettings, Selection

# without multiparton interactions an event takes a fifth of the time
QUICK = PythiaSettings(mpi=False)


def block(events, index=0):
    return Block(index, events, sequence(1, "jets", "pythia", "train", index))


@pytest.fixture(scope="module")
def events():
    return pythia.simulate(block(31), QUICK)


def test_a_block_holds_both_classes_in_equal_number(events):
    assert set(events) == {field.name for field in SCHEMA} - {"weight"}
    assert events["label"].dtype == np.int8
    assert np.bincount(events["label"]).tolist() == [16, 15]
    assert not (np.diff(events["label"]) <= 0).all()
    assert all(len(values) == 31 for values in events.values())


def test_windows_are_respected_and_w_bosons_have_their_mass(events):
    assert ((events["pt"] > 250) & (events["pt"] < 300)).all()
    assert ((events["mass"] > 50) & (events["mass"] < 110)).all()
    assert np.median(events["mass"][events["label"] == 1]) == pytest.approx(80.4, abs=6)


def test_the_seed_of_a_block_fixes_its_jets(events):
    again = pythia.simulate(block(31), QUICK)
    assert all(ak.array_equal(events[name], again[name]) for name in events)


def test_other_blocks_hold_other_jets(events):
    other = pythia.simulate(block(4, index=1), QUICK)
    assert not np.isin(other["pt"], events["pt"]).any()


def test_sizes_of_batches_do_not_change_the_jets(monkeypatch):
    expected = pythia.accepted_jets(pythia.generator(pythia.SIGNAL, 5, QUICK), 12, QUICK)
    monkeypatch.setattr(pythia, "BATCH", 15)
    found = pythia.accepted_jets(pythia.generator(pythia.SIGNAL, 5, QUICK), 12, QUICK)
    assert len(found["pt"]) == 12
    assert all(ak.array_equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize("number", [0, 1])
def test_the_smallest_blocks(number):
    events = pythia.simulate(block(number), QUICK)
    assert events["label"].tolist() == [0] * number
    assert events["image"].shape == (number, 25, 25)


def test_neutrinos_are_invisible_and_energies_are_in_gev():
    generator = pythia.generator(pythia.SIGNAL, 3, QUICK)
    particles = pythia.visible_particles(generator, 20)
    assert len(particles) == 20
    mass2 = particles.E**2 - particles.px**2 - particles.py**2 - particles.pz**2
    assert ak.max(mass2) < 4
    # the Z leaves unseen: what is seen does not balance
    missing = np.hypot(ak.sum(particles.px, axis=1), ak.sum(particles.py, axis=1))
    assert np.median(missing) > 150


def test_nothing_is_printed(capfd):
    pythia.accepted_jets(pythia.generator(pythia.BACKGROUND, 3, QUICK), 1, QUICK)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.parametrize("line", ["PartonLevel:MIP = off", "Beams:eCM = high", "what is this"])
def test_a_line_that_pythia_refuses_is_named(line):
    with pytest.raises(CascadeError, match=line):
        pythia.generator(pythia.BACKGROUND, 1, PythiaSettings(lines=[line]))


def test_lines_that_do_not_go_together_are_a_mistake():
    with pytest.raises(CascadeError, match="does not start"):
        pythia.generator(pythia.BACKGROUND, 1, PythiaSettings(lines=["Beams:idA = 4"]))


def test_settings_that_never_give_a_jet_are_a_mistake(monkeypatch):
    monkeypatch.setattr(pythia, "PATIENCE", 50)
    hopeless = PythiaSettings(mpi=False, selection=Selection(pt=(1000, 1100)))
    with pytest.raises(CascadeError, match="w_prime_mass 600"):
        pythia.simulate(block(2), hopeless)


def test_windows_of_settings_are_ordered_lists():
    assert PythiaSettings.model_validate({"pt_hat": [150, 200.0]}).pt_hat == (150, 200)
    for window in ([300, 200], [200], ["200", 300], [-1, 5]):
        with pytest.raises(ValidationError):
            PythiaSettings.model_validate({"pt_hat": window})


def test_the_version_is_named():
    assert pythia.version().startswith("Pythia 8.")
