"""The textbook's bidirectional network: its size, and what passes from layer to layer."""

from __future__ import annotations

import pytest
import torch

from cascade.settings import validate
from cascade.studies.radio.networks.recurrent import Recurrent
from cascade.studies.radio.settings import RecurrentSettings
from studies.radio.networks.untrained import build, traces


def test_the_default_has_the_textbook_s_parameters():
    """torch adds a second bias to each gate where one would do: it is 0, and stays so."""
    network = build("bilstm")
    second = [one for name, one in network.named_parameters() if "bias_hh" in name]
    assert len(second) == 6
    assert not any(one.requires_grad or one.any() for one in second)
    assert sum(one.numel() for one in network.parameters() if one.requires_grad) == 95_873


@pytest.mark.parametrize("widths", [[3], [4, 7, 2]])
def test_each_layer_hears_the_one_before_in_both_directions(widths):
    network = build("bilstm", widths=widths, sampling={"samples": 80})
    heard, said = [], []

    def listen(_, inputs, output):
        heard.append(inputs[0])
        said.append(output[0])

    for layer in network.layers:
        layer.register_forward_hook(listen)
    trace = traces(3, 1, sampling={"samples": 80})["trace"]
    with torch.no_grad():
        logit = network(trace)["logit"]
        expected = network.answer(said[-1].flatten(1))[:, 0]
    assert [one.shape for one in said] == [(3, 80, 2 * width) for width in widths]
    rms = trace.square().mean(dim=1).sqrt()[:, None]
    torch.testing.assert_close(heard[0][..., 0], trace / rms)
    for inputs, before in zip(heard[1:], said, strict=False):
        torch.testing.assert_close(inputs, before)
    torch.testing.assert_close(logit, expected)
    # the first half of the numbers comes from the past, the other from the future
    first, changed = said[0], heard[0].clone()
    changed[:, 40] += 1
    with torch.no_grad():
        moved = (network.layers[0](changed)[0] - first).abs() > 0
    assert not moved[:, :40, : widths[0]].any()
    assert moved[:, 40, : widths[0]].any()
    assert moved[:, 40, widths[0] :].any()
    assert not moved[:, 41:, widths[0] :].any()


def test_dropout_is_for_training_alone():
    torch.manual_seed(1)
    asked = {"widths": [4], "dropout": 0.6, "sampling": {"samples": 80}}
    network = Recurrent(validate(RecurrentSettings, asked))
    trace = traces(3, 1, sampling={"samples": 80})["trace"]
    with torch.no_grad():
        assert not torch.equal(network(trace)["logit"], network(trace)["logit"])
        network.eval()
        assert torch.equal(network(trace)["logit"], network(trace)["logit"])
