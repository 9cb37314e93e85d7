"""The stamp: a warehouse holds one source, and refuses another. Not here: who reads the source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.errors import ConfigurationError


@dataclass(frozen=True)
class SourceStamp:
    """Where records come from: identity server, API, and the accounts that are read there."""

    issuer: str
    api_url: str
    accounts: tuple[str, ...]

    @property
    def place(self) -> tuple[str, str]:
        """Identity server and API, as they are compared."""
        return self.issuer.rstrip("/"), self.api_url.rstrip("/")


def check_source(con: DuckDBPyConnection, stamps: Sequence[SourceStamp]) -> None:
    """Pin the source at first use; later refuse another, and pin accounts that are new.

    Args:
        con: The warehouse.
        stamps: The sources of this run: one for each connection.

    Raises:
        ConfigurationError: The warehouse holds records of another identity server, of another API, or of
            other accounts only.

    """
    pinned = _pinned(con)
    wanted = _by_place(stamps)
    refuse_other_source(con, stamps)
    now = datetime.now(UTC)
    for place, accounts in wanted.items():
        unknown: list[str | None] = [*sorted(accounts - pinned.get(place, set()))]
        if not unknown and place not in pinned:
            unknown = [None]
        for account in unknown:
            con.execute("INSERT INTO ops.source VALUES (?, ?, ?, ?)", [*place, account, now])


def refuse_other_source(con: DuckDBPyConnection, stamps: Sequence[SourceStamp]) -> None:
    """Compare sources with what is pinned, as far as both are known.

    Raises:
        ConfigurationError: As `check_source` tells.

    """
    pinned = _pinned(con)
    for place, accounts in _by_place(stamps).items() if pinned else ():
        _compare(place, accounts, pinned)


def _by_place(stamps: Sequence[SourceStamp]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for stamp in stamps:
        found.setdefault(stamp.place, set()).update(stamp.accounts)
    return found


def _pinned(con: DuckDBPyConnection) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for issuer, api_url, account in con.sql("SELECT issuer, api_url, account_id FROM ops.source").fetchall():
        found.setdefault((issuer, api_url), set()).update([account] if account else [])
    return found


def _compare(place: tuple[str, str], accounts: set[str], pinned: dict[tuple[str, str], set[str]]) -> None:
    hint = "Set EXEPRON_DATA_DIR to another folder for this source, or connect to the former one."
    if place not in pinned:
        known = ", ".join(f"{api_url} (signed in at {issuer})" for issuer, api_url in pinned)
        asked = f"{place[1]} (signed in at {place[0]})"
        raise ConfigurationError(f"The warehouse holds records of {known}, not of {asked}.", hint=hint)
    if pinned[place] and accounts and not pinned[place] & accounts:
        held, asked = ", ".join(sorted(pinned[place])), ", ".join(sorted(accounts))
        raise ConfigurationError(
            f"The warehouse holds account {held} of {place[1]}, and the signed-in user reads {asked}.",
            hint=hint,
        )
