"""Records within the records of another entity set."""

import json

import pytest

from exepron_pipeline.catalogue.model import Within
from exepron_pipeline.errors import ResponseError
from exepron_pipeline.extract.nested import unnest
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.dialect import DIALECTS

TASKS = Within(name="tasks", key="id", carry={"projectId": "id"})
BODY = b"""{"@odata.count": 9, "@odata.nextLink": "projects?$skiptoken=2", "value": [
 {"id": 1, "tasks": [{"id": 11, "cost": 0.10000000000000000001}, {"id": 12, "projectId": 7}]},
 {"id": 2, "tasks": []}, {"id": 3, "tasks": null}, {"id": 4}]}"""


def read(body, within):
    """What is made of a body: the text that is decoded, and the arrival."""
    texts = []
    response = Response(status=200, headers={}, body=body, url="http://127.0.0.1/projects", seconds=0.0)
    arrival = unnest(response, within, DIALECTS["g3"], lambda text, _: texts.append(text))
    return texts[0].decode(), arrival


def test_inner_records_are_read_and_outer_ones_are_paged():
    """Inner records take over what they lack, numbers stay exact; keys, rows, count and next link are the outer ones'."""
    text, arrival = read(BODY, TASKS)
    assert json.loads(text) == [
        {"projectId": 1, "id": 11, "cost": 0.1},
        {"projectId": 7, "id": 12},
    ]
    assert "0.10000000000000000001" in text
    assert (arrival.rows, arrival.first_key, arrival.last_key, arrival.keys_ascending) == (
        4,
        (1,),
        (4,),
        True,
    )
    assert (arrival.envelope.count, arrival.envelope.next_link) == (9, "projects?$skiptoken=2")


def test_one_record_of_many_comes_once():
    """A single object is a record too, and the same one within several comes once."""
    body = (
        b'[{"p": 2, "manager": {"userId": 5}}, {"p": 1, "manager": {"userId": 5}}, {"p": 3, "manager": null}]'
    )
    text, arrival = read(body, Within(name="manager", key="p"))
    assert json.loads(text) == [{"userId": 5}]
    assert not arrival.keys_ascending


def test_what_is_no_list_is_refused():
    """Half a document, or no list of records, is an error of the answer."""
    for body in (b'{"value": [', b'"text"'):
        with pytest.raises(ResponseError):
            read(body, TASKS)
