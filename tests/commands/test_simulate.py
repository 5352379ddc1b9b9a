"""Events depend on what they are, not on who draws them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events import hdf5

TOY = ("jets", "toy", "--sample", "toy", "--split", "train", "--events", 70, "--block", 10)


def simulate(call, output, *options, source=TOY):
    call("simulate", *source, "--seed", 5, *options, "-o", output)
    return Path(output)


@pytest.mark.parametrize("number", [1, 3, 7])
def test_merged_shards_equal_the_whole_split_to_the_last_bit(call, number):
    whole = simulate(call, "whole.h5")
    shards = [
        simulate(call, f"{index}.h5", "--shard", f"{index}/{number}") for index in range(number)
    ]
    call("merge", "jets", *reversed(shards), "-o", "merged.h5")
    assert Path("merged.h5").read_bytes() == whole.read_bytes()
    assert "weight" not in hdf5.read(shards[0])
    assert len(hdf5.read(whole, ["weight"])["weight"]) == 70


@pytest.mark.sweep  # half a minute of Pythia
def test_pythia_gives_the_same_jets_from_any_number_of_shards(call):
    pythia = ("jets", "pythia8", "--split", "train", "--events", 48, "--block", 6)
    whole = simulate(call, "whole.h5", source=pythia)
    assert simulate(call, "again.h5", source=pythia).read_bytes() == whole.read_bytes()
    for number in (1, 3, 8):
        shards = [
            simulate(call, f"{index}.h5", "--shard", f"{index}/{number}", source=pythia)
            for index in range(number)
        ]
        call("merge", "jets", *shards, "-o", "merged.h5")
        assert Path("merged.h5").read_bytes() == whole.read_bytes()


def test_more_shards_than_blocks_are_refused_before_anything_is_drawn(call):
    with pytest.raises(CascadeError, match="--shard: 7/8 is empty: 70 events make fewer blocks"):
        simulate(call, "7.h5", "--shard", "7/8")
    assert not Path("7.h5").exists()


def test_each_part_of_the_key_gives_other_events(call):
    blobs = {"study": ("blobs", "gauss"), "--events": 50, "--sample": "a", "--split": "b",
             "--seed": 1, "--block": 20}  # fmt: skip

    def first(**changes):
        options = {**blobs, **{f"--{key}": value for key, value in changes.items()}}
        words = [word for key, value in options.items() if key != "study" for word in (key, value)]
        call("simulate", *blobs["study"], *words, "-o", "events.h5")
        return hdf5.read("events.h5", ["x"])["x"]

    reference = first()
    np.testing.assert_array_equal(first(), reference)
    for change in ({"sample": "c"}, {"split": "c"}, {"seed": 2}):
        assert not np.isin(first(**change), reference).any(), change
    assert (first(block=25) != reference).any()
    # a longer split begins with the same events
    np.testing.assert_array_equal(first(events=60)[:40], reference[:40])


def test_the_file_says_where_it_comes_from(call):
    source = ("blobs", "gauss", "--events", 30, "--settings", '{"shift": 1.5}')
    origin = hdf5.attributes(simulate(call, "events.h5", source=source))
    assert json.loads(origin.pop("settings")) == {"distance": 2.0, "shift": 1.5}
    assert origin.pop("cascade_version")
    assert origin.pop("git_commit")
    assert origin == {
        "study": "blobs", "sample": "default", "split": "all", "source": "gauss", "seed": 5,
        "block": 100,
    }  # fmt: skip
