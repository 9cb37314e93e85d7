"""A sandbox and the data folder that is filled from it: what tests do with them. Not here: expectations."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest

from exepron_pipeline.catalogue import EntitySet, load_catalogue
from exepron_pipeline.engine import open_engine
from exepron_pipeline.events import Mode, RunReport
from exepron_pipeline.sandbox import state
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.process import RunningSandbox
from exepron_pipeline.settings import Settings, load_settings
from exepron_pipeline.sync import sync_all

GENERATION = "g2"
PERSONAL = "contact-dropped"
OURS = {"_account_id", "_load_id", "_loaded_at", "_row_hash", "_deleted_at", "_extra"}

Row = dict[str, Any]
Rows = dict[tuple[Any, ...], Row]
"""Rows by key."""


@dataclass
class Lab:
    """A running sandbox, and one data folder that is filled from it."""

    sandbox: RunningSandbox
    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    """Settings by their names in the environment, over those of the sandbox."""

    @cached_property
    def environment(self) -> dict[str, str]:
        """The settings of this lab; without a limit of the rate, for the server is our own."""
        own = {"EXEPRON_DATA_DIR": str(self.data_dir), "EXEPRON_RATE": "0"}
        return {**self.sandbox.environment, **own, **self.settings}

    # -- doing -------------------------------------------------------------------------------------------

    def load_settings(self) -> Settings:
        """The settings as the program would load them, whatever the environment of the tests holds."""
        with only_these({}):
            return load_settings(**{_setting(name): value for name, value in self.environment.items()})

    def sync(self, *names: str, mode: Mode = "incremental", since: datetime | None = None) -> RunReport:
        """Sync in this process; nothing is built or published."""
        with open_engine(self.load_settings()) as engine:
            return sync_all(engine, names, mode=mode, since=since)

    def publish(self) -> None:
        """Build the marts and publish, in this process."""
        with open_engine(self.load_settings()) as engine:
            engine.build_marts()
            engine.publish()

    def exepron(self, *words: str, to: Path | None = None, **variables: str | None) -> Any:
        """Run the program itself to its end.

        Args:
            words: Its command line.
            to: A file for its standard output, for what is no text.
            variables: Of its environment, over this lab's settings; None takes one away.

        """
        with self.started(*words, to=to, **variables) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    @contextmanager
    def started(self, *words: str, to: Path | None = None, **variables: str | None) -> Iterator[Any]:
        """Start the program itself, as `exepron` does; it is ended at the end of the block."""
        ours = {**self.environment, **variables}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EXEPRON_")}
        environment = {name: value for name, value in {**environment, **ours}.items() if value is not None}
        command = [sys.executable, "-m", "exepron_pipeline", *words]
        with ExitStack() as stack:
            out = stack.enter_context(to.open("wb")) if to else subprocess.PIPE
            process = subprocess.Popen(
                command, env=environment, stdout=out, stderr=subprocess.PIPE, text=True
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            yield process

    def advance(self, days: int) -> None:
        """Move the sandbox's calendar on, and the truth with it."""
        self.portfolio.advance(days)
        state.advance(self.sandbox.data_dir, days)

    # -- what must be ------------------------------------------------------------------------------------

    @cached_property
    def portfolio(self) -> Portfolio:
        """The truth: a portfolio of our own with the sandbox's seed, size and day."""
        kept = state.read(self.sandbox.data_dir)
        assert kept
        return Portfolio(kept.seed, kept.size, kept.day)

    @cached_property
    def account_id(self) -> int:
        """The account that the service user reads."""
        return int(self.portfolio.accounts()[0]["accountId"])

    @cached_property
    def entity_sets(self) -> dict[str, EntitySet]:
        """Those that the catalogue offers, by name."""
        return {entity_set.name: entity_set for entity_set in load_catalogue(None).offered}

    def served(self, name: str) -> list[Row]:
        """Records of an entity set by wire names, as the sandbox has them now."""
        if name in {"logged_in_user", "accounts"}:  # paths that show the signed-in user's own record
            return [self.portfolio.service_user(self.account_id)]
        return self.portfolio.truth(name, self.account_id)

    def truth(self, name: str) -> Rows:
        """What ``core`` must hold of an entity set, by the catalogue's names."""
        entity_set = self.entity_sets[name]
        columns = entity_set.columns_kept(PERSONAL)
        rows = [
            {item.name: _landed(record.get(str(item.wire_in(GENERATION))), item.type) for item in columns}
            for record in self.served(name)
        ]
        return _by(entity_set.key, rows)

    def true_lists(self, name: str) -> dict[str, Rows]:
        """What the child tables of an entity set must hold; every list of the sandbox is one of plain values."""
        entity_set = self.entity_sets[name]
        found = {}
        for child in entity_set.children:
            wires = [str(entity_set.column(key).wire_in(GENERATION)) for key in entity_set.key]
            rows = [
                {
                    **dict(zip(entity_set.key, map(record.get, wires), strict=True)),
                    "_position": place,
                    child.columns[0].name: item,
                }
                for record in self.served(name)
                for place, item in enumerate(record[child.wire_field])
            ]
            found[child.name] = _by((*entity_set.key, "_position"), rows)
        return found

    # -- what is -----------------------------------------------------------------------------------------

    def query(self, sql: str) -> list[Row]:
        """Rows of the writer's own file."""
        with self._opened() as connection:
            return list(connection.sql(sql).to_arrow_table().to_pylist())

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with _engine().cursor() as connection:
            connection.execute(f"ATTACH '{self.data_dir / 'warehouse.duckdb'}' AS looked_at (READ_ONLY)")
            try:
                connection.execute("USE looked_at")
                yield connection
            finally:
                connection.execute("USE memory; DETACH looked_at")

    def core(self, name: str, where: str = "_deleted_at IS NULL") -> Rows:
        """Rows of ``core`` by key, without the columns of ours."""
        shown = "COLUMNS(lambda c: NOT starts_with(c, '_') OR c = '_position')"
        rows = self.query(f"SELECT {shown} FROM core.{name} WHERE {where}")
        entity_set, _, child = name.partition("__")
        key = self.entity_sets[entity_set].key
        return _by((*key, "_position") if child else key, rows)

    def dump(self) -> dict[str, tuple[Any, ...]]:
        """A fingerprint of every table of the writer's file: equal when all rows of all tables are."""
        prints = "SELECT count(*), bit_xor(hash(t)), sum(hash(t)::HUGEINT)::VARCHAR"
        with self._opened() as connection:
            tables = connection.sql("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT temporary")
            names = [f'"{schema}"."{table}"' for schema, table in tables.fetchall()]
            return {name: connection.sql(f"{prints} FROM {name} t").fetchall()[0] for name in names}

    def secrets(self) -> tuple[str, ...]:
        """What must never be seen anywhere."""
        return self.environment["EXEPRON_CLIENT_SECRET"], self.environment["EXEPRON_PASSWORD"]


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """DuckDB without a file: to start it takes five times as long as to attach a file to it."""
    connection = duckdb.connect()
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


@contextmanager
def only_these(settings: Mapping[str, str]) -> Iterator[None]:
    """Let the environment hold these settings of ours and no other, for the time of the block."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("EXEPRON_")]:
            patch.delenv(name)
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


def _setting(name: str) -> str:
    return name.removeprefix("EXEPRON_").lower()


def _by(key: Iterable[str], rows: Iterable[Row]) -> Rows:
    names, found = tuple(key), list(rows)
    keyed = {tuple(row[name] for name in names): row for row in found}
    assert len(keyed) == len(found), f"{names} is not unique"
    return keyed


def _landed(value: Any, type_: str) -> Any:
    """The value of the truth as ``core`` must show it: a ``variant`` is the text that was on the wire."""
    if type_ != "variant" or value is None:
        return value
    text = value.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return text.rstrip("0").rstrip(".")
