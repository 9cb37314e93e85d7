import json
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("type_", "wire", "expected"),
    [
        ("int", [1, 2], [1, 2]),
        ("text", ["a", "b"], ["a", "b"]),
        ("date", ["2025-01-01", "2025-01-02"], [date(2025, 1, 1), date(2025, 1, 2)]),
        ("timestamp", ["2025-01-01T00:00:00Z"], [datetime(2025, 1, 1, tzinfo=UTC)]),
        ("decimal(9,1)", [1.5, 2], [Decimal("1.5"), Decimal("2.0")]),
        ("bool", [False, True], [False, True]),
    ],
)
def test_keys_have_the_columns_type(
    bench: Any, things: Any, column: Any, type_: str, wire: list[Any], expected: list[Any]
) -> None:
    """First and last key are Python values of the key column's type."""
    page = bench(things(column("code", type_), key=("code",)))(
        json.dumps([{"code": value} for value in wire])
    )
    assert (page.first_key, page.last_key) == ((expected[0],), (expected[-1],))
    assert page.keys_ascending


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(keys=st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc")), max_size=5))
def test_ascending_means_strictly(bench: Any, things: Any, column: Any, keys: list[tuple[int, str]]) -> None:
    """Composite keys ascend when each is greater than the one before, column by column."""
    entity_set = things(column("code"), column("no", "int"), key=("no", "code"))
    page = bench(entity_set)(json.dumps([{"code": code, "no": no} for no, code in keys]))
    assert page.keys_ascending == all(one < other for one, other in pairwise(keys))
    assert (page.first_key, page.last_key) == ((keys[0], keys[-1]) if keys else (None, None))


def test_hashed_keys_still_page(bench: Any, things: Any, column: Any) -> None:
    """Paging needs the key as the service knows it; only what lands is hashed, and no reject shows it."""
    entity_set = things(column("mail", personal="name"), column("n", "int"), key=("mail",))
    page = bench(entity_set, personal="hash", hash_key=b"k" * 32)(
        '[{"mail": "a@b", "n": 1}, {"mail": "c@d", "n": "x"}]'
    )
    assert page.last_key == ("c@d",)
    assert len(page.table["mail"][0].as_py()) == 64
    assert page.rejects[0].key is None


def test_a_key_finer_than_its_column_is_rejected(bench: Any, things: Any, column: Any) -> None:
    """Records whose keys differ beyond microseconds do not become one: the column has to be text."""
    texts = ["2025-01-01T00:00:00.123456Z", "2025-01-01T00:00:00.1234561Z", "2025-01-01T00:00:00.1234562Z"]
    body = json.dumps([{"seenAt": text} for text in texts])
    decoder = bench(things(column("seen_at", "timestamp"), key=("seen_at",)))
    for page in (decoder(body), decoder.slow(body)):
        assert page.table.num_rows == 1
        assert [(item.position, "make it text" in item.reason) for item in page.rejects] == [
            (1, True),
            (2, True),
        ]
    page = bench(things(column("seen_at", "text"), key=("seen_at",)))(body)
    assert (page.table["seen_at"].to_pylist(), page.rejects) == (texts, [])
