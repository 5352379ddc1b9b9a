# Where the files of a node lie, what it is made from, and which source files it depends on.

import functools
import importlib.machinery
import importlib.util
import json
import os
import re
import shlex
import shutil

from cascade.provenance import versions

ROOT = os.path.normpath(GRAPH.config.workspace)
DATA = os.path.normpath(f"{ROOT}/data")
RESULTS = os.path.normpath(f"{ROOT}/results")
LOGS = os.path.normpath(f"{ROOT}/logs")
TIMES = f"{LOGS}/times"
CONFIGS = [os.path.relpath(path) for path in workflow.configfiles]


def one_of(keys):
    """Return a pattern that only these keys match."""
    return "|".join(map(re.escape, keys)) or "(?!)"


def events_of(key, split=None):
    """Return the file of a sample's split: by default the one that is shown, not trained on."""
    return f"{DATA}/{key}/{split or GRAPH.shown(key)}.h5"


def model_of(key):
    """Return the model file of a method, or none for a formula."""
    return [f"{RESULTS}/{key}/model.ckpt"] if GRAPH.methods[key].fitted else []


def predictions_of(study, method, sample):
    """Return the file of a method's predictions on a sample."""
    return f"{RESULTS}/{study}/{method}/predictions/{sample}.h5"


@functools.cache
def code_of(module):
    """Return the source file of a module.

    A node reruns when the module changes in which its own function stands: the source of a sample,
    the network or the fit of a method, the function of a product. Changes elsewhere (layers, the
    training loop, this workflow) rerun nothing by themselves: use `snakemake --forcerun RULE`.
    """
    name, *inner = module.split(".")
    spec = importlib.util.find_spec(name)
    for part in inner:  # find_spec of the whole would import all packages on its way
        name, folders = f"{name}.{part}", spec.submodule_search_locations
        spec = importlib.machinery.PathFinder.find_spec(name, folders)
    return os.path.relpath(spec.origin)


def targets(study):
    """Return what a study ends in: metrics of its methods, and its products."""
    metrics = [f"{RESULTS}/{key}/metrics.json" for key in GRAPH.judged]
    return [
        path for path in metrics + figures() if path.startswith(f"{RESULTS}/{study}/")
    ]


def figures():
    """Return the products of all studies, in the config's order."""
    return [
        f"{RESULTS}/{node.study}/products/{node.name}.png"
        for node in GRAPH.products.values()
    ]


def gpus(key):
    """Return the GPUs that a job of a method asks for.

    On a cluster the tag is always requested; on one machine only if it has a GPU, so that training
    on processors is not serialised by it.
    """
    wanted = GRAPH.methods[key].device == "gpu" and GRAPH.config.accelerator != "cpu"
    local = workflow.local_exec or workflow.dryrun
    here = GRAPH.config.accelerator == "cuda" or bool(shutil.which("nvidia-smi"))
    return int(wanted and (not local or here))


def shards(wildcards):
    """Return the shards of a simulated split."""
    number = GRAPH.samples[wildcards.simulated].shards(wildcards.split)
    return [
        f"{DATA}/{wildcards.simulated}/shards/{wildcards.split}-{index}-of-{number}.h5"
        for index in range(number)
    ]


def original(wildcards):
    """Return the split that a transformed one is made from."""
    node = GRAPH.samples[wildcards.transformed]
    return events_of(f"{node.study}/{node.config.of}", wildcards.split)


def transformer(wildcards):
    """Return the method that makes a transformed sample."""
    node = GRAPH.samples[wildcards.transformed]
    return GRAPH.methods[f"{node.study}/{node.source}"]


def splits(wildcards, split):
    """Return the files of one split that a fit reads, by role."""
    node = GRAPH.methods[wildcards.fitted]
    return {
        role: events_of(f"{node.study}/{sample}", split)
        for role, sample in node.samples.items()
    }


def roles(wildcards, input):
    """Return the options that name each role's splits."""
    return " ".join(
        f"--{split} {shlex.quote(f'{role}={path}')}"
        for split in ("train", "validation")
        for role, path in splits(wildcards, split).items()
    )


def reference_predictions(wildcards):
    """Return a method's predictions on its study's reference sample."""
    node = GRAPH.methods[wildcards.applied]
    return predictions_of(node.study, node.name, GRAPH.reference(node.study))


def explanation_of(key):
    """Return the file of an explanation."""
    node = GRAPH.explanations[key]
    return f"{RESULTS}/{node.study}/{node.method}/explanations/{node.name}.h5"


SURVEYED = {"metrics": "metrics", "explanations": "explanation"}
"""What products across studies are made from, by product: the option of cascade overview."""


def surveyed(overview):
    """Return the files that a product across studies is made from, by `study/name`."""
    if overview == "metrics":
        return {key: f"{RESULTS}/{key}/metrics.json" for key in GRAPH.judged}
    return {
        key: explanation_of(key)
        for key, node in GRAPH.explanations.items()
        if node.judged
    }


def overviews(*names):
    """Return the products across studies, those with these names if there are any."""
    return [
        f"{RESULTS}/overview/{name}.png" for name in names or SURVEYED if surveyed(name)
    ]


def look(wildcards):
    """Return the explanation that a file stands for."""
    study = GRAPH.methods[wildcards.fitted].study
    return GRAPH.explanations[f"{study}/{wildcards.explanation}"]


def explained(wildcards):
    """Return the events that an explanation looks at, or none."""
    node = look(wildcards)
    return [events_of(f"{node.study}/{node.sample}")] if node.sample else []


def chapter(study):
    """Return a study's heading in the report, which sorts them by their names."""
    place = ["overview", *GRAPH.config.studies].index(study)
    return f"{place} {study if place else 'all studies'}"


def products_of(study):
    """Return the names of a study's products."""
    return [node.name for node in GRAPH.products.values() if node.study == study]


def numbered(names, name):
    """Return a figure's name in the report, which sorts figures by their names.

    Number and name are one label: with two, the report takes a chapter of two figures for one
    figure that can be switched, and stumbles.
    """
    return f"{[*names].index(name) + 1:02d} {name}"


def caption_of(path):
    """Return the caption that a product wrote beside its figure."""
    with open(path) as file:
        return file.read()


def origin():
    """Return where the results come from, by what it is, for the report's first page."""
    made = []
    for path in figures():
        with open(path.replace(".png", ".json")) as file:
            made.append(json.load(file)["provenance"])
    commits = sorted({each["git_commit"] for each in made})
    return {
        "page": f"{RESULTS}/overview/page.html",
        "Configs": ", ".join(CONFIGS),
        "Seed": GRAPH.config.seed,
        "Commit of the figures": ", ".join(commits),
        "Cascade": ", ".join(sorted({each["cascade_version"] for each in made})),
        **{name.capitalize(): value for name, value in versions().items()},
    }


# of all things here, the report's templates see the config alone
config["caption_of"] = caption_of
config["origin"] = origin


def shown(wildcards):
    """Return the files that a product is made from, by (option of cascade plot, name)."""
    node = GRAPH.products[f"{wildcards.study}/{wildcards.product}"]
    study = node.study
    files = {
        ("predictions", f"{method}:{sample}"): predictions_of(study, method, sample)
        for method, sample in node.predictions
    }
    files |= {("events", name): events_of(f"{study}/{name}") for name in node.samples}
    files |= {
        ("history", name): f"{RESULTS}/{study}/{name}/history.csv" for name in node.fits
    }
    return files | {
        ("explanation", name): explanation_of(f"{study}/{name}")
        for name in node.explanations
    }
