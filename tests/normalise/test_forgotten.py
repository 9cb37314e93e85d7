import json

import pytest

from exepron_pipeline.catalogue.people import Naming
from exepron_pipeline.normalise.forgotten import Blanking, Forgotten, remember_forgotten

GONE, HERE = 7, 8


@pytest.fixture
def forgotten(tmp_path):
    """The list of a folder in which user 7 was forgotten."""
    remember_forgotten(tmp_path, str(GONE))
    return Forgotten.read(tmp_path)


def page(*records):
    """A page's body."""
    return json.dumps({"value": list(records)})


def person(user, **more):
    """A record of a person."""
    return {
        "thingId": user,
        "name": "Ada",
        "role": 3,
        "changedOn": "2026-01-05T10:00:00Z",
        "badge": 1,
        **more,
    }


@pytest.fixture
def people(bench, things, column, forgotten):
    """Decodes people who have a list of roles."""
    child = {"name": "roles", "description": "", "columns": [column("role", wire=".")]}
    entity_set = things(
        *(column("name", personal="name"), column("role", "int"), column("changed_on", "timestamp")),
        cursor="changed_on",
        children=[child],
    )
    naming = Naming(("thing_id",), is_person=True, lists={"roles": Naming(())})
    return bench(entity_set, blank=Blanking(entity_set, naming, forgotten))


@pytest.mark.parametrize("way", ["fast", "slow"])
def test_a_person_is_blanked_but_for_key_and_cursor(people, way):
    """Nothing else of the record is left, nor of its lists; others stay, and the page's bytes are not to be kept."""
    body = page(person(GONE, roles=["a"]), person(HERE, roles=["b"]))
    found = people(body) if way == "fast" else people.slow(body)
    rows = found.table.to_pylist()
    assert [(row["thing_id"], row["name"], row["role"], row["_extra"]) for row in rows] == [
        (GONE, None, None, None),
        (HERE, "Ada", 3, '{"badge":1}'),
    ]
    assert rows[0]["changed_on"] == rows[1]["changed_on"] is not None
    assert [item["thing_id"] for item in found.children["roles"].to_pylist()] == [HERE]
    assert found.hides
    assert found.rows == 2


def test_a_page_without_them_is_as_it_was(people):
    """Only pages that hold a forgotten person are changed."""
    found = people(page(person(HERE)))
    assert found.table.to_pylist()[0]["name"] == "Ada"
    assert not found.hides


def test_a_record_that_refers_to_them_loses_what_names_them(bench, things, column, forgotten):
    """The columns that belong to their id go, and what no column takes; the id and all else stay."""
    entity_set = things(
        column("manager_id", "int"), column("manager_name", personal="name"), column("size", "int")
    )
    naming = Naming(("manager_id",), described={"manager_name": ("manager_id",)})
    decode = bench(entity_set, blank=Blanking(entity_set, naming, forgotten))
    records = [
        {"thingId": n, "managerId": n, "managerName": "A", "size": 1, "note": "A"} for n in (GONE, HERE)
    ]
    theirs, others = decode(page(*records)).table.to_pylist()
    assert (theirs["manager_id"], theirs["manager_name"], theirs["size"], theirs["_extra"]) == (
        GONE,
        None,
        1,
        None,
    )
    assert (others["manager_name"], others["_extra"]) == ("A", '{"note":"A"}')


def test_lists_that_name_them_are_blanked(bench, things, column, forgotten):
    """In a list of people the items that are about them lose their names."""
    child = {
        "name": "team",
        "description": "",
        "columns": [column("member_id", "int"), column("member_name", personal="name")],
    }
    entity_set = things(column("size", "int"), children=[child])
    own = Naming(("member_id",), described={"member_name": ("member_id",)})
    decode = bench(entity_set, blank=Blanking(entity_set, Naming((), lists={"team": own}), forgotten))
    team = [{"memberId": n, "memberName": "A"} for n in (GONE, HERE)]
    found = decode(page({"thingId": 1, "size": 1, "team": team}))
    assert [item["member_name"] for item in found.children["team"].to_pylist()] == [None, "A"]
    assert found.hides
