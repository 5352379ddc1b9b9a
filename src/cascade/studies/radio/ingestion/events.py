"""From the traces of a user's file to events, with as much of the truth as the file knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import hilbert

from cascade.studies.radio.fluence import fluence
from cascade.studies.radio.ingestion.entries import Entries
from cascade.studies.radio.ingestion.resampling import SILENCE, read_parts
from cascade.studies.radio.settings.ingest import ReadingSettings
from cascade.studies.radio.simulation.pulses import peak_time
from cascade.studies.radio.simulation.simulate import WITHOUT, root_mean_square

if TYPE_CHECKING:
    from cascade.events.schema import Events


def to_events(entries: Entries, settings: ReadingSettings, label: int | None) -> Events:
    """Return the events that entries of a file stand for.

    Parameters
    ----------
    label
        Of all traces of the file, if its name gives it.

    Raises
    ------
    CascadeError
        A trace is at fault (see ``read_parts``), has no noise, or its label contradicts its signal.
    """
    parts = read_parts(entries, settings)
    events = {part: parts[part] for part in ("trace", "interference") if part in parts}
    signal = _signal(parts, settings)
    if label is not None:
        events["label"] = np.full(len(parts["trace"]), label, np.int8)
    elif "label" in entries.columns:
        events["label"] = entries.labels()
    if signal is not None:
        lit = signal.any(axis=1)
        _check_labels(entries, events.get("label", lit), lit)
        events |= {"label": lit.astype(np.int8), "signal": signal}
        events |= _truth(entries, parts, signal, settings.rate)
        # as far as it is known; the rest counts as noise
        events.setdefault("interference", np.zeros_like(signal))
    return {
        name: values if name == "label" else values.astype(np.float32)
        for name, values in events.items()
    }


def _signal(parts: dict[str, np.ndarray], settings: ReadingSettings) -> np.ndarray | None:
    """Return the pulses, exactly 0 where there is none, or None where they are not known."""
    if "signal" in parts:
        signal = parts["signal"]
    elif "noise" in parts:
        signal = parts["trace"] - parts["noise"]
    elif settings.labels and not any(settings.labels.values()):
        return np.zeros_like(parts["trace"])
    else:
        return None
    largest = np.abs(parts["trace"]).max(axis=1)
    return np.where((np.abs(signal).max(axis=1) > SILENCE * largest)[:, None], signal, 0.0)


def _check_labels(entries: Entries, label: np.ndarray, lit: np.ndarray) -> None:
    wrong = label != lit
    if wrong.any():
        place = int(np.argmax(wrong))
        text = "is labelled 1 but has no pulse" if label[place] else "is labelled 0 but has a pulse"
        raise entries.mistake("trace", place, f"{text} in its window")


def _truth(
    entries: Entries, parts: dict[str, np.ndarray], signal: np.ndarray, rate: float
) -> Events:
    """Return what is derived from a signal; without interference all else counts as noise."""
    lit = signal.any(axis=1)
    noise = parts["trace"] - signal
    broad = root_mean_square(noise - parts.get("interference", 0.0))
    bare = lit & (broad <= SILENCE * np.abs(signal).max(axis=1))
    if bare.any():
        text = "is all pulse; a signal-to-noise ratio wants noise in the trace"
        raise entries.mistake("trace", int(np.argmax(bare)), text)
    time = np.full(len(signal), WITHOUT)
    time[lit] = peak_time(np.abs(hilbert(signal[lit], axis=1)), rate)
    return {
        "snr": np.abs(signal).max(axis=1) / np.where(lit, broad, 1.0),
        "noise_rms": root_mean_square(noise),
        "fluence": fluence(signal, rate),
        "peak_time": time,
    }
