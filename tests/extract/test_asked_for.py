"""What the catalogue's select, filter, expand and orderby make of a question."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.extract.plan import plan_read
from exepron_pipeline.extract.style import Style, learn_style, question
from exepron_pipeline.odata.dialect import DIALECTS

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)


def column(name: str, type_: str = "text", **more: Any) -> dict[str, Any]:
    """A column as a user would write it."""
    return {"name": name, "type": type_, "description": "", "confidence": "H", **more}


def asked(
    dialect: str = "odata4", watermark: datetime | None = None, style: Style | None = None, **more: Any
) -> str:
    """The first address of a read, readable."""
    columns = (
        column("task_id", "int"),
        column("title"),
        column("changed_at", "timestamp", **more.pop("cursor_column", {})),
        column("manager_name", wire="manager.name"),
        column("phone", personal="contact"),
    )
    item = {"name": "n", "type": "int", "description": ""}
    given = {"key": ("task_id",), "cursor": "changed_at", "sources": ({"path": "Tasks"},)} | more
    entity_set = EntitySet(
        name="tasks",
        description="",
        evidence="confirmed",
        columns=columns,
        children=({"name": "items", "description": "", "columns": (item,)},),
        **given,
    )
    plan = plan_read(
        entity_set,
        account_id="7",
        user_id=None,
        generation=dialect,
        watermark=watermark,
        lookback_hours=0,
        personal=given.pop("personal", "keep"),
    )
    spoken = DIALECTS[dialect]
    found = question(plan, style or Style.best(spoken), spoken, "http://x", 5)
    return unquote(found.page(5).at(found.path, spoken))


def test_nothing_is_said_of_what_is_not_narrowed() -> None:
    """Without the four fields the question is as plain as ever."""
    assert asked() == "Tasks?$orderby=taskId asc&$top=5&$count=true"


def test_selected_columns_come_with_key_and_cursor() -> None:
    """Only what is selected is asked for, with what identifies a record and tells when it changed."""
    assert asked(select=("title",)).startswith("Tasks?$select=taskId,title,changedAt&")
    assert asked(select=("items",)).startswith("Tasks?$select=taskId,changedAt,items&")


def test_a_filter_goes_with_the_cursor() -> None:
    """The user's condition is part of every question, and keeps its meaning beside ours."""
    assert "$filter=status eq 2&" in asked(filter="status eq 2")
    both = asked(filter="status eq 2 or status eq 3", watermark=NOON)
    assert "$filter=(status eq 2 or status eq 3) and (changedAt ge 2026-03-11T12:00:00Z)&" in both


def test_a_filter_stays_when_the_service_takes_none_on_the_cursor() -> None:
    """What a service refuses of ours is left out; the user's condition never is."""
    bare = Style(select="all", stamp=None, ordered=False, counted=False)
    assert asked(filter="status eq 2", watermark=NOON, style=bare) == "Tasks?$filter=status eq 2&$top=5"


def test_expanded_properties_are_written_as_the_version_wants_them() -> None:
    """Fields of what is expanded are asked for inside of it."""
    more: dict[str, Any] = {"select": ("manager_name",), "expand": ("manager", "manager.account")}
    assert "$select=taskId,changedAt&$expand=manager($select=name;$expand=account)&" in asked(**more)
    assert "$select=taskId,changedAt,manager/name&$expand=manager/account&" in asked("odata2", **more)


def test_a_users_order_goes_before_the_key() -> None:
    """Read by place, a set comes in the user's order, which the key ends; read by key, in that of the key alone."""
    orders = ("changed_at desc", "manager_name")
    by_place = replace(Style.best(DIALECTS["odata4"]), keyset=False)
    assert "$orderby=changedAt desc,manager/name asc,taskId asc&" in asked(orderby=orders, style=by_place)
    assert asked(orderby=orders) == asked()


@pytest.mark.parametrize(
    ("dialect", "edm", "text"),
    [
        ("odata2", None, "datetimeoffset'2026-03-11T12:00:00Z'"),
        ("odata2", "Edm.DateTimeOffset", "datetimeoffset'2026-03-11T12:00:00Z'"),
        ("odata2", "Edm.DateTime", "datetime'2026-03-11T12:00:00'"),
        ("g1", None, "datetime'2026-03-11T12:00:00'"),
        ("g1", "Edm.DateTimeOffset", "datetimeoffset'2026-03-11T12:00:00Z'"),
        ("odata4", "Edm.DateTimeOffset", "2026-03-11T12:00:00Z"),
        ("odata4", "Edm.Date", "2026-03-11"),
    ],
)
def test_the_cursor_is_compared_in_its_own_form(dialect: str, edm: str | None, text: str) -> None:
    """The property's type in `$metadata` decides; without it the dialect's first form is tried."""
    found = asked(dialect, watermark=NOON, cursor_column={"edm": edm})
    assert f"$filter=changedAt ge {text}&" in found


def test_of_a_known_type_no_other_form_is_tried() -> None:
    """A wrong form may be taken and compare something else: it is not even tried."""
    columns = (column("task_id", "int"), column("changed_at", "timestamp", edm="Edm.DateTime"))
    entity_set = EntitySet(
        name="tasks",
        description="",
        evidence="confirmed",
        columns=columns,
        key=("task_id",),
        cursor="changed_at",
        sources=({"path": "Tasks"},),
    )
    plan = plan_read(entity_set, account_id="7", user_id=None, generation="odata2", watermark=NOON)
    tried: list[str | None] = []
    dialect = DIALECTS["odata2"]

    def works(style: Style) -> bool:
        asked_for = question(plan, style, dialect, "http://x", 1).query.filter
        tried.append(asked_for)
        return asked_for is None

    learnt = learn_style(plan, dialect, works)
    assert learnt is not None
    assert learnt.stamp is None
    assert {text for text in tried if text} == {"changedAt ge datetime'2026-03-10T10:00:00'"}
