"""Query options of one request, and the SQL that obeys them.

Here belong ``$select``, ``$filter``, ``$orderby``, ``$expand``, ``$search`` and the two ways to ask for a
count. Not here: the window of rows (``paging.py``), expressions (``translate.py``), which rows a caller
reaches (``scope.py``), JSON (``render.py``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo

from exepron_pipeline.sandbox.expression import parse
from exepron_pipeline.sandbox.literals import EVERY, Form
from exepron_pipeline.sandbox.paging import Paging, Window, window_of
from exepron_pipeline.sandbox.refusals import BadQuery
from exepron_pipeline.sandbox.search import matching
from exepron_pipeline.sandbox.translate import Translator
from exepron_pipeline.sandbox.views import Column, Relation, View

MAX_ORDER_CLAUSES = 5
"""As Microsoft's OData libraries have it by default (``MaxOrderByNodeCount``)."""

_PIECE = re.compile(r"'(?:[^']|'')*'|[(),]|[^'(),]+|'")
_EXPANSION = re.compile(r"(?P<name>\w+)(?:\(\s*\$select=(?P<select>[^()]*)\))?")


@dataclass(frozen=True)
class Navigation:
    """A navigation property in the answer, with these columns of its target; without any it is null."""

    relation: Relation
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True)
class Query:
    """What one request asks of one view; built by ``plan_query``."""

    view: View
    columns: tuple[Column, ...]
    navigations: tuple[Navigation, ...]
    condition: str
    order: str
    window: Window
    counts: bool
    binds: Mapping[str, object]

    def statement(self, scope: Iterable[str]) -> str:
        """The SELECT for the rows that ``scope`` (SQL conditions) leaves; the row's number comes last.

        The page is found by its rows' numbers first: rows before it are passed over in an index, and never read.
        Where links lead on, one row more than the page holds tells whether there is another page.
        """
        columns = ", ".join([*(column.at("t") for column in self.columns), "t.rowid"])
        limit = self.window.limit + (1 if self.window.links else 0)
        rows, order = f'FROM "{self.view.name}" AS t WHERE', f"ORDER BY {self.order}t.rowid"
        page = f"SELECT t.rowid {rows} {self._where(scope)} {order} LIMIT {limit} OFFSET {self.window.offset}"
        return f"SELECT {columns} {rows} t.rowid IN ({page}) {order}"

    def counting(self, scope: Iterable[str]) -> str:
        """The SELECT for the number of rows on all pages."""
        return f'SELECT count(*) FROM "{self.view.name}" AS t WHERE {self._where(scope)}'

    def _where(self, scope: Iterable[str]) -> str:
        return " AND ".join([*scope, self.condition])


def read_options(pairs: Iterable[tuple[str, str]], known: Iterable[str]) -> dict[str, str]:
    """The system query options of a request; names without ``$`` are nobody's and are passed over.

    Raises:
        BadQuery: an option that is not ``known``, or that comes twice.
    """
    options: dict[str, str] = {}
    for name, value in pairs:
        if not name.startswith("$"):
            continue
        if name not in known:
            raise BadQuery(f"The query parameter '{name}' is not supported.")
        if name in options:
            raise BadQuery(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        options[name] = value.strip()
    return options


def plan_query(
    view: View,
    options: Mapping[str, str],
    paging: Paging,
    forms: frozenset[Form] = EVERY,
    zone: tzinfo | None = None,
) -> Query:
    """What the options ask of a view.

    Args:
        view: As the caller may see it.
        options: From ``read_options``.
        paging: Page sizes of the service.
        forms: Which versions' literals and functions are understood.
        zone: Of literals that name none; UTC without.

    Raises:
        BadQuery: an option cannot be obeyed; nothing is ignored in silence.
    """
    translator = Translator(view, zone)
    condition = "TRUE"
    if "$filter" in options:
        condition = translator.condition(parse(options["$filter"], forms))
    if "$search" in options:
        condition = f"({condition}) AND {matching(options['$search'], view, translator)}"
    order = _order(options["$orderby"], translator, forms) if "$orderby" in options else ""
    selected = _names(options["$select"], "$select") if "$select" in options else None
    return Query(
        view,
        _selected(view, selected),
        _navigations(view, selected, options.get("$expand")),
        condition,
        order,
        window_of(options, paging),
        _counts(options),
        translator.binds,
    )


def _counts(options: Mapping[str, str]) -> bool:
    answers = {"$count": {"true": True, "false": False}, "$inlinecount": {"allpages": True, "none": False}}
    asked = False
    for option, meanings in answers.items():
        if option in options:
            if options[option].lower() not in meanings:
                raise BadQuery(f"Invalid value '{options[option]}' for {option} query option found.")
            asked = meanings[options[option].lower()]
    if options.get("$format", "json") not in {"json", "application/json"}:
        raise BadQuery(f"The format '{options['$format']}' is not supported.")
    return asked


def _selected(view: View, names: list[str] | None) -> tuple[Column, ...]:
    """In the order of the model, whatever order was asked for, as .NET serialises."""
    known = {*view.names, *(relation.name for relation in view.relations), "*"}
    for name in names or ():
        if name not in known:
            raise BadQuery(f"Could not find a property named '{name}' on type '{view.name}'.")
    if names is None or "*" in names:
        return view.columns
    return tuple(column for column in view.columns if column.name in names)


def _navigations(view: View, selected: list[str] | None, expand: str | None) -> tuple[Navigation, ...]:
    """Expanded ones with their rows; single ones as null too where there is no ``$select`` nor ``$expand``."""
    expanded = {} if expand is None else _expanded(view, expand)
    return tuple(
        Navigation(relation, expanded.get(relation.name, ()))
        for relation in view.relations
        if relation.name in expanded or (selected is None and not relation.many)
    )


def _expanded(view: View, expand: str) -> dict[str, tuple[Column, ...]]:
    expanded = {}
    for clause in _clauses(expand):
        found = _EXPANSION.fullmatch(clause)
        relation = view.relation(found["name"]) if found else None
        if found is None or relation is None:
            raise BadQuery(f"Cannot expand '{clause}' on type '{view.name}'.")
        inner = None if found["select"] is None else _names(found["select"], "$select")
        expanded[relation.name] = _selected(replace(relation.target, relations=()), inner)
    return expanded


def _order(text: str, translator: Translator, forms: frozenset[Form]) -> str:
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
        order += f"{translator.expression(parse(parts[1], forms)).text} {parts[2] or 'asc'}, "
    return order


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
