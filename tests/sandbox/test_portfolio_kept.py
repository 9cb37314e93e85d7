"""Portfolios kept on disk, their sizes, the scans behind pages, and the past that can be asked for."""

import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from exepron_pipeline.sandbox.paging import Paging
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.query import plan_query
from exepron_pipeline.sandbox.schema import BY_NAME, ENTITY_SETS
from exepron_pipeline.sandbox.views import stored

NAMES = [entity_set.name for entity_set in ENTITY_SETS]
STAMPED = [name for name in NAMES if "lastModifiedOn" in BY_NAME[name].field_names]


@pytest.fixture(scope="module")
def built() -> Portfolio:
    """Return the portfolio of day 12, built without any cache."""
    return Portfolio(seed=5, day=12)


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which that portfolio is kept from its first day."""
    folder = tmp_path_factory.mktemp("cache")
    Portfolio(seed=5, cache_dir=folder)
    return folder


def dump(portfolio: Portfolio) -> list[str]:
    """Return everything that a portfolio holds, as SQL text."""
    return list(portfolio.connection.iterdump())


def test_opened_is_as_built(built: Portfolio, cache_dir: Path) -> None:
    """A portfolio opened from disk lives on exactly as one that was built."""
    assert dump(Portfolio(seed=5, day=12, cache_dir=cache_dir)) == dump(built)


def test_long_way_is_kept_too(cache_dir: Path) -> None:
    """Who comes from afar leaves that day behind for the next; the first day stays, days between go."""
    later = Portfolio(seed=5, day=45, cache_dir=cache_dir)
    Portfolio(seed=5, day=90, cache_dir=cache_dir)
    assert sorted(int(file.stem.rpartition("-")[2]) for file in cache_dir.iterdir()) == [0, 90]
    assert dump(Portfolio(seed=5, day=45, cache_dir=cache_dir)) == dump(later)


def test_another_program_reads_nothing(built: Portfolio, cache_dir: Path, tmp_path: Path) -> None:
    """A file of another version of the program is not opened, and makes room for one of this."""
    (file,) = cache_dir.glob("portfolio-small-5-*-0.sqlite")
    other = tmp_path / file.name.replace(file.name.split("-")[3], "0123456789ab")
    other.write_bytes(b"made by another program")
    assert dump(Portfolio(seed=5, day=12, cache_dir=tmp_path)) == dump(built)
    assert [kept.name for kept in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_by_key_is_an_index_scan(built: Portfolio, name: str) -> None:
    """A page of an account in the order of its keys needs neither a sort nor a walk through the table."""
    assert_scan(built, name, {"$orderby": ",".join(BY_NAME[name].key), "$skip": "5000"})


@pytest.mark.parametrize("name", STAMPED)
def test_a_page_by_stamp_is_an_index_scan(built: Portfolio, name: str) -> None:
    """Nor does a page of what changed since a moment, in the order of stamps and keys."""
    order = f"lastModifiedOn,{BY_NAME[name].key[0]}"
    assert_scan(built, name, {"$orderby": order, "$filter": "lastModifiedOn ge 2026-01-05T00:00:00Z"})


def assert_scan(portfolio: Portfolio, name: str, options: dict[str, str]) -> None:
    """Check that SQLite finds the rows of a page by a search in an index alone."""
    query = plan_query(stored(BY_NAME[name]), options, Paging(1000))
    explain = f"EXPLAIN QUERY PLAN {query.statement(['t._account = 4711'])}"
    steps = portfolio.connection.execute(explain, query.binds).fetchall()
    [page] = [number for number, *_, step in steps if step.startswith("LIST SUBQUERY")]
    [search] = [step for _, parent, _, step in steps if parent == page]
    assert search.startswith("SEARCH t USING COVERING INDEX")


@pytest.mark.full
def test_past_is_as_it_was() -> None:
    """The truth of a past day is what the truth was then, whatever the order in which days are asked."""
    portfolio, seen = Portfolio(seed=6), {}
    for day in (0, 9, 30):
        portfolio.advance(day - portfolio.day)
        seen[day] = {name: portfolio.truth(name, 4711) for name in ("projects", "tasks", "buffers")}
    for day, name in product((9, 30, 0), ("projects", "tasks", "buffers")):
        assert portfolio.truth_at(name, 4711, day) == seen[day][name]


@pytest.mark.full
def test_past_knows_the_permissions_of_its_days() -> None:
    """A permission changed on a day is part of the past from that day on, and not before."""
    portfolio = Portfolio(seed=6, day=2)
    user = portfolio.service_user(4711)
    portfolio.restrict(user["userId"], financial=False)
    portfolio.advance(2)

    def role(day: int) -> int:
        users = portfolio.truth_at("users", 4711, day)
        return next(row["roleId"] for row in users if row["userId"] == user["userId"])

    assert role(1) == user["roleId"]
    assert role(2) == role(3) == role(4) != user["roleId"]


@pytest.mark.parametrize("day", [-1, 13])
def test_days_beyond_are_refused(built: Portfolio, day: int) -> None:
    """Days before the first one and days to come have no truth."""
    with pytest.raises(ValueError, match="days 0 to 12"):
        built.truth_at("projects", 4711, day)


def test_a_year_passes_quickly() -> None:
    """365 days of the small portfolio pass in seconds of work, whoever else is busy."""
    portfolio = Portfolio()
    began = time.process_time()
    portfolio.advance(365)
    assert time.process_time() - began < 30


@pytest.fixture(scope="module")
def big_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for portfolios that take long to build."""
    return tmp_path_factory.mktemp("big")


@pytest.mark.full
@pytest.mark.parametrize(("size", "tasks", "seconds"), [("medium", 100_000, 60), ("large", 1_000_000, 180)])
def test_sizes(big_dir: Path, size: str, tasks: int, seconds: int) -> None:
    """Medium and large hold the tasks they promise, are built in time, and are then opened much quicker."""
    began = time.perf_counter()
    Portfolio(size=size, cache_dir=big_dir)  # type: ignore[arg-type]  # a parameter's value
    built = time.perf_counter()
    portfolio = Portfolio(size=size, cache_dir=big_dir)  # type: ignore[arg-type]  # a parameter's value
    opened = time.perf_counter()
    (count,) = portfolio.connection.execute('SELECT COUNT(*) FROM "tasks"').fetchone()
    assert tasks <= count < 1.05 * tasks
    assert built - began < seconds
    assert opened - built < (built - began) / 4


@pytest.mark.full
def test_archive_is_whole(big_dir: Path) -> None:
    """Archived projects have tasks, links and buffers of their own, and stamps before those of their models."""
    connection = Portfolio(size="medium", cache_dir=big_dir).connection
    for name in ("task_links", "task_resource_assignments", "buffers", "milestones"):
        key = "successorTaskId" if name == "task_links" else "taskId" if name != "buffers" else "projectId"
        target = "projects" if name == "buffers" else "tasks"
        query = f'SELECT COUNT(*) FROM "{name}" WHERE "{key}" NOT IN (SELECT "{BY_NAME[target].key[0]}" FROM "{target}")'
        assert connection.execute(query).fetchone() == (0,)
    (oldest,) = connection.execute('SELECT MIN("lastModifiedOn") FROM "projects"').fetchone()
    assert oldest < "2024"


PAGES = {
    "as it comes": {},
    "by key": {"orderby": "taskId"},
    "by key, from the middle": {"orderby": "taskId", "skip": "500000"},
    "by key, after a key": {"orderby": "taskId", "filter": "taskId gt 1000000"},
    "by stamp": {"orderby": "lastModifiedOn,taskId"},
    "by stamp, since a moment": {
        "orderby": "lastModifiedOn,taskId",
        "filter": "lastModifiedOn ge 2024-06-01T00:00:00Z",
    },
    "some properties": {"orderby": "taskId", "select": "taskId,taskName,remainingDuration"},
    "unfinished ones": {"orderby": "taskId", "filter": "remainingDuration gt 0"},
}
"""What readers ask a thousand tasks for."""


@pytest.fixture(scope="module")
def large(big_dir: Path, serve_world: Callable[..., Any]) -> Any:
    """Serve the large portfolio: a client of its service user."""
    from exepron_pipeline.sandbox.world import World

    world = World(Portfolio(size="large", cache_dir=big_dir))
    return serve_world(world).as_user(world.service_user()["email"])


@pytest.mark.full
@pytest.mark.parametrize("options", PAGES.values(), ids=PAGES)
def test_pages_of_the_large_portfolio(large: Any, options: dict[str, str]) -> None:
    """A page of 1,000 tasks of the large portfolio takes less than 50 ms over HTTP, wherever it begins.

    Client and server are one process, whose processor time counts; the bound leaves room for a busy machine.
    """
    seconds = []
    for _ in range(15):
        began = time.process_time()
        answer = large.get("Accounts/0/Projects/-1/Tasks/GetAllTasks", top="1000", **options)
        seconds.append(time.process_time() - began)
        assert answer.status == 200
        assert len(answer.json) == 1000
    assert median(seconds) < 0.1
