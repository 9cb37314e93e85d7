"""The verb on the sandbox, which Exepron's own generation describes nowhere: records are looked at."""

import json

from exepron_pipeline.catalogue import load_catalogue


def test_the_built_in_catalogue_is_completed(empty, tmp_path):
    """Each set is looked at, its cursor verified; the file only adds, and a sync accepts it."""
    place = tmp_path / "catalogue.yaml"
    ended = empty.exepron("discover", "--out", str(place), "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["origin"], found["generation"]) == ("samples of records", "g2")
    built_in = load_catalogue()
    assert set(found["entity_sets"]) == {each.name for each in built_in.offered}
    assert {name for name, each in found["entity_sets"].items() if each["problem"]} == set()
    wires = {each.name: each.cursor and each.column(each.cursor).wire_in("g2") for each in built_in.offered}
    assert {name: each["cursor"] for name, each in found["entity_sets"].items()} == wires
    assert load_catalogue(place) == built_in
    assert not any(secret in ended.stdout + ended.stderr + place.read_text() for secret in empty.secrets())
    synced = empty.exepron("sync", "roles", "--json", EXEPRON_CATALOGUE=str(place))
    assert json.loads(synced.stdout)["entity_sets"]["roles"]["status"] == "ok"
