import torch

from cascade.layers.separable import separable_unit


def test_equals_a_loop_over_channels_and_taps():
    torch.manual_seed(0)
    unit = separable_unit(3, 4, 3, activate="relu")
    x = torch.randn(2, 3, 6, 5)
    depthwise, pointwise = unit[0].weight, unit[1].weight
    padded = torch.nn.functional.pad(x, [1] * 4)
    expected = torch.zeros(2, 4, 6, 5)
    for row in range(6):
        for column in range(5):
            for channel in range(3):
                patch = padded[:, channel, row : row + 3, column : column + 3]
                value = (patch * depthwise[channel, 0]).sum(dim=(1, 2))
                expected[:, :, row, column] += value[:, None] * pointwise[:, channel, 0, 0]
    torch.testing.assert_close(unit(x), expected.relu(), atol=1e-5, rtol=1e-5)


def test_has_fewer_weights():
    unit = separable_unit(32, 32, 3, activate="relu", normalise="none")
    assert sum(p.numel() for p in unit.parameters()) == 32 * (9 + 32) + 32
