"""What a service turned out to be, remembered from run to run. A cache: losing it costs requests only.

Here: verdicts and learnt options, by source of data. Not here: how they are found (``reader.py``,
``style.py``), what they add up to (``standing.py``). What was refused is asked again after a week.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from filelock import FileLock

from exepron_pipeline.auth.private import private_folder, unusable, write_private
from exepron_pipeline.extract.style import Style
from exepron_pipeline.settings import Connection

Verdict = Literal["works", "not_offered", "not_permitted"]

FILE = "profile.json"
ASK_AGAIN = timedelta(days=7)
COMPARE_AGAIN = timedelta(days=1)
PROBES = 100
"""Requests that may be spent on paths which no source shows, until something is learnt, in `PROBE_AGAIN`."""
PROBE_AGAIN = timedelta(days=1)
LOOKS = 90
"""Requests in all to a service that nothing was read from yet, until it is not looked at any further in `LOOK_AGAIN`."""
LOOK_AGAIN = timedelta(hours=1)

_SECTIONS = ("service", "working", "paths", "styles", "limits", "described")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Answer:
    """What a path answered when it was last asked."""

    path: str
    verdict: Verdict
    on: datetime


class Profile:
    """What one service turned out to be for one user; safe to share between threads.

    Args:
        state_dir: Where it is kept; None: nowhere.
        source: Names service and user, such as issuer, address and user name together.
        clock: Tells the time; aware.
        sent: Tells how many requests this run has sent.

    """

    def __init__(
        self,
        state_dir: Path | None = None,
        source: str = "",
        *,
        clock: Callable[[], datetime] = _now,
        sent: Callable[[], int] = lambda: 0,
    ) -> None:
        self._state_dir, self._source, self._clock, self._sent = state_dir, source, clock, sent
        self._lock = threading.Lock()
        self._known = _sections(self._stored())
        self._learnt = _sections({})
        self._has_news = self._asks_again = False
        self._was_new, self._spent = self.is_new, 0

    @classmethod
    def of(cls, connection: Connection, state_dir: Path, sent: Callable[[], int] = lambda: 0) -> "Profile":
        """The profile of one set of credentials."""
        user = connection.username or connection.client_id or ""
        return cls(state_dir, f"{connection.identity_url} {connection.api_url} {user}", sent=sent)

    @property
    def is_new(self) -> bool:
        """True until something was read: the service is just being met, and is asked slowly."""
        with self._lock:
            return not self._known["working"]

    @property
    def is_empty(self) -> bool:
        """True when nothing at all is remembered of the service."""
        with self._lock:
            return not any(self._known.values())

    @property
    def generation(self) -> str | None:
        """The dialect that was found; None when nobody has looked for it."""
        return cast("str | None", self._recall("service", "generation"))

    @generation.setter
    def generation(self, name: str) -> None:
        self._learn("service", "generation", name)

    def verdict(self, entity_set: str, account_id: str, path: str) -> Verdict | None:
        """What a path answered, when it was asked less than a week ago; a path that works keeps its verdict."""
        found = self._recall("paths", f"{entity_set} {account_id} {path}")
        if not found or (found["verdict"] != "works" and (self._asks_again or self._is_stale(found))):
            return None
        return cast("Verdict", found["verdict"])

    def answers(self, entity_set: str) -> tuple[Answer, ...]:
        """What the paths of a set answered when they were last asked, for whichever account, however long ago."""
        with self._lock:
            known = [(name.split(" ", 2), entry) for name, entry in self._known["paths"].items() if entry]
        return tuple(
            Answer(path, cast("Verdict", entry["verdict"]), datetime.fromisoformat(entry["on"]))
            for (name, _, path), entry in known
            if name == entity_set
        )

    def ask_again(self) -> None:
        """Hold no refusal against a path from now on, and begin to count probes anew."""
        self._asks_again = True
        self._learn("service", "probes", {})

    @property
    def may_probe(self) -> bool:
        """True while requests may be spent on paths that no source shows."""
        left = self.left(LOOKS)
        return (left is None or self._spent < left) and self._probes() < PROBES

    @property
    def sent_before(self) -> int:
        """Requests of earlier runs of this hour to a service that nothing was read from yet; 0 for others."""
        found = self._recall("service", "met") if self._was_new else None
        if not found or self._clock() - datetime.fromisoformat(found["on"]) >= LOOK_AGAIN:
            return 0
        return int(found["sent"])

    def left(self, most: int) -> int | None:
        """Requests that this run may send in all, of so many in an hour; None for a service that is known already."""
        return max(most - self.sent_before, 0) if self._was_new else None

    def count(self) -> None:
        """Add what this run has sent to what earlier ones did, for a service that is being met; call it once, at the end."""
        if self._was_new and self._sent():
            before = self.sent_before
            met = self._recall("service", "met")
            begun = met["on"] if before and met else self._clock().isoformat()
            self._learn("service", "met", {"on": begun, "sent": before + self._sent()})

    def spend(self, requests: int) -> None:
        """Count requests that were spent on a path which no source shows."""
        entry = self._recall("service", "probes") if self._probes() else {"on": self._clock().isoformat()}
        self._learn("service", "probes", {**entry, "spent": self._probes() + requests})
        self._spent += requests

    def _probes(self) -> int:
        found = self._recall("service", "probes")
        if not found or self._clock() - datetime.fromisoformat(found["on"]) >= PROBE_AGAIN:
            return 0
        return int(found["spent"])

    def working_path(self, entity_set: str, account_id: str) -> str | None:
        """The path that the last successful read used."""
        return cast("str | None", self._recall("working", f"{entity_set} {account_id}"))

    def keep_working(self, entity_set: str, account_id: str, path: str) -> None:
        """Remember the path that a successful read used; the path's verdict with it."""
        self._learn("working", f"{entity_set} {account_id}", path)
        self.judge(entity_set, account_id, path, "works")

    def judge(self, entity_set: str, account_id: str, path: str, verdict: Verdict) -> None:
        """Remember what a path answered; the first refusal of one that worked counts only the second time."""
        worked = self.verdict(entity_set, account_id, path) == "works"
        entry = {"verdict": verdict, "on": self._clock().isoformat()}
        self._learn(
            "paths", f"{entity_set} {account_id} {path}", {} if worked and verdict != "works" else entry
        )

    def style(self, entity_set: str, account_id: str) -> Style | None:
        """How to ask, when that was learnt less than a week ago."""
        found = self._recall("styles", f"{entity_set} {account_id}")
        return None if not found or self._is_stale(found) else Style.from_json(found["style"])

    def keep_style(self, entity_set: str, account_id: str, style: Style) -> None:
        """Remember how to ask."""
        entry = {"style": style.as_json(), "on": self._clock().isoformat()}
        self._learn("styles", f"{entity_set} {account_id}", entry)

    def page_limit(self, entity_set: str) -> int | None:
        """The largest page of a set; where that is unknown, the largest that another set allows."""
        with self._lock:
            limits = cast("dict[str, int]", self._known["limits"])
            return limits.get(entity_set) or max(limits.values(), default=None)

    def keep_page_limit(self, entity_set: str, limit: int) -> None:
        """Remember the largest page of a set."""
        self._learn("limits", entity_set, limit)

    @property
    def is_described(self) -> bool:
        """True when the service has been seen to describe itself."""
        return self._recall("described", "document") is not None

    def comparison(self, catalogue: str) -> list[str] | None:
        """Where description and catalogue differed, when they were compared less than a day ago; else None.

        Args:
            catalogue: Tells catalogues apart: another one is to be compared anew.

        """
        found = self._recall("described", "document")
        if not found or found["catalogue"] != catalogue:
            return None
        is_stale = self._clock() - datetime.fromisoformat(found["on"]) >= COMPARE_AGAIN
        return None if is_stale else list(found["differences"])

    def keep_comparison(self, catalogue: str, differences: list[str]) -> None:
        """Remember a comparison, and with it that the service describes itself."""
        entry = {"catalogue": catalogue, "differences": differences, "on": self._clock().isoformat()}
        self._learn("described", "document", entry)

    def forget(self) -> None:
        """Forget everything about this source: all is asked again."""
        with self._lock:
            self._known, self._learnt = _sections({}), _sections({})
        self._store(lambda _: {})

    def save_news(self) -> None:
        """Save, when something was learnt; what was only found as it was known waits for the end of the run.

        Raises:
            WarehouseError: The file cannot be written.

        """
        if self._has_news:
            self.save()

    def save(self) -> None:
        """Write down what was learnt since; what other processes learnt meanwhile stays.

        Raises:
            WarehouseError: The file cannot be written.

        """
        with self._lock:
            learnt, self._learnt, self._has_news = self._learnt, _sections({}), False
        if any(learnt.values()):
            self._store(lambda stored: {name: stored[name] | learnt[name] for name in _SECTIONS})

    def _recall(self, section: str, name: str) -> Any:
        with self._lock:
            return self._known[section].get(name)

    def _learn(self, section: str, name: str, value: object) -> None:
        with self._lock:
            self._has_news |= _undated(self._known[section].get(name)) != _undated(value)
            self._known[section][name] = self._learnt[section][name] = value

    def _is_stale(self, entry: dict[str, Any]) -> bool:
        return self._clock() - datetime.fromisoformat(entry["on"]) >= ASK_AGAIN

    def _store(self, change: Callable[[dict[str, dict[str, Any]]], dict[str, Any]]) -> None:
        if self._state_dir is None:
            return
        path = self._state_dir / FILE
        try:
            private_folder(self._state_dir)
            with FileLock(path.with_suffix(".lock"), mode=0o600):
                everyone = _read(path)
                everyone[self._source] = change(_sections(everyone.get(self._source, {})))
                write_private(path, json.dumps(everyone, sort_keys=True))
        except OSError as error:
            raise unusable(path, error) from error

    def _stored(self) -> dict[str, Any]:
        return _read(self._state_dir / FILE).get(self._source, {}) if self._state_dir else {}


def _sections(stored: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: dict(stored.get(name, {})) for name in _SECTIONS}


def _undated(value: object) -> object:
    """What was learnt, whenever that was."""
    return {**value, "on": None} if isinstance(value, dict) else value


def _read(path: Path) -> dict[str, Any]:
    """Read the file; a missing or damaged one is an empty one: all of it can be learnt again."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unusable(path, error) from error
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
