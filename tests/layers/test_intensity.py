import math

import torch

from cascade.layers.intensity import IntensityViews


def test_views_are_those_of_the_formula():
    image = torch.tensor([[[0.0, 1.0], [10.0, 250.0]]])
    views = IntensityViews(("log", "linear"), reference=10.0)(image)
    assert views.shape == (1, 2, 2, 2)
    for pixel, log, linear in zip(image.ravel(), *views[0].flatten(1), strict=True):
        assert math.isclose(log, math.log(1 + pixel) / math.log(11), rel_tol=1e-6)
        assert math.isclose(linear, pixel / 10, rel_tol=1e-6)


def test_negative_intensities_count_as_none():
    views = IntensityViews(("linear", "log"), reference=3.0)
    assert not views(torch.tensor([[[-5.0, 0.0]]])).any()


def test_gradient_is_finite_at_0():
    image = torch.zeros(2, 5, 5, requires_grad=True)
    IntensityViews(("linear", "log"), reference=3.0)(image).sum().backward()
    assert image.grad.isfinite().all()
