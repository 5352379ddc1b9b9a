"""The convolutional classifier against the textbook's recurrent network, in accuracy and CPU time.

Both are trained on the same traces, half of them with a pulse whose largest absolute value is twice
the root mean square of its whole trace (the textbook's signal-to-noise ratio of 2; Erdmann et al.,
Deep Learning for Physics Research, 2021, chapter 9), and judged on others: the share of traces that
they put into the right class. Each is selected on the validation split. CPU seconds are those of
``cascade train`` in a process of its own, start-up included.

    OMP_NUM_THREADS=1 python benchmarks/radio_recurrent.py --epochs 6
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

from cascade.events.seeding import Block, sequence
from cascade.events.writing import writing
from cascade.studies.radio import SCHEMA, STUDY
from cascade.studies.radio.fluence import fluence
from cascade.studies.radio.settings import TraceSettings
from cascade.studies.radio.simulation.simulate import simulate
from comparison import Row, at_least, main

SNR = 2.0
TIMES = 10.0
"""How many times the CPU time of the classifier the recurrent network shall take."""
SPLITS = {"train": 20_000, "validation": 4_000, "test": 20_000}
BLOCK = 2000
RATE = 180.0
TRAINING = {
    "batch_size": 64,
    "schedule": {"name": "one_cycle"},
    "clip": 5.0,
    "patience": 0,
}


def at_snr(events: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give each pulse the height of ``SNR`` root mean squares of the trace that it then is part of.

    For a pulse A u with max |u| = 1 in noise n that is A² = SNR² ⟨(n + A u)²⟩, quadratic in A.
    """
    noise = (events["trace"] - events["signal"]).astype(np.float64)
    height = np.abs(events["signal"]).max(axis=1, keepdims=True)
    shape = events["signal"] / np.maximum(height, 1e-12)
    square, cross, power = (
        np.mean(product, axis=1) for product in (shape**2, noise * shape, noise**2)
    )
    a = 1 - SNR**2 * square
    amplitude = (cross * SNR**2 + np.sqrt((cross * SNR**2) ** 2 + a * power * SNR**2)) / a
    signal = amplitude[:, None] * shape
    trace = noise + signal
    lit = events["label"] == 1
    reached = np.abs(signal[lit]).max(axis=1) / np.sqrt(np.mean(trace[lit] ** 2, axis=1))
    assert np.allclose(reached, SNR, rtol=1e-4), "pulses do not have the height they should"
    changed = {"trace": trace, "signal": signal, "fluence": fluence(signal, RATE)}
    scaled = events["snr"] * amplitude / np.maximum(height[:, 0], 1e-12)
    changed["snr"] = np.where(lit, scaled, 0.0)
    return events | {name: values.astype(np.float32) for name, values in changed.items()}


RATES = {"classifier": 0.004, "bilstm": 0.001}
"""Largest learning rates; with the classifier's the recurrent network does not learn at all."""


def written(folder: Path, seed: int) -> None:
    for split, number in SPLITS.items():
        with writing(folder / f"{split}.h5", SCHEMA, {"study": "radio", "seed": seed}) as file:
            for block in range(number // BLOCK):
                drawn = Block(block, BLOCK, sequence(seed, "recurrent", split, block))
                file.append(at_snr(simulate(drawn, TraceSettings())))


def cascade(*words: str) -> float:
    """Run ``cascade`` and return the CPU seconds that it took."""
    before = os.times()
    subprocess.run([Path(sys.executable).with_name("cascade"), *words], check=True)
    after = os.times()
    return after.children_user + after.children_system - before[2] - before[3]


def train(folder: Path, method: str, epochs: int, seed: int) -> float:
    optimiser = {"name": "AdamW", "lr": RATES[method], "settings": {"weight_decay": 0.01}}
    pairs = [f"--{split} train={folder / split}.h5" for split in ("train", "validation")]
    return cascade(
        *f"train radio {method}".split(),
        *" ".join(pairs).split(),
        *("--settings", json.dumps({"pairing": None})),
        *("--training", json.dumps({**TRAINING, "optimiser": optimiser, "epochs": epochs})),
        *("--seed", str(seed), "--accelerator", "cpu"),
        *("-o", str(folder / f"{method}.ckpt"), "--history", str(folder / f"{method}.csv")),
    )


def accuracy(folder: Path, method: str) -> tuple[float, float]:
    """Return the share of test traces in the right class, and its standard error."""
    out = folder / f"{method}.h5"
    model = str(folder / f"{method}.ckpt")
    cascade("predict", "radio", method, str(folder / "test.h5"), "--model", model, "-o", str(out))
    with h5py.File(out) as file:
        right = (file["score"][:] > 0.5) == (file["label"][:] == 1)
    return right.mean(), right.std() / np.sqrt(len(right))


def parameters(folder: Path, method: str) -> int:
    from cascade.training import checkpoint
    from cascade.training.network import build

    record, _ = checkpoint.load(folder / f"{method}.ckpt")
    network = build(STUDY.methods[method], record)
    return sum(values.numel() for values in network.parameters() if values.requires_grad)


def rows(options: argparse.Namespace) -> list[Row]:
    epochs = {"classifier": options.classifier_epochs, "bilstm": options.epochs}
    taken, right = {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder, options.seed)
        for method, number in epochs.items():
            taken[method] = train(folder, method, number, options.seed)
            right[method], error = accuracy(folder, method)
            size = parameters(folder, method)
            print(
                f"{method}: {size} weights, accuracy {right[method]:.4f} ± {error:.4f}", flush=True
            )
    times, shares = ([values[name] for name in epochs] for values in (taken, right))
    return [
        Row(
            "radio classifier, training",
            times[0], "s", times[1], "BiLSTM", times[1] / times[0], at_least(TIMES),
        ),
        Row(
            "radio classifier, share in the right class",
            100 * shares[0], "%", 100 * shares[1], "BiLSTM", shares[0] / shares[1], at_least(1.0),
        ),
    ]  # fmt: skip


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=6, help="of the recurrent network")
    parser.add_argument("--classifier-epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main(parser(), rows))
