"""Questions whose address is too long, answers that hold a count alone, and parts that cannot be had."""

import re
import time
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.errors import EntitySetMissingError, NetworkError, RequestRejectedError
from exepron_pipeline.extract.plan import plan_read
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.reader import ReadResult, read
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.odata.dialect import DIALECTS

G3 = DIALECTS["g3"]


def rows(*ids: int) -> list[dict[str, Any]]:
    """Records of these keys."""
    return [{"taskId": key, "taskName": "x", "lastModifiedOn": "2026-03-11T12:00:00Z"} for key in ids]


def short(fake: ModuleType, longest: int, status: int = 414, **options: Any) -> Any:
    """A service that refuses addresses above a length; ``refused`` counts how often it did."""

    class Short(fake.FakeService):  # type: ignore[misc,name-defined]  # a module that was loaded by its path
        refused = 0

        def get(self, address: str, headers: Any = None, *, until: float | None = None) -> Any:
            if len(address) > longest:
                type(self).refused += 1
                raise RequestRejectedError(f"GET: {status}", status=status)
            return super().get(address, headers)

    return Short(rows(*range(40)), ("taskId",), envelope="value", counts=True, **options)


def reading(
    fake: ModuleType, service: Any, entity_set: EntitySet, spool: Spool, profile: Profile, **more: Any
) -> ReadResult:
    """Read everything, seven records a page."""
    plan = plan_read(entity_set, account_id="5", user_id=None, generation="g3")
    decode = fake.decoder(("taskId",), G3)
    return read(plan, service, G3, decode, spool, page_size=7, profile=profile, **more)


def keys(fake: ModuleType, result: ReadResult) -> set[int]:
    """All keys that came."""
    return {record["taskId"] for record in fake.records_of(result)}


@pytest.mark.parametrize("status", [414, 431])
@pytest.mark.parametrize("listed", [True, False])
def test_a_long_filter_is_asked_for_in_parts(
    fake: ModuleType, tasks: EntitySet, spool: Spool, status: int, listed: bool
) -> None:
    """A condition over many keys is halved until it fits; every record comes, and each part is proven."""
    wanted = range(0, 40, 2)
    text = " or ".join(f"taskId eq {key}" for key in wanted)
    service = short(fake, 190, status)
    if listed:
        text, plain = f"taskId in ({','.join(map(str, wanted))})", service._matching
        service._matching = lambda condition: plain(_spelled(condition))
        text += " and taskId ge 0" * 3
    entity_set = tasks.model_copy(update={"filter": text})
    result = reading(fake, service, entity_set, spool, Profile())
    assert keys(fake, result) == set(wanted)
    assert result.evidence == "count"
    assert type(service).refused


def _spelled(condition: str | None) -> str | None:
    """A condition for a service that knows no lists."""

    def chain(found: re.Match[str]) -> str:
        return "(" + " or ".join(f"taskId eq {key}" for key in found[1].split(",")) + ")"

    return condition and re.sub(r"taskId in \(([\d,]+)\)", chain, condition)


def test_long_field_lists_are_left_out(fake: ModuleType, people: EntitySet, spool: Spool) -> None:
    """Where the selected fields make the address too long all are asked for, from then on at once."""
    service, profile = short(fake, 110), Profile()
    assert keys(fake, reading(fake, service, people, spool, profile)) == set(range(40))
    first = type(service).refused
    assert first
    assert keys(fake, reading(fake, service, people, spool, profile)) == set(range(40))
    assert type(service).refused == first


def test_a_long_question_is_not_found(fake: ModuleType, tasks: EntitySet, spool: Spool) -> None:
    """A server that says 404 to a long query is asked in parts; one without the path is still without it."""
    chain = " or ".join(f"taskId eq {key}" for key in range(200))
    entity_set = tasks.model_copy(update={"filter": chain})

    class Iis(fake.FakeService):  # type: ignore[misc,name-defined]  # a module that was loaded by its path
        struck = 0

        def get(self, address: str, headers: Any = None, *, until: float | None = None) -> Any:
            if len(address.partition("?")[2]) > 2_048:  # what IIS takes
                type(self).struck += 1
                raise EntitySetMissingError("GET: 404")
            return super().get(address, headers)

    service = Iis(rows(*range(40)), ("taskId",), envelope="value", counts=True)
    result = reading(fake, service, entity_set, spool, Profile())
    assert (keys(fake, result), result.evidence) == (set(range(40)), "count")
    assert service.struck
    service.paths = frozenset()
    with pytest.raises(EntitySetMissingError):
        reading(fake, service, entity_set, spool, Profile())


def test_what_cannot_be_shortened_fails(fake: ModuleType, tasks: EntitySet, spool: Spool) -> None:
    """Without fields and chains to leave out the refusal is what one reads."""
    with pytest.raises(RequestRejectedError, match="414"):
        reading(fake, short(fake, 5), tasks, spool, Profile())


def test_a_count_in_place_of_the_records(fake: ModuleType, tasks: EntitySet, spool: Spool) -> None:
    """A service that answers with the count alone, where it is asked for one, is asked for none."""

    class Counting(fake.FakeService):  # type: ignore[misc,name-defined]  # a module that was loaded by its path
        struck = 0

        def _wrap(self, page: list[Any], count: int | None, link: str | None) -> Any:
            if "count=true" in self.asked[-1]:
                self.struck += 1
                return {"value": len(self.records)}, {}
            return super()._wrap(page, count, link)

    service, profile = Counting(rows(*range(20)), ("taskId",), envelope="value"), Profile()
    result = reading(fake, service, tasks, spool, profile)
    assert keys(fake, result) == set(range(20))
    assert (result.evidence, service.struck) == ("exhausted", 1)
    style = profile.style("tasks", "5")
    assert style is not None
    assert not style.counted


def test_a_dead_part_is_given_up_in_time(fake: ModuleType, tasks: EntitySet, spool: Spool) -> None:
    """Every question is told until when it may be tried again, and that moves on with each answer only."""
    told: list[float] = []

    class Dead(fake.FakeService):  # type: ignore[misc,name-defined]  # a module that was loaded by its path
        def get(self, address: str, headers: Any = None, *, until: float | None = None) -> Any:
            told.append((until or 0.0) - time.monotonic())
            if "gt%2020" in address:
                raise NetworkError("No answer.")
            return super().get(address, headers)

    service = Dead(rows(*range(40)), ("taskId",), envelope="value", counts=True, base_url="http://x/y")
    with pytest.raises(NetworkError):
        reading(fake, service, tasks, spool, Profile(), patience=50.0)
    assert 49.0 < max(told) <= 50.0
    assert min(told) > 0
