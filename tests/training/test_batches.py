"""Each event once an epoch, in an order that a resumed training finds again."""

from __future__ import annotations

from itertools import chain

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.errors import CascadeError
from cascade.events import hdf5
from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.training import batches
from cascade.training.batches import Batches, Split

SCHEMA = (Field("number", "1", "place in the file", dtype="int32"), Field("x", "1", "x", ("pair",)))
EVENT = 12  # bytes: one int32, two float32
EVENTS = 2600


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("batches") / "events.h5"
    number = np.arange(EVENTS)
    with writing(path, SCHEMA, {"study": "test"}) as writer:
        writer.append({"number": number, "x": np.stack([number / 2, -number], 1)})
    return path


@pytest.fixture(autouse=True)
def short_runs(monkeypatch):
    monkeypatch.setattr(batches, "RUN", 64)


class Part(Split):
    """The first events of a file, as if there were no more."""

    length = EVENTS

    def events(self):
        return self.length

    def read(self, start=None, stop=None):
        return super().read(start, self.length if stop is None else stop)


def split(path, events=EVENTS):
    part = Part(path, ("number", "x"))
    object.__setattr__(part, "length", events)
    return part


def buffer(events):
    """Return the memory that holds a buffer of so many events."""
    return 2 * EVENT * events


def numbers(drawn, role="train"):
    return [batch[role]["number"].tolist() for batch in drawn]


def joined(drawn):
    return list(chain.from_iterable(drawn))


def assert_once(drawn, events, size):
    assert sorted(joined(drawn)) == list(range(events))
    assert {len(batch) for batch in drawn[:-1]} <= {size}


@pytest.mark.parametrize("memory", [buffer(EVENTS), buffer(300)], ids=["held", "streamed"])
def test_each_event_comes_once_an_epoch_with_all_its_fields(path, memory):
    made = Batches({"train": split(path)}, 100, 1, memory)
    assert (made.lead.held is None) == (memory < EVENTS * EVENT)
    drawn = list(made)
    assert len(drawn) == len(made) == 26
    assert_once(numbers(drawn), EVENTS, 100)
    for batch in drawn:
        number = batch["train"]["number"].float()
        torch.testing.assert_close(batch["train"]["x"], torch.stack([number / 2, -number], 1))


@settings(max_examples=50)
@given(
    events=st.integers(1, 700), size=st.integers(1, 200), fits=st.integers(0, 800),
    epochs=st.integers(1, 3),
)  # fmt: skip
def test_no_size_of_split_batch_or_buffer_loses_or_repeats_an_event(
    path, events, size, fits, epochs
):
    made = Batches({"train": split(path, events)}, size, 1, buffer(fits))
    for _ in range(epochs):
        drawn = numbers(made)
        assert len(drawn) == len(made)
        assert_once(drawn, events, size)


@settings(max_examples=25)
@given(data=st.data())
def test_a_state_taken_at_any_step_goes_on_with_the_same_batches(path, data):
    draw = data.draw
    size, fits = draw(st.integers(1, 200)), draw(st.integers(0, 800))
    lengths = draw(st.lists(st.integers(1, 600), min_size=1, max_size=3))

    def made():
        parts = {f"role{i}": split(path, length) for i, length in enumerate(lengths)}
        return Batches(parts, size, 5, buffer(fits) * len(lengths))

    whole, first = [], made()
    for _ in range(2):
        whole += list(first)
    taken = draw(st.integers(0, len(whole)))
    second, part = made(), []
    while len(part) < taken:
        for batch in second:
            part.append(batch)
            if len(part) == taken:
                break
    third = made()
    third.load_state_dict(second.state_dict())
    while len(part) < len(whole):
        part += list(third)
    for role in whole[0]:
        assert numbers(part, role) == numbers(whole, role)


@pytest.mark.parametrize("fits", [EVENTS, 300])
def test_the_order_depends_on_seed_role_and_epoch_alone(path, fits):
    def epochs(seed, role="train"):
        made = Batches({role: split(path)}, 100, seed, buffer(fits))
        return [joined(numbers(made, role)) for _ in range(2)]

    first, second = epochs(1)
    assert epochs(1) == [first, second]
    others = [second, *epochs(2), *epochs(1, "data")]
    assert all(other != first for other in others)
    # an order is a shuffled one: no more than chance leaves an event where it stood
    assert sum(place == number for place, number in enumerate(first)) < 20


@pytest.mark.parametrize("fits", [EVENTS, 300])
def test_without_a_seed_the_order_is_that_of_the_file(path, fits):
    made = Batches({"train": split(path), "data": split(path, 130)}, 100, None, buffer(fits) * 2)
    for _ in range(2):
        drawn = list(made)
        assert joined(numbers(drawn)) == list(range(EVENTS))
        assert numbers(drawn[:3], "data") == [
            list(range(100)), list(range(100, 130)), list(range(100))
        ]  # fmt: skip


def test_streaming_mixes_neighbours_across_the_buffer(path):
    made = Batches({"train": split(path)}, 100, 1, buffer(600))
    for drawn in numbers(made)[:6]:
        assert len({number // 64 for number in drawn}) > 5


def test_a_shorter_role_starts_again_and_a_longer_one_goes_on(path):
    splits = {"train": split(path, 500), "short": split(path, 130), "long": split(path, 1700)}
    made = Batches(splits, 50, 3)
    assert len(made) == 10
    drawn = [batch for _ in range(6) for batch in made]
    for role, events in (("train", 500), ("short", 130), ("long", 1700)):
        steps = -(-events // 50)
        passes = [numbers(drawn, role)[i : i + steps] for i in range(0, 60 - steps + 1, steps)]
        for once in passes:
            assert_once(once, events, 50)
        # no pass repeats the order of another one
        assert len({tuple(joined(once)) for once in passes}) == len(passes)


def test_a_streamed_split_is_never_read_whole(path, monkeypatch):
    sizes = []
    read = hdf5.parts

    def watched(file, names, places, **how):
        places = list(places)
        sizes.extend((EVENTS if stop is None else stop) - (start or 0) for start, stop in places)
        return read(file, names, places, **how)

    monkeypatch.setattr(hdf5, "parts", watched)
    assert_once(numbers(Batches({"train": Split(path, ("number",))}, 10, 1, 8 * 300)), EVENTS, 10)
    assert sum(sizes) >= EVENTS
    assert max(sizes) <= 64


def test_a_split_without_events_is_refused(path, tmp_path):
    empty = tmp_path / "empty.h5"
    with h5py.File(empty, "w") as file:
        file.attrs["study"] = "test"
        file["number"] = np.zeros(0, "i4")
    with pytest.raises(CascadeError, match=r"empty\.h5: holds no events; role 'data' needs some"):
        Batches({"train": split(path), "data": Split(empty, ("number",))}, 10, 1)


def test_tensors_are_float32_or_integer_and_share_memory_where_they_can():
    single = np.ones(3, np.float32)
    assert batches.tensor(single).data_ptr() == single.ctypes.data
    assert batches.tensor(np.ones(3)).dtype == torch.float32
    assert batches.tensor(np.ones(3, np.int8)).dtype == torch.int8
