"""Entity sets to decode, and one decoder that also answers by the slow path alone."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.normalise.batches import DecodedPage, Decoder
from exepron_pipeline.normalise.slow import load_document, read_records
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.page import open_envelope


class Bench:
    """A decoder under test."""

    def __init__(self, entity_set: EntitySet, dialect: str = "g2", **options: Any) -> None:
        self.zone = options.get("zone", "UTC")
        self.dialect = DIALECTS[dialect]
        given = {"generation": dialect, "account_id": "7", "personal": "keep"} | options
        self.decoder = Decoder(entity_set, dialect=self.dialect, **given)

    def __call__(self, body: str | bytes, headers: Mapping[str, str] | None = None) -> DecodedPage:
        """Decode a page as the reader would."""
        return self.decoder(body.encode() if isinstance(body, str) else body, headers or {})

    def slow(self, body: str | bytes, headers: Mapping[str, str] | None = None) -> DecodedPage:
        """Decode a page by the slow path alone."""
        document = load_document(body.encode() if isinstance(body, str) else body, "things")
        rows, envelope = open_envelope(document, headers or {}, self.dialect)
        return self.decoder._assemble(read_records(rows, self.decoder._shape, self.zone), envelope)

    def is_fast(self, body: str | bytes) -> bool:
        """Tell whether the fast path takes the page now."""
        return self.decoder._quickly(body.encode() if isinstance(body, str) else body, {}) is not None


def column(name: str, type_: str = "text", **more: Any) -> dict[str, Any]:
    """A column as the catalogue's file would give it."""
    return {"name": name, "type": type_, "description": "", **more}


def things(*columns: dict[str, Any], **more: Any) -> EntitySet:
    """An entity set with these columns, behind an integer key unless `key` is given."""
    given = {"name": "things", "description": "", "evidence": "confirmed", "key": ("thing_id",)} | more
    if "key" not in more:
        columns = (column("thing_id", "int"), *columns)
    return EntitySet(columns=columns, **given)


@pytest.fixture(name="column")
def _column() -> Callable[..., dict[str, Any]]:
    return column


@pytest.fixture(name="things")
def _things() -> Callable[..., EntitySet]:
    return things


@pytest.fixture(name="bench")
def _bench() -> type[Bench]:
    return Bench


@pytest.fixture
def one(bench: type[Bench]) -> Callable[..., Any]:
    """Decode one value of a column type by both paths and return it, or the reason of its reject."""

    def decode(text: str, type_: str, zone: str = "UTC") -> Any:
        decoder = bench(things(column("field", type_)), zone=zone)
        body = f'[{{"thingId": 1, "field": {text}}}]'
        quick, slow = decoder(body), decoder.slow(body)
        assert quick.rejects == slow.rejects
        assert repr(quick.table.to_pylist()) == repr(slow.table.to_pylist())  # NaN equals nothing
        assert quick.table.schema == slow.table.schema
        return quick.rejects[0].reason if quick.rejects else quick.table["field"][0].as_py()

    return decode
