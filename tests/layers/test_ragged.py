"""Ragged batches against loops over lists of events."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cascade.layers.ragged import Ragged, cat


@st.composite
def events(draw, least=0):
    """Return a list of events, tensors (rows, …) of one random inner shape."""
    counts = draw(st.lists(st.integers(0, 5), min_size=least, max_size=8))
    inner = draw(st.sampled_from([(), (3,), (2, 4)]))
    torch.manual_seed(draw(st.integers(0, 99)))
    return [torch.randn(count, *inner) for count in counts], inner


def joined(parts, inner):
    values = torch.cat(parts) if parts else torch.zeros(0, *inner)
    return Ragged(values, torch.tensor([len(part) for part in parts], dtype=torch.int64))


def assert_holds(batch, parts, inner):
    assert batch.shape == (len(parts), *inner)
    assert batch.counts.tolist() == [len(part) for part in parts]
    assert torch.equal(batch.values, joined(parts, inner).values)


@given(events())
def test_rows_know_their_event_and_their_place_in_it(drawn):
    batch = joined(*drawn)
    expected = [(event, place) for event, part in enumerate(drawn[0]) for place in range(len(part))]
    assert list(zip(batch.index().tolist(), batch.place().tolist(), strict=True)) == expected


@given(events(), st.data())
def test_some_events_are_those_of_the_list(drawn, data):
    parts, inner = drawn
    batch = joined(parts, inner)
    some = data.draw(st.slices(len(parts)).filter(lambda chosen: (chosen.step or 1) > 0))
    assert_holds(batch[some], parts[some], inner)
    numbers = data.draw(st.lists(st.integers(0, len(parts) - 1))) if parts else []
    chosen = torch.tensor(numbers, dtype=torch.int64)
    assert_holds(batch[chosen], [parts[number] for number in numbers], inner)


@given(st.lists(events(), min_size=1, max_size=3))
def test_batches_are_joined_along_the_events(drawn):
    inner = drawn[0][1]
    lists = [parts for parts, shape in drawn if shape == inner]
    batch = cat([joined(parts, inner) for parts in lists])
    assert_holds(batch, [part for parts in lists for part in parts], inner)


def test_tensors_are_joined_too():
    assert cat([torch.zeros(2, 3), torch.ones(1, 3)]).sum().item() == 3


@pytest.mark.parametrize("name", ["sum", "mean", "max"])
@given(drawn=events(least=1))
def test_reductions_and_their_gradients_are_those_of_a_loop(name, drawn):
    parts, inner = drawn

    def reduced(part):
        if not len(part):
            return torch.zeros(inner)
        return part.amax(0) if name == "max" else getattr(part, name)(0)

    batch = joined(parts, inner)
    batch.values.requires_grad_()
    loose = [part.clone().requires_grad_() for part in parts]
    found = getattr(batch, name)()
    expected = torch.stack([reduced(part) for part in loose])
    torch.testing.assert_close(found, expected)
    if len(batch.values):
        weights = torch.randn(found.shape)
        (found * weights).sum().backward()
        (expected * weights).sum().backward()
        gradients = [part.grad for part in loose if len(part)]
        torch.testing.assert_close(batch.values.grad, torch.cat(gradients))


def test_the_largest_of_negative_rows_is_negative():
    batch = Ragged(torch.tensor([-3.0, -2.0]), torch.tensor([0, 2]))
    assert batch.max().tolist() == [0, -2]


@given(events(), st.floats(-5, 5, width=32))
def test_padded_events_stand_side_by_side(drawn, fill):
    parts, inner = drawn
    padded, mask = joined(parts, inner).padded(fill)
    assert mask.sum(1).tolist() == [len(part) for part in parts]
    assert mask.shape[1] == max(map(len, parts), default=0)
    for part, values, there in zip(parts, padded, mask, strict=True):
        assert torch.equal(values[there], part)
        assert (values[~there] == fill).all()


def test_new_values_keep_the_events():
    batch = Ragged(torch.arange(3.0), torch.tensor([1, 2]))
    assert batch.with_values(torch.ones(3, 4)).sum().tolist() == [[1] * 4, [2] * 4]
    with pytest.raises(ValueError, match="4 values for 3 rows"):
        batch.with_values(torch.ones(4))


@pytest.mark.parametrize("counts", [torch.ones(2), torch.ones(2, 1, dtype=torch.int64)])
def test_counts_of_another_kind_are_refused(counts):
    with pytest.raises(ValueError, match="counts must be int64"):
        Ragged(torch.ones(2), counts)


def test_a_batch_moves_to_a_device():
    moved = Ragged(torch.ones(3, 2), torch.tensor([2, 1])).to(torch.device("meta"))
    assert isinstance(moved, Ragged)
    assert moved.device.type == moved.counts.device.type == "meta"


def test_offsets_are_those_of_awkward():
    array = ak.Array([[1.0, 2.0], [], [3.0]])
    batch = Ragged(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2, 0, 1]))
    assert batch.offsets.tolist() == array.layout.offsets.data.tolist()
    np.testing.assert_array_equal(batch.sum(), ak.sum(array, axis=1))
