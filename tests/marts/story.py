"""Simulated days of a company, and a warehouse that is refreshed over them by the company's clock.

Here: how days pass, what was true on each evening, what the marts say. Not here: what they have to say (``truth.py``).
"""

import time as stopwatch
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from exepron_pipeline.engine import Engine, open_engine
from exepron_pipeline.sync import sync_all

SETS = ("projects", "tasks", "buffers", "early_warning_history", "calendar_days")
CHANGING = SETS[:3]
KEYS = {"projects": "projectId", "tasks": "taskId", "buffers": "bufferId"}
NIGHT, COMPARISON = 3, 23
"""Hours of the refresh that asks for the daily sets too, and of the one that finds what is gone."""

AFTER_WORK = (17, 18, 19, 20, 21, 22)
"""Hours in which the edits of a day may become visible; all are made before."""

Row = dict[str, Any]
Rows = dict[int, Row]
"""Records by key."""

Found = dict[tuple[Any, ...], tuple[Any, ...]]
"""Rows of a mart: some columns by key."""


@dataclass(frozen=True)
class Refresh:
    """One refresh: when it was, what it was, how many rows it wrote, and the seconds of processor time it took."""

    at: datetime
    mode: str
    written: int
    seconds: float


@dataclass(frozen=True)
class Evening:
    """What was true at the end of a day, what ``marts.project_status`` said then, and what building took."""

    sets: dict[str, Rows]
    status: list[Row]
    seconds: float

    def __getitem__(self, name: str) -> Rows:
        """Records of an entity set by key."""
        return self.sets[name]


@dataclass
class Story:
    """What was true on the evening of each simulated day, and the lab whose warehouse must say the same.

    ``hours`` are those of the refreshes of a day, by the clock of the account; the last one is the comparison.
    """

    lab: Any
    hours: tuple[int, ...]
    evenings: dict[date, Evening] = field(default_factory=dict)
    refreshes: list[Refresh] = field(default_factory=list)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Where the company lives."""
        zone: ZoneInfo = self.lab.portfolio.zone_of(self.lab.account_id)
        return zone

    @cached_property
    def hourly(self) -> tuple[str, ...]:
        """The entity sets that the catalogue wants to be read each hour; the others are read once a day."""
        return tuple(name for name in SETS if self.lab.entity_sets[name].refresh == "hourly")

    # -- living ------------------------------------------------------------------------------------------

    def moments(self, day: date) -> list[datetime]:
        """When the refreshes of a day are, in UTC; an hour that summer time leaves out has none."""
        return sorted({datetime.combine(day, time(hour), self.zone).astimezone(UTC) for hour in self.hours})

    def live(self) -> None:
        """Live through the next day: refresh over it, and note in the evening what is true and what the marts say."""
        day = self.lab.portfolio.today + timedelta(days=1)
        visible = [hour for hour in AFTER_WORK if hour in self.hours]
        with self._working_day() as staff:
            for moment in self.moments(day):
                hour = moment.astimezone(self.zone).hour
                if hour == visible[day.toordinal() % len(visible)]:
                    self.lab.advance(1)
                if hour == COMPARISON:
                    self.refresh(staff, moment, SETS, mode="reconcile")
                else:
                    self.refresh(staff, moment, SETS if hour == NIGHT else self.hourly)
            seconds = self.build(staff, moment)
        status = self.lab.query("FROM marts.project_status")
        self.evenings[day] = Evening(self._look(), status, seconds)

    @contextmanager
    def _working_day(self) -> Iterator[Engine]:
        """Sign in once a day: thousands of refreshes are quicker so."""
        with open_engine(self.lab.load_settings()) as staff:
            staff.sign_in()
            yield staff

    def _run(self, staff: Engine, at: datetime) -> Engine:
        """An engine for one run at a moment: its own watermarks, load id and clock, the day's connections."""
        engine = Engine(staff.settings, clock=lambda: at)
        engine.tenants, engine.warehouse = staff.tenants, staff.warehouse
        return engine

    def refresh(self, staff: Engine, at: datetime, names: tuple[str, ...], **options: Any) -> None:
        """Sync at a moment, as a run of its own."""
        began = stopwatch.process_time()
        report = sync_all(self._run(staff, at), names, **options)
        seconds = stopwatch.process_time() - began
        assert report.ok
        assert report.load_id.startswith(f"{at:%Y%m%dT%H%M}")
        landed = report.entity_sets.values()
        written = sum(each.inserted + each.updated + each.deleted for each in landed)
        self.refreshes.append(Refresh(at, options.get("mode", "incremental"), written, seconds))

    def build(self, staff: Engine, at: datetime) -> float:
        """Build the marts; give the seconds of processor time that it took."""
        began = stopwatch.process_time()
        built = self._run(staff, at).build_marts()
        assert built["project_status"].rows
        return stopwatch.process_time() - began

    def _look(self) -> dict[str, Rows]:
        """What is true now; records that did not change since the evening before are the same objects."""
        former = list(self.evenings.values())[-1].sets if self.evenings else {}
        sets: dict[str, Rows] = {}
        for name in CHANGING:
            known = former.get(name, {})
            found = {row[KEYS[name]]: row for row in self.lab.portfolio.truth(name, self.lab.account_id)}
            sets[name] = {key: known[key] if known.get(key) == row else row for key, row in found.items()}
        return sets

    # -- what was true -----------------------------------------------------------------------------------

    def day_of(self, moment: datetime) -> date:
        """The calendar day of a moment, where the company lives."""
        return moment.astimezone(self.zone).date()

    def each(self, name: str) -> Iterator[tuple[date, Row]]:
        """Each record of an entity set on each evening, as it is known in the end."""
        for day, evening in self.corrected.items():
            yield from ((day, record) for record in evening[name].values())

    @cached_property
    def corrected(self) -> dict[date, Evening]:
        """The evenings as they are known in the end: a change that arrived late belongs to the day of its stamp."""
        days = list(self.evenings)
        known = {days[-1]: self.evenings[days[-1]]}
        for day, next_day in reversed(list(pairwise(days))):
            evening, later = self.evenings[day], known[next_day]
            sets = dict(evening.sets)
            for name in ("projects", "tasks"):
                late = {key: later[name].get(key, row) for key, row in evening[name].items()}
                sets[name] = {
                    key: late[key] if self._was_made(late[key], row, day) else row
                    for key, row in evening[name].items()
                }
            known[day] = replace(evening, sets=sets)
        return dict(sorted(known.items()))

    def _was_made(self, later: Row, row: Row, day: date) -> bool:
        """True when a record's change, seen on a later evening, was made up to this day."""
        stamp = later["lastModifiedOn"]
        return bool(stamp > row["lastModifiedOn"] and self.day_of(stamp) <= day)

    # -- what the marts say ------------------------------------------------------------------------------

    def mart(self, name: str, key: tuple[str, ...], columns: tuple[str, ...], where: str = "true") -> Found:
        """Columns of a mart's rows by key; no key twice."""
        rows = self.lab.query(f"SELECT {', '.join((*key, *columns))} FROM marts.{name} WHERE {where}")
        found = {tuple(row[part] for part in key): tuple(row[part] for part in columns) for row in rows}
        assert len(found) == len(rows) > 0
        return found

    @property
    def lasting(self) -> str:
        """SQL condition: the days of this story."""
        return f"day BETWEEN DATE '{min(self.evenings)}' AND DATE '{max(self.evenings)}'"
