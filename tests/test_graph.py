"""From a config to its graph: complete slices, clear complaints."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from cascade.config import overlay
from cascade.errors import CascadeError
from cascade.graph import build
from cascade.introspection import WAYS
from cascade.training.settings import Training

BLOBS = yaml.safe_load((Path(__file__).parent / "workflow" / "blobs.yaml").read_text())


def changed(**changes):
    """Return the blobs config with a block of its study changed."""
    return overlay(deepcopy(BLOBS), {"studies": {"blobs": changes}})


def slices(graph):
    """Return what the rules pass on for each node."""
    return {
        "samples": {
            key: (node.settings, node.seed, node.block, node.config.events, node.fractions)
            for key, node in graph.samples.items()
        },
        "methods": {
            key: (node.settings, node.training, node.seed, node.device, dict(node.samples))
            for key, node in graph.methods.items()
        },
        "products": {
            key: (node.settings, node.predictions, node.fits, node.samples)
            for key, node in graph.products.items()
        },
    }


def differences(first, second):
    """Return the nodes whose slices differ."""
    first, second = slices(first), slices(second)
    return {
        key
        for kind in first
        for key in first[kind].keys() | second[kind].keys()
        if first[kind].get(key) != second[kind].get(key)
    }


@pytest.fixture(scope="module")
def graph():
    return build(BLOBS)


def test_nodes_are_complete_with_their_defaults(graph):
    assert list(graph.samples) == ["blobs/simulation", "blobs/data", "blobs/shifted"]
    assert json.loads(graph.samples["blobs/data"].settings) == {"distance": 2.0, "shift": 1.0}
    assert graph.samples["blobs/data"].block == 100
    network = graph.methods["blobs/perceptron_seed1"]
    assert json.loads(network.settings) == {"width": 8}
    assert json.loads(network.training) == {**Training().model_dump(), "epochs": 3}
    assert network.samples == {"train": "simulation"}
    assert network.device == "gpu"
    assert graph.methods["blobs/shift"].training is None


def test_a_fit_has_one_device_unless_asked_for_more(graph):
    more = build(changed(methods={"perceptron": {"training": {"devices": 3}}}))
    assert more.methods["blobs/perceptron_seed1"].devices == 3
    assert {method.devices for method in graph.methods.values()} == {1}


def test_seeds_expand_into_methods_and_a_product_shows_all_of_them(graph):
    assert [key for key in graph.methods if "perceptron" in key] == [
        "blobs/perceptron_seed1", "blobs/perceptron_seed2"
    ]  # fmt: skip
    assert [graph.methods[f"blobs/perceptron_seed{seed}"].seed for seed in (1, 2)] == [1, 2]
    assert graph.methods["blobs/component"].seed == BLOBS["seed"]
    shown = graph.products["blobs/comparison"].predictions
    names = ["component", "perceptron_seed1", "perceptron_seed2", "on_shifted"]
    assert shown == tuple((name, sample) for sample in ("simulation", "data") for name in names)


def test_a_product_may_show_one_of_the_seeds():
    graph = build(changed(products={"comparison": {"methods": ["perceptron_seed2"]}}))
    assert graph.products["blobs/comparison"].predictions[0][0] == "perceptron_seed2"


def test_a_variant_differs_in_what_it_sets(graph):
    base, variant = graph.methods["blobs/perceptron_seed1"], graph.methods["blobs/on_shifted"]
    assert variant.kind == "perceptron"
    assert json.loads(variant.settings) == {"width": 16}
    assert variant.samples == {"train": "shifted"}
    assert variant.training == base.training
    assert variant.seed == BLOBS["seed"]


def test_variants_of_variants_and_their_bases_stay_apart():
    methods = {
        "a": {"method": "perceptron", "training": {"epochs": 7, "optimiser": {"lr": 0.1}}},
        "b": {"base": "a", "set": {"training": {"optimiser": {"name": "SGD"}}}},
        "c": {"base": "b", "set": {"settings": {"width": 3}, "device": "cpu"}},
    }
    graph = build(changed(methods=methods))
    a, b, c = (graph.methods[f"blobs/{name}"] for name in "abc")
    assert json.loads(a.training)["optimiser"]["name"] == "Adam"
    assert json.loads(b.training)["optimiser"] == {"lr": 0.1, "name": "SGD", "settings": {}}
    assert c.training == b.training
    assert (a.settings, c.settings) == ('{"width": 8}', '{"width": 3}')
    assert (a.device, b.device, c.device) == ("gpu", "gpu", "cpu")


def test_splits_follow_from_the_source(graph):
    assert graph.splits("blobs/simulation") == ("train", "validation", "test")
    assert graph.splits("blobs/shifted") == ("train", "validation", "test")
    assert graph.shown("blobs/shifted") == "test"
    whole = build(changed(samples={"sky": {"simulate": "gauss", "events": {"all": 10}}}))
    assert whole.shown("blobs/sky") == "all"


def test_what_is_judged_can_predict(graph):
    assert "blobs/shift" not in graph.judged
    assert len(graph.judged) == len(graph.methods) - 1
    assert [key for key, node in graph.methods.items() if not node.fitted] == ["blobs/component"]


@pytest.mark.parametrize("wanted", range(1, 40))
def test_shards_are_never_more_than_blocks_and_in_proportion(wanted):
    graph = build(changed(samples={"simulation": {"shards": wanted}}))
    node = graph.samples["blobs/simulation"]
    largest, smaller = node.shards("train"), node.shards("test")
    assert largest == min(wanted, 20)
    assert 1 <= smaller <= 5
    assert abs(smaller - wanted / 4) <= 0.5 or smaller in (1, 5)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"samples": {"data": {"settings": {"shift": 2}}}}, {"blobs/data"}),
        ({"samples": {"data": {"events": {"test": 400}}}}, {"blobs/data"}),
        ({"samples": {"data": {"shards": 5}}}, set()),
        ({"methods": {"on_shifted": {"set": {"settings": {"width": 5}}}}}, {"blobs/on_shifted"}),
        ({"methods": {"perceptron": {"seeds": [1, 4]}}},
         {"blobs/perceptron_seed2", "blobs/perceptron_seed4", "blobs/comparison"}),
        ({"methods": {"perceptron": {"training": {"epochs": 4}}}},
         {"blobs/perceptron_seed1", "blobs/perceptron_seed2", "blobs/on_shifted"}),
        ({"products": {"comparison": {"on": ["data"]}}}, {"blobs/comparison"}),
        # what the defaults are anyway changes nothing when it is said
        ({"methods": {"perceptron": {"settings": {"width": 8}}}}, set()),
    ],
)  # fmt: skip
def test_a_change_reaches_the_slices_of_its_own_node_only(graph, change, expected):
    assert differences(graph, build(changed(**change))) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "simulaton"},
         "reference: no sample 'simulaton'; did you mean 'simulation'?"),
        ({"samples": {"data": {"simulate": "gaus"}}},
         "samples.data.simulate: no source 'gaus'; did you mean 'gauss'?"),
        ({"samples": {"mine": {"ingest": "root", "files": ["a"]}}},
         "samples.mine.ingest: no source 'root'; known: list"),
        ({"samples": {"data": {"settings": {"shft": 2}}}},
         "samples.data.settings.shft: unknown key; did you mean 'shift'?"),
        ({"samples": {"data": {"settings": {"shift": "far"}}}},
         "samples.data.settings.shift: \"far\" is wrong: must be a number"),
        ({"samples": {"shifted": {"transform": "perceptron"}}},
         "samples.shifted.transform: no transforming method 'perceptron'; known: shift"),
        ({"samples": {"shifted": {"of": "dta"}}},
         "samples.shifted.of: no sample 'dta'; did you mean 'data'?"),
        ({"samples": {"shifted": {"of": "shifted"}}},
         "samples.shifted: is made from itself: shifted → shifted"),
        ({"methods": {"shift": {"samples": {"data": "shifted"}}}},
         "samples.shifted: is made from itself: shifted → shifted"),
        ({"methods": {"perceptrn": None}},
         "methods.perceptrn.method: no method 'perceptrn'; did you mean 'perceptron'?"),
        ({"methods": {"perceptron": {"settings": {"widht": 2}}}},
         "methods.perceptron.settings.widht: unknown key; did you mean 'width'?"),
        ({"methods": {"perceptron": {"training": {"epoch": 2}}}},
         "methods.perceptron.training.epoch: unknown key; did you mean 'epochs'?"),
        ({"methods": {"component": {"training": {"epochs": 2}}}},
         "methods.component.training: 'component' is no network; remove this key"),
        ({"methods": {"perceptron": {"samples": {"trian": "data"}}}},
         "methods.perceptron.samples.trian: no role 'trian'; did you mean 'train'?"),
        ({"methods": {"perceptron": {"samples": {"train": "dat"}}}},
         "methods.perceptron.samples.train: no sample 'dat'; did you mean 'data'?"),
        ({"methods": {"perceptron": {"seeds": [1, 1]}}},
         "methods.perceptron.seeds: a seed stands twice in [1, 1]"),
        ({"methods": {"perceptron": {"seeds": [-1]}}},
         "methods.perceptron.seeds.0: -1 is wrong: must be greater than or equal to 0"),
        ({"methods": {"perceptron_seed1": {"method": "perceptron"}}},
         "methods.perceptron: 'perceptron_seed1' would stand twice; rename a method"),
        ({"methods": {"a": {"base": "perceptrn"}}},
         "methods.a.base: no method 'perceptrn'; did you mean 'perceptron'?"),
        ({"methods": {"a": {"base": "b"}, "b": {"base": "a"}}},
         "methods.a.base: a → b → a runs in a circle"),
        ({"methods": {"a": {"base": "component", "sett": {}}}},
         "methods.a.sett: unknown key; did you mean 'set'?"),
        ({"samples": {"few": {"simulate": "gauss", "events": {"all": 5}}},
          "methods": {"perceptron": {"samples": {"train": "few"}}}},
         "methods.perceptron.samples.train: sample 'few' has no split 'train', which a fit needs"),
        ({"products": {"comparson": {}}},
         "products.comparson.product: no product 'comparson'; did you mean 'comparison'?"),
        ({"products": {"comparison": {"methods": ["componnt"]}}},
         "products.comparison.methods: no method 'componnt'; did you mean 'component'?"),
        ({"products": {"comparison": {"methods": ["shift"]}}},
         "products.comparison.methods: 'shift' makes events, not predictions"),
        ({"products": {"comparison": {"on": ["dta"]}}},
         "products.comparison.on: no sample 'dta'; did you mean 'data'?"),
        ({"products": {"comparison": {"fits": ["component"]}}},
         "products.comparison.fits: method 'component' is a formula, without a fit"),
        ({"products": {"comparison": {"explanations": ["look"]}}},
         "products.comparison.explanations: no explanation 'look'; none is known here"),
        ({"explanations": {"look": {"network": "shift", "ways": ["filters"]}}},
         "explanations.look.network: method 'shift' is no network"),
        ({"explanations": {"look": {"network": "perceptron", "ways": ["filtrs"]}}},
         "explanations.look.ways: no way of explaining 'filtrs'; did you mean 'filters'?"),
        ({"explanations": {"look": {"network": "perceptron", "ways": []}}},
         f"explanations.look.ways: name at least one of {', '.join(WAYS)}"),
        ({"explanations": {"look": {"network": "perceptron", "ways": ["lrp", "lrp"]}}},
         "explanations.look.ways: 'lrp' stands twice"),
        ({"explanations": {"look": {"network": "perceptron", "ways": ["lrp", "filters"]}}},
         "explanations.look.ways: 'filters' has rows that are no events; explain it in a file of "
         "its own"),
        ({"explanations": {"look": {"network": "perceptron", "ways": ["lrp"],
                                    "settings": {"ways": {"lrp": {"rul": "gamma"}}}}}},
         "explanations.look.settings.ways.lrp.rul: unknown key; did you mean 'rule'?"),
        ({"explanations": {"look": {"network": "perceptron", "ways": ["lrp"],
                                    "settings": {"ways": {"saliency": {}}}}}},
         "explanations.look.settings.ways.saliency: 'saliency' is not among "
         "studies.blobs.explanations.look.ways; remove it"),
        ({"explanations": {"look": {"network": "perceptron", "ways": ["filters"], "on": "data"}}},
         "explanations.look.on: 'filters' looks at the network alone; remove it"),
        ({"explanations": {"look": {"network": "perceptron", "ways": ["lrp"], "on": "dta"}}},
         "explanations.look.on: no sample 'dta'; did you mean 'data'?"),
        ({"explanations": {"look": {"network": "perceptron", "ways": ["lrp"],
                                    "settings": {"evidence": "nose"}}}},
         "explanations.look.settings.evidence: no evidence 'nose'; none is known here"),
        ({"products": {"comparison": {"settings": {"width": 1}}}},
         "products.comparison.settings.width: unknown key; none is known here"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_path(change, message):
    with pytest.raises(CascadeError) as caught:
        build(changed(**change))
    assert str(caught.value) == f"studies.blobs.{message}"


@pytest.fixture
def absent():
    """A sample whose files are not given yet, one made from it, and products that show them."""
    return {
        "samples": {
            "mine": {"ingest": "list", "files": []},
            "mine_shifted": {"transform": "shift", "of": "mine"},
        },
        "products": {
            "on_mine": {
                "product": "comparison",
                "methods": ["component"],
                "on": ["simulation", "mine"],
            },
            "shows_mine": {"product": "comparison", "samples": ["mine_shifted"]},
        },
    }


def test_without_files_only_what_needs_them_is_left_out(graph, absent):
    found = build(changed(**absent))
    assert {"blobs/mine", "blobs/mine_shifted"} <= found.samples.keys()
    assert found.products.keys() == graph.products.keys()
    assert list(found.left_out) == ["blobs/on_mine", "blobs/shows_mine"]
    for name in ("on_mine", "shows_mine"):
        assert found.left_out[f"blobs/{name}"] == (
            f"studies.blobs.products.{name} is left out: studies.blobs.samples.mine.files is empty;"
            " give the paths of the files there"
        )


def test_with_files_nothing_is_left_out(absent):
    absent["samples"]["mine"]["files"] = ["my.txt"]
    found = build(changed(**absent))
    assert not found.left_out
    assert {"blobs/on_mine", "blobs/shows_mine"} <= found.products.keys()


def test_what_is_left_out_is_checked_all_the_same(absent):
    absent["products"]["on_mine"]["methods"] = ["componnt"]
    with pytest.raises(CascadeError, match="did you mean 'component'"):
        build(changed(**absent))


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"reference": "mine"}, "reference"),
        ({"reference": "mine_shifted"}, "reference"),
        ({"methods": {"perceptron": {"samples": {"train": "mine"}}}},
         "methods.perceptron.samples.train"),
        ({"methods": {"shift": {"samples": {"data": "mine"}}}}, "methods.shift.samples.data"),
    ],
)  # fmt: skip
def test_nothing_can_be_made_without_files_to_train_on(absent, change, key):
    data = overlay(changed(**absent), {"studies": {"blobs": change}})
    with pytest.raises(CascadeError) as caught:
        build(data)
    assert str(caught.value) == (
        f"studies.blobs.{key}: studies.blobs.samples.mine.files is empty; "
        "give the paths of the files there"
    )


def test_an_unknown_study_is_named():
    with pytest.raises(CascadeError, match=r"^studies\.jest: no study 'jest', .*'jets'"):
        build({"studies": {"jest": {"samples": {}}}})


def test_the_configs_of_the_project_are_right():
    from cascade.config import read_yaml

    folder = Path(__file__).parents[1] / "config"
    default = read_yaml(folder / "config.yaml")
    assert build(default).products
    for path in folder.glob("*.yaml"):
        if path.name != "config.yaml":
            assert build(overlay(default, read_yaml(path))).methods, path
