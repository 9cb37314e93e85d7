import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.errors import PageLoopError, RequestRejectedError
from exepron_pipeline.odata import asker
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.paging import Walk
from exepron_pipeline.odata.query import KeyPart
from exepron_pipeline.odata.question import Question, page_limit

Walked = Callable[..., tuple[Walk[Any], list[int]]]


@pytest.fixture
def walked(fake: ModuleType) -> Walked:
    """Walk over a service, and give the walk with the keys in their order of arrival."""

    def go(service: Any, dialect: str = "g2", size: int = 3, **flags: Any) -> tuple[Walk[Any], list[int]]:
        decode = fake.decoder(("id",), DIALECTS[dialect])
        question = Question(service.base_url, "Set", (KeyPart("id"),), DIALECTS[dialect], size=size, **flags)
        walk = Walk(
            question,
            service.get,
            lambda response: decode(response.body, response.headers),
            service.in_flight,
        )
        return walk, [key[0] for page in walk for key in page.keys]

    return go


def _numbers(*ids: int) -> list[dict[str, Any]]:
    return [{"id": number} for number in ids]


@pytest.mark.parametrize(("records", "requests"), [(0, 1), (1, 2), (2, 2), (3, 2), (5, 3), (6, 3), (9, 4)])
def test_requests_without_a_count(fake: ModuleType, walked: Walked, records: int, requests: int) -> None:
    """An empty set costs one request, a set of one page two, each further page one more."""
    service = fake.FakeService(_numbers(*range(records)))
    walk, got = walked(service)
    assert got == list(range(records))
    assert (len(service.asked), walk.evidence) == (requests, "exhausted")


@pytest.mark.parametrize(("records", "requests"), [(0, 1), (3, 2), (5, 4), (6, 4)])
def test_a_count_is_asked_before_and_after(
    fake: ModuleType, walked: Walked, records: int, requests: int
) -> None:
    """Where a standard defines the count, one page may prove itself; after several it is asked again."""
    service = fake.FakeService(_numbers(*range(records)), envelope="value", counts=True)
    walk, _ = walked(service, "g3")
    assert (len(service.asked), walk.evidence, walk.counts_all) == (requests, "count", records > 0)
    service.asked.clear()
    again, _ = walked(service, "g3", counts_all=walk.counts_all)
    assert (len(service.asked), again.evidence) == (1 if records == 3 else requests, "count")


@pytest.mark.parametrize("ignores", [frozenset(), frozenset({"$filter"}), frozenset({"$orderby"})])
@pytest.mark.parametrize("linked", [True, False])
def test_a_count_of_the_page_ends_no_read(
    fake: ModuleType, walked: Walked, ignores: frozenset[str], linked: bool
) -> None:
    """Some services count the records of the page: what comes behind a short page is read all the same."""

    class Counting(fake.FakeService):  # type: ignore[misc,name-defined]  # a module that was loaded by its path
        def _wrap(self, page: list[Any], count: int | None, link: str | None) -> Any:
            return super()._wrap(page, len(page), link)

    envelope = "links" if linked else "value"
    service = Counting(_numbers(*range(10)), envelope=envelope, counts=True, cap=4, ignores=ignores)
    walk, got = walked(service, "odata4", size=5_000)
    assert sorted(set(got)) == list(range(10))
    assert (walk.counts_all, walk.evidence == "count") == (False, False)


def test_a_count_in_a_header_is_only_compared(fake: ModuleType, walked: Walked) -> None:
    """A count that no standard defines never ends a read, but agrees with it or not."""
    service = fake.FakeService(_numbers(1, 2), counts=True)
    walk, _ = walked(service)
    assert (len(service.asked), walk.evidence, walk.tally.count) == (2, "count", 2)


def test_a_page_limit_is_adopted(fake: ModuleType, walked: Walked) -> None:
    """A refusal that names the largest page costs one request, and its number is kept."""
    service = fake.FakeService(_numbers(*range(7)), cap=4, cap_refuses=True)
    walk, got = walked(service, size=5_000)
    assert got == list(range(7))
    assert (walk.asker.limit, len(service.asked)) == (4, 4)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("The limit of '100' for Top query has been exceeded.", 100),
        ("the LIMIT OF 50 was passed", 50),
        ("The limit of '100' for Skip query has been exceeded.", None),
        ("The node count limit of '100' has been exceeded.", None),
        ("Could not find a property named 'x'.", None),
    ],
)
def test_only_page_limits_are_page_limits(text: str, limit: int | None) -> None:
    """Limits of other things, which are worded alike, are not taken for the largest page."""
    assert page_limit(RequestRejectedError("GET: 400", status=400, detail=text)) == limit


def test_a_silent_cap_loses_nothing(fake: ModuleType, walked: Walked) -> None:
    """Pages cut below $top without a word are noticed, and read on by key."""
    service = fake.FakeService(_numbers(*range(9)), cap=2)
    walk, got = walked(service, size=100)
    assert got == list(range(9))
    assert walk.evidence == "exhausted"


def test_an_ignored_order_is_found_out(fake: ModuleType, walked: Walked) -> None:
    """Pages that ascend by chance do not hide that others are missing: they are read by $skip then."""
    service = fake.FakeService(_numbers(1, 2, 9, 3, 4, 5), ignores=frozenset({"$orderby"}))
    walk, got = walked(service)
    assert set(got) == {1, 2, 3, 4, 5, 9}
    assert walk.evidence == "none"


def test_deletions_during_the_read_lose_nothing(fake: ModuleType, walked: Walked) -> None:
    """Records that go while pages are read do not move others past us."""

    def delete_first(service: Any) -> None:
        if len(service.asked) == 2:
            del service.records[:2]

    service = fake.FakeService(_numbers(*range(10)), before=delete_first)
    walk, got = walked(service)
    assert got == list(range(10))
    assert walk.evidence == "exhausted"


def test_records_above_the_fence_are_left_to_the_next_read(fake: ModuleType, walked: Walked) -> None:
    """A service that gets records faster than they are read is read to its greatest key of the moment."""

    def add(service: Any) -> None:
        service.records.append({"id": 100 + len(service.asked)})

    service = fake.FakeService(_numbers(*range(4)), before=add)
    walk, got = walked(service)
    assert got == [0, 1, 2, 3, 101, 102]
    assert walk.evidence == "exhausted"


def test_keys_that_are_refused_are_remembered(fake: ModuleType, walked: Walked) -> None:
    """A service without conditions is read by $skip, which proves nothing over several pages."""
    service = fake.FakeService(_numbers(*range(7)), refuses=frozenset({"$filter"}))
    walk, got = walked(service)
    assert got == list(range(7))
    assert (walk.key_refused, walk.evidence) == (True, "none")
    service.asked.clear()
    walk, got = walked(service, keyset=False)
    assert (got, len(service.asked)) == (list(range(7)), 4)


def test_one_page_is_proven_without_keys(fake: ModuleType, walked: Walked) -> None:
    """One page and an empty one after it prove a set even where keys cannot be asked for."""
    walk, _ = walked(fake.FakeService(_numbers(1, 2)), keyset=False)
    assert walk.evidence == "exhausted"


def test_a_service_that_ignores_everything(fake: ModuleType, walked: Walked) -> None:
    """The same short answer to every question is all that can be had: taken, and doubted."""
    everything = frozenset({"$filter", "$orderby", "$skip", "$top"})
    walk, got = walked(fake.FakeService(_numbers(1), ignores=everything))
    assert (got, walk.evidence) == ([1], "none")
    assert walk.doubt


def test_the_same_full_page_again_and_again_is_an_error(fake: ModuleType, walked: Walked) -> None:
    """A full page that neither keys nor $skip can leave means that records are lost: nothing is returned."""
    service = fake.FakeService(_numbers(*range(9)), ignores=frozenset({"$filter", "$skip"}))
    with pytest.raises(PageLoopError, match="full page"):
        walked(service)


def test_links_are_followed_as_they_are(fake: ModuleType, walked: Walked) -> None:
    """Where keys cannot be asked for next links lead through all pages; they prove nothing by themselves."""
    service = fake.FakeService(
        _numbers(*range(7)), envelope="links", cap=3, refuses=frozenset({"$filter", "$skip"})
    )
    walk, got = walked(service, "g3", size=100)
    assert got == list(range(7))
    assert (walk.evidence, walk.ended_by_place, walk.doubt) == ("none", True, None)
    assert [address for address in service.asked if "$skiptoken=3" in address]


def test_keys_are_preferred_to_links(fake: ModuleType, walked: Walked) -> None:
    """Links that count records lose some when others are deleted; conditions on the key do not."""

    def delete_first(service: Any) -> None:
        if len(service.asked) == 3:
            del service.records[0]

    service = fake.FakeService(_numbers(*range(9)), envelope="links", cap=3, before=delete_first)
    walk, got = walked(service, "g3", size=100)
    assert (got, walk.evidence) == (list(range(9)), "exhausted")


def test_a_page_is_fetched_while_the_one_before_is_decoded(fake: ModuleType) -> None:
    """The next link is found in the raw answer: the next page is on its way before this one is decoded."""
    service = fake.FakeService(_numbers(*range(6)), envelope="links", cap=2)
    decode, ahead = fake.decoder(("id",), DIALECTS["g3"]), threading.Event()

    def slow(response: Any) -> Any:
        page = decode(response.body, response.headers)
        if page.first_key == (2,):
            ahead.wait(10)
        return page

    def fetch(address: str) -> Any:
        if "$skiptoken=4" in address:
            ahead.set()
        return service.get(address)

    question = Question(service.base_url, "Set", (KeyPart("id"),), DIALECTS["g3"], size=9, keyset=False)
    assert [key[0] for page in Walk(question, fetch, slow) for key in page.keys] == list(range(6))
    assert ahead.is_set()
    assert len(service.asked) == 4


def test_a_link_to_itself_is_an_error(fake: ModuleType, walked: Walked) -> None:
    """A link that leads to an address that was asked before ends the read."""
    answers = {"Set": {"value": _numbers(1), "@odata.nextLink": "Set?again"}}
    with pytest.raises(PageLoopError, match="read already"):
        walked(fake.FakeService([], answers=answers), "g3")


def test_empty_pages_with_links_come_to_an_end(fake: ModuleType, walked: Walked) -> None:
    """New links behind empty pages are followed a few times, and prove nothing."""
    service = fake.FakeService([])

    def answer(service: Any) -> None:
        service.answers["Set"] = {"value": [], "@odata.nextLink": f"Set?{len(service.asked)}"}

    service.before = answer
    walk, got = walked(service, "g3")
    assert (got, walk.evidence) == ([], "none")
    assert walk.doubt
    assert len(service.asked) <= 5


def test_a_count_that_contradicts_proves_nothing(fake: ModuleType, walked: Walked) -> None:
    """When the service counts more than it gives, a read to the end proves nothing."""
    service = fake.FakeService(_numbers(1, 2), envelope="value")
    service.answers["Set"] = {"value": _numbers(1, 2), "@odata.count": 5}
    service.before = lambda fake_: fake_.answers.clear() if len(fake_.asked) > 1 else None
    walk, _ = walked(service, "g3")
    assert walk.evidence == "none"


def test_a_service_that_never_ends_is_stopped(
    fake: ModuleType, walked: Walked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However cleverly pages differ, the number of requests is bounded."""
    monkeypatch.setattr(asker, "MAX_REQUESTS", 20)
    service = fake.FakeService([])

    def answer(service: Any) -> None:
        service.answers["Set"] = _numbers(*range(3 * len(service.asked), 3 * len(service.asked) + 3))

    service.before = answer
    with pytest.raises(PageLoopError, match="20 requests"):
        walked(service)
