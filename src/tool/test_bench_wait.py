#!/usr/bin/env python3
"""`ward bench --wait` gives every load with every policy in every place: test_bench_wait.py WARD"""
import itertools
import json
import os
import subprocess
import sys

KEYS = {"place", "policy", "every_us", "service_us", "latency_ns", "host_ns", "worker_ns"}


def main():
    done = subprocess.run([sys.argv[1], "bench", "--wait", "--brief", "--json"], capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)
    places = ["apart", "neighbour", "together"] if len(os.sched_getaffinity(0)) > 1 else ["together"]
    wanted = set(itertools.product(places, ["tuned", "always", "never"], [0, 1, 10, 100, 1000], [0, 10, 100]))
    assert {(f["place"], f["policy"], f["every_us"], f["service_us"]) for f in figures} == wanted, figures
    assert len(figures) == len(wanted), len(figures)
    for figure in figures:
        assert set(figure) == KEYS, figure
        assert figure["latency_ns"] >= figure["service_us"] * 1000 and figure["latency_ns"] > 0, figure
        assert figure["host_ns"] >= 0 and figure["worker_ns"] >= 0, figure


main()
