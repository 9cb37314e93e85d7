"""What a service turned out to be, remembered from run to run. A cache: losing it costs requests only.

Here: verdicts and learnt options, by source of data. Not here: how they are found (``reader.py``,
``style.py``). What was refused is asked again after a week.
"""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from filelock import FileLock

from exepron_pipeline.auth.private import private_folder, unusable, write_private
from exepron_pipeline.extract.style import Style

Verdict = Literal["works", "not_offered", "not_permitted"]

FILE = "profile.json"
ASK_AGAIN = timedelta(days=7)
COMPARE_AGAIN = timedelta(days=1)

_SECTIONS = ("service", "working", "paths", "styles", "limits", "described")


def _now() -> datetime:
    return datetime.now(UTC)


class Profile:
    """What one service turned out to be for one user; safe to share between threads.

    Args:
        state_dir: Where it is kept; None: nowhere.
        source: Names service and user, such as issuer, address and user name together.
        clock: Tells the time; aware.

    """

    def __init__(
        self, state_dir: Path | None = None, source: str = "", *, clock: Callable[[], datetime] = _now
    ) -> None:
        self._state_dir, self._source, self._clock = state_dir, source, clock
        self._lock = threading.Lock()
        self._known = _sections(self._stored())
        self._learnt = _sections({})

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
        if not found or (found["verdict"] != "works" and self._is_stale(found)):
            return None
        return cast("Verdict", found["verdict"])

    def working_path(self, entity_set: str, account_id: str) -> str | None:
        """The path that the last successful read used."""
        return cast("str | None", self._recall("working", f"{entity_set} {account_id}"))

    def judge(self, entity_set: str, account_id: str, path: str, verdict: Verdict) -> None:
        """Remember what a path answered; the first refusal of one that worked counts only the second time."""
        if verdict == "works":
            self._learn("working", f"{entity_set} {account_id}", path)
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

    def save(self) -> None:
        """Write down what was learnt since; what other processes learnt meanwhile stays.

        Raises:
            WarehouseError: The file cannot be written.

        """
        with self._lock:
            learnt, self._learnt = self._learnt, _sections({})
        if any(learnt.values()):
            self._store(lambda stored: {name: stored[name] | learnt[name] for name in _SECTIONS})

    def _recall(self, section: str, name: str) -> Any:
        with self._lock:
            return self._known[section].get(name)

    def _learn(self, section: str, name: str, value: object) -> None:
        with self._lock:
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
                write_private(path, json.dumps(everyone, indent=1, sort_keys=True))
        except OSError as error:
            raise unusable(path, error) from error

    def _stored(self) -> dict[str, Any]:
        return _read(self._state_dir / FILE).get(self._source, {}) if self._state_dir else {}


def _sections(stored: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: dict(stored.get(name, {})) for name in _SECTIONS}


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
