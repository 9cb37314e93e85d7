"""Conditions that are too long for one address are asked for in two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.odata.halves import halves


@pytest.mark.parametrize(
    ("condition", "parts"),
    [
        ("a eq 1 or a eq 2 or a eq 3", ("a eq 1", "a eq 2 or a eq 3")),
        ("a in (1,2,3,4)", ("a in (1,2)", "a in (3,4)")),
        ("a in ('x','y')", ("a in ('x')", "a in ('y')")),
        ("(a eq 1 or a eq 2)", ("a eq 1", "a eq 2")),
        ("b gt 5 and (a eq 1 or a eq 2)", ("b gt 5 and (a eq 1)", "b gt 5 and (a eq 2)")),
        ("a in (1,2) and b eq 3", ("(a in (1)) and b eq 3", "(a in (2)) and b eq 3")),
        ("a eq 1 and b eq 2 or c eq 3", ("a eq 1 and b eq 2", "c eq 3")),
        (
            "name eq 'this or that' OR name eq 'O''Brien or'",
            ("name eq 'this or that'", "name eq 'O''Brien or'"),
        ),
        ("contains(name,'x or y')", ()),
        ("tags/any(t: t eq 1 or t eq 2)", ()),
        ("not (a eq 1 or a eq 2)", ()),
        ("a in (1)", ()),
        ("a eq 1 and b eq 2", ()),
        ("(a eq 1) and (b eq 2)", ()),
        ("", ()),
    ],
)
def test_halves(condition: str, parts: tuple[str, ...]) -> None:
    """Chains of `or` and lists are cut in two; what stands in quotes or functions is not."""
    assert halves(condition) == parts


@given(st.lists(st.integers(0, 99), min_size=1, max_size=40, unique=True), st.booleans())
def test_halved_to_the_end_nothing_is_lost(keys: list[int], listed: bool) -> None:
    """Halved again and again, a condition over many keys becomes one for each of them."""
    whole = f"id in ({','.join(map(str, keys))})" if listed else " or ".join(f"id eq {key}" for key in keys)
    waiting, found = [whole], []
    while waiting:
        condition = waiting.pop()
        parts = halves(condition)
        waiting.extend(parts)
        if not parts:
            found.append(int(condition.removeprefix("id eq ").removeprefix("id in (").removesuffix(")")))
    assert sorted(found) == sorted(keys)
