import itertools
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.errors import (
    EntitySetMissingError,
    NetworkError,
    NotPermittedError,
    RequestRejectedError,
    ResponseError,
)
from exepron_pipeline.events import Event, Notice, PageFetched
from exepron_pipeline.extract.plan import plan_read
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.reader import ReadResult, read
from exepron_pipeline.extract.spool import Spool, open_page
from exepron_pipeline.odata.dialect import DIALECTS

WIDE, SOURCED, FAN_OUT = "Wide/5/Tasks", "Sourced/5/Tasks", "Projects/{projectId}/Tasks"
FORBIDDEN, MISSING = NotPermittedError("GET: 403"), EntitySetMissingError("GET: 404")
REFUSED = RequestRejectedError("GET: 400", status=400)


def _tasks(*ids: int, **more: Any) -> list[dict[str, Any]]:
    stamp = "2026-03-11T12:00:00Z"
    return [{"taskId": number, "taskName": "x", "lastModifiedOn": stamp, **more} for number in ids]


class Reading:
    """Reads with one profile, time after time, and keeps what the listener was told."""

    def __init__(self, fake: ModuleType, spool: Spool) -> None:
        self.profile = Profile()
        self.told: list[Event] = []
        self._fake, self._spool = fake, spool

    def __call__(self, entity_set: EntitySet, service: Any, dialect: str = "g2", **wanted: Any) -> ReadResult:
        """Plan a read and do it; what is wanted goes to the plan or to the reader."""
        options = {name: wanted.pop(name) for name in ("page_size", "parents", "keys_of") if name in wanted}
        plan = plan_read(entity_set, account_id="5", user_id=None, generation=dialect, **wanted)
        speaks = DIALECTS[dialect]
        decode = self._fake.decoder(("taskId",), speaks)
        return read(
            plan,
            service,
            speaks,
            decode,
            self._spool,
            profile=self.profile,
            listen=self.told.append,
            **options,
        )

    @property
    def notices(self) -> list[str]:
        """The texts of all notices."""
        return [event.text for event in self.told if isinstance(event, Notice)]


@pytest.fixture
def reading(fake: ModuleType, spool: Spool) -> Reading:
    """A reader with an empty profile."""
    return Reading(fake, spool)


def _keys(result: ReadResult) -> list[int]:
    return [record["taskId"] for record in _records(result)]


def _records(result: ReadResult) -> list[dict[str, Any]]:
    """The records that were read, in the order of their pages."""
    return [record for page in result.pages for record in _page(result.spool.table(page.number))]


def _page(table: pa.Table) -> list[dict[str, Any]]:
    return [json.loads(text) for text in table["record"].to_pylist()]


def keys_of(table: pa.Table) -> list[int]:
    """The keys of a page's records."""
    return [record["taskId"] for record in _page(table)]


def _references(result: ReadResult) -> list[str | None]:
    return [page.reference for page in result.pages]


def test_the_first_place_that_answers_is_read(
    fake: ModuleType, tasks: EntitySet, reading: Reading, tmp_path: Path
) -> None:
    """All pages come, with what proves them; each is spooled, and each is told of."""
    service = fake.FakeService(_tasks(*range(5)))
    result = reading(tasks, service, page_size=2)
    assert _keys(result) == list(range(5))
    assert (result.path, result.evidence, result.complete) == ("Wide/{accountId}/Tasks", "exhausted", True)
    assert (result.fetched, result.requests, result.mode) == (5, len(service.asked), "full")
    assert [event.records for event in reading.told if isinstance(event, PageFetched)] == [2, 2, 1]
    assert b'"taskId": 4' in open_page(tmp_path / "state", str(_references(result)[2]))


def test_an_empty_set_costs_one_request(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """Nothing there is known after one request, with proof, and gives one empty page."""
    result = reading(tasks, fake.FakeService([]))
    assert (result.requests, result.fetched, len(result.pages), result.evidence) == (1, 0, 1, "exhausted")


@pytest.mark.parametrize(
    "answer",
    [
        MISSING,
        FORBIDDEN,
        REFUSED,
        ResponseError("a web page"),
        {"error": {"message": "no"}},
        [{"projectId": 1}],
    ],
)
def test_an_inferred_place_may_be_anything(
    fake: ModuleType, tasks: EntitySet, reading: Reading, answer: object
) -> None:
    """Whatever an inferred path answers instead of this set, the next place is tried, and that is remembered."""
    service = fake.FakeService(_tasks(1), answers={WIDE: answer})
    assert reading(tasks, service).path == "Sourced/{accountId}/Tasks"
    service.asked.clear()
    assert reading(tasks, service).path == "Sourced/{accountId}/Tasks"
    assert not [address for address in service.asked if address.startswith("Wide")]


@pytest.mark.parametrize("answer", [REFUSED, {"error": {"message": "no"}}, [{"projectId": 1}]])
def test_a_sourced_place_must_answer(
    fake: ModuleType, tasks: EntitySet, reading: Reading, answer: object
) -> None:
    """Where a source shows the path, a strange answer is an error, which names the path."""
    service = fake.FakeService([], answers={WIDE: MISSING, SOURCED: answer})
    with pytest.raises((RequestRejectedError, ResponseError)) as caught:
        reading(tasks, service)
    assert isinstance(caught.value, RequestRejectedError) or SOURCED in str(caught.value)


@pytest.mark.parametrize(
    ("wide", "sourced", "expected"),
    [
        (MISSING, MISSING, EntitySetMissingError),
        (FORBIDDEN, MISSING, NotPermittedError),
        (MISSING, FORBIDDEN, NotPermittedError),
    ],
)
def test_no_place_at_all(
    fake: ModuleType,
    tasks: EntitySet,
    reading: Reading,
    wide: Exception,
    sourced: Exception,
    expected: type[Exception],
) -> None:
    """When every place refuses, the set is missing, or not permitted if one of them says so."""
    service = fake.FakeService([], answers={WIDE: wide, SOURCED: sourced})
    with pytest.raises(expected):
        reading(tasks, service)


def test_a_sourced_place_that_is_missing_is_asked_each_time(
    fake: ModuleType, tasks: EntitySet, reading: Reading
) -> None:
    """A 404 where a source shows the path may be passing: it is never remembered."""
    service = fake.FakeService(_tasks(1), answers={WIDE: MISSING, SOURCED: MISSING})
    with pytest.raises(EntitySetMissingError):
        reading(tasks, service)
    del service.answers[SOURCED]
    assert _keys(reading(tasks, service)) == [1]


def test_what_worked_is_not_given_up_at_once(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """A place that worked is asked again after one refusal; meanwhile another scope proves nothing."""
    service = fake.FakeService(_tasks(1))
    reading(tasks, service)
    service.answers[WIDE] = MISSING
    elsewhere = reading(tasks, service)
    assert (elsewhere.path, elsewhere.evidence) == ("Sourced/{accountId}/Tasks", "none")
    assert "instead of" in reading.notices[0]
    service.answers.clear()
    assert reading(tasks, service).path == "Wide/{accountId}/Tasks"


def test_what_a_count_counts_is_remembered(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """A small set costs one question, once the service's count was seen to be more than a page's records."""
    service = fake.FakeService(_tasks(1, 2, 3), ("taskId",), envelope="value", counts=True)
    found = [
        (reading(tasks, service, "g3").requests, len(_keys(reading(tasks, service, "g3")))) for _ in "ab"
    ]
    assert found == [(2, 3), (1, 3)]


def test_a_count_of_the_page_is_no_source_count(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """What a service counts of a page is not told as the number of its records."""

    class Counting(fake.FakeService):  # type: ignore[misc,name-defined]  # a module that was loaded by its path
        def _wrap(self, page: list[Any], count: int | None, link: str | None) -> Any:
            return super()._wrap(page, len(page), link)

    service = Counting(_tasks(*range(10)), ("taskId",), envelope="value", counts=True, cap=4)
    result = reading(tasks, service, "g3")
    assert (sorted(_keys(result)), result.source_count, result.evidence) == ([*range(10)], None, "exhausted")


def test_trouble_on_the_way_is_no_verdict(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """What passes is raised and not remembered; so is a refusal in the middle of a read."""
    service = fake.FakeService(_tasks(1), answers={WIDE: NetworkError("cut")})
    with pytest.raises(NetworkError):
        reading(tasks, service)
    assert reading.profile.verdict("tasks", "5", tasks.sources[0].path) is None

    def vanish(service: Any) -> None:
        if len(service.asked) == 2:
            service.answers[WIDE] = MISSING

    service = fake.FakeService(_tasks(*range(5)), before=vanish)
    with pytest.raises(EntitySetMissingError):
        reading(tasks, service, page_size=2)


def test_one_place_for_each_parent(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """Where only a fan-out is left, each parent is read; parents that are gone have no records."""
    answers = {WIDE: MISSING, SOURCED: MISSING, "Projects/8/Tasks": MISSING}
    service = fake.FakeService(_tasks(1, 2), answers=answers)
    result = reading(tasks, service, parents=lambda: [7, 8])
    assert (_keys(result), result.path, result.evidence) == ([1, 2], FAN_OUT, "exhausted")
    assert result.requests == len(service.asked)


def test_parents_are_read_side_by_side(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """Several parents are under way together; the sums are those of a serial read, and each page is told once."""
    found = []
    for in_flight in (1, 4):
        reading.told.clear()
        answers: dict[str, Any] = {WIDE: MISSING, SOURCED: MISSING, "Projects/11/Tasks": MISSING}
        answers |= {f"Projects/{number}/Tasks": _tasks(number, 100 + number) for number in range(11)}
        service = fake.FakeService([], answers=answers, in_flight=in_flight)
        result = reading(tasks, service, parents=lambda: range(12))
        told = [event.page for event in reading.told if isinstance(event, PageFetched)]
        assert told == list(range(1, len(result.pages) + 1))
        assert len(set(_references(result))) == len(result.pages)
        found.append((sorted(_keys(result)), result.requests, result.fetched, result.path))
        assert result.requests == len(service.asked)
        reading.profile.forget()
    assert found[0] == found[1]
    assert len(found[0][0]) == 22


def test_a_hidden_parent_is_a_doubt(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """A parent that this user may not read leaves the set unproven, and is told of."""
    answers = {WIDE: MISSING, SOURCED: MISSING, "Projects/8/Tasks": FORBIDDEN}
    result = reading(tasks, fake.FakeService(_tasks(1), answers=answers), parents=lambda: [7, 8])
    assert (_keys(result), result.evidence) == ([1], "none")
    assert reading.notices


def test_parents_are_not_asked_in_vain(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """A fan-out that the first parents do not know is not offered; without ids it cannot be tried."""
    service = fake.FakeService([], paths=frozenset())
    with pytest.raises(EntitySetMissingError):
        reading(tasks, service, parents=lambda: range(100))
    assert len(service.asked) == 2 + 3
    reading.profile.forget()
    with pytest.raises(EntitySetMissingError, match="needs the ids"):
        reading(tasks, service)


def test_contact_data_is_not_asked_for(fake: ModuleType, people: EntitySet, reading: Reading) -> None:
    """Only kept fields are selected; inferred ones are left out when the service refuses them; that is kept."""
    fields = frozenset({"taskId", "taskName", "phone"})
    service = fake.FakeService(_tasks(1, phone="555"), fields=fields)
    result = reading(people, service)
    assert _records(result) == [{"taskId": 1, "taskName": "x"}]
    assert _references(result) == [None]
    service.asked.clear()
    reading(people, service)
    assert len(service.asked) == 2
    assert all("$select=taskId,taskName&" in address for address in service.asked)


def test_what_changed_is_asked_for(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """An incremental read filters by the cursor, from the first question on."""
    service = fake.FakeService([*_tasks(1), {**_tasks(2)[0], "lastModifiedOn": "2026-03-12T00:00:00Z"}])
    result = reading(tasks, service, since=datetime(2026, 3, 12, tzinfo=UTC))
    assert (_keys(result), result.mode, result.evidence) == ([2], "incremental", "exhausted")
    assert "$filter=lastModifiedOn%20ge%202026-03-12T00:00:00Z&" in service.asked[0]


def test_the_form_of_an_instant_is_learnt(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """When one form of an instant is refused another is tried; the one that is taken is remembered."""
    since = datetime(2026, 3, 12, tzinfo=UTC)
    service = fake.FakeService(_tasks(1), refused_text="Z")
    service.records.append({**service.records[0], "taskId": 2, "lastModifiedOn": "2026-03-13T00:00:00"})
    result = reading(tasks, service, since=since)
    assert (_keys(result), result.mode, result.requests) == ([2], "incremental", len(service.asked))
    service.asked.clear()
    reading(tasks, service, since=since)
    assert len(service.asked) == 2
    assert "ge%202026-03-12T00:00:00&" in service.asked[0]


def test_without_a_filter_everything_is_read(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """A service that takes no form of an instant is read whole; that is told, and not tried again."""
    service = fake.FakeService(_tasks(1, 2), refused_text="lastModifiedOn")
    since = datetime(2026, 1, 1, tzinfo=UTC)
    result = reading(tasks, service, since=since)
    assert (_keys(result), result.mode) == ([1, 2], "full")
    assert "lastModifiedOn" in reading.notices[0]
    service.asked.clear()
    assert reading(tasks, service, since=since).mode == "full"
    assert len(service.asked) == 2


def test_page_limits_are_shared_between_sets(
    fake: ModuleType, tasks: EntitySet, people: EntitySet, reading: Reading
) -> None:
    """The limit that one set taught saves the next set its refusal."""
    service = fake.FakeService(_tasks(1), cap=100, cap_refuses=True)
    reading(tasks, service)
    assert len(service.asked) == 3
    service.asked.clear()
    reading(people, service, personal="keep")
    assert len(service.asked) == 2
    assert "$top=100" in service.asked[0]


def test_a_larger_page_may_be_wanted(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """The user's page size wins over ours, in both directions, below a known limit."""
    service = fake.FakeService([])
    for wanted, limit, top in [(9_000, None, 9_000), (10, None, 10), (10, 5, 5), (None, 5, 5)]:
        if limit:
            reading.profile.keep_page_limit("tasks", limit)
        reading(tasks, service, page_size=wanted)
        assert service.asked[-1].endswith(f"$top={top}")


def test_a_count_proves_an_unordered_read(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """Where the order cannot be seen, as many distinct keys as the service counts are a proof."""
    service = fake.FakeService(
        _tasks(3, 1, 2), envelope="value", counts=True, ignores=frozenset({"$orderby"})
    )
    assert reading(tasks, service, "g3", page_size=2, keys_of=keys_of).evidence == "count"
    assert reading(tasks, service, "g3", page_size=2).evidence == "none"


REFUSES_KEYS = frozenset({"lastModifiedOn"})


def _by_place(fake: ModuleType, *ids: int, **options: Any) -> Any:
    """A service that filters by no key: only places are left."""
    return fake.FakeService(_tasks(*ids), filters=REFUSES_KEYS, **options)


@pytest.mark.parametrize("envelope", ["bare", "links"])
def test_two_reads_by_place_have_to_agree(
    fake: ModuleType, tasks: EntitySet, reading: Reading, envelope: str
) -> None:
    """Where records can only be read by their places, everything is read twice to prove anything."""
    service = _by_place(fake, *range(7), envelope=envelope, cap=3)
    result = reading(tasks, service, "g3" if envelope == "links" else "g2", page_size=3, keys_of=keys_of)
    assert result.evidence == "exhausted"
    assert (result.fetched, set(_keys(result))) == (14, set(range(7)))


def test_a_counted_read_by_links_is_enough_to_load(
    fake: ModuleType, tasks: EntitySet, reading: Reading
) -> None:
    """Led by links to as many keys as are counted before and after, a load is read once; what looks for deletions twice."""
    service = _by_place(fake, *range(7), envelope="links", cap=3, counts=True)
    once = reading(tasks, service, "odata4", page_size=3, keys_of=keys_of)
    assert (once.fetched, once.evidence, once.source_count) == (7, "count", 7)
    twice = reading(tasks, service, "odata4", page_size=3, keys_of=keys_of, mode="reconcile")
    assert (twice.fetched, twice.evidence) == (14, "count")


def test_a_count_that_moves_while_links_are_followed_proves_nothing(
    fake: ModuleType, tasks: EntitySet, reading: Reading
) -> None:
    """Where one more is counted at the end than came, everything is read again."""

    def add(service: Any) -> None:
        if "asc&$top=1&" in service.asked[-1] and len(service.records) == 7:
            service.records.extend(_tasks(99))

    service = _by_place(fake, *range(7), envelope="links", cap=3, counts=True, before=add)
    result = reading(tasks, service, "odata4", page_size=3, keys_of=keys_of)
    assert (result.fetched, result.evidence) == (7 + 8 + 8, "count")
    assert set(_keys(result)) == {*range(7), 99}


def test_reads_by_place_that_never_agree_prove_nothing(
    fake: ModuleType, tasks: EntitySet, reading: Reading
) -> None:
    """While records keep going, three reads bring what there is, and the operator is told."""

    def delete(service: Any) -> None:
        if len(service.asked) % 3 == 2:
            del service.records[0]

    service = _by_place(fake, *range(20), before=delete)
    result = reading(tasks, service, page_size=3, keys_of=keys_of)
    assert result.evidence == "none"
    assert "3 reads brought different records" in reading.notices[-1]


def test_what_changed_is_read_by_place_once(fake: ModuleType, tasks: EntitySet, reading: Reading) -> None:
    """An incremental read marks nothing as deleted, so it is not read twice to prove anything."""
    since = datetime(2026, 3, 1, tzinfo=UTC)
    result = reading(tasks, _by_place(fake, *range(7)), page_size=3, keys_of=keys_of, since=since)
    assert (result.fetched, result.evidence) == (7, "none")


@pytest.mark.parametrize("counts", [True, False])
def test_parts_give_what_a_serial_read_gives(
    fake: ModuleType, tasks: EntitySet, reading: Reading, counts: bool
) -> None:
    """However many requests are in flight: the same records, each once, each page spooled, proven alike."""
    found = []
    for in_flight in (1, 2, 5, 8):
        service = fake.FakeService(
            _tasks(*range(0, 300, 3)), envelope="value", counts=counts, in_flight=in_flight
        )
        result = reading(tasks, service, "g3", page_size=7)
        assert len(set(_references(result))) == len(result.pages) == len(_references(result))
        assert result.requests == len(service.asked)
        found.append((sorted(_keys(result)), result.evidence, result.source_count))
    assert found == [found[0]] * 4
    assert found[0] == (list(range(0, 300, 3)), "count" if counts else "exhausted", 100 if counts else None)


class Interrupted:
    """Reads with a service that is cut off after some requests, then goes on with another spool."""

    def __init__(self, fake: ModuleType, entity_set: EntitySet, state_dir: Path) -> None:
        self._fake, self._set, self._state = fake, entity_set, state_dir
        self._loads = itertools.count()
        self.brought: list[int] = []
        """The keys of the last good read: its files go when it is landed."""

    def __call__(self, service: Any, cut_after: int = 0, **plan: Any) -> ReadResult:
        """Read; with ``cut_after`` that request and all later ones fail."""
        spool = Spool(self._state, f"load{next(self._loads)}", "tasks", "5", patience=timedelta(hours=1))
        failing = NetworkError("cut")

        def cut(service: Any) -> None:
            if len(service.asked) > cut_after:
                raise failing

        service.asked.clear()
        service.before = cut if cut_after else None
        wanted = plan_read(self._set, account_id="5", user_id=None, generation="g3", **plan)
        decode = self._fake.decoder(("taskId",), DIALECTS["g3"])
        with suppress(NetworkError), spool.held():
            result = read(wanted, service, DIALECTS["g3"], decode, spool, page_size=3, keys_of=keys_of)
            self.brought = _keys(result)
            return result
        raise failing


@pytest.fixture
def interrupted(fake: ModuleType, tasks: EntitySet, tmp_path: Path) -> Interrupted:
    """A reader that can be cut off."""
    return Interrupted(fake, tasks, tmp_path / "state")


@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize("counts", [True, False])
def test_an_interrupted_read_goes_on(
    fake: ModuleType, interrupted: Interrupted, in_flight: int, counts: bool
) -> None:
    """What was read is not asked for again; what came and went meanwhile is as in one read; the proof is the same."""
    ids = range(0, 300, 3)
    service = fake.FakeService(_tasks(*ids), envelope="value", counts=counts, in_flight=in_flight)
    whole = interrupted(service)
    for cut_after in (25, 33, whole.requests - 1):
        with pytest.raises(NetworkError):
            interrupted(service, cut_after)
        result = interrupted(service)
        assert sorted(interrupted.brought) == list(ids)
        assert (result.evidence, result.source_count) == (whole.evidence, whole.source_count)
        assert result.requests < whole.requests - 12
        assert len(result.pages) >= len(whole.pages)


def test_what_came_and_went_during_an_interruption(fake: ModuleType, interrupted: Interrupted) -> None:
    """New records above and in what is left come, records that went do no harm, and the count tells of a gap."""
    service = fake.FakeService(_tasks(*range(0, 300, 3)), envelope="value", counts=True, in_flight=1)
    with pytest.raises(NetworkError):
        interrupted(service, 30)
    service.records = [record for record in service.records if record["taskId"] not in {0, 297}]
    service.records += _tasks(298, 301, 400)
    result = interrupted(service)
    assert set(interrupted.brought) - {0, 297} == {*range(3, 297, 3), 298, 301, 400}
    assert result.evidence != "none"


@pytest.mark.parametrize("change", ["since", "filter", "by place", "refused"])
def test_what_is_not_proven_is_begun_anew(
    fake: ModuleType, interrupted: Interrupted, tasks: EntitySet, change: str
) -> None:
    """Another question, pages by place, or a service that no longer obeys conditions on the key: all is read."""
    service = fake.FakeService(_tasks(*range(0, 300, 3)), envelope="value", counts=True, in_flight=1)
    if change == "by place":
        service.filters = REFUSES_KEYS
    whole = interrupted(service)
    with pytest.raises(NetworkError):
        interrupted(service, 30)
    if change == "since":
        result = interrupted(service, since=datetime(2026, 1, 1, tzinfo=UTC))
    else:
        service.filters = REFUSES_KEYS if change == "refused" else service.filters
        interrupted._set = tasks.model_copy(update={"filter": "taskId ge 0"}) if change == "filter" else tasks
        result = interrupted(service)
    assert set(interrupted.brought) == set(range(0, 300, 3))
    assert result.requests >= len(whole.pages)
