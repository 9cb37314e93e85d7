"""A parsed expression as SQL over one entity set, with every value bound.

Here belong operators, literals, properties and null. Not here: the functions (``functions.py``), types
(``sql.py``), the parser (``expression.py``), the statement around it (``query.py``).

Null as OData has it: ``eq`` and ``ne`` know null as a value, all other comparisons with it are false, and
``not`` of such a one is true. Instants are compared in UTC: a literal without offset is taken as UTC, or
in the zone in which the service writes its stamps.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from odata_query import ast

from exepron_pipeline.sandbox.expression import Node
from exepron_pipeline.sandbox.functions import FUNCTIONS, Function, Type
from exepron_pipeline.sandbox.refusals import BadQuery
from exepron_pipeline.sandbox.sql import Sql, as_stamp, decided, incompatible, property_of, same_family
from exepron_pipeline.sandbox.views import View

_COMPARISONS = {"Eq": "IS", "NotEq": "IS NOT", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">="}
_ARITHMETIC = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "Mod": "%"}


@dataclass
class Translator:
    """Turns expressions over ``view`` into SQL; collects the values in ``binds``."""

    view: View
    zone: tzinfo | None = None
    binds: dict[str, object] = field(default_factory=dict)

    def condition(self, node: Node) -> str:
        """SQL that is true for the rows which a ``$filter`` keeps.

        Raises:
            BadQuery: the expression is no condition, or cannot be translated.
        """
        sql = self.expression(node)
        if sql.type not in {"bool", "null"}:
            raise BadQuery("The expression is not a condition: it must yield true or false.")
        return sql.text

    def expression(self, node: Node) -> Sql:  # noqa: PLR0911 -- one return for each kind of node
        """SQL of any expression.

        Raises:
            BadQuery: unknown property or function, types that do not go together, value out of range.
        """
        match node:
            case ast.Identifier(name=name, namespace=namespace):
                return _property(".".join((*namespace, name)), self.view, "t")
            case ast.Attribute(owner=ast.Identifier(name=navigation), attr=name):
                return self._beyond(navigation, name)
            case ast.Compare(comparator=ast.In(), left=left, right=ast.List(val=items)):
                return self._contained(self.expression(left), [self.expression(item) for item in items])
            case ast.Compare(comparator=operator, left=left, right=right):
                return self._compared(type(operator).__name__, self.expression(left), self.expression(right))
            case ast.BoolOp(op=operator, left=left, right=right):
                word = type(operator).__name__.upper()
                return Sql(f"({self.condition(left)} {word} {self.condition(right)})", "bool")
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Sql(f"(NOT ifnull({self.condition(operand)}, 0))", "bool")
            case ast.UnaryOp(operand=operand):
                return Sql(f"(-{self._number(self.expression(operand)).text})", "number")
            case ast.BinOp(op=operator, left=left, right=right):
                return self._calculated(
                    type(operator).__name__, self.expression(left), self.expression(right)
                )
            case ast.Call(func=function, args=arguments):
                return self._called(function, arguments)
            case _:
                return self._literal(node)

    def _beyond(self, navigation: str, name: str) -> Sql:
        """A property of the row that a navigation property leads to."""
        relation = self.view.relation(navigation)
        if relation is None or relation.many:
            raise BadQuery(f"Could not find a property named '{navigation}' on type '{self.view.name}'.")
        found = _property(name, relation.target, "n")
        select = f'(SELECT {found.text} FROM "{relation.target.name}" AS n WHERE {relation.condition})'
        return Sql(select, found.type)

    def _compared(self, operator: str, left: Sql, right: Sql) -> Sql:
        same_family(operator, left, right)
        if "bool" in (left.type, right.type) and operator not in {"Eq", "NotEq"}:
            incompatible(operator, left, right)
        left, right = decided(as_stamp(left, right)), decided(as_stamp(right, left))
        return Sql(f"({left.text} {_COMPARISONS[operator]} {right.text})", "bool")

    def _contained(self, left: Sql, items: list[Sql]) -> Sql:
        for item in items:
            same_family("In", left, item)
        listed = ", ".join(as_stamp(item, left).text for item in items if item.type != "null")
        whole = as_stamp(left, *items)
        null = f" OR {whole.text} IS NULL" if any(item.type == "null" for item in items) else ""
        return Sql(f"({whole.text} IN ({listed}){null})", "bool")

    def _calculated(self, operator: str, left: Sql, right: Sql) -> Sql:
        left, right = self._number(left), self._number(right)
        if operator == "Mod" and "number" in (left.type, right.type):
            quotient = f"CAST({left.text} / {right.text} AS INTEGER)"
            return Sql(f"({left.text} - {right.text} * {quotient})", "number")
        whole = left.type == right.type == "int"
        return Sql(f"({left.text} {_ARITHMETIC[operator]} {right.text})", "int" if whole else "number")

    def _called(self, name: ast.Identifier, arguments: list[Node]) -> Sql:
        function = FUNCTIONS.get(name.name)
        if function is None:
            raise BadQuery(f"An unknown function with name '{name.name}' was found.")
        given = [self.expression(argument) for argument in arguments]
        _check_arguments(name.name, function, given)
        return Sql(function.sql(*(argument.text for argument in given)), function.gives)

    def _literal(self, node: Node) -> Sql:  # noqa: PLR0911 -- one return for each kind of literal
        match node:
            case ast.Null():
                return Sql("NULL", "null", computed=False)
            case ast.Boolean(val=text):
                return self._bound(int(text.lower() == "true"), "bool")
            case ast.Integer(val=text):
                return self._whole_number(text)
            case ast.Float(val=text):
                return self._bound(float(text), "number")
            case ast.String(val=text):
                return self._bound(text, "text")
            case ast.Date(val=text):
                return self._bound(_moment(text, UTC).strftime("%Y-%m-%d"), "date")
            case ast.DateTime(val=text):
                return self._bound(_stored(_moment(text, self.zone or UTC)), "stamp")
        raise BadQuery(f"'{type(node).__name__}' is not supported here.")

    def _whole_number(self, text: str) -> Sql:
        number = int(text)
        fits = -(2**63) <= number < 2**63
        return self._bound(number, "int") if fits else self._bound(float(number), "number")

    def _bound(self, value: object, kind: Type) -> Sql:
        name = f"v{len(self.binds)}"
        self.binds[name] = value
        return Sql(f":{name}", kind, computed=False)

    def _number(self, sql: Sql) -> Sql:
        if sql.family not in {"number", "null"}:
            raise BadQuery(f"Arithmetic needs numbers, and found '{sql.type}'.")
        return sql


def _property(name: str, view: View, alias: str) -> Sql:
    found = view.column(name)
    if found is None:
        raise BadQuery(f"Could not find a property named '{name}' on type '{view.name}'.")
    return property_of(found, alias)


def _moment(text: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text.upper())
        return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadQuery(f"'{text}' is not a valid date or time.") from error


def _stored(moment: datetime) -> str:
    """As the rows keep it: milliseconds, and more digits only where the literal has them."""
    precision = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision)


def _check_arguments(name: str, function: Function, given: list[Sql]) -> None:
    fewest, most = len(function.takes) - function.optional, len(function.takes)
    if not fewest <= len(given) <= most:
        raise BadQuery(f"The function '{name}' takes {most} argument(s), and {len(given)} were given.")
    for wanted, argument in zip(function.takes, given, strict=False):
        if argument.family not in {wanted, "null"}:
            raise BadQuery(f"The function '{name}' takes '{wanted}', and found '{argument.type}'.")
