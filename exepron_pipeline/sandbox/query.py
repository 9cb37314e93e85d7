"""Query options of one request, and the SQL that obeys them.

Here belong ``$select``, ``$filter``, ``$orderby``, ``$expand``, ``$top``, ``$skip`` and ``$count``. Not
here: expressions (``translate.py``), which rows a caller reaches (``scope.py``), JSON (``render.py``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exepron_pipeline.sandbox.expression import parse
from exepron_pipeline.sandbox.generations import Generation
from exepron_pipeline.sandbox.refusals import BadQuery
from exepron_pipeline.sandbox.schema import BY_NAME, EntitySet, Field
from exepron_pipeline.sandbox.translate import Translator

MAX_ORDER_CLAUSES = 5
"""As Microsoft's OData libraries have it by default (``MaxOrderByNodeCount``)."""

_PIECE = re.compile(r"'(?:[^']|'')*'|[(),]|[^'(),]+|'")
_EXPANSION = re.compile(r"(?P<name>\w+)(?:\(\s*\$select=(?P<select>[^()]*)\))?")


@dataclass(frozen=True)
class Navigation:
    """A navigation property in the answer: an object of these fields, or null when ``fields`` is empty."""

    name: str
    target: EntitySet
    own_key: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Query:
    """What one request asks of one entity set; built by ``plan_query``."""

    entity_set: EntitySet
    fields: tuple[Field, ...]
    navigations: tuple[Navigation, ...]
    hidden: frozenset[str]
    condition: str
    order: str
    limit: int
    skip: int
    binds: Mapping[str, object]

    def statement(self, scope: Iterable[str]) -> str:
        """The SELECT for the rows that ``scope`` (SQL conditions) leaves; keys of expansions come last."""
        names = [field.name for field in self.fields] + [each.own_key for each in self.navigations]
        columns = ", ".join("NULL" if name in self.hidden else f't."{name}"' for name in names)
        conditions = " AND ".join([*scope, self.condition])
        return (
            f'SELECT {columns} FROM "{self.entity_set.name}" AS t WHERE {conditions} '
            f"ORDER BY {self.order}t.rowid LIMIT {self.limit} OFFSET {self.skip}"
        )


def read_options(pairs: Iterable[tuple[str, str]], generation: Generation) -> dict[str, str]:
    """The system query options of a request; names without ``$`` are nobody's and are passed over.

    Raises:
        BadQuery: an option that this generation does not know, or that comes twice.
    """
    options: dict[str, str] = {}
    for name, value in pairs:
        if not name.startswith("$"):
            continue
        if name not in generation.options:
            raise BadQuery(f"The query parameter '{name}' is not supported.")
        if name in options:
            raise BadQuery(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        options[name] = value.strip()
    return options


def plan_query(
    entity_set: EntitySet, options: Mapping[str, str], hidden: frozenset[str], page_cap: int
) -> Query:
    """What the options ask for; ``hidden`` properties are served as null, ``page_cap`` is in rows.

    Raises:
        BadQuery: an option cannot be obeyed; nothing is ignored in silence.
    """
    if options.get("$count", "false").lower() not in {"true", "false"}:
        raise BadQuery(f"Invalid value '{options['$count']}' for $count query option found.")
    translator = Translator(entity_set, hidden)
    condition = translator.condition(parse(options["$filter"])) if "$filter" in options else "TRUE"
    selected = _names(options["$select"], "$select") if "$select" in options else None
    return Query(
        entity_set,
        _selected(entity_set, selected),
        _navigations(entity_set, selected, options.get("$expand")),
        hidden,
        condition,
        _order(options["$orderby"], translator) if "$orderby" in options else "",
        _limit(options, page_cap),
        _whole_number("$skip", options.get("$skip", "0")),
        translator.binds,
    )


def _selected(entity_set: EntitySet, names: list[str] | None) -> tuple[Field, ...]:
    """In the order of the model, whatever order was asked for, as .NET serialises."""
    known = {*entity_set.field_names, *(name for name, _, _ in entity_set.navigation), "*"}
    for name in names or ():
        if name not in known:
            raise BadQuery(f"Could not find a property named '{name}' on type '{entity_set.name}'.")
    if names is None or "*" in names:
        return entity_set.fields
    return tuple(field for field in entity_set.fields if field.name in names)


def _navigations(
    entity_set: EntitySet, selected: list[str] | None, expand: str | None
) -> tuple[Navigation, ...]:
    """Expanded ones as objects; the others as null, and only where no ``$select`` was given."""
    expanded = {} if expand is None else _expanded(entity_set, expand)
    shown = [each for each in entity_set.navigation if selected is None or each[0] in expanded]
    return tuple(
        Navigation(name, BY_NAME[target], own_key, expanded.get(name, ())) for name, target, own_key in shown
    )


def _expanded(entity_set: EntitySet, expand: str) -> dict[str, tuple[Field, ...]]:
    targets = {name: BY_NAME[target] for name, target, _ in entity_set.navigation}
    expanded = {}
    for clause in _clauses(expand):
        found = _EXPANSION.fullmatch(clause)
        if not found or found["name"] not in targets:
            raise BadQuery(f"Cannot expand '{clause}' on type '{entity_set.name}'.")
        inner = None if found["select"] is None else _names(found["select"], "$select")
        expanded[found["name"]] = _selected(targets[found["name"]], inner)
    return expanded


def _order(text: str, translator: Translator) -> str:
    clauses = _clauses(text)
    if len(clauses) > MAX_ORDER_CLAUSES:
        raise BadQuery(
            "The number of clauses in $orderby query option exceeded the maximum number allowed. "
            f"The maximum number of $orderby clauses allowed is '{MAX_ORDER_CLAUSES}'."
        )
    order = ""
    for clause in clauses:
        parts = re.fullmatch(r"(.+?)(?:\s+(asc|desc))?", clause, re.DOTALL)
        if parts is None:
            raise BadQuery("The value of the query option '$orderby' has an empty clause.")
        order += f"{translator.expression(parse(parts[1])).text} {parts[2] or 'asc'}, "
    return order


def _limit(options: Mapping[str, str], page_cap: int) -> int:
    if "$top" not in options:
        return page_cap
    top = _whole_number("$top", options["$top"])
    if top > page_cap:
        raise BadQuery(
            f"The limit of '{page_cap}' for Top query has been exceeded. "
            f"The value from the incoming request is '{top}'."
        )
    return top


def _whole_number(option: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) >= 2**31:
        raise BadQuery(
            f"Invalid value '{text}' for {option} query option found. "
            f"The {option} query option requires a non-negative integer value."
        )
    return int(text)


def _names(text: str, option: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise BadQuery(f"The value of the query option '{option}' has an empty name.")
    return names


def _clauses(text: str) -> list[str]:
    """The parts between commas that stand outside of quotes and parentheses."""
    clauses, depth = [""], 0
    for piece in _PIECE.findall(text):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "," and not depth:
            clauses.append("")
        else:
            clauses[-1] += piece
    return [clause.strip() for clause in clauses]
