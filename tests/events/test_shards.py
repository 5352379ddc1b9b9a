"""Shards of a split put together: the events are those of one process, whoever drew them."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.schema import Field
from cascade.events.seeding import blocks
from cascade.events.shards import merge, shard_attributes
from cascade.events.writing import writing

SCHEMA = (
    Field("x", "1", "position", ("component",)),
    Field("hits", "ns", "times", ("hit",), ragged=True),
    Field("rank", "1", "rank among all", dtype="int64"),
)
EVENTS, SIZE = 1234, 100


def draw(block):
    import awkward as ak

    rng = block.rng()
    counts = rng.integers(0, 4, block.events)
    return {
        "x": rng.normal(size=(block.events, 2)),
        "hits": ak.unflatten(rng.random(counts.sum()), counts),
    }


def ranks(chunks):
    place = np.argsort(np.argsort(np.concatenate([events["x"][:, 0] for events in chunks])))
    for events in chunks:
        rank, place = np.split(place, [len(events["x"])])
        yield {"rank": rank}


def write(path, index=0, number=1, events=EVENTS, size=SIZE, seed=1, **attributes):
    """Draw one shard as ``cascade simulate`` does."""
    every = blocks(seed, "test", "toy", "train", events, size)
    facts = {"study": "test", "sample": "toy", "split": "train", "seed": seed, "block": size}
    facts |= shard_attributes(index, number, every) | attributes
    with writing(path, SCHEMA[:2], facts) as writer:
        for block in every[index::number]:
            writer.append(draw(block))
    return path


def whole(path):
    every = blocks(1, "test", "toy", "train", EVENTS, SIZE)
    facts = {"study": "test", "sample": "toy", "split": "train", "seed": 1, "block": SIZE}
    with writing(path, SCHEMA[:2], facts) as writer:
        for block in every:
            writer.append(draw(block))
        writer.finalise(ranks, ["x"], SCHEMA)
    return path


def shards(folder, number):
    return [write(folder / f"{index}-of-{number}.h5", index, number) for index in range(number)]


@pytest.mark.parametrize("number", [1, 3, 8, 13])
def test_merged_shards_are_the_file_of_one_process_to_the_last_bit(tmp_path, number):
    paths = shards(tmp_path, number)
    order = np.random.default_rng(number).permutation(number)
    merged = merge([paths[i] for i in order], tmp_path / "merged.h5", SCHEMA, ranks, ["x"])
    assert merged == EVENTS
    assert (tmp_path / "merged.h5").read_bytes() == whole(tmp_path / "whole.h5").read_bytes()


def test_a_merged_file_is_no_shard_any_more(tmp_path):
    merge(shards(tmp_path, 3), tmp_path / "merged.h5", SCHEMA[:2])
    assert set(hdf5.attributes(tmp_path / "merged.h5")) == {
        "study", "sample", "split", "seed", "block"
    }  # fmt: skip
    with pytest.raises(CascadeError, match=r"merged\.h5: is no shard"):
        merge([tmp_path / "merged.h5"], tmp_path / "again.h5", SCHEMA)


def refused(paths, message):
    folder = paths[0].parent
    with pytest.raises(CascadeError, match=message) as caught:
        merge(paths, folder / "merged.h5", SCHEMA, ranks, ["x"])
    assert "\n" not in str(caught.value)
    assert not (folder / "merged.h5").exists()


def test_a_shard_may_hold_any_number_of_blocks(tmp_path):
    events = 20_000
    with writing(
        tmp_path / "shard.h5", SCHEMA[:1],
        {"study": "test", "block": 1} | shard_attributes(0, 1, blocks(1, "a", "b", "c", events, 1)),
    ) as writer:  # fmt: skip
        writer.append({"x": np.zeros((events, 2))})
    with h5py.File(tmp_path / "shard.h5") as file:
        assert file.attrs["split_events"] == events


@pytest.mark.parametrize("number", [3, 13])
def test_a_missing_shard_is_noticed_also_if_it_is_the_last(tmp_path, number):
    paths = shards(tmp_path, number)
    for gone in range(number):
        refused(paths[:gone] + paths[gone + 1 :], f"block {gone} is in none of the shards")


def test_a_shard_that_is_there_twice_is_noticed(tmp_path):
    paths = shards(tmp_path, 3)
    refused([*paths, paths[1]], "block 1 is in another shard too")


@pytest.mark.parametrize(
    "difference",
    [{"seed": 2}, {"size": 50}, {"events": 1300}, {"sample": "other"}, {"source": "other"}],
    ids=str,
)
def test_shards_of_different_splits_are_refused(tmp_path, difference):
    paths = [write(tmp_path / "0.h5", 0, 2), write(tmp_path / "1.h5", 1, 2, **difference)]
    refused(paths, r"1\.h5: its \w+ differs from that of .*0\.h5; not shards of one split")


def test_shards_that_were_cut_off_are_refused(tmp_path):
    paths = shards(tmp_path, 2)
    with h5py.File(paths[1], "r+") as file:
        file["x"].resize(100, axis=0)
    refused(paths, r"1-of-2\.h5: its fields differ in length: 600 of 'hits', 100 of 'x'")
    with h5py.File(paths[1], "r+") as file:
        file["hits/offsets"].resize(101, axis=0)
    refused(paths, r"1-of-2\.h5: holds 100 events, its blocks 600; make it again")
