"""Reading while records come, change and go: nothing is lost for good, and nothing is claimed falsely."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.errors import PageLoopError, RequestRejectedError
from exepron_pipeline.extract.plan import plan_read
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.reader import ReadResult, read
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.odata.dialect import DIALECTS

ENVELOPES = {"bare": "g2", "value": "g3", "links": "odata4", "d": "odata2"}
EPOCH = datetime(2026, 3, 11, tzinfo=UTC)
EXAMPLES = 3 * settings.default.max_examples


@dataclass
class Life:
    """Changes a service's records while it is read; keys are never used again, as with any real service."""

    changes: dict[int, tuple[str, int]]
    """Number of the request before which something happens -> what, and to which record."""
    moment: int = 0
    lost: set[int] = field(default_factory=set)
    is_on: bool = True

    def stamp(self) -> str:
        """The next moment, later than all before."""
        self.moment += 1
        return f"{EPOCH + timedelta(seconds=self.moment):%Y-%m-%dT%H:%M:%SZ}"

    def __call__(self, service: Any) -> None:
        """Let happen what is due before this request."""
        kind, which = self.changes.get(len(service.asked), ("", 0)) if self.is_on else ("", 0)
        rows = service.records
        if kind == "insert":
            key = which if which not in {row["taskId"] for row in rows} | self.lost else 1000 + self.moment
            rows.insert(which % (len(rows) + 1), self.record(key))
        elif kind == "update" and rows:
            rows[which % len(rows)]["lastModifiedOn"] = self.stamp()
        elif kind == "delete" and rows:
            self.lost.add(rows.pop(which % len(rows))["taskId"])

    def record(self, key: int) -> dict[str, Any]:
        """A record that was written now."""
        return {"taskId": key, "taskName": "x", "lastModifiedOn": self.stamp()}


class Store:
    """What landing makes of reads: the newest state of each key; a proven reconcile takes away the others."""

    def __init__(self) -> None:
        self.rows: dict[int, str] = {}

    @property
    def watermark(self) -> datetime | None:
        """The newest stamp that was returned."""
        newest = max(self.rows.values(), default=None)
        return datetime.fromisoformat(newest) if newest else None

    def land(self, result: ReadResult) -> set[int]:
        """Take in a read; give the keys that it took away."""
        found: dict[int, str] = {}
        for record in _records(result):
            key, stamp = record["taskId"], record["lastModifiedOn"]
            found[key] = max(stamp, found.get(key, stamp))
        gone = self.rows.keys() - found.keys() if result.mode == "reconcile" and result.complete else set()
        self.rows = {key: stamp for key, stamp in (self.rows | found).items() if key not in gone}
        return set(gone)


class Reading:
    """Reads one service time after time."""

    def __init__(
        self, fake: ModuleType, entity_set: EntitySet, service: Any, size: int, spool: Spool
    ) -> None:
        self.service, self.profile = service, Profile()
        self._set, self._spool, self._size = entity_set, spool, size
        self._dialect = DIALECTS[ENVELOPES[service.envelope]]
        self._decode = fake.decoder(("taskId",), self._dialect)

    def __call__(self, **wanted: Any) -> ReadResult:
        """Plan a read and do it."""
        plan = plan_read(
            self._set, account_id="5", user_id=None, generation=self._dialect.name, lookback_hours=0, **wanted
        )
        self.service.asked.clear()
        return read(
            plan,
            self.service,
            self._dialect,
            self._decode,
            self._spool,
            page_size=self._size,
            profile=self.profile,
            keys_of=lambda table: [json.loads(text)["taskId"] for text in table["record"].to_pylist()],
        )


@pytest.fixture(scope="session")
def shared_spool(tmp_path_factory: pytest.TempPathFactory) -> Spool:
    """One spool for all examples."""
    path: Path = tmp_path_factory.mktemp("state")
    return Spool(path, "load", "tasks", "5")


def _records(result: ReadResult) -> list[dict[str, Any]]:
    tables = [result.spool.table(page.number) for page in result.pages]
    return [json.loads(text) for table in tables for text in table["record"].to_pylist()]


def _keys(records: list[dict[str, Any]]) -> set[int]:
    return {record["taskId"] for record in records}


services = st.fixed_dictionaries(
    {
        "envelope": st.sampled_from(sorted(ENVELOPES)),
        "cap": st.none() | st.integers(2, 7),
        "cap_refuses": st.booleans(),
        "counts": st.booleans(),
        "in_flight": st.integers(1, 4),
    }
)
changes = st.dictionaries(
    st.integers(2, 30),
    st.tuples(st.sampled_from(["insert", "update", "delete"]), st.integers(0, 60)),
    max_size=12,
)
keys = st.lists(st.integers(0, 60), unique=True, max_size=30)
common = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])


@common
@given(keys=keys, size=st.integers(2, 9), changes=changes, offered=services, by_key=st.booleans())
def test_every_way_of_reading_ends_in_the_truth(
    fake: ModuleType,
    tasks: EntitySet,
    shared_spool: Spool,
    keys: list[int],
    size: int,
    changes: dict[int, tuple[str, int]],
    offered: dict[str, Any],
    by_key: bool,
) -> None:
    """Whatever happens during a read of everything: an incremental read and a reconcile later all is right."""
    life, store = Life(changes), Store()
    known = frozenset({"taskId", "taskName", "lastModifiedOn"}) if by_key else frozenset({"lastModifiedOn"})
    service = fake.FakeService([life.record(key) for key in keys], ("taskId",), before=life, **offered)
    service.filters = known
    reading = Reading(fake, tasks, service, size, shared_spool)

    there = _keys(service.records)
    result = reading(mode="full")
    store.land(result)
    throughout = there & _keys(service.records)
    if result.complete:
        assert throughout <= store.rows.keys()
    # One record alone may look as if `$skip` was ignored; one that goes before the greatest key is asked for, the order.
    if by_key and result.fetched > 1 and changes.get(2, ("", 0))[0] != "delete":
        assert result.complete
    life.is_on = False
    store.land(reading(mode="incremental", watermark=store.watermark))
    last = reading(mode="reconcile")
    store.land(last)
    assert last.complete
    assert store.rows == {row["taskId"]: row["lastModifiedOn"] for row in service.records}


@common
@given(
    keys=keys,
    size=st.integers(2, 9),
    changes=changes,
    offered=services,
    ignores=st.frozensets(st.sampled_from(["$filter", "$orderby", "$skip"]), max_size=2),
    refuses=st.frozensets(st.sampled_from(["$filter", "$skip", "$orderby"]), max_size=1),
)
def test_no_record_is_taken_for_deleted(
    fake: ModuleType,
    tasks: EntitySet,
    shared_spool: Spool,
    keys: list[int],
    size: int,
    changes: dict[int, tuple[str, int]],
    offered: dict[str, Any],
    ignores: frozenset[str],
    refuses: frozenset[str],
) -> None:
    """Whatever a service ignores or refuses while records come and go: no read that is called complete lost one."""
    life, store = Life(changes), Store()
    service = fake.FakeService(
        [life.record(key) for key in keys],
        ("taskId",),
        before=life,
        ignores=ignores,
        refuses=refuses,
        **offered,
    )
    store.rows = {row["taskId"]: row["lastModifiedOn"] for row in service.records}
    reading = Reading(fake, tasks, service, size, shared_spool)
    try:
        result = reading(mode="reconcile")
    except (PageLoopError, RequestRejectedError):
        assert ignores | refuses
    else:
        assert store.land(result) & _keys(service.records) == set()
    assert len(service.asked) <= 6 * (len(keys) + len(changes)) + 60
