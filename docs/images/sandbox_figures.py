# ruff: noqa: INP001, T201 - a script beside its picture, no package; printing the figures is its purpose
"""Draws ``fever-chart.png`` and prints the figures of ``docs/sandbox-portfolio.md``.

Run ``python docs/images/sandbox_figures.py`` with the development dependencies; it takes about a minute.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from statistics import mean, quantiles

import matplotlib as mpl

from exepron_pipeline.sandbox.portfolio import Portfolio

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).with_name("fever-chart.png")
SEEDS = range(1, 7)
DAYS = 540
SPAN = f"Six portfolios (seeds 1 to {SEEDS[-1]}) over {DAYS} days"
YELLOW, RED = (15.0, 70.0), (35.0, 90.0)
"""Penetration from which a zone begins, at 0 % and at 100 % of the chain."""

TRAILS, TRAIL_DAYS, TRAIL_SEED = 8, 120, 1
LONG = 35
"""Points from which on a trail is worth drawing."""

LOW, LOST = 0.67, 1.0
"""Early warnings from which the colour is red, and black."""

UNDER_WAY = 20
"""Per cent of the chain from which on a burn rate says something."""

Point = tuple[float, float]


def zone(completion: float, penetration: float) -> str:
    """Return the zone of the fever chart in which a point lies."""
    for name, (low, high) in (("red", RED), ("yellow", YELLOW)):
        if penetration >= low + (high - low) * completion / 100:
            return name
    return "green"


def shares(names: Iterable[str], *order: str) -> str:
    """Write how often each name occurs, in per cent."""
    counts = Counter(names)
    return f"{' / '.join(f'{100 * counts[name] / counts.total():.0f}' for name in order)} %"


def lived(seed: int) -> tuple[Portfolio, dict[int, str], dict[int, tuple[str, str]]]:
    """Live through ``DAYS``; with the first promise of each project, and end and last promise of completed ones."""
    portfolio = Portfolio(seed)
    first: dict[int, str] = {}
    ended: dict[int, tuple[str, str]] = {}
    query = (
        'SELECT "projectId", "projectStatusName", "projectDueDate", "lastModifiedOn" FROM "projects" '
        "WHERE \"projectStatusName\" IN ('Started', 'Completed')"
    )
    known = {row[0] for row in portfolio.connection.execute(query)}
    for _ in range(DAYS):
        portfolio.advance(1)
        for project, status, due, stamp in portfolio.connection.execute(query):
            if status == "Started" and project not in known:
                first.setdefault(project, due[:10])
            if status == "Completed":
                ended.setdefault(project, (stamp[:10], due[:10]))
    return portfolio, first, {project: end for project, end in ended.items() if project in first}


def figures() -> dict[str, str]:
    """Work out the table of the page over all seeds: what each figure is, and what it comes to."""
    points: list[tuple[float, float, str]] = []
    kept_first: list[bool] = []
    kept_last: list[bool] = []
    final: list[float] = []
    for seed in SEEDS:
        portfolio, first, ended = lived(seed)
        history = portfolio.connection.execute(
            'SELECT "criticalChainCompletion", "bufferPenetration", "earlyWarning" FROM "early_warning_history" '
            "WHERE \"pointDate\" >= '2026-01-05'"
        )
        points += [(c, p, "green" if w < LOW else "red" if w < LOST else "black") for c, p, w in history]
        kept_first += [end <= first[project] for project, (end, _) in ended.items()]
        kept_last += [end <= due for end, due in ended.values()]
        used = 'SELECT "bufferPenetration" FROM "projects" WHERE "projectStatusName" = \'Completed\''
        final += [value for (value,) in portfolio.connection.execute(used)]
    burnt = [p / c for c, p, _ in points if c >= UNDER_WAY]
    tenths, used_tenths = quantiles(burnt, n=10), quantiles(final, n=10)
    return {
        SPAN: f"{len(points):,} project-days, {len(final)} completed projects.",
        "Project-days green / yellow / red": shares(
            (zone(c, p) for c, p, _ in points), "green", "yellow", "red"
        ),
        "Early warning green / red / black": shares(
            (colour for *_, colour in points), "green", "red", "black"
        ),
        f"Burn rate (penetration / completion) from {UNDER_WAY} % on": (
            f"median {tenths[4]:.2f}, mean {mean(burnt):.2f}, p10 {tenths[0]:.2f}, p90 {tenths[8]:.2f}"
        ),
        "Buffer used at completion": (
            f"median {used_tenths[4]:.0f} %, mean {mean(final):.0f} %, p90 {used_tenths[8]:.0f} %"
        ),
        "On time by the last promise": f"{100 * mean(kept_last):.0f} %",
        "On time by the first promise": (
            f"{100 * mean(kept_first):.0f} % of {len(kept_first)} projects started and completed in the time"
        ),
    }


def trails() -> dict[int, list[Point]]:
    """Choose projects with long trails, from the one that used its buffer least to the one that used it most."""
    portfolio = Portfolio(TRAIL_SEED, day=TRAIL_DAYS)
    found: dict[int, list[Point]] = {}
    for project, completion, penetration in portfolio.connection.execute(
        'SELECT "projectId", "criticalChainCompletion", "bufferPenetration" FROM "early_warning_history" '
        'WHERE "pointDate" >= \'2026-01-05\' ORDER BY "projectId", "pointDate"'
    ):
        found.setdefault(project, []).append((completion, penetration))
    long = [project for project, points in found.items() if len(points) >= LONG]
    long.sort(key=lambda project: max(penetration for _, penetration in found[project]))
    step = (len(long) - 1) / (TRAILS - 1)
    return {long[round(place * step)]: found[long[round(place * step)]] for place in range(TRAILS)}


def pieces(points: list[Point]) -> list[list[Point]]:
    """Cut a trail where a re-plan began the chain anew."""
    cut: list[list[Point]] = [points[:1]]
    for before, after in pairwise(points):
        if after[0] < before[0] - 10:
            cut.append([])
        cut[-1].append(after)
    return cut


def draw() -> None:
    """Draw the zones and the trails."""
    figure, axes = plt.subplots(figsize=(9, 6), dpi=110)
    low, high = -40, 160
    axes.fill_between((0, 100), low, YELLOW, color="#d7ecd0")
    axes.fill_between((0, 100), YELLOW, RED, color="#fff1bf")
    axes.fill_between((0, 100), RED, high, color="#f6cfc9")
    axes.axhline(100, color="#555555", linewidth=0.8, linestyle="--")
    axes.text(1, 102, "buffer used up: the due date is lost", fontsize=8, color="#555555")
    for number, (project, points) in enumerate(trails().items()):
        colour = plt.get_cmap("tab10")(number)
        for piece in pieces(points):
            axes.plot(*zip(*piece, strict=True), color=colour, linewidth=1.3, marker=".", markersize=2.5)
            axes.plot(*piece[0], color=colour, marker="o", markersize=4, fillstyle="none")
        axes.plot(*points[-1], color=colour, marker="o", markersize=7, label=f"project {project}")
    axes.set(xlim=(0, 100), ylim=(low, high))
    axes.set_xlabel("critical chain completed, %")
    axes.set_ylabel("project buffer used, %")
    axes.set_title(
        f"Sandbox portfolio (simulated), seed {TRAIL_SEED}: {TRAIL_DAYS} days, one point a working day"
    )
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(PICTURE)


if __name__ == "__main__":
    draw()
    for name, value in figures().items():
        print(f"{name}: {value}")
