"""The tables that the catalogue makes, as Markdown: ``python -m exepron_pipeline.catalogue.document``.

Here: how ``docs/tables.md`` looks. Not here: what the tables hold (``exepron.yaml``).
"""

import sys
from collections.abc import Sequence

from exepron_pipeline.catalogue.load import load_catalogue
from exepron_pipeline.catalogue.model import Catalogue, Child, Column, EntitySet

_HEAD = """\
# Tables

Made from the built-in catalogue: change `exepron_pipeline/catalogue/exepron.yaml`, not this page, then run
`python -m exepron_pipeline.catalogue.document > docs/tables.md`.

Each entity set that the service offers is one table of the schema `core`, with one row for each key.
Every table has our own columns besides: `_account_id`, `_load_id`, `_loaded_at`, `_row_hash`,
`_deleted_at` (null while the record exists) and `_extra` (JSON: fields that are no column yet, and
texts of stamps that say more than the column holds).

*Evidence* is where the name was seen, and how sure it is: H a source shows it, M one step away, L a guess
of ours. A table or a column of which only guesses exist may stay away or empty.
"""


def render(catalogue: Catalogue) -> str:
    """Give the Markdown page of all entity sets, those that are switched off at the end."""
    sets = catalogue.entity_sets.values()
    pieces = [_HEAD, _overview([item for item in sets if item.enabled])]
    pieces += [_table(item) for item in sets if item.enabled]
    pieces.append(_switched_off([item for item in sets if not item.enabled]))
    return "\n".join(piece for piece in pieces if piece)


def _overview(sets: list[EntitySet]) -> str:
    rows = [(f"[{item.name}](#{item.name})", item.evidence, item.refresh, item.description) for item in sets]
    return _markdown(("table", "evidence", "refresh", "what a row is"), rows)


def _table(entity_set: EntitySet) -> str:
    lines = [f"## {entity_set.name}\n", entity_set.description]
    lines.append(f"\n{' · '.join(_facts(entity_set))}\n")
    if entity_set.note:
        lines.append(f"{entity_set.note}\n")
    lines.append(_columns(entity_set.columns))
    lines += [_child(entity_set, child) for child in entity_set.children]
    lines.append(_sources(entity_set))
    return "\n".join(lines)


def _facts(entity_set: EntitySet) -> list[str]:
    facts = [f"Key: {_code(*entity_set.key)}"]
    facts.append(f"cursor: {_code(entity_set.cursor)}" if entity_set.cursor else "no cursor: read whole")
    facts.append(f"refresh: {entity_set.refresh}")
    if entity_set.moves_without_stamp:
        facts.append("values move without the cursor: compared whole each night")
    if entity_set.needs_permission:
        facts.append(f"needs the permission: {entity_set.needs_permission}")
    return facts


def _columns(columns: tuple[Column, ...]) -> str:
    rows = [(_code(item.name), item.type, _meaning(item), _evidence(item)) for item in columns]
    return _markdown(("column", "type", "meaning", "evidence"), rows)


def _meaning(column: Column) -> str:
    parts = [column.description, column.note or ""]
    parts.append(f"Unit: {column.unit}." if column.unit else "")
    parts.append(f"Refers to {_code(column.references)}." if column.references else "")
    parts.append(f"Personal: {column.personal}." if column.personal else "")
    parts.append("Financial." if column.financial else "")
    return " ".join(part for part in parts if part)


def _evidence(item: Column) -> str:
    return f"{item.source}, {item.confidence}"


def _child(entity_set: EntitySet, child: Child) -> str:
    keys = _code(*entity_set.key, "_position")
    title = f"### {entity_set.name}__{child.name}\n\n{child.description} Key: {keys}.\n\n"
    return title + _columns(child.columns)


def _sources(entity_set: EntitySet) -> str:
    rows = [
        (", ".join(item.generation), _code(item.path), f"{item.source}, {item.confidence}", item.note or "")
        for item in entity_set.sources
    ]
    return "Read from, in this order:\n\n" + _markdown(("generation", "path", "evidence", "note"), rows)


def _switched_off(sets: list[EntitySet]) -> str:
    if not sets:
        return ""
    rows = [(_code(item.name), item.description) for item in sets]
    text = "## Switched off\n\nNo source shows these; a catalogue of your own can give them a path.\n\n"
    return text + _markdown(("table", "what a row would be"), rows)


def _code(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _markdown(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    rule = tuple("---" for _ in titles)
    return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in [titles, rule, *rows])


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(render(load_catalogue()))
