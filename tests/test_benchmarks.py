"""The benchmark runs, and a guard: processor time against the floor's, in one run, so that a busy machine is no excuse."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST = 15
"""Times the floor's processor time; some 5 is usual for so few rows."""


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """The benchmark at a tenth of its size, in a folder of its own."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import bench

    monkeypatch.setattr(bench, "CACHE", tmp_path)
    yield bench.Bench(scale=0.1, rounds=1, peers=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "benchmarks"]:
        del sys.modules[name]


def test_a_first_load_stays_near_the_floor(bench):
    """Reading and landing take no more than a few times what DuckDB needs to parse the same pages from files."""
    from benchmarks.cases.first_load import check_same
    from benchmarks.measured import Runs
    from benchmarks.server import running

    data, folder = bench.data(200_000), bench.folder("guard")
    with running(data) as url:
        product = bench.product(bench.settings(url, folder, EXEPRON_PAGE_SIZE="1000"), "alone", "check")
        floor = bench.floor(url, data, folder, page=10_000)
    check_same({"product": Runs((product,)), "floor": Runs((floor,))})
    assert product.told["engine_cpu"] < MOST * floor.told["engine_cpu"]


def test_the_table_of_the_readme_has_its_place(bench):
    """Figures come into the README by a program, between two marks that are there."""
    from benchmarks.readme import README, as_markdown, put_into

    figure = {"what": "w", "value": 2.5, "unit": "times", "must": 3, "at_least": False, "verdict": "aim"}
    results = {"about": {"machine": "m", "at": "t"}, "cases": {"c": {"figures": [figure]}}}
    text = put_into(README.read_text(), as_markdown(results))
    assert "| w | 2.5 times | at most 3 | met |" in text
    assert put_into(text, as_markdown(results)) == text
