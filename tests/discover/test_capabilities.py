"""An option counts only when its effect is seen."""

from dataclasses import asdict

import pytest

from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.odata.capabilities import look as look_at
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.filter import KeyPart
from exepron_pipeline.odata.looker import Looker

KEY = (KeyPart("id", "int"),)
ALL = {"top": True, "skip": True, "orderby": True, "filter": True, "select": True, "count": True}


def records(count):
    """Records with a number as key."""
    return [{"id": n, "name": f"record {n}"} for n in range(1, count + 1)]


def look(service, key=KEY, dialect="odata4"):
    """What is seen of a service, without what is beside the options."""
    return asdict(look_at(Looker(service, "Things", DIALECTS[dialect]), key).capabilities)


def test_all_work(fake):
    """A service that obeys shows the effect of every option; as many records as asked for come at once."""
    service = fake.FakeService(records(20), envelope="value", counts=True)
    assert look(service) == {**ALL, "page": None, "records": 20}
    assert len(service.asked) <= 9


@pytest.mark.parametrize("how", ["ignores", "refuses"])
@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("$top", "top"),
        ("$skip", "skip"),
        ("$orderby", "orderby"),
        ("$filter", "filter"),
        ("$select", "select"),
    ],
)
def test_one_has_no_effect(fake, how, option, name):
    """An option that is ignored with 200, or refused, is seen not to work; all the others are seen to."""
    service = fake.FakeService(records(20), envelope="value", counts=True, **{how: frozenset({option})})
    found = look(service)
    assert {each: found[each] for each in ALL} == {**ALL, name: False}


def test_the_count_is_seen(fake):
    """A service that sends no count, or refuses to, has none."""
    assert look(fake.FakeService(records(20), envelope="value"))["count"] is False
    refusing = fake.FakeService(records(20), envelope="value", refuses=frozenset({"$count"}))
    assert look(refusing)["count"] is False
    assert (
        look(fake.FakeService(records(20)), dialect="g2")["count"] is None
    )  # a bare list has no place for one


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_records_show_nothing(fake, count):
    """Where no effect could be seen, nothing is said of it."""
    found = look(fake.FakeService(records(count), envelope="value", counts=True))
    assert [found[each] for each in ("top", "skip", "orderby", "filter")] == [None] * 4
    assert found["records"] == count


@pytest.mark.parametrize(("cap", "count"), [(7, 20), (60, 200)])
@pytest.mark.parametrize("refuses", [True, False])
def test_the_cap_of_the_page(fake, cap, count, refuses):
    """A smaller page than asked for is found, whether the service cuts in silence or names its limit."""
    service = fake.FakeService(records(count), envelope="value", counts=True, cap=cap, cap_refuses=refuses)
    found = look(service)
    assert found == {**ALL, "page": cap, "records": count}


def test_a_service_that_refuses_everything(fake):
    """Who refuses even the bare path is an error, for the set's own report."""
    service = fake.FakeService([], answers={"Things": RequestRejectedError("no", status=400)})
    with pytest.raises(RequestRejectedError):
        look(service)


def test_keys_of_several_parts(fake):
    """A key of two parts is filtered by equality of both."""
    rows = [{"a": n // 3, "b": f"x{n % 3}"} for n in range(9)]
    service = fake.FakeService(rows, key=("a", "b"), envelope="value", counts=True)
    found = look(service, (KeyPart("a", "int"), KeyPart("b", "text")))
    assert (found["orderby"], found["filter"], found["skip"]) == (True, True, True)
