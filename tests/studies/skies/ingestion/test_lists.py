"""Text lists of cosmic rays: columns, units, frames, cuts, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import CascadeError
from cascade.events.writing import writing
from cascade.settings import validate
from cascade.studies.skies import SCHEMA
from cascade.studies.skies.ingestion.frame import equatorial, unit_vectors
from cascade.studies.skies.ingestion.lists import ingest
from cascade.studies.skies.settings import ListSettings

AUGER = Path(__file__).parents[1] / "data" / "auger_excerpt.dat"
LINES = """\
12.5   -30.0  55.0
200    0      41.0
359.9  89.5   70.5
"""


def everything(first, number):
    return np.ones(number, dtype=bool)


def skies(*files, keep=everything, **changes):
    return list(ingest(files, validate(ListSettings, changes), keep))


def written(folder, text, name="list.txt"):
    (folder / name).write_text(text)
    return folder / name


def right_ascension_and_declination(directions):
    x, y, z = directions.astype(float).T
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arcsin(z))


def test_the_public_list_needs_no_settings():
    (events,) = skies(AUGER)
    assert events.keys() == {"direction", "energy"}
    assert events["direction"].shape == (1, 40, 3)
    assert events["direction"].dtype == events["energy"].dtype == np.float32
    columns = np.loadtxt(AUGER)
    found = right_ascension_and_declination(events["direction"][0])
    assert np.allclose(found[0], columns[:, 5], atol=1e-3)
    assert np.allclose(found[1], columns[:, 6], atol=1e-3)
    assert np.allclose(events["energy"][0], columns[:, 7])
    # seen from Malargüe up to 80°, nothing lies north of 45°
    assert columns[:, 6].max() < 45


def test_events_of_a_list_can_be_stored(tmp_path):
    (events,) = skies(AUGER, rays=20)
    schema = [field for field in SCHEMA if field.name in events]
    with writing(tmp_path / "all.h5", schema, {"study": "skies"}) as writer:
        writer.append(events)
    with h5py.File(tmp_path / "all.h5") as file:
        assert set(file) == {"direction", "energy"}
        assert file["energy"].shape == (1, 20)


def test_the_highest_energies_are_kept():
    energy = np.loadtxt(AUGER)[:, 7]
    (events,) = skies(AUGER, rays=7)
    assert np.allclose(np.sort(events["energy"][0]), np.sort(energy)[-7:])
    (events,) = skies(AUGER, minimum=50)
    assert np.allclose(events["energy"][0], energy[energy >= 50])
    (whole,) = skies(AUGER)
    place = np.argmax(whole["energy"][0])
    (two,) = skies(AUGER, rays=2, minimum=50)
    assert whole["direction"][0, place] in two["direction"][0]


COLUMNS = {"longitude": 1, "latitude": 2, "energy": 3}
NAMED = {"longitude": "ra", "latitude": "dec", "energy": "energy"}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (LINES, COLUMNS),
        (f"\n# taken in spring\n{LINES}", COLUMNS),
        (f"# taken in spring\n# ra dec energy\n#---\n{LINES}", NAMED),
        (f"ra dec energy\n{LINES}# the end", NAMED),
        ("\ufeffra,dec,energy\n12.5,-30.0,55.0\n200,0,41\n359.9,89.5,70.5", NAMED),
        ('"ra", "dec", "energy"\r\n12.5, -30.0, 55\r\n200, 0, 41\r\n359.9, 89.5, 70.5', NAMED),
        ("name,energy,dec,ra\nA b,55,-30,12.5\nB,41,0,200\n,70.5,89.5,359.9", NAMED),
        ("name,energy,dec,ra\nA b,55,-30,12.5\nB,41,0,200\n,70.5,89.5,359.9",
         {"longitude": 4, "latitude": "dec", "energy": 2}),
    ],
)  # fmt: skip
def test_lists_come_in_many_forms(tmp_path, text, columns):
    (events,) = skies(written(tmp_path, text), columns=columns)
    found = right_ascension_and_declination(events["direction"][0])
    assert np.allclose(found, [[12.5, 200, 359.9], [-30, 0, 89.5]], atol=1e-2)
    assert events["energy"][0].tolist() == [55, 41, 70.5]


def test_units_do_not_change_the_sky(tmp_path):
    (sky,) = skies(written(tmp_path, LINES), columns=COLUMNS)
    angles = np.loadtxt(written(tmp_path, LINES))
    scaled = np.column_stack([np.radians(angles[:, :2]), angles[:, 2] * 1e18])
    np.savetxt(tmp_path / "si.txt", scaled, fmt="%.12g")
    (same,) = skies(tmp_path / "si.txt", columns=COLUMNS, angle="rad", energy_unit="eV")
    for name in sky:
        assert np.allclose(sky[name], same[name], atol=1e-6)


def test_galactic_coordinates_of_known_places():
    """Places from the catalogues: galactic centre, Cen A, M87 and the north celestial pole."""
    galactic = np.radians([[0, 0], [309.5159, 19.4173], [283.7777, 74.4912], [122.9319, 27.1283]])
    found = right_ascension_and_declination(equatorial(unit_vectors(*galactic.T)))
    assert found[0][:3] == pytest.approx([266.4050, 201.3651, 187.7059], abs=2e-3)
    assert found[1] == pytest.approx([-28.9362, -43.0191, 12.3911, 90], abs=2e-3)


def test_a_galactic_list_is_turned(tmp_path):
    path = written(tmp_path, "309.5159 19.4173 60\n0 0 50")
    (events,) = skies(path, columns=COLUMNS, frame="galactic")
    found = right_ascension_and_declination(events["direction"][0])
    assert np.allclose(found, [[201.3651, 266.4050], [-43.0191, -28.9362]], atol=2e-3)


@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=2, max_size=5))
def test_turning_keeps_angles(vectors):
    vectors = np.array(vectors)
    turned = equatorial(vectors)
    assert np.allclose(turned @ turned.T, vectors @ vectors.T, atol=1e-12)
    right = np.linalg.det(equatorial(np.eye(3)))
    assert right == pytest.approx(1)


def test_files_are_skies_and_fall_into_splits(tmp_path):
    files = [written(tmp_path, f"{i} 0 50\n{i} 1 60\n", f"{i}.txt") for i in range(5)]

    def odd(first, number):
        return np.arange(first, first + number) % 2 == 1

    found = skies(*files, keep=odd, columns=COLUMNS)
    angles = [right_ascension_and_declination(sky["direction"][0])[0][0] for sky in found]
    assert angles == pytest.approx([1, 3], abs=1e-4)


def fails(message, *files, **changes):
    with pytest.raises(CascadeError) as caught:
        skies(*files, **changes)
    assert str(caught.value) == message


def test_skies_of_unlike_numbers_of_rays_are_refused(tmp_path):
    three = written(tmp_path, LINES, "three.txt")
    two = written(tmp_path, LINES[: LINES.index("359")], "two.txt")
    fails(
        f"{two}: has 2 rays, but an earlier one 3; set 'rays' to keep as many of each",
        three, two, columns=COLUMNS,
    )  # fmt: skip
    assert len(skies(three, two, columns=COLUMNS, rays=2)) == 2
    # a split that holds only one of them complains as well
    with pytest.raises(CascadeError, match="but an earlier one 3"):
        skies(three, two, columns=COLUMNS, keep=lambda first, number: np.zeros(number, bool))


def test_too_few_rays_are_refused(tmp_path):
    path = written(tmp_path, LINES)
    fails(
        f"{path}: has 3 rays, fewer than 'rays: 4'; ask for fewer, or lower 'minimum'",
        path, columns=COLUMNS, rays=4,
    )  # fmt: skip
    fails(
        f"{path}: has 1 ray of at least 60 EeV; a sky has at least two",
        path, columns=COLUMNS, minimum=60,
    )  # fmt: skip
    assert written(tmp_path, "# nothing") == path
    fails(f"{path}: holds no rays", path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("10 95 50", "a declination of 95 deg is beyond ±90; check its column"),
        ("1e9 5 50", "a right ascension of 1e+09 deg is beyond ±360; check its column"),
        ("nan 5 50", "a right ascension of nan deg is beyond ±360; check its column"),
        ("10 5 0", "an energy of 0 is not above 0"),
        ("10 5 -3", "an energy of -3 is not above 0"),
        ("10 5 inf", "an energy of inf is not finite"),
        ("10 5 4e19",
         "an energy of 4e+19 EeV is out of the question; check 'energy_unit' and the column"),
        ("10 5 high", "'high' in column '3' is no number"),
        ("10 5", "has 2 columns, but the first 3"),
        ("10 5 50 60", "has 4 columns, but the first 3"),
    ],
)  # fmt: skip
def test_an_impossible_line_is_named(tmp_path, line, message):
    path = written(tmp_path, f"# a comment\n{LINES}{line}\n")
    fails(f"{path}: line 5: {message}", path, columns=COLUMNS)


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        ("# RA Dec energy", {}, "columns.energy: no column 'E'; known: Dec, RA, energy"),
        ("# RA Dec E", {"latitude": "DEC"},
         "columns.latitude: no column 'DEC'; did you mean 'Dec'?"),
        ("# RA RA E", {"latitude": 2}, "columns.longitude: several columns 'RA'; give its number"),
        ("", {},
         "columns.longitude: no column 'RA': the header is missing for 3 columns; give the "
         "column's number, counted from 1"),
        ("# RA [deg] Dec E", {},
         "columns.longitude: no column 'RA': the header names 4 columns for 3 columns; give the "
         "column's number, counted from 1"),
        ("", {**COLUMNS, "energy": 4}, "columns.energy: no column 4; there are 3"),
    ],
)  # fmt: skip
def test_a_missing_column_is_named(tmp_path, header, columns, message):
    path = written(tmp_path, f"{header}\n{LINES}")
    fails(f"{path}: {message}", path, columns=columns)


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(CascadeError, match=r"none\.txt: cannot be read: no such file"):
        skies(tmp_path / "none.txt")
    (tmp_path / "list.gz").write_bytes(b"\x1f\x8b\xff")
    with pytest.raises(CascadeError, match=r"list\.gz: is not a text file"):
        skies(tmp_path / "list.gz")
    for changes, message in (
        ({"columns": {"energy": 0}}, "columns.energy: 0 is wrong: must be greater than or equal"),
        ({"rays": 1}, "rays: 1 is wrong: must be greater than or equal to 2"),
        ({"frame": "galaktic"}, "frame: .*did you mean 'galactic'"),
    ):
        with pytest.raises(CascadeError, match=message):
            skies(AUGER, **changes)
