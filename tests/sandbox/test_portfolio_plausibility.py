"""What someone who knows critical chain would expect of the numbers, over several portfolios."""

from collections import defaultdict
from itertools import pairwise
from statistics import mean, median

import pytest

from exepron_pipeline.sandbox.portfolio import Portfolio

YELLOW, RED = (15.0, 70.0), (35.0, 90.0)
"""Penetration from which a zone of the fever chart begins, at 0 % and at 100 % of the chain; as in the docs."""

Trail = list[tuple[float, float]]


@pytest.fixture(
    scope="module",
    params=[pytest.param((1,), id="one"), pytest.param((1, 2, 3), id="three", marks=pytest.mark.full)],
)
def portfolios(request: pytest.FixtureRequest) -> list[Portfolio]:
    """Return some portfolios after a year."""
    return [Portfolio(seed, day=365) for seed in request.param]


@pytest.fixture(scope="module")
def trails(portfolios: list[Portfolio]) -> list[Trail]:
    """Return the trend of each project: (completion, penetration) by day."""
    found: dict[tuple[int, int], Trail] = defaultdict(list)
    for portfolio in portfolios:
        for project, *point in portfolio.connection.execute(
            'SELECT "projectId", "criticalChainCompletion", "bufferPenetration" FROM "early_warning_history" '
            'ORDER BY "projectId", "pointDate"'
        ):
            found[portfolio.seed, project].append((point[0], point[1]))
    return list(found.values())


def zone(completion: float, penetration: float) -> str:
    """Return the zone of a point."""
    edges = {name: low + (high - low) * completion / 100 for name, (low, high) in (("r", RED), ("y", YELLOW))}
    return "red" if penetration >= edges["r"] else "yellow" if penetration >= edges["y"] else "green"


def test_zones_are_shared_credibly(trails: list[Trail]) -> None:
    """Most project-days are green; yellow and red each have their part."""
    zones = [zone(*point) for trail in trails for point in trail]
    share = {name: zones.count(name) / len(zones) for name in ("green", "yellow", "red")}
    assert 0.5 < share["green"] < 0.85
    assert 0.07 < share["yellow"] < 0.3
    assert 0.07 < share["red"] < 0.3


def test_trails_cross_the_zones(trails: list[Trail]) -> None:
    """Some projects go through all three zones, some never leave the green one."""
    visited = [{zone(*point) for point in trail} for trail in trails if len(trail) > 40]
    assert sum(len(zones) == 3 for zones in visited) > len(visited) / 10
    assert sum(zones == {"green"} for zones in visited) > len(visited) / 20


def test_buffers_burn_with_progress(trails: list[Trail]) -> None:
    """The typical penetration grows with completion, and the typical burn rate is below 1."""
    points = [point for trail in trails for point in trail]
    thirds = [
        median(penetration for completion, penetration in points if low <= completion < low + 100 / 3)
        for low in (0, 100 / 3, 200 / 3)
    ]
    assert thirds == sorted(thirds)
    assert (
        0.3 < median(penetration / completion for completion, penetration in points if completion >= 20) < 1
    )


def test_trails_go_back_seldom(trails: list[Trail]) -> None:
    """Completion falls on few days (re-estimates), and by much only where a re-plan begins the chain anew."""
    steps = [(before, after) for trail in trails for before, after in pairwise(trail)]
    back = [(before, after) for before, after in steps if after[0] < before[0]]
    assert len(back) / len(steps) < 0.25
    assert all(after[0] < 10 for before, after in back if after[0] < before[0] - 15)


def test_due_dates_mostly_hold(portfolios: list[Portfolio]) -> None:
    """Of the completed projects most keep their last promise, some do not."""
    used = [
        row["bufferPenetration"]
        for portfolio in portfolios
        for account in portfolio.accounts()
        for row in portfolio.truth("projects", account["accountId"])
        if row["projectStatusName"] == "Completed"
    ]
    assert 0.7 < mean(penetration <= 100 for penetration in used) < 1
    assert 20 < mean(used) < 80
