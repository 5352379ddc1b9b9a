"""Which fields methods may read: labels of data are for the evaluation alone."""

from __future__ import annotations

import pytest

from cascade.studies.refinement import STUDY

LABELS = {"lg_energy", "delta_x"}
BLIND = [
    name
    for name, method in STUDY.methods.items()
    if "data" in method.fields or (method.transform and name != "oracle")
]
"""Methods that look at data, and those that make simulation data-like."""


def test_methods_that_look_at_data_are_there():
    assert {"refiner", "quantile_mapping", "discriminator"} <= set(BLIND)


@pytest.mark.parametrize("name", BLIND)
def test_no_label_of_data_is_read(name):
    method = STUDY.methods[name]
    assert set(method.fields) == {"simulation", "data"}
    assert not LABELS & set(method.fields["data"])
    assert not LABELS & set(method.inputs)


def test_the_oracle_sees_no_data_at_all():
    assert set(STUDY.methods["oracle"].fields) == {"simulation"}
