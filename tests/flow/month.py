"""Simulated days of a company whose warehouse is refreshed by its clock and compared each night.

Here: how the days pass, what happens to the service on some of them, and what was true and landed each night. Not
here: what must hold (``test_month.py``).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from exepron_pipeline.engine import Engine, open_engine
from exepron_pipeline.events import RunReport
from exepron_pipeline.sandbox.app import create_app
from exepron_pipeline.sandbox.faults.schedule import faults_of
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.process import RunningSandbox
from exepron_pipeline.sandbox.server import Server, listen_on
from exepron_pipeline.sandbox.state import SandboxState
from exepron_pipeline.sandbox.world import World
from exepron_pipeline.sync import sync_all

SEED, FIRST_DAY = 1, 3
NIGHTLY, CLOSED, COMPARED = 3, 17, 23
"""Hours of the refresh that asks for the daily sets too, of the end of work, and of the comparison."""

Rows = dict[tuple[Any, ...], dict[str, Any]]


@dataclass
class Night:
    """How everything stood after a comparison: what it said, what was true, what was landed, and when."""

    report: RunReport
    at: datetime
    truth: dict[str, Rows]
    lists: dict[str, Rows]
    core: dict[str, Rows]
    deleted: dict[str, set[tuple[Any, ...]]]
    is_restricted: bool


@dataclass
class Month:
    """The days; ``loss`` is the day on which the service user's role is taken, for that day, ``change`` that of a new field.

    ``hours`` are those of the refreshes of a day, by the clock of the account.
    """

    lab: Any
    world: World
    names: tuple[str, ...]
    hours: tuple[int, ...]
    loss: int
    change: int
    nights: list[Night] = field(default_factory=list)
    refreshes: list[RunReport] = field(default_factory=list)
    confirmed: dict[str, str] = field(default_factory=dict)
    """Sets that stopped in the night after the role had come back, and what they said; a person then confirmed."""

    @property
    def portfolio(self) -> Portfolio:
        """What is true."""
        found: Portfolio = self.lab.portfolio
        return found

    @cached_property
    def hourly(self) -> tuple[str, ...]:
        """The entity sets that are refreshed each hour; the others once a day."""
        return tuple(name for name in self.names if self.lab.entity_sets[name].refresh == "hourly")

    def live(self) -> None:
        """Live through the next day, up to its night."""
        number, day = len(self.nights), self.portfolio.today + timedelta(days=1)
        visible = [hour for hour in self.hours if hour >= CLOSED]  # all edits of a day are made before
        self._befall(number)
        with self._staff() as staff:
            if number == self.loss + 1:
                staff.tenants[0].profile.ask_again()  # as `exepron doctor --ask-again` does
            for hour in self.hours:
                if hour == visible[number % len(visible)]:
                    self.portfolio.advance(1)
                names = self.names if hour == NIGHTLY else self.hourly
                self.refreshes.append(self._run(staff, self._moment(day, hour), names))
            at = self._moment(day, COMPARED)
            report = self._run(staff, at, self.names, mode="reconcile")
        if number == self.loss + 1 and not report.ok:
            report = self._confirm(report, at)
        self.nights.append(self._look(report, at + timedelta(minutes=30), is_restricted=number == self.loss))

    def _befall(self, number: int) -> None:
        """Let happen in the morning what the day is to bring."""
        user = self.portfolio.service_user(self.lab.account_id)["userId"]
        if number == self.loss:
            projects = sorted(row["projectId"] for row in self.lab.served("projects"))
            self.portfolio.restrict(user, financial=False, projects=set(projects[::2]))
        if number == self.loss + 1:
            self.portfolio.restrict(user)
        if number == self.change:
            self.world.faults = faults_of(["unknown-column"])

    def _confirm(self, report: RunReport, at: datetime) -> RunReport:
        """Look at what stopped, find it true, and say so for one run."""
        self.confirmed = {
            name: str(each.error) for name, each in report.entity_sets.items() if each.status == "failed"
        }
        with self._staff(EXEPRON_MAX_DELETED_SHARE="1") as staff:
            again = self._run(staff, at + timedelta(minutes=10), tuple(self.confirmed), mode="reconcile")
        return RunReport(report.load_id, report.entity_sets | again.entity_sets)

    def _moment(self, day: date, hour: int) -> datetime:
        zone = self.portfolio.zone_of(self.lab.account_id)
        return datetime.combine(day, time(hour), zone).astimezone(UTC)

    @contextmanager
    def _staff(self, **settings: str) -> Iterator[Engine]:
        """Sign in, once a day: hundreds of refreshes are quicker so."""
        self.lab.settings |= settings
        self.lab.__dict__.pop("environment", None)
        try:
            with open_engine(self.lab.load_settings()) as staff:
                staff.sign_in()
                yield staff
        finally:
            for name in settings:
                del self.lab.settings[name]
            self.lab.__dict__.pop("environment", None)

    def _run(self, staff: Engine, at: datetime, names: tuple[str, ...], **options: Any) -> RunReport:
        """Sync at a moment, as a run of its own."""
        engine = Engine(staff.settings, clock=lambda: at)
        engine.tenants, engine.warehouse = staff.tenants, staff.warehouse
        return sync_all(engine, names, **options)

    def _look(self, report: RunReport, at: datetime, *, is_restricted: bool) -> Night:
        lists = {
            f"{name}__{child}": rows
            for name in self.names
            for child, rows in self.lab.true_lists(name).items()
        }
        core = {name: self.lab.core(name) for name in self.names}
        core |= {name: self.lab.core(name, "true") for name in lists}
        return Night(
            report,
            at,
            {name: self.lab.truth(name) for name in self.names},
            lists,
            core,
            {name: set(self.lab.core(name, "_deleted_at IS NOT NULL")) for name in self.names},
            is_restricted,
        )

    # -- what history must say ---------------------------------------------------------------------------

    def as_of(self, name: str, valid_at: datetime, known_at: datetime) -> Rows:
        """What the macro of a set gives."""
        moments = ", ".join(f"TIMESTAMPTZ '{moment.isoformat()}'" for moment in (valid_at, known_at))
        entity_set, _, child = name.partition("__")
        key = (*self.lab.entity_sets[entity_set].key, *(["_position"] if child else []))
        shown = "COLUMNS(lambda c: NOT starts_with(c, '_') OR c = '_position')"
        rows = self.lab.query(f"SELECT {shown} FROM history.{name}_as_of({moments})")
        return {tuple(row[part] for part in key): row for row in rows}

    def corrected(self, number: int, name: str) -> Rows:
        """What was true in a night, as it is known in the end: what arrived later belongs to the time of its stamp.

        What arrived first while the role hid its money is told as the role showed it, until the next comparison.
        """
        night, stamped = self.nights[number], bool(self.lab.entity_sets[name].cursor)
        found = dict(night.truth[name])
        for later in self.nights[number + 1 :] if stamped else []:
            for key, row in (later.core if later.is_restricted else later.truth)[name].items():
                stamp, known = row["last_modified_on"], found.get(key)
                if stamp <= night.at and (known is None or stamp > known["last_modified_on"]):
                    found[key] = row
        return found


@contextmanager
def lived(kit: Any, folder: Path, days: int, **options: Any) -> Iterator[Month]:
    """Serve a company on the loopback and live through its days.

    Args:
        kit: The module ``lab.py``.
        folder: For the warehouse.
        days: How many.
        options: Of `Month`.

    """
    portfolio = Portfolio(SEED, "small", FIRST_DAY)
    world, listener, ready = World(portfolio), listen_on(0), threading.Event()
    port = listener.getsockname()[1]
    server = Server(create_app(world, f"http://127.0.0.1:{port}"), ready.set)
    thread = threading.Thread(target=server.run_on, args=(listener,))
    thread.start()
    assert ready.wait(60)
    user = portfolio.service_user(portfolio.accounts()[0]["accountId"])["email"]
    running = RunningSandbox(folder, SandboxState(SEED, "small", FIRST_DAY, port), user, None)
    lab = kit.Lab(running, folder / "data")
    lab.portfolio = portfolio
    month = Month(lab, world, **options)
    try:
        for _ in range(days):
            month.live()
        yield month
    finally:
        server.should_exit = True
        thread.join(60)
