import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.catalogue.model import Catalogue
from exepron_pipeline.catalogue.people import people_in


def catalogue(**sets):
    """A catalogue of these entity sets: columns by name, each with what is special of it."""
    made = {}
    for name, columns in sets.items():
        listed = [{"name": c, "type": "int", "description": "", **more} for c, more in columns.items()]
        key = next(iter(columns))
        entry = {"name": name, "description": "", "evidence": "confirmed", "key": (key,), "columns": listed}
        made[name] = entry
    return Catalogue.model_validate({"entity_sets": made})


USERS = {"user_id": {}, "mail": {"type": "text", "personal": "name"}}
REFERS = {"references": "users.user_id"}
NAME = {"type": "text", "personal": "name"}


def test_the_built_in_catalogue_names_people_by_the_keys_of_users():
    """Users and the signed-in user are people; projects, tasks, hours and resource types refer to them."""
    people = people_in(load_catalogue())
    assert {name for name, naming in people.items() if naming.is_person} == {"users", "logged_in_user"}
    assert {name for name in people if not people[name].is_person} == {
        *("projects", "tasks", "resource_types", "work_hours"),
    }
    assert people["projects"].ids == ("project_manager_id", "last_modified_by_user_id")


def test_a_personal_column_belongs_to_the_id_of_its_name():
    """The longest name that fits says whose value it is; where none fits it may be anybody's of the record."""
    columns = {
        "task_id": {},
        "manager_id": REFERS,
        "changed_by_user_id": REFERS,
        "manager_name": NAME,
        "changed_by_mail": NAME,
        "note_to": NAME,
    }
    found = people_in(catalogue(users=USERS, tasks=columns))["tasks"].described
    assert found == {
        "manager_name": ("manager_id",),
        "changed_by_mail": ("changed_by_user_id",),
        "note_to": ("manager_id", "changed_by_user_id"),
    }


@pytest.mark.parametrize("name", ["users", "people"])
def test_people_may_be_called_otherwise(name):
    """In a catalogue without users, people are the entity set with personal columns that others refer to."""
    refers = {"references": f"{name}.user_id"}
    found = people_in(catalogue(**{name: USERS, "tasks": {"task_id": {}, "by_id": refers}}))
    assert found[name].is_person
    assert found["tasks"].ids == ("by_id",)


def test_without_people_there_are_none():
    """A catalogue in which nothing is personal names nobody."""
    assert people_in(catalogue(tasks={"task_id": {}, "other_id": {"references": "tasks.task_id"}})) == {}
