"""What runs cost: extrapolated from measurements, and asked for by the rules."""

from __future__ import annotations

import pytest

from costs.jobs import Job
from programs import ROOT, CommandLine
from resources import SNAKEMAKE_MB, Costs, unfit

SMALL = Job("train", "blobs/net", "a", events=1000, passes=2, seconds=12, rss_mb=400, disk_mb=1)
LARGE = Job("train", "blobs/net", "a", events=5000, passes=2, seconds=52, rss_mb=800, disk_mb=5)


def cost(measured, **changes):
    wanted = {"rule": "train", "node": "blobs/net", "digest": "a", "events": 11000, "passes": 4}
    return Costs(measured).of({"it": Job(**{**wanted, **changes})})["it"]


def test_time_grows_with_events_and_epochs_memory_with_events():
    found = cost([SMALL, LARGE])
    assert found.seconds == pytest.approx(2 + 44000 * 0.005)
    assert found.rss_mb == pytest.approx(300 + 11000 * 0.1)
    assert found.disk_mb == pytest.approx(11)
    assert not found.estimated


def test_nothing_falls_below_what_was_measured():
    assert cost([SMALL, LARGE], events=1, passes=1).seconds == SMALL.seconds


def test_other_settings_and_far_too_few_events_are_marked():
    assert cost([SMALL, LARGE], digest="b").estimated
    assert cost([SMALL, LARGE], events=10**9).estimated


def test_a_node_that_was_not_measured_counts_as_the_costliest():
    other = Job("train", "blobs/other", "a", events=11000)
    known = Job("train", "blobs/net", "a", events=5000, passes=2)
    found = Costs([SMALL, LARGE]).of({"other": other, "known": known})
    assert found["other"].seconds == found["known"].seconds == LARGE.seconds


@pytest.mark.parametrize(("asked", "wrong"), [(1050, 0), (1049, 1), (2100, 0), (2101, 1)])
def test_requests_are_enough_and_not_twice_too_much(asked, wrong):
    job = Job("plot", "blobs/it", "", events=1, seconds=60, rss_mb=1050 - SNAKEMAKE_MB)
    assert len(unfit({"it": job}, {"it": {"mem_mb": asked, "runtime": 10}})) == wrong


@pytest.mark.workflow
@pytest.mark.parametrize("config", ["config.yaml", "paper.yaml"])
def test_the_rules_ask_for_what_was_measured(config):
    CommandLine(ROOT)("python", "benchmarks/resources.py", "--configfile", f"config/{config}")
