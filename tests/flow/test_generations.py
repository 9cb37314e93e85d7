"""One portfolio behind three shapes of the API: the warehouse is the same."""

import shutil
from itertools import combinations

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.sandbox import process
from exepron_pipeline.sandbox.offer import offer_of

GENERATIONS = ("g1", "g2", "g3")
CATALOGUE = load_catalogue(None)
LEFT_OUT = {("g3", "projects"): {"minimal_start_date", "project_suggested_start_date"}}
"""Columns that a generation does not offer, though nothing in the catalogue says so: g3 has ``startDate`` instead."""
SETS = [entity_set.name for entity_set in CATALOGUE.offered]
ALIKE, OTHERWISE = ("users", "roles"), ("tasks",)
"""Sets with the same fields in g2 and g3; a set whose status is a number in the one and words in the other."""
FAR = "TIMESTAMPTZ '9999-01-01'"


@pytest.fixture(scope="module")
def labs(lab_kit, tmp_path_factory):
    """A warehouse of each generation, found out by asking, two days into the portfolio."""
    found = {}
    for generation in GENERATIONS:
        folder = tmp_path_factory.mktemp(generation) / "data"
        with process.start(folder, offer=offer_of(generation, None, None, (), ())) as running:
            lab = lab_kit.Lab(running, folder)
            assert "EXEPRON_GENERATION" not in lab.environment
            first = lab.sync()
            lab.advance(3)
            found[generation] = lab, first, lab.sync(mode="reconcile")
    return found


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_is_read_whole(labs, generation):
    """Each entity set that a generation has arrives, with the keys that the portfolio has, and is complete."""
    lab, first, last = labs[generation]
    assert first.ok
    assert last.ok
    for name, report in last.entity_sets.items():
        if report.status == "ok":
            assert report.complete, name
            assert lab.core(name).keys() == lab.truth(name).keys(), name


def test_no_generation_offers_little(labs):
    """What is compared below is nearly all: no generation lacks more than a fifth of the entity sets."""
    for generation, (_, _, last) in labs.items():
        offered = [name for name, report in last.entity_sets.items() if report.status == "ok"]
        assert len(offered) >= 0.8 * len(SETS), generation


@pytest.mark.parametrize("pair", list(combinations(GENERATIONS, 2)), ids="-".join)
@pytest.mark.parametrize("name", SETS)
def test_generations_give_equal_tables(labs, name, pair):
    """Row by row and value by value, two generations give the same over the columns that both offer."""
    if any(labs[each][2].entity_sets[name].status != "ok" for each in pair):
        assert any(labs[each][2].entity_sets[name].status == "not_offered" for each in pair)
        return
    entity_set = CATALOGUE.entity_sets[name]
    shared = {column.name for column in entity_set.columns if all(column.wire_in(each) for each in pair)}
    shared -= set().union(*(LEFT_OUT.get((each, name), set()) for each in pair))
    one, other = (labs[each][0].core(name) for each in pair)
    assert one.keys() == other.keys()
    for key, row in one.items():
        for column in shared:
            if column in row:
                assert row[column] == other[key][column], (key, column)


def test_a_generation_that_changes_in_mid_life(labs, lab_kit, tmp_path):
    """The service speaks g3 one day: it is noticed, nothing is doubled or taken for deleted, history goes on."""
    folder, names = tmp_path / "data", (*ALIKE, *OTHERWISE)
    shutil.copytree(labs["g2"][0].data_dir, folder)
    with process.start(folder, offer=offer_of("g3")) as running:
        lab = lab_kit.Lab(running, folder)
        kept = {name: lab.core(name) for name in names}
        versions = {name: lab.query(f"SELECT count(*) AS n FROM history.{name}") for name in names}
        moments = {name: lab.query(f"SELECT max(_known_from) AS t FROM history.{name}") for name in names}
        for mode in ("incremental", "reconcile"):
            reports = lab.sync(*names, mode=mode).entity_sets
            assert {report.error for report in reports.values()} == {None}
            assert {(report.inserted, report.deleted) for report in reports.values()} == {(0, 0)}
        for name in ALIKE:
            assert lab.core(name) == kept[name]
            assert lab.query(f"SELECT count(*) AS n FROM history.{name}") == versions[name]
        for name in names:
            key, columns = lab.entity_sets[name].key, ", ".join(next(iter(kept[name].values())))
            then = f"TIMESTAMPTZ '{moments[name][0]['t'].isoformat()}'"
            found = lab.query(f"SELECT {columns} FROM history.{name}_as_of({FAR}, {then})")
            assert {tuple(row[part] for part in key): row for row in found} == kept[name]
        key, former = next(iter(kept["tasks"].items()))
        assert (former["status_code"] is None, lab.core("tasks")[key]["status_code"] is None) == (False, True)
        lab.advance(1)
        assert lab.sync(*names, mode="reconcile").ok
        for name in names:
            assert lab.core(name).keys() == lab.truth(name).keys(), name
