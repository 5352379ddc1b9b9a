import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cascade.layers.pooling import (
    GlobalPoolingName,
    PoolingName,
    global_pooling,
    pooled_length,
    pooling,
)


@given(
    name=st.sampled_from(PoolingName.__args__),
    length=st.integers(1, 20),
    size=st.integers(1, 6),
)
def test_length_is_foretold(name, length, size):
    expected = pooled_length(name, length, size)
    if expected:
        pool = pooling(name, size, 2, activate="relu")
        assert pool(torch.zeros(1, 2, length, length)).shape == (1, 2, expected, expected)


def test_window_that_does_not_fit_leaves_nothing():
    assert pooled_length("max", 2, 3) == 0
    assert pooled_length("overlapping_max", 2, 2) == 0


def test_overlapping_windows_share_pixels():
    image = torch.zeros(1, 1, 5, 5)
    image[0, 0, 2, 2] = 1  # in the last row and column of the first window, the first of the next
    pool = pooling("overlapping_max", 2, 1, activate="relu")
    assert pool(image).sum() == 4
    assert pooling("max", 2, 1, activate="relu")(image).sum() == 1


@pytest.mark.parametrize("size", [2, 3, 4])
def test_a_stride_leaves_no_pixel_out(size):
    torch.manual_seed(0)
    image = torch.randn(1, 2, 13, 13, requires_grad=True)
    pooling("stride", size, 2, activate="elu")(image).sum().backward()
    assert (image.grad != 0).all()


@pytest.mark.parametrize("name", GlobalPoolingName.__args__)
def test_global_pooling_ignores_where(name):
    torch.manual_seed(0)
    maps = torch.randn(3, 4, 5, 6)
    shifted = maps.roll((1, 2), dims=(2, 3))
    assert global_pooling(name)(maps).shape == (3, 4)
    torch.testing.assert_close(global_pooling(name)(maps), global_pooling(name)(shifted))
