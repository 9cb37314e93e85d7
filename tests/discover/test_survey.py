"""The verb on a service over HTTP that describes itself nowhere: addresses or a document are given by hand."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.cli.main import app
from exepron_pipeline.errors import ConfigurationError


@pytest.fixture(scope="module")
def service():
    """The small OData 4 service of the tests of whole syncs, running."""
    path = Path(__file__).parents[1] / "flow" / "other_service.py"
    spec = importlib.util.spec_from_file_location("exepron_other_service", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    with module.other_service() as running:
        yield running


@pytest.fixture
def exepron(service, own_place):
    """Runs a verb against it; an error of ours is raised."""
    given = {**service.environment(str(own_place / "data"), "catalogue.yaml"), "EXEPRON_RATE": "0"}

    def run(*words):
        ended = CliRunner().invoke(app, list(words), env=given, catch_exceptions=False)
        return ended.exit_code, ended.stdout, ended.stderr

    return run


def test_addresses_are_enough(exepron, service):
    """From records alone comes a catalogue that a sync accepts: key and types are guessed, and what works is seen."""
    code, printed, _ = exepron(
        "discover", "--url", f"{service.url}/odata/Orders", "--out", "catalogue.yaml", "--yes"
    )
    assert code == 0
    assert "offers 1 entity sets" in printed
    orders = load_catalogue(Path("catalogue.yaml")).entity_sets["orders"]
    assert orders.key == ("order_id",)
    assert {column.name: column.type for column in orders.columns} == {
        "order_id": "text",
        "number": "int",
        "amount": "decimal(38,10)",
        "customer_name": "text",
        "customer_phone": "text",
        "is_open": "bool",
        "due_on": "date",
        "changed_at": "timestamp",
    }
    assert orders.column("customer_phone").personal == "contact"
    code, printed, _ = exepron("sync", "--json")
    report = json.loads(printed)["entity_sets"]["orders"]
    assert (code, report["status"], report["inserted"]) == (0, "ok", len(service.sets["/odata/Orders"]))


def test_a_document_is_enough(exepron, own_place):
    """A description in a file, with the types that records alone would not show; to standard output without --out."""
    items = {
        "type": "object",
        "properties": {"Country": {"type": "string"}, "Code": {"type": "integer", "format": "int32"}},
    }
    schema = {"type": "object", "properties": {"value": {"type": "array", "items": items}}}
    answers = {"200": {"content": {"application/json": {"schema": schema}}}}
    Path("openapi.json").write_text(
        json.dumps({"openapi": "3.0.3", "paths": {"/Sales/Regions": {"get": {"responses": answers}}}})
    )
    code, printed, told = exepron("discover", "--openapi", "openapi.json")
    assert code == 4
    assert "no property that looks like a key" in told
    assert "entity_sets" not in printed
    items["properties"]["id"] = items["properties"].pop("Code")
    Path("openapi.json").write_text(
        json.dumps({"openapi": "3.0.3", "paths": {"/Sales/Regions": {"get": {"responses": answers}}}})
    )
    code, printed, _ = exepron("discover", "--openapi", "openapi.json", "--json")
    facts = json.loads(printed)
    assert facts["origin"] == "OpenAPI 3.0.3"
    assert "without id" in facts["entity_sets"]["sales_regions"]["problem"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ((), "--openapi"),
        (("--openapi", "missing.json"), "--openapi"),
        (("--url", "https://elsewhere.example/Orders"), "--url"),
    ],
)
def test_what_is_missing_is_said(exepron, words, hint):
    """Without a description and without addresses, or with ones that cannot be used, the cure is named."""
    with pytest.raises(ConfigurationError) as raised:
        exepron("discover", *words)
    assert hint in raised.value.hint
