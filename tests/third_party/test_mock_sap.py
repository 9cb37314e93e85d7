"""mock-sap: OData 2 as SAP Gateway speaks it, with text keys, behind a token; compared with its SQLite file."""

import json
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exepron_pipeline.catalogue import load_catalogue

pytestmark = pytest.mark.timeout(900)  # the first run installs servers

SERVICE = "sap/opu/odata/sap/API_SALES_ORDER_SRV"


def landed(value: Any, type_: str) -> Any:
    """A value of the store as ``core`` must show it."""
    if value is None:
        return None
    if type_ == "timestamp":
        read = datetime.fromisoformat(value)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    if type_.startswith("decimal"):
        places = Decimal(1).scaleb(-int(type_.partition(",")[2].rstrip(")")))
        return Decimal(str(value)).quantize(places)
    return bool(value) if type_ == "bool" else value


def store(path: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table of the store."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]


def test_tables_equal_the_store(mock_sap, pipeline):
    """Every set that the service describes is synced as discovered, and every value is the store's."""
    server, path = mock_sap
    running = pipeline(server, SERVICE, PERSONAL="keep")
    found = json.loads(running.exepron("discover", "--out", str(running.catalogue), "--json"))
    assert (found["origin"], found["generation"]) == ("CSDL 2.0", "odata2")
    report = json.loads(running.exepron("sync", "--json"))["entity_sets"]
    assert {each["status"] for each in report.values()} == {"ok"}
    catalogue = load_catalogue(running.catalogue)
    assert set(report) == set(catalogue.entity_sets)
    for name, entity_set in catalogue.entity_sets.items():
        table = entity_set.sources[0].path
        expected = [
            {
                column.name: landed(row[str(column.wire_in("odata2"))], column.type)
                for column in entity_set.columns
            }
            for row in store(path, table)
        ]
        columns = ", ".join(column.name for column in entity_set.columns)
        rows = running.rows(f"SELECT {columns} FROM core.{name}")
        by_key = {tuple(row[part] for part in entity_set.key): row for row in expected}
        assert {tuple(row[part] for part in entity_set.key): row for row in rows} == by_key
    assert report["a_sales_order"]["fetched"] > 0
    assert catalogue.entity_sets["a_sales_order"].cursor == "last_change_date"
