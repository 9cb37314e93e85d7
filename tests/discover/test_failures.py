"""docs/errors.md: each failure of `discover` is provoked, and what it promises is what one reads."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from exepron_pipeline.discover.write import save_catalogue
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.odata.metadata import xmltree
from exepron_pipeline.survey import survey

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Failures of `discover`\n")[2].partition("\n## ")[0]
ROWS = {
    cells[0]: cells[1].strip("`")
    for line in SECTION.splitlines()
    if line.startswith("| ")
    and (cells := [each.strip() for each in line.strip("|").split(" | ")])[0] != "failure"
}
DOCUMENTS = {
    "metadata with a document type": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "a description without a bottom": b"<a>" * 10_000,
    "a description without an end": b"<a>             </a>",
    "no format that we know": b"\x00: [",
    "XML that is something else": b"<html/>",
    "JSON that is something else": b'{"openapi": "3.0.0"}',
}


class Silent:
    """A service that answers nothing."""

    base_url, requests, in_flight = "https://api.example/v1", 0, 1

    def get(self, address, headers=None, *, until=None):
        """Offer nothing."""
        from exepron_pipeline.errors import EntitySetMissingError

        raise EntitySetMissingError(f"GET {address}: 404")


@pytest.fixture
def tenant():
    """Somebody signed in at a service that tells nothing of itself."""
    return SimpleNamespace(service=Silent(), generation="odata4", accounts=(), profile=Profile())


def provoke(failure, tenant, folder, monkeypatch):
    """Bring about what a row is about."""
    if failure == "no description, no list of its sets":
        survey(tenant)
    elif failure == "the list is another service's":
        survey(tenant, urls=["https://other.example/things"])
    elif failure == "the file of the description is not there":
        survey(tenant, openapi=str(folder / "nowhere.json"))
    elif failure == "the catalogue has no place":
        save_catalogue("entity_sets:\n", folder / "no" / "folder" / "catalogue.yaml")
    else:
        if failure == "a description without an end":
            monkeypatch.setattr(xmltree, "LARGEST", 10)
        (folder / "description").write_bytes(DOCUMENTS[failure])
        survey(tenant, openapi=str(folder / "description"))


@pytest.mark.parametrize("failure", ROWS)
def test_each_row_is_true(tenant, tmp_path, monkeypatch, failure):
    """What is shown in the table is what one reads, with a hint what to do."""
    with pytest.raises(ExepronError) as caught:
        provoke(failure, tenant, tmp_path, monkeypatch)
    pattern = ".*".join(re.escape(part.strip()) for part in ROWS[failure].split("…"))
    assert re.fullmatch(pattern, caught.value.message), caught.value.message
    assert caught.value.hint


def test_every_document_has_its_row():
    """Nothing is provoked that the page does not tell of."""
    assert DOCUMENTS.keys() <= ROWS.keys()
    assert len(ROWS) == 10
