"""What a mart is: a SQL file whose opening comment says what it is, what it reads and what it gives.

Here: that comment, read into a `Mart`. Not here: building the table (``build.py``).

::

    -- One row per live project.
    --
    -- reads
    --   core.projects: project_id ID, project_name VARCHAR
    -- gives
    --   project_id: Key of the project.
    --   project_name [personal]: Name of the project.
    SELECT …

A line that is indented more deeply continues the entry above it. In the query, ``core.projects`` is
called ``core_projects``: a view that has every column listed under *reads*, whatever the source offers.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

_ENTRY = re.compile(r"^  (?P<name>[\w.]+)(?: \[(?P<mark>\w+)\])?: (?P<text>.*)$")


@dataclass(frozen=True)
class Mart:
    """One business table, ``marts.<name>``.

    ``reads`` maps each input, such as ``core.projects``, to its columns and their types. ``columns`` maps
    the columns of the result, in order, to what they mean; ``marks`` says which of them are ``personal`` or
    ``financial``, and may have to be left out of what is published.
    """

    name: str
    description: str
    reads: dict[str, dict[str, str]]
    columns: dict[str, str]
    marks: dict[str, str]
    query: str

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The entity sets whose tables it reads."""
        tables = [table.partition(".") for table in self.reads]
        return tuple(dict.fromkeys(name for schema, _, name in tables if schema in {"core", "history"}))


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
    description = " ".join(line.strip() for line in head[:reads]).strip()
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


def _load(folder: Traversable) -> tuple[Mart, ...]:
    sources = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name
    )
    return tuple(
        parse_mart(item.name.removesuffix(".sql"), item.read_text(encoding="utf-8")) for item in sources
    )


MARTS: tuple[Mart, ...] = _load(files(__package__) / "sql")
"""Every mart, by name."""
