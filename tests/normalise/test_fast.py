"""What stays on the fast path, and what that may cost."""

import json
import os
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import json as arrow_json


def _page(count: int = 1000) -> bytes:
    records = [
        {"thingId": i, **{f"text{n}": f"Foundations {i % 97} {n}" for n in range(12)}}
        | {f"number{n}": i * 7 + n for n in range(9)}
        | {f"amount{n}": (i * 31 + n) / 4 for n in range(6)}
        | {f"moment{n}": f"2026-03-1{n}T08:30:00.{i % 10}Z" for n in range(6)}
        for i in range(count)
    ]
    return json.dumps({"@odata.count": count, "value": records}).encode()


def _columns(column: Any) -> list[Any]:
    types = {
        "text": ("text", 12),
        "number": ("int", 9),
        "amount": ("decimal(12,2)", 6),
        "moment": ("timestamp", 6),
    }
    return [column(f"{name}{n}", type_) for name, (type_, count) in types.items() for n in range(count)]


def test_the_first_page_of_odata_4_is_plain(bench: Any, things: Any) -> None:
    """Count, context and next link beside the records need no page to learn from."""
    body = '{"@odata.context":"x","@odata.count":1,"@odata.nextLink":"y","value":[{"thingId":1}]}'
    assert bench(things(), "g3").is_fast(body)


def test_whole_numbers_as_texts_are_plain_once_seen(bench: Any, things: Any, column: Any) -> None:
    """The first page that writes Int64 as texts teaches it, at any depth; both forms are exact from then on."""
    children = [{"name": "parts", "wire": "parts", "description": "", "columns": [column("size", "int")]}]
    decoder = bench(things(column("number", "int"), children=children))
    text = '[{"thingId":"1","number":"9007199254740993","parts":[{"size":"9223372036854775807"}]}]'
    number = text.replace('"9007199254740993"', "9007199254740993")
    assert not decoder.is_fast(text)
    page = decoder(text)
    assert page.table["number"].to_pylist() == [9007199254740993]
    assert page.children["parts"]["size"].to_pylist() == [9223372036854775807]
    assert decoder.is_fast(text)
    assert decoder.is_fast(number)
    assert decoder(number).table.equals(page.table)


def test_columns_of_one_type_may_have_several_forms(bench: Any, things: Any, column: Any) -> None:
    """Columns are converted together, yet each may write stamps in its own form, and tell more in its own way."""
    forms = {
        "offset": "2026-01-31T08:00:00+01:00",
        "wall": "2026-01-31T08:00:00",
        "verbose": "/Date(1769842800000)/",
        "fine": "2026-01-31T08:00:00.1234567Z",
    }
    decoder = bench(things(*(column(name, "timestamp") for name in forms)), zone="Europe/Berlin")
    body = json.dumps([{"thingId": 1, **forms}, {"thingId": 2}])
    assert decoder.is_fast(body)
    assert decoder(body).table.equals(decoder.slow(body).table)
    assert json.loads(decoder(body).table["_extra"][0].as_py()) == {"fine": forms["fine"]}


def test_no_bytes_but_utf_8_are_plain(bench: Any, things: Any, column: Any) -> None:
    """Arrow's JSON reader takes any bytes for text; ours does not."""
    decoder = bench(things(column("text")))
    assert decoder.is_fast('[{"thingId":1,"text":"façade 😀"}]')
    for wrong in (b"\xff", b"\xed\xa0\xbd", b"\xc0\x80", b"\xf4\x90\x80\x80"):
        assert not decoder.is_fast(b'[{"thingId":1,"text":"%b"}]' % wrong)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_decodes_too(bench: Any, things: Any) -> None:
    """Threads that parse do not live on in a child: it starts its own, and does not hang."""
    decoder, body = bench(things()), '[{"thingId":1}]'
    assert decoder.is_fast(body)
    child = os.fork()
    if child == 0:
        os._exit(0 if decoder(body).rows == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_decoding_costs_little_more_than_parsing(bench: Any, things: Any, column: Any) -> None:
    """Exact types, keys and checks cost less than Arrow's reader: no second parse, nothing for each record."""
    decoder, body = bench(things(*_columns(column)), "g3"), _page()

    def parse() -> object:
        types = [("@odata.count", pa.int64()), ("value", pa.list_(decoder.decoder._grammar.record))]
        return arrow_json.read_json(
            pa.BufferReader(body),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(body) + 1),
            parse_options=arrow_json.ParseOptions(explicit_schema=pa.schema(types)),
        )

    def seconds(work: Callable[[], object]) -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    assert decoder.is_fast(body)
    rounds = [(seconds(lambda: decoder(body)), seconds(parse)) for _ in range(15)]
    decoded, parsed = (min(times) for times in zip(*rounds, strict=True))
    assert decoded < 2 * parsed
