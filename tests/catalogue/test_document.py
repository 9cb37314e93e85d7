"""The page about tables is made from the catalogue, and fresh."""

import re
from pathlib import Path

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.catalogue.document import render
from exepron_pipeline.catalogue.model import Child, Column, EntitySet, Source

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_about_tables_is_fresh():
    """docs/tables.md is what the generator makes of today's catalogue."""
    assert (DOCS / "tables.md").read_text(encoding="utf-8") == render(load_catalogue())


def test_the_page_about_the_catalogue_names_every_field():
    """docs/catalogue.md describes each field that the model takes."""
    named = set(re.findall(r"`(\w+)`", (DOCS / "catalogue.md").read_text(encoding="utf-8")))
    fields = {name for model in (EntitySet, Column, Source, Child) for name in model.model_fields}
    assert fields - named - {"name"} == set()


def test_the_examples_of_the_page_about_the_catalogue_load(load):
    """What docs/catalogue.md shows can be used as it stands."""
    text = (DOCS / "catalogue.md").read_text(encoding="utf-8")
    changed, replaced, narrowed = re.findall(r"```yaml\n((?:replace|entity_sets).*?)```", text, re.DOTALL)
    assert load(changed).entity_sets["tasks"].column("cost_centre").wire_in("g2") == "costCentre"
    assert load(replaced).offered[0].cursor == "modified_at"
    projects = load(narrowed).entity_sets["projects"]
    assert projects.filter == "status eq 2 or status eq 3"
    assert projects.expand == ("projectManager", "projectManager.account")
