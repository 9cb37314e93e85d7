"""Text of an expression to its syntax tree, or a refusal.

Here belongs the one use of the parsing library. Not here: what a tree means (``translate.py``). A lexer
and a parser are made for each text: they keep their position in themselves and requests come in threads.
"""

import dataclasses

from odata_query import ast
from odata_query.grammar import ODataLexer, ODataParser

from exepron_pipeline.sandbox.literals import EVERY, Form, modernise
from exepron_pipeline.sandbox.refusals import BadQuery

Node = ast._Node  # noqa: SLF001 -- the library has no public name for it
"""A node of a parsed expression."""

MAX_NODES = 100
"""As Microsoft's OData libraries have it by default (``MaxNodeCount``)."""


def parse(text: str, forms: frozenset[Form] = EVERY) -> Node:
    """The tree of an expression in the literals and functions of these versions.

    Raises:
        BadQuery: it cannot be parsed, is of another version, or has more than ``MAX_NODES`` nodes.
    """
    modern = modernise(text, forms)
    try:
        tree = ODataParser().parse(ODataLexer().tokenize(modern))
    except Exception as error:  # the grammar lets errors of any kind out (AttributeError, ...)
        raise BadQuery(f"Syntax error in '{text[:200]}': {error}") from error
    if not isinstance(tree, Node):
        raise BadQuery(f"Syntax error in '{text[:200]}': the expression ends too early.")
    _refuse_large(tree)
    return tree


def _refuse_large(tree: Node) -> None:
    """Counts without recursion: a long chain of ``or`` is a tree as deep as it is long."""
    count, waiting = 0, [tree]
    while waiting:
        count += 1
        if count > MAX_NODES:
            raise BadQuery(
                f"The node count limit of '{MAX_NODES}' has been exceeded. To increase the limit, set the "
                "'MaxNodeCount' property on EnableQueryAttribute or ODataValidationSettings."
            )
        waiting.extend(_operands(waiting.pop()))


def _operands(node: Node) -> list[Node]:
    """What counts below a node: operands and arguments, not operators, names or the items of a list."""
    below: list[Node] = []
    for part in dataclasses.fields(node):
        value = getattr(node, part.name)
        if part.name in {"left", "right", "operand", "owner", "lambda_", "expression"}:
            below.append(value)
        elif part.name == "args":
            below.extend(value)
    return [each for each in below if isinstance(each, Node)]
