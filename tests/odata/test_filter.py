"""Conditions as values: what they say, whoever reads them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odata_query import ast
from odata_query.grammar import ODataLexer, ODataParser

from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.filter import (
    Condition,
    KeyPart,
    Raw,
    TextMatch,
    all_of,
    any_of,
    compare,
    one_of,
)

V4, V2 = DIALECTS["odata4"], DIALECTS["odata2"]
STATUS, NAME = KeyPart("status"), KeyPart("manager.name", "text")
WHEN = KeyPart("changed", "Edm.DateTime")
NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
OPERATORS = {ast.Eq: "eq", ast.NotEq: "ne", ast.Gt: "gt", ast.GtE: "ge", ast.Lt: "lt", ast.LtE: "le"}


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (compare(STATUS, "eq", 2), "status eq 2"),
        (compare(NAME, "ne", "O'Brien"), "manager/name ne 'O''Brien'"),
        (compare(STATUS, "eq", 2) & compare(STATUS, "lt", 9), "status eq 2 and status lt 9"),
        (
            one_of(STATUS, [2, 3]) & compare(NAME, "ne", None),
            "(status eq 2 or status eq 3) and manager/name ne null",
        ),
        (~compare(STATUS, "eq", 2), "not (status eq 2)"),
        (~one_of(STATUS, [2, 3]) | Raw("x gt 1"), "not (status eq 2 or status eq 3) or (x gt 1)"),
        (Raw("a or b") & compare(STATUS, "eq", 2), "(a or b) and status eq 2"),
        (TextMatch(NAME, "startswith", "Mc"), "startswith(manager/name,'Mc')"),
        (TextMatch(NAME, "contains", "x"), "contains(manager/name,'x')"),
        (compare(WHEN, "ge", NOON), "changed ge 2026-03-11T12:00:00Z"),
    ],
)
def test_conditions_of_v4(condition: Condition, text: str) -> None:
    """Each condition has one text, with no more parentheses than it needs to keep its meaning."""
    assert condition.text(V4) == text


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (TextMatch(NAME, "contains", "x"), "substringof('x',manager/name)"),
        (TextMatch(NAME, "endswith", "x"), "endswith(manager/name,'x')"),
        (compare(WHEN, "ge", NOON), "changed ge datetime'2026-03-11T12:00:00'"),
        (compare(KeyPart("id", "Edm.Guid"), "gt", "0d3f"), "id gt guid'0d3f'"),
    ],
)
def test_conditions_of_v2(condition: Condition, text: str) -> None:
    """Older versions have functions and forms of their own; the condition is the same."""
    assert condition.text(V2) == text


LEAVES = st.builds(compare, st.just(STATUS), st.sampled_from(list(OPERATORS.values())), st.integers(0, 4))
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: all_of(*parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: any_of(*parts)),
        inner.map(lambda part: ~part),
        inner.map(lambda part: Raw(part.text(V4))),
    ),
    max_leaves=8,
)


def holds(tree: Any, status: int) -> bool:
    """Whether a condition is true, as another parser understands it."""
    match tree:
        case ast.BoolOp(ast.And(), left, right):
            return holds(left, status) and holds(right, status)
        case ast.BoolOp(ast.Or(), left, right):
            return holds(left, status) or holds(right, status)
        case ast.UnaryOp(ast.Not(), operand):
            return not holds(operand, status)
        case ast.Compare(comparator, _, right):
            return _compared(OPERATORS[type(comparator)], status, int(right.val))
    raise AssertionError(tree)


def means(condition: Any, status: int) -> bool:
    """Whether a condition is true, as it was built."""
    match type(condition).__name__:
        case "Joined":
            truths = [means(part, status) for part in condition.parts]
            return all(truths) if condition.operator == "and" else any(truths)
        case "Negated":
            return not means(condition.part, status)
        case "Raw":
            return holds(ODataParser().parse(ODataLexer().tokenize(condition.words)), status)
    return _compared(condition.operator, status, condition.value)


def _compared(operator: str, one: int, other: int) -> bool:
    truths = {"eq": one == other, "ne": one != other, "gt": one > other, "lt": one < other}
    return truths.get(operator, one >= other if operator == "ge" else one <= other)


@given(CONDITIONS)
def test_a_condition_means_what_it_was_built_to_mean(condition: Condition) -> None:
    """However conditions are combined, an independent parser reads them as they were built."""
    tree = ODataParser().parse(ODataLexer().tokenize(condition.text(V4)))
    for status in range(5):
        assert holds(tree, status) == means(condition, status)
