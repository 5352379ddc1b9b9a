"""Ragged fields, flat and nested."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

from cascade.events.ragged import flat, nested


@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_field_is_flattened_and_nested_again(shape):
    counts = np.array([2, 0, 3, 0])
    values = np.random.default_rng(1).random((5, *shape)).astype("f4")
    array = nested(values, counts)
    assert array[2].to_numpy() == pytest.approx(values[2:])
    assert len(array[1]) == len(array[3]) == 0
    found, number = flat(array)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(number, counts)


def test_parts_of_an_array_are_flat_too():
    array = nested(np.arange(6.0), np.array([1, 2, 3]))
    values, counts = flat(array[1:])
    assert values.tolist() == [1, 2, 3, 4, 5]
    assert counts.tolist() == [2, 3]
    assert flat(array[:0])[1].tolist() == []
    assert ak.sum(array) == 15
