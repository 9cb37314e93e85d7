"""The sandbox under its profile ``stranger``, and what of it must be landed. Not here: how it is found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from typer.testing import CliRunner

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.cli.main import app
from exepron_pipeline.sandbox import state
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.process import RunningSandbox
from exepron_pipeline.sandbox.schema import BY_NAME
from exepron_pipeline.sandbox.stranger import STRANGER, translated

NAMES = {each.path.rpartition("/")[2]: each.view.name for each in STRANGER.endpoints}
"""Names of the stranger's lists, and of the sandbox's entity sets behind them."""


@dataclass
class Stranger:
    """One sandbox that nobody would guess, and a data folder of its own."""

    sandbox: RunningSandbox
    folder: Path

    def exepron(self, *words: str, **settings: str) -> Any:
        """Run a verb in this process."""
        given = {**self.sandbox.environment, "EXEPRON_DATA_DIR": str(self.folder / "data")}
        given |= {"EXEPRON_RATE": "0", "EXEPRON_PERSONAL": "keep"}
        given |= {f"EXEPRON_{name}": value for name, value in settings.items()}
        return CliRunner().invoke(app, list(words), env=given, catch_exceptions=False)

    def truth(self, name: str) -> list[dict[str, Any]]:
        """Records of one of the stranger's lists, by their names there, in one way of writing values."""
        kept = state.read(self.sandbox.data_dir)
        assert kept
        return _truth(kept.seed, kept.size, kept.day, name)

    def landed(self, catalogue: Path, name: str) -> list[dict[str, Any]]:
        """Records of a set as they were landed, in the same way of writing values; lists apart."""
        entity_set = load_catalogue(catalogue).entity_sets[name]
        wires = {column.name: column.wire_in("odata4") for column in entity_set.columns}
        with duckdb.connect(str(self.folder / "data" / "warehouse.duckdb"), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            found = connection.sql(f"SELECT * FROM core.{name} WHERE _deleted_at IS NULL").to_arrow_table()
        return _sorted({wires[key]: plain(row[key]) for key in wires} for row in found.to_pylist())

    def secrets(self) -> set[str]:
        """What must never be seen."""
        return {self.sandbox.environment[f"EXEPRON_{name}"] for name in ("CLIENT_SECRET", "PASSWORD")}


@cache
def _portfolio(seed: int, size: Any, day: int) -> Portfolio:
    return Portfolio(seed, size, day)


@cache
def _truth(seed: int, size: Any, day: int, name: str) -> list[dict[str, Any]]:
    portfolio, own = _portfolio(seed, size, day), BY_NAME[NAMES[name]]
    account = int(portfolio.accounts()[0]["accountId"])
    found = [portfolio.service_user(account)] if name == "whoami" else portfolio.truth(own.name, account)
    names = {field.name: translated(field.name) for field in own.fields if field.kind != "list"}
    return _sorted({mine: plain(row[wire]) for wire, mine in names.items()} for row in found)


def plain(value: Any) -> str | None:
    """A value as text that is the same for equal values, whatever type it was landed with."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.replace(tzinfo=UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return format(Decimal(str(value)).normalize(), "f")
    return str(value)


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    listed = list(rows)
    names = sorted(listed[0]) if listed else []
    return sorted(listed, key=lambda row: [str(row[name]) for name in names])
