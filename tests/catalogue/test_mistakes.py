"""Mistakes in a user's file: each is told with file, line, entry and cure."""

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.errors import ConfigurationError

HEAD = "entity_sets:\n  tasks:\n"
CUSTOMERS = "entity_sets:\n  customers:\n    key: id\n    path: Customers\n"

CASES = {
    "empty file": ("# nothing\n", "mine.yaml:1: the file is empty."),
    "no mapping": ("- tasks\n", "mine.yaml:1: the top level is no mapping."),
    "no YAML": ("entity_sets:\n  a: [1\n", "mine.yaml:3: this is not valid YAML"),
    "tab": ("entity_sets:\n\ttasks: null\n", "mine.yaml:2: this is not valid YAML"),
    "two documents": ("a: b\n---\nc: d\n", "mine.yaml:2: this is not valid YAML"),
    "no sets": ("entity_sets: {}\n", "mine.yaml:1: entity_sets: must be a mapping of entity sets by name."),
    "top level": ("entity_set: {}\n", "mine.yaml:1: entity_set: no such field. Did you mean entity_sets?"),
    "replace": ("replace: 3\nentity_sets: {a: {}}\n", "mine.yaml:1: replace: must be true or false."),
    "given twice": (
        HEAD + "    columns:\n      foo: int\n      bar: int\n      foo: text\n",
        "mine.yaml:6: entity_sets.tasks.columns.foo is given twice, first in line 4.",
    ),
    "name is no text": ("entity_sets:\n  ? [a]\n  : {}\n", "mine.yaml:2: a name in entity_sets is no plain text."),
    "loop": (CUSTOMERS + "    columns: &a {id: *a}\n", "columns.id contains itself."),
    "no date": (HEAD + "    note: 2025-13-45\n", "mine.yaml:3: entity_sets.tasks.note: '2025-13-45' looks like"),
    "unknown field of a set": (
        HEAD + "    refersh: daily\n",
        "mine.yaml:3: entity_sets.tasks.refersh: no such field. Did you mean refresh?",
    ),
    "unknown field of a column": (
        HEAD + "    columns:\n      foo: {type: int, descriptionx: x}\n",
        "mine.yaml:4: entity_sets.tasks.columns.foo.descriptionx: no such field. Did you mean description?",
    ),
    "unknown field of a source": (
        HEAD + "    sources:\n      - path: a\n      - {path: b, generatio: g2}\n",
        "mine.yaml:5: entity_sets.tasks.sources.1.generatio: no such field. Did you mean generation?",
    ),
    "unknown field of a child": (
        "entity_sets:\n  roles:\n    children: {permissions: {columnz: {a: int}}}\n",
        "mine.yaml:3: entity_sets.roles.children.permissions.columnz: no such field. Did you mean columns?",
    ),
    "far from any field": (HEAD + "    xyzzy: 1\n", "tasks.xyzzy: no such field. Fields are description, evidence,"),
    "name inside": (HEAD + "    name: jobs\n", "mine.yaml:3: entity_sets.tasks.name: no such field. The name is"),
    "type of another tool": (
        HEAD + "    columns: {foo: string}\n",
        "mine.yaml:3: entity_sets.tasks.columns.foo.type: 'string' is no type. Did you mean text?",
    ),
    "decimal without quotes": (
        HEAD + "    columns: {foo: {type: decimal(18,2)}}\n",
        "mine.yaml:3: entity_sets.tasks.columns.foo.type: 'decimal(18' is no type. Write it with quotes",
    ),
    "decimal too wide": (HEAD + "    columns:\n      foo: decimal(39,2)\n", "at most 38"),
    "no type": (HEAD + "    columns: {foo: {unit: days}}\n", "entity_sets.tasks.columns.foo.type: is missing."),
    "column name": (
        HEAD + "    columns: {fooBar: int}\n",
        "mine.yaml:3: entity_sets.tasks.columns.fooBar: the name is not in snake_case. Write foo_bar;",
    ),
    "our own names": (HEAD + "    columns: {_load_id: int}\n", "columns._load_id: the name is not in snake_case."),
    "column is a number": (HEAD + "    columns: {foo: 3}\n", "entity_sets.tasks.columns.foo: must be a mapping."),
    "columns are a list": (HEAD + "    columns: [foo]\n", "entity_sets.tasks.columns: must be a mapping."),
    "set is text": ("entity_sets:\n  tasks: daily\n", "mine.yaml:2: entity_sets.tasks: must be a mapping."),
    "child is text": ("entity_sets: {roles: {children: {a: b}}}\n", "entity_sets.roles.children.a: must be a mapping."),
    "source is text": (HEAD + "    sources: [a]\n", "entity_sets.tasks.sources.0: must be a mapping of fields."),
    "truth value": (HEAD + "    enabled: perhaps\n", "entity_sets.tasks.enabled: must be true or false."),
    "text": (HEAD + "    description: no\n", "entity_sets.tasks.description: must be text: put quotes round it."),
    "choice": (
        HEAD + "    refresh: Hourly\n",
        "mine.yaml:3: entity_sets.tasks.refresh: must be one of hourly, daily, weekly. Did you mean hourly?",
    ),
    "generation": (HEAD + "    sources: [{path: a, generation: g5}]\n", "sources.0.generation: must be one of any, g1,"),
    "wire's generation": (
        HEAD + "    columns: {foo: {type: int, wire: {g5: x}}}\n",
        "mine.yaml:3: entity_sets.tasks.columns.foo.wire.g5: must be one of any, g1,",
    ),
    "wire is a number": (HEAD + "    columns: {foo: {type: int, wire: 3}}\n", "columns.foo.wire: must be text"),
    "field read twice": (
        HEAD + "    columns: {foo: {type: int, wire: taskName}}\n",
        "mine.yaml:3: entity_sets.tasks.columns.foo: reads the field 'taskName' that 'task_name' reads already.",
    ),
    "dangling key": (
        HEAD + "    key: taskid\n",
        "mine.yaml:3: entity_sets.tasks.key: names the column 'taskid', which is not under columns. Did you mean task_id?",
    ),
    "removed key": (
        HEAD + "    columns: {task_id: null}\n",
        "mine.yaml:2: entity_sets.tasks.key: names the column 'task_id', which is not under columns. Add the column",
    ),
    "dangling cursor": (HEAD + "    cursor: last_modified\n", "mine.yaml:3: entity_sets.tasks.cursor: names the column"),
    "cursor is text": (HEAD + "    cursor: task_name\n", "entity_sets.tasks.cursor: 'task_name' is no timestamp or date."),
    "dangling reference": (
        HEAD + "    columns:\n      foo: {type: int, references: user.user_id}\n",
        ("mine.yaml:4: entity_sets.tasks.columns.foo.references: 'user.user_id' is no column of the catalogue. "
        "Did you mean users.user_id?"),
    ),
    "reference to a removed set": (
        ("entity_sets:\n  cost_groups: null\n  resource_types:\n    columns:\n      cost_group_id:\n"
        "        references: cost_groups.cost_group_id\n"),
        "mine.yaml:6: entity_sets.resource_types.columns.cost_group_id.references: 'cost_groups.cost_group_id' is no",
    ),
    "removes nothing": ("entity_sets:\n  task: null\n", "entity_sets.task: is removed, but does not exist. Did you mean tasks?"),
    "removes no column": (HEAD + "    columns: {task_nam: null}\n", "does not exist. Did you mean task_name?"),
    "removes no child": ("entity_sets: {roles: {children: {a: null}}}\n", "roles.children.a: is removed, but does not exist."),
    "no key": ("entity_sets:\n  a:\n    path: A\n    columns: {id: int}\n", "mine.yaml:2: entity_sets.a.key: is missing."),
    "no columns": (CUSTOMERS, "mine.yaml:2: entity_sets.customers.columns: is missing."),
    "empty columns": (CUSTOMERS + "    columns: {}\n", "mine.yaml:5: entity_sets.customers.columns: must not be empty."),
    "no path": (
        "entity_sets:\n  a:\n    key: id\n    columns: {id: int}\n",
        "mine.yaml:2: entity_sets.a: is switched on, but has no path. Add path:,",
    ),
    "path and sources": (HEAD + "    path: a\n    sources: [{path: b}]\n", "mine.yaml:3: entity_sets.tasks.path: stands beside"),
    "absolute path": (HEAD + "    path: /a\n", "mine.yaml:3: entity_sets.tasks.path: '/a' is no path below"),
    "whole address": (HEAD + "    path: https://example.com/a\n", "is no path below the API's base address."),
    "path upwards": (HEAD + "    path: a/../b\n", "is no path below the API's base address."),
    "path with query": (HEAD + "    path: a?$top=1\n", "is no path below the API's base address."),
    "path is a number": (HEAD + "    path: 7\n", "entity_sets.tasks.path: must be text"),
    "variable": (
        HEAD + "    path: Accounts/{accountID}/a\n",
        "mine.yaml:3: entity_sets.tasks.path: {accountID} is no variable. Did you mean accountId?",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_a_mistake_is_told_with_its_place_and_cure(mistake, text, expected):
    """Each mistake names the file, the line, the entry, and what to write instead."""
    assert expected in mistake(text)


def test_all_mistakes_are_told_in_the_order_of_the_file(mistake):
    """One run tells all mistakes of a file, each on its own line."""
    text = (
        "entity_sets:\n  customers:\n    description: no\n    key: []\n    path: Customers\n"
        "    columns:\n      id: {type: int, descriptionx: x}\n      b: ints\n"
    )
    message = mistake(text).splitlines()
    assert [line.split(" ")[0] for line in message] == [f"mine.yaml:{number}:" for number in (3, 4, 7, 8)]


def test_many_mistakes_do_not_flood_the_terminal(mistake):
    """After ten mistakes only their number is told."""
    columns = "".join(f"      c{number}: nothing\n" for number in range(13))
    message = mistake(HEAD + "    columns:\n" + columns).splitlines()
    assert len(message) == 11
    assert message[-1].startswith("and 3 more.")


def test_a_file_that_is_missing_is_named(tmp_path):
    """A path that cannot be opened is told, with the setting that names it."""
    with pytest.raises(ConfigurationError, match=r"missing\.yaml cannot be read.*EXEPRON_CATALOGUE"):
        load_catalogue(tmp_path / "missing.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_catalogue(tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path):
    """Bytes that are not UTF-8 are told with their line; a byte order mark is no mistake."""
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"entity_sets:\n  k\xe9: {}\n")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml:2: the file is not UTF-8 text"):
        load_catalogue(path)
    path.write_bytes(b"\xef\xbb\xbfentity_sets: {tasks: {refresh: daily}}\n")
    assert load_catalogue(path).entity_sets["tasks"].refresh == "daily"


def test_a_file_cannot_run_code(mistake, tmp_path):
    """YAML's tags for Python objects are refused, and nothing is run."""
    target = tmp_path / "ran"
    text = HEAD + f"    description: !!python/object/apply:os.mkdir ['{target}']\n"
    assert "entity_sets.tasks.description: must be text" in mistake(text)
    assert not target.exists()
