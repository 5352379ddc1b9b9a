"""A folder of files as users have them: good ones, and ones that are wrong in one way each."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import awkward as ak
import h5py
import numpy as np
import torch
import uproot

from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.provenance import record
from cascade.training.checkpoint import FORMAT
from cascade.training.estimators import save_estimator
from programs import STUDIES

EVENTS = 60
SCALERS = {"scalers.x.mean": torch.zeros(2), "scalers.x.deviation": torch.ones(2)}


def make(folder: Path) -> Path:
    """Fill a folder; outputs named ``old.*`` stand for results of an earlier, good run."""
    _events(folder)
    _models(folder)
    _root(folder)
    (folder / "notes.txt").write_text("Buy bread.\n")
    shutil.copy(folder / "notes.txt", folder / "notes.h5")
    shutil.copy(STUDIES / "blobs.yaml", folder)
    (folder / "folder").mkdir()
    (folder / "locked").mkdir()
    (folder / "locked" / "old.h5").write_text("an earlier result")
    (folder / "locked").chmod(0o555)
    for name in ("old.h5", "old.ckpt", "history.csv", "old.json", "old.root"):
        (folder / name).write_text("an earlier result")
    for suffix in ("pdf", "png", "csv", "json", "rst"):
        (folder / f"figure.{suffix}").write_text("an earlier figure")
    return folder


def _write(path: Path, fields: dict, study: str = "blobs", ragged: tuple = (), **facts) -> None:
    schema = [Field(name, "1", name, dtype=str(ak.to_numpy(ak.flatten(array, None)).dtype),
                    ragged=name in ragged) for name, array in fields.items()]  # fmt: skip
    with writing(path, schema, record(study=study, sample="default", **facts)) as writer:
        writer.append(fields)


def _events(folder: Path) -> None:
    rng = np.random.default_rng(1)
    label = rng.integers(0, 2, EVENTS).astype("i1")
    x = rng.normal(size=(EVENTS, 2)).astype("f4") + label[:, None]
    blobs = {"x": x, "label": label, "weight": np.ones(EVENTS, "f4")}
    predictions = {"score": x[:, 0].astype("f8"), "label": label}
    _write(folder / "events.h5", blobs)
    _write(folder / "nan.h5", {**blobs, "x": np.where(x > 1, np.nan, x)})
    _write(folder / "no_x.h5", {"label": label})
    _write(folder / "no_label.h5", {"x": x})
    _write(folder / "one_blob.h5", {**blobs, "label": label * 0})
    _write(folder / "one_class.h5", {**predictions, "label": label * 0}, method="mine")
    _write(folder / "empty.h5", {name: array[:0] for name, array in blobs.items()})
    _write(folder / "predictions.h5", predictions, method="mine")
    _write(folder / "unlabelled.h5", {"score": predictions["score"]}, method="mine")
    _write(folder / "wide.h5", {**blobs, "x": rng.normal(size=(EVENTS, 3)).astype("f4")})
    image = rng.uniform(size=(EVENTS, 25, 25)).astype("f4")
    _write(folder / "jets.h5", {"image": image, **blobs}, "jets")
    jets = {"mass": x[:, 0], "tau21": x[:, 1], "label": label * 0, "weight": blobs["weight"]}
    _write(folder / "qcd.h5", jets, "jets")
    for name, shard, seed in (("0", 0, 1), ("1", 1, 1), ("alien", 1, 2)):
        _write(folder / f"shard_{name}.h5", blobs, seed=seed)
        with h5py.File(folder / f"shard_{name}.h5", "a") as file:
            half = EVENTS // 2
            file.attrs.update(shard=f"{shard}/2", block=half, split_events=4 * half)
    with h5py.File(folder / "foreign.h5", "w") as file:
        file["x"] = x
    whole = (folder / "events.h5").read_bytes()
    (folder / "truncated.h5").write_bytes(whole[: len(whole) // 2])
    with h5py.File(folder / "events.h5") as file:
        start = file["x"].id.get_chunk_info(0).byte_offset
    (folder / "damaged.h5").write_bytes(whole[:start] + b"\xff" * 64 + whole[start + 64 :])


def _network(path: Path, width: int = 4, changes: dict | None = None, **facts) -> None:
    weights = {
        "network.0.weight": torch.zeros(width, 2), "network.0.bias": torch.zeros(width),
        "network.3.weight": torch.zeros(1, width), "network.3.bias": torch.zeros(1), **SCALERS,
    }  # fmt: skip
    told = {
        "study": "blobs", "name": "mine", "method": "perceptron", "seed": 1, "threads": 1,
        "settings": '{"width": 4}', "training": "{}", "scaling": '{"x": "standard"}',
        "shapes": '{"x": [2]}',
    }  # fmt: skip
    content = {"format": FORMAT, "record": told | facts, "state_dict": weights} | (changes or {})
    torch.save(content, path)


def _models(folder: Path) -> None:
    _network(folder / "network.ckpt")
    _network(folder / "broad.ckpt", width=5)
    _network(folder / "old_settings.ckpt", settings='{"neurons": 4}')
    _network(folder / "of_jets.ckpt", study="jets")
    _network(folder / "of_other_method.ckpt", method="deep")
    _network(folder / "no_record.ckpt", changes={"record": {}})
    _network(folder / "no_weights.ckpt", changes={"state_dict": None})
    whole = (folder / "network.ckpt").read_bytes()
    (folder / "truncated.ckpt").write_bytes(whole[: len(whole) // 2])
    torch.save(torch.nn.Linear(2, 2), folder / "pickle.ckpt")
    torch.save({"weights": torch.zeros(2)}, folder / "tensors.ckpt")
    with zipfile.ZipFile(folder / "zip.ckpt", "w") as archive:
        archive.write(STUDIES / "blobs.yaml", "blobs.yaml")
    facts = {"study": "blobs", "name": "shift", "method": "shift"}
    save_estimator(folder / "shift.ckpt", facts, {"shift": np.zeros(2)})
    save_estimator(folder / "shift_jets.ckpt", facts | {"study": "jets"}, {"shift": np.zeros(2)})
    save_estimator(folder / "shift_other.ckpt", facts | {"method": "turn"}, {"shift": np.zeros(2)})
    save_estimator(folder / "shift_foreign.ckpt", facts, {"slope": np.zeros(2)})


def _root(folder: Path) -> None:
    momenta = ak.Array([[30.0, 20.0], [50.0], [40.0, 10.0]])
    event = {"px": momenta, "py": momenta, "pz": momenta, "e": 2 * momenta}
    label = np.array([0, 1, 1])

    def write(name: str, **changes) -> None:
        event_now = event | {"label": label} | changes
        with uproot.recreate(folder / name) as file:
            kinds = {key: "var * float64" if array.ndim > 1 else "int64"
                     for key, array in event_now.items()}  # fmt: skip
            tree = file.mktree("events", kinds)
            if len(event_now["px"]):
                tree.extend(event_now)

    write("good.root")
    write("empty.root", **{key: array[:0] for key, array in (event | {"label": label}).items()})
    write("nan.root", py=ak.Array([[1.0, 2.0], [np.nan], [1.0, 2.0]]))
    write("uneven.root", py=ak.Array([[1.0], [1.0], [1.0]]))
    write("label_7.root", label=np.array([0, 7, 1]))
    whole = (folder / "good.root").read_bytes()
    (folder / "truncated.root").write_bytes(whole[: len(whole) // 2])


ROOT_SETTINGS = {
    "tree": "events",
    "cartesian": {"px": "px", "py": "py", "pz": "pz", "energy": "e"},
    "label_branch": "label",
}


def root_settings(**changes) -> str:
    """Return the settings that read ``good.root``, as JSON, but for some changes."""
    found = {key: value for key, value in (ROOT_SETTINGS | changes).items() if value is not None}
    return json.dumps(found)
