"""Files of explanations whose scores are known."""

from __future__ import annotations

import numpy as np

from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.introspection.settings import ExplanationSettings

FRACTIONS = (0.0, 0.5, 1.0)
EVENTS = 200


def write(path, study="blobs", method="perceptron", flipping=True, ways=("good", "blind")):
    """Write an explanation: one way finds three quarters of the truth, one finds nothing."""
    rng = np.random.default_rng(1)
    columns = {"explained": rng.normal(2, 0.1, EVENTS), "random_share": np.full(EVENTS, 0.25)}
    mean = {"good": 0.75, "blind": 0.25}
    for way in ways:
        columns[f"{way}_share"] = rng.normal(mean[way], 0.1, EVENTS)
        columns[f"{way}_randomised"] = rng.normal(0.1, 0.1, EVENTS)
    columns["good_share"][:50] = np.nan  # without evidence
    columns["good_conservation"] = np.full(EVENTS, 0.02)
    if flipping:
        score = columns["explained"][:, None]
        columns["good_flipped"] = score * [1, 0, 0]
        columns["blind_flipped"] = score * [1, 0.5, 0] + rng.normal(0, 0.1, (EVENTS, 3))
        columns["random_flipped"] = (score * [1, 0.5, 0])[:, None].repeat(2, axis=1)
    columns |= {"embedding": rng.normal(size=(EVENTS, 2)), "label": rng.integers(2, size=EVENTS),
                "height": rng.random(EVENTS)}  # fmt: skip
    settings = ExplanationSettings.model_validate_json(
        '{"pixel_flipping": {"fractions": [0, 0.5, 1], "operator": "shuffle"}}'
        if flipping
        else '{"pixel_flipping": null}'
    )
    attributes = {
        "study": study, "method": method, "ways": " ".join(ways), "evidence": "the nose",
        "settings": settings.model_dump_json(),
    }  # fmt: skip
    schema = tuple(
        Field(name, "1", "", tuple(f"axis{axis}" for axis in range(values.ndim - 1)))
        for name, values in columns.items()
    )
    with writing(path, schema, attributes) as writer:
        writer.append(columns)
    return path
