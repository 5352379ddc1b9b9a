"""Settings of what networks are compared with: trees on observables, linear methods on pixels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cascade.settings import Settings


class BoostedTreesSettings(Settings):
    """Gradient-boosted trees on observables."""

    iterations: Annotated[int, Field(ge=1, le=10000)] = 300
    """Most trees that are grown; as many are kept as are best on the validation events."""

    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Fraction of a tree's answer that is added to the sum."""

    leaves: Annotated[int, Field(ge=2, le=1024)] = 8
    """Most leaves of a tree."""

    min_samples_leaf: Annotated[int, Field(ge=1)] = 40
    """Fewest training events in a leaf."""

    l2: Annotated[float, Field(ge=0)] = 1.0
    """L2 penalty on the values of the leaves."""

    threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads that grow the trees; the result does not depend on them."""


Penalties = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, min_length=1)]
Shrinkages = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(strict=False, min_length=1)
]


class FisherSettings(Settings):
    """Fisher's linear discriminant on the pixels of a jet image."""

    logarithm: bool = True
    """Take log(1 + pixel), the pixel in GeV."""

    shrinkages: Shrinkages = (0.001, 0.01, 0.1, 0.3, 0.6)
    """Fractions by which the covariance is shrunk towards its diagonal; the one that is best on the
    validation events is kept."""


class LogisticSettings(Settings):
    """Logistic regression on the pixels of a jet image."""

    logarithm: bool = True
    """Take log(1 + pixel), the pixel in GeV."""

    inverse_penalties: Penalties = (0.0003, 0.001, 0.003, 0.01, 0.1)
    """Values of C, the inverse of the L2 penalty on the coefficients of standardised pixels; the
    one that is best on the validation events is kept."""

    max_jets: Annotated[int, Field(ge=2)] = 200000
    """At most so many training jets are used, the file's first ones: 10 kB of memory each."""
