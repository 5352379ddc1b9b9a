"""Relevance along traces: what lies on the pulse is said to lie there."""

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.plotting import style
from cascade.plotting.product import Inputs
from cascade.studies.radio.evidence import envelope, pulse
from cascade.studies.radio.products.relevance import trace_relevance
from cascade.studies.radio.settings import TraceRelevanceSettings
from studies.radio.products.predicted import FIELDS, make_traces

NAMES = ("trace", "signal", "label", "snr", "peak_time")


def explain(path, traces):
    """Write relevance that is the power of the pulse, and some that knows nothing."""
    rng = np.random.default_rng(1)
    truth = pulse(traces)
    told = truth.any(axis=1)
    area = truth.mean(axis=1)
    columns = {name: traces[name] for name in NAMES}
    columns |= {"explained": traces["snr"] - 3, "evidence": truth, "random_share": area}
    relevance = {"lrp": envelope(traces["signal"]) ** 2, "saliency": rng.random(truth.shape)}
    for way, values in relevance.items():
        share = (values * truth).sum(axis=1) / np.maximum(values.sum(axis=1), 1e-12)
        columns |= {way: values, f"{way}_share": np.where(told, share, np.nan)}
    schema = [
        FIELDS.get(name) or Field(name, "1", name, ("sample",) * (values.ndim - 1))
        for name, values in columns.items()
    ]
    facts = {"study": "radio", "method": "net", "ways": "lrp saliency", "content": "explanation"}
    with writing(path, schema, facts) as writer:
        writer.append(columns)


def test_relevance_on_the_pulse_is_found_there(tmp_path):
    traces = make_traces(120)
    explain(tmp_path / "net.h5", traces)
    inputs = Inputs(explanations={"deciding": tmp_path / "net.h5"})
    result = trace_relevance(inputs, TraceRelevanceSettings(snr=[6.0], edges=[2.0, 5.0, 20.0]))
    style.save(result.figure, tmp_path / "figure.png")
    table = {name: np.array(column, object) for name, column in result.table.items()}
    shares = table["shown"] == "share_over_snr"
    lrp, blind = (table["value"][shares & (table["way"] == way)] for way in ("lrp", "saliency"))
    assert (lrp > 0.8).all()
    np.testing.assert_allclose(blind.astype(float), pulse(traces).mean(axis=1).max(), atol=0.03)
    profile = (table["shown"] == "profile") & (table["way"] == "lrp")
    assert abs(table["x"][profile][np.argmax(table["value"][profile])]) < 0.02
    drawn = sorted(set(table["trace"]) - {""})
    assert sorted(traces["label"][drawn]) == [0, 1]
    with pytest.raises(CascadeError, match="did you mean 'lrp'"):
        trace_relevance(inputs, TraceRelevanceSettings(ways=["lpr"]))
    with pytest.raises(CascadeError, match="least, around: no pulse"):
        trace_relevance(inputs, TraceRelevanceSettings(least=1e3))
