"""What a mart is: a SQL file whose opening comment says what it is, what it reads and what it gives.

Here: that comment, read into a `Mart`. Not here: building the table (``build.py``).

::

    -- One row per live project.
    --
    -- Empty until a live project is read.
    --
    -- reads
    --   core.projects: project_id ID, project_name VARCHAR
    -- gives
    --   project_id: Key of the project.
    --   project_name [personal]: Name of the project.
    SELECT …

The sentence that begins with *Empty until* is what a reader of an empty table is told. A line that is
indented more deeply continues the entry above it. In the query, ``core.projects`` is
called ``core_projects``: a view that has every column listed under *reads*, whatever the source offers.
A mart may read other marts, such as ``marts.project_day``: they are built before it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from importlib.resources import files
from importlib.resources.abc import Traversable

_EMPTY = re.compile(r"\bEmpty (until [^.]+)\.")
_ENTRY = re.compile(r"^  (?P<name>[\w.]+)(?: \[(?P<mark>\w+)\])?: (?P<text>.*)$")


@dataclass(frozen=True)
class Mart:
    """One business table, ``marts.<name>``.

    ``reads`` maps each input, such as ``core.projects``, to its columns and their types. ``columns`` maps
    the columns of the result, in order, to what they mean; ``marks`` says which of them are ``personal`` or
    ``financial``, and may have to be left out of what is published. ``upstream`` are the marts it reads.
    """

    name: str
    description: str
    reads: dict[str, dict[str, str]]
    columns: dict[str, str]
    marks: dict[str, str]
    query: str
    upstream: tuple["Mart", ...] = ()

    @property
    def empty_until(self) -> str:
        """What must happen before it has rows, beginning with "until"."""
        found = _EMPTY.search(self.description)
        return found[1] if found else "until its inputs have rows"

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The entity sets whose tables it reads, by itself or through other marts."""
        inherited = [name for mart in self.upstream for name in mart.depends_on]
        return tuple(dict.fromkeys([*self.names_read("core", "history"), *inherited]))

    def names_read(self, *schemas: str) -> list[str]:
        """Names of the tables of some schemas that its query reads."""
        tables = [table.partition(".") for table in self.reads]
        return [name for schema, _, name in tables if schema in schemas]


def parse_mart(name: str, text: str) -> Mart:
    """Read a SQL file's text.

    Raises:
        ValueError: The opening comment has no description, no *reads* or no *gives*.

    """
    lines = text.splitlines()
    end = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    head = [line.removeprefix("--").removeprefix(" ") for line in lines[:end]]
    if "reads" not in head or "gives" not in head:
        raise ValueError(f"{name}.sql: the opening comment needs the lines `-- reads` and `-- gives`")
    reads, gives = head.index("reads"), head.index("gives")
    description = " ".join(line.strip() for line in head[:reads] if line.strip())
    inputs = {table: _columns(text) for table, _, text in _entries(head[reads + 1 : gives])}
    outputs = list(_entries(head[gives + 1 :]))
    return Mart(
        name=name,
        description=description,
        reads=inputs,
        columns={column: text for column, _, text in outputs},
        marks={column: mark for column, mark, _ in outputs if mark},
        query="\n".join(lines[end:]).strip().removesuffix(";"),
    )


def _entries(lines: Iterable[str]) -> Iterator[tuple[str, str | None, str]]:
    """Give name, mark and text of each entry, its continuation lines joined."""
    current: list[str] = []
    for line in [*lines, "  end: "]:
        if not _ENTRY.match(line):
            current.append(line.strip())
            continue
        found = _ENTRY.match(" ".join(current))
        if found:
            yield found["name"], found["mark"], found["text"]
        current = [line]


def _columns(text: str) -> dict[str, str]:
    return {name: kind for name, _, kind in (part.partition(" ") for part in text.split(", "))}


def in_order(marts: Iterable[Mart]) -> tuple[Mart, ...]:
    """Sort marts so that each comes after those it reads, else by name, and tell it of them.

    Raises:
        ValueError: Some read each other in a circle.

    """
    by_name = {mart.name: mart for mart in marts}
    graph = {name: by_name[name].names_read("marts") for name in sorted(by_name)}
    for name in TopologicalSorter(graph).static_order():
        by_name[name] = replace(by_name[name], upstream=tuple(by_name[other] for other in graph[name]))
    return tuple(by_name[name] for name in TopologicalSorter(graph).static_order())


def _load(folder: Traversable) -> Iterator[Mart]:
    for item in folder.iterdir():
        if item.name.endswith(".sql"):
            yield parse_mart(item.name.removesuffix(".sql"), item.read_text(encoding="utf-8"))


MARTS: tuple[Mart, ...] = in_order(_load(files(__package__) / "sql"))
"""Every mart, in the order in which they are built."""
