"""The model's own rules, where no file is involved."""

import pytest
from pydantic import ValidationError

from exepron_pipeline.catalogue import Catalogue, Column, EntitySet, Source, load_catalogue


def column(name="task_id", **fields):
    """Make a column of whole numbers."""
    return Column(name=name, type="int", description="", **fields)


def test_a_column_without_wire_is_camel_case_in_every_generation():
    """The service's usual spelling needs no entry."""
    assert {column().wire_in(generation) for generation in ("g1", "g2", "g3", "odata4")} == {"taskId"}


def test_a_generation_without_a_wire_of_its_own_takes_any():
    """A generation's own name wins, null means that the field is absent there, `any` holds for the rest."""
    mapped = column(wire={"any": "ID", "g3": "id", "g1": None})
    assert [mapped.wire_in(generation) for generation in ("g1", "g2", "g3")] == [None, "ID", "id"]


def test_a_mapped_column_without_any_keeps_its_usual_name():
    """A name for one generation leaves the others as they were."""
    assert column(wire={"g3": "id"}).wire_in("g2") == "taskId"


def test_a_source_belongs_to_its_generations():
    """A source is tried for the generations it lists, and for all when it says `any`."""
    sources = (Source(path="a", generation=["g1", "g2"]), Source(path="b", generation="g3"), Source(path="c"))
    tasks = EntitySet(
        name="t", description="", evidence="probable", key="task_id", columns=(column(),), sources=sources
    )
    assert [source.path for source in tasks.sources_for("g2")] == ["a", "c"]
    assert [source.path for source in tasks.sources_for("g3")] == ["b", "c"]
    assert Source(path="A/{accountId}/P/{projectId}").variables == ("accountId", "projectId")


def test_entries_cannot_be_changed():
    """Everybody shares one catalogue: its entries are frozen."""
    with pytest.raises(ValidationError):
        load_catalogue().entity_sets["tasks"].cursor = None


def test_a_catalogue_survives_being_written_and_read():
    """The model's own JSON gives the same catalogue again."""
    catalogue = load_catalogue()
    assert Catalogue.model_validate_json(catalogue.model_dump_json()) == catalogue
