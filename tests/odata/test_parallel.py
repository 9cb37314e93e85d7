"""Reading one entity set in several parts at once: cuts, lanes, gaps."""

import threading
from collections import Counter
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.errors import NetworkError, RateLimitedError, RequestRejectedError
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.gaps import find_gaps
from exepron_pipeline.odata.lanes import PART_ATTEMPTS, Lanes
from exepron_pipeline.odata.paging import Walk
from exepron_pipeline.odata.query import KeyPart
from exepron_pipeline.odata.question import Question
from exepron_pipeline.odata.spans import Span, tile


def _walk(fake: ModuleType, service: Any, *, type_: str = "int", size: int = 10, fetch: Any = None) -> Any:
    dialect = DIALECTS["g3"]
    decode = fake.decoder(("id",), dialect)
    question = Question(service.base_url, "Set", (KeyPart("id", type_),), dialect, size=size)
    return Walk(
        question,
        fetch or service.get,
        lambda response: decode(response.body, response.headers),
        service.in_flight,
    )


def _service(fake: ModuleType, keys: Any, **options: Any) -> Any:
    options = {"envelope": "value", "counts": True, "in_flight": 4} | options
    return fake.FakeService([{"id": key} for key in keys], **options)


def _keys(walk: Any) -> list[Any]:
    return [key[0] for page in walk for key in page.keys]


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize(
    "keys", [range(200), range(0, 20_000, 97), [*range(100), *range(10**9, 10**9 + 100)]]
)
def test_parts_are_read_side_by_side(fake: ModuleType, keys: Any, counts: bool) -> None:
    """As many questions as there are lanes are under way together; the result is that of a serial read.

    Where the service counts, the parts are whole pages: beside those only the questions for the greatest key, the
    cuts and the count are asked.
    """
    service = _service(fake, keys, counts=counts)
    inside, most, lock = 0, 0, threading.Lock()

    def fetch(address: str) -> Any:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        gate.wait(0.01)
        answer = service.get(address)
        with lock:
            inside -= 1
        return answer

    gate = threading.Event()
    walk = _walk(fake, service, fetch=fetch)
    found = _keys(walk)
    assert sorted(found) == list(keys)
    assert walk.evidence == ("count" if counts else "exhausted")
    assert 1 < most <= 6
    pages = -(-len(keys) // 10)
    assert walk.asker.requests <= pages + 1 + (1 + 5 if counts else 2 * 6)


def test_even_parts_where_the_service_counts(fake: ModuleType) -> None:
    """Cuts follow the records, however unevenly their keys lie."""
    service = _service(fake, [*range(95), *range(10**6, 10**6 + 10), *range(10**9, 10**9 + 5)])
    walk = _walk(fake, service)
    assert len(_keys(walk)) == 110
    firsts = Counter(
        address.partition("le%20")[2].partition("&")[0] for address in service.asked if "le%20" in address
    )
    assert len(firsts) == 6
    assert max(firsts.values()) <= 3


@pytest.mark.parametrize("type_", ["text", "guid"])
def test_texts_are_read_in_parts_where_they_compare_as_ours(fake: ModuleType, type_: str) -> None:
    """Texts that the service sorts as we do are cut like numbers."""
    keys = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(0, 9_999, 113)]
    service = _service(fake, keys)
    walk = _walk(fake, service, type_=type_)
    assert sorted(_keys(walk)) == keys
    assert walk.evidence == "count"
    assert [address for address in service.asked if "le%20" in address]


def test_texts_that_compare_otherwise_are_read_one_after_the_other(fake: ModuleType) -> None:
    """Keys that the service sorts in its own way are noticed, and read by place."""

    class Upper(str):  # sorts as services do that know no lower case
        __slots__ = ()

        def __lt__(self, other: str) -> bool:
            return self.upper() < other.upper()

    keys = [Upper(f"{letter}{number}") for number in range(15) for letter in "aBcD"]
    service = _service(fake, keys, refuses=frozenset())
    walk = _walk(fake, service, type_="text")
    assert set(_keys(walk)) == set(keys)
    assert (walk.evidence, walk.ended_by_place) == ("none", True)


def test_a_failed_part_alone_is_read_again(fake: ModuleType) -> None:
    """One page that cannot be had is asked for again; no other page is."""
    service = _service(fake, range(200))
    failed: list[str] = []

    def fetch(address: str) -> Any:
        if "gt%20129" in address and len(failed) < PART_ATTEMPTS - 1:
            failed.append(address)
            raise NetworkError("cut")
        return service.get(address)

    walk = _walk(fake, service, fetch=fetch)
    assert sorted(_keys(walk)) == list(range(200))
    assert failed
    assert max(Counter(service.asked).values()) == 1
    assert walk.evidence == "count"


@pytest.mark.parametrize("error", [NetworkError("cut"), RateLimitedError("wait", retry_after=900.0)])
def test_a_part_that_goes_on_failing_ends_the_read(fake: ModuleType, error: Exception) -> None:
    """Where a part cannot be had there is no result; who names a time to wait is not asked again at once."""
    service, asked = _service(fake, range(200)), []

    def fetch(address: str) -> Any:
        if "gt%20129" in address:
            asked.append(address)
            raise error
        return service.get(address)

    with pytest.raises(type(error)):
        _keys(_walk(fake, service, fetch=fetch))
    assert len(asked) == (PART_ATTEMPTS if isinstance(error, NetworkError) else 1)


def test_a_condition_that_is_refused_in_the_middle_leads_to_places(fake: ModuleType) -> None:
    """A refusal after some pages loses none: all are read by place."""
    service = _service(fake, range(200), refused_text="129")
    walk = _walk(fake, service)
    found = _keys(walk)
    assert set(found) == set(range(200))
    assert (walk.key_refused, walk.evidence, walk.ended_by_place) == (True, "none", True)


def test_what_was_inserted_behind_us_is_found_by_counts(fake: ModuleType) -> None:
    """Where fewer records came than there were before and after, the keys are bisected and only the gap is read."""
    service = _service(fake, range(0, 400, 2), in_flight=1)
    losses = iter([{"id": 2 * number} for number in range(50, 53)])

    def fetch(address: str) -> Any:
        """One answer lacks records that the service counts."""
        if "gt%2098&" in address or address.count("gt%2098%20"):
            for lost in losses:
                service.records.remove(lost)
            answer = service.get(address)
            service.records.extend({"id": 2 * number} for number in range(50, 53) if not _has(number))
            return answer
        return service.get(address)

    def _has(number: int) -> bool:
        return {"id": 2 * number} in service.records

    walk = _walk(fake, service, fetch=fetch)
    found = _keys(walk)
    assert sorted(set(found)) == list(range(0, 400, 2))
    assert walk.evidence == "count"
    counted = [address for address in service.asked if "$top=1&$count" in address and "$filter" in address]
    assert 1 <= len(counted) <= 8
    assert len(service.asked) <= 20 + 4 + 8 + 2


def test_a_service_that_counts_what_it_does_not_give(fake: ModuleType) -> None:
    """A count that stays greater than what comes proves nothing, and ends."""
    service = _service(fake, range(50))

    class Hiding:
        """Counts one record more than it gives."""

        def __call__(self, address: str) -> Any:
            service.records.append({"id": 7.5})
            counted = service.get(address)
            service.records.pop()
            given = service.get(address)
            total = fake.decoder(("id",), DIALECTS["g3"])(counted.body, {}).envelope.count
            body = given.body.replace(
                f'"@odata.count": {total - 1}'.encode(), f'"@odata.count": {total}'.encode()
            )
            return type(given)(200, {}, body, given.url, 0.0)

    walk = _walk(fake, service, fetch=Hiding())
    assert sorted(set(_keys(walk))) == list(range(50))
    assert walk.evidence == "none"
    assert "counts more" in walk.doubt


@given(
    st.sets(st.integers(0, 300), min_size=1),
    st.integers(1, 12),
    st.sets(st.integers(0, 300), max_size=4),
)
def test_gaps_are_found_exactly(there: set[int], size: int, lost: set[int]) -> None:
    """Pages from which records are missing are found, and no others, by a logarithm of questions."""
    keys = sorted(there)
    chunks = [keys[start : start + size] for start in range(0, len(keys), size)]
    extents = [((chunk[-1],), len([key for key in chunk if key not in lost])) for chunk in chunks]
    asked = []

    def count_in(span: Span) -> int:
        asked.append(span)
        low = -1 if span.after is None else span.after[0]
        return len([key for key in keys if low < key <= span.upto[0]])

    found = [span.upto[0] for span in find_gaps(extents, count_in)]
    assert found == [chunk[-1] for chunk in chunks if lost & set(chunk)]
    assert len(asked) <= 1 + len(found) * len(chunks).bit_length()


@given(st.sets(st.integers(-50, 50), min_size=2, max_size=12), st.lists(st.integers(-60, 60)))
def test_every_key_lies_in_one_part(bounds: set[int], keys: list[int]) -> None:
    """Ranges tile the keys between their bounds: none is in two, none in no range."""
    first, *cuts, last = [(bound,) for bound in sorted(bounds)]
    spans = tile(first, cuts, last)
    for key in keys:
        holding = [span for span in spans if span.after[0] < key <= span.upto[0]]
        assert len(holding) == (1 if first[0] < key <= last[0] else 0)


def test_few_answers_wait() -> None:
    """However slowly pages are taken, no more of them are asked for than there are lanes."""
    asked = []

    def ask(part: int) -> int:
        asked.append(part)
        return part

    with Lanes(3) as lanes:
        pages = lanes.pages(ask, lambda part, _: part + 10 if part < 500 else None, range(10))
        for taken, _ in enumerate(pages, 1):
            assert len(asked) <= taken + 3
    assert len(asked) == 10 * 51 - 10 + 10


def test_large_pages_are_fewer_in_flight(fake: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is counted in bytes: of pages of which two are as much as may wait, two are asked for at once."""
    service = _service(fake, range(300), in_flight=8)
    inside, most, lock = 0, 0, threading.Lock()

    def fetch(address: str) -> Any:
        nonlocal inside, most
        with lock:
            inside += "top=10&" in address or address.endswith("top=10")
            most = max(most, inside)
        threading.Event().wait(0.002)
        answer = service.get(address)
        with lock:
            inside -= "top=10&" in address or address.endswith("top=10")
        return answer

    largest = len(service.get("Set?$top=10").body)
    monkeypatch.setattr("exepron_pipeline.odata.paging.IN_MEMORY", 2 * largest)
    assert sorted(_keys(_walk(fake, service, fetch=fetch))) == list(range(300))
    assert most == 2


def test_a_refusal_ends_all_parts() -> None:
    """An error that stays is raised, and what has not begun is not begun."""
    asked = []

    def ask(part: int) -> int:
        asked.append(part)
        raise RequestRejectedError("no", status=400)

    with Lanes(2) as lanes, pytest.raises(RequestRejectedError):
        list(lanes.pages(ask, lambda _, __: None, range(100)))
    assert len(asked) <= 2
