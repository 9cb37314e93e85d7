"""The page about the marts is true of them."""

import re
from pathlib import Path
from typing import Any

import pytest

from exepron_pipeline.marts import MARTS

PAGE = (Path(__file__).parents[2] / "docs" / "marts.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def test_every_mart_has_its_section_and_query() -> None:
    """Each mart is described, and asked by at least one query."""
    for mart in MARTS:
        assert f"\n## {mart.name}\n" in PAGE
        assert any(f"marts.{mart.name}" in query for query in QUERIES)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: re.findall(r"marts\.(\w+)", query)[0])
def test_the_queries_run(scene: Any, scenery: Any, query: str) -> None:
    """Each query of the page runs as it stands, and names columns that exist."""
    scene.land_sample(scenery.NOON)
    scene.build()
    with scene.warehouse.open("test") as con:
        assert con.sql(query).to_arrow_table().num_columns > 2
