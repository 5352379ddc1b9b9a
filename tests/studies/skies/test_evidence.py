"""The truth in a sky is the rays of its sources."""

import numpy as np

from cascade.studies.skies.evidence import source_rays
from studies.skies.products.predicted import make_skies


def test_source_rays_are_those_that_the_simulation_labels():
    skies = make_skies(20)
    found = source_rays(skies)
    assert found.dtype == np.int8
    assert found.shape == skies["energy"].shape
    for truth, source in zip(found, skies["source"], strict=True):
        number, counts = np.unique(source[source >= 0], return_counts=True)
        np.testing.assert_array_equal(truth, np.isin(source, number[counts > 1]))
    assert not found[skies["label"] == 0].any()
