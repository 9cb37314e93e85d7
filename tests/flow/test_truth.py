"""Whatever is read how and whatever changes meanwhile: soon the tables are exactly what the service holds."""

import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exepron_pipeline.odata.dialect import DIALECTS

SHORT = 4
SPEECHES = [
    "OData 2", "OData 3 verbose", "OData 3 light", "OData 4", "the first generation", "bare lists",
    "the third generation",
]  # fmt: skip
KEYS = {"int": lambda number: number, "text": lambda number: f"O'{number:04} ö&+%"}


@pytest.fixture(scope="module")
def living_kit(helper):
    """The module ``living_service.py``."""
    return helper("flow", "living_service")


@pytest.fixture(scope="module")
def fake(helper):
    """The service in memory of the tests of ``odata``."""
    return helper("odata", "fake_service")


@pytest.fixture(scope="module")
def stage(living_kit):
    """A server for whichever service an example needs."""
    with living_kit.stage() as running:
        yield running


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A folder for the folders of all examples."""
    return tmp_path_factory.mktemp("many")


def lab_of(lab_kit, living_kit, stage, folder, generation, key_type, page_size, in_flight):
    """A lab with an empty folder, a catalogue for this dialect, and a token that the service does not look at."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    catalogue = folder / "catalogue.yaml"
    catalogue.write_text(living_kit.CATALOGUE.format(generation=generation, key_type=key_type))
    environment = {
        "EXEPRON_API_URL": stage.url,
        "EXEPRON_TOKEN": "a-token-that-nobody-looks-at",
        "EXEPRON_ACCOUNTS": "1",
        "EXEPRON_GENERATION": generation,
        "EXEPRON_CATALOGUE": str(catalogue),
        "EXEPRON_PAGE_SIZE": str(page_size),
        "EXEPRON_CONCURRENCY": str(in_flight),
        "EXEPRON_LOOKBACK_HOURS": "0",
        "EXEPRON_MAX_DELETED_SHARE": "1",
    }
    return lab_kit.Lab(SimpleNamespace(environment=environment), folder / "data")


def core(lab):
    """Live rows by key, and the keys that are marked as deleted."""
    rows = lab.query("SELECT thing_id, amount, number, changed_at, _deleted_at FROM core.things")
    live = {
        row["thing_id"]: (row["amount"], row["number"], row["changed_at"])
        for row in rows
        if row["_deleted_at"] is None
    }
    assert len(rows) == len({row["thing_id"] for row in rows})
    return live, {row["thing_id"] for row in rows} - live.keys()


changes = st.dictionaries(
    st.integers(1, 40),
    st.tuples(st.sampled_from(["insert", "update", "delete"]), st.integers(0, 60)),
    min_size=1,
    max_size=14,
)
offers = st.fixed_dictionaries(
    {
        "cap": st.none() | st.integers(2, 7),
        "cap_refuses": st.booleans(),
        "counts": st.booleans(),
        "filters": st.sampled_from([None, frozenset({"changedAt"})]),
    }
)


@settings(
    max_examples=min(10 * SHORT, 3 * settings.default.max_examples // 10),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    speech=st.sampled_from(SPEECHES),
    key_type=st.sampled_from(sorted(KEYS)),
    numbers=st.lists(st.integers(0, 60), unique=True, max_size=40),
    page_size=st.integers(2, 9),
    in_flight=st.integers(1, 6),
    changes=changes,
    offer=offers,
)
def test_soon_the_tables_are_the_truth(
    lab_kit, living_kit, fake, stage, many, speech, key_type, numbers, page_size, in_flight, changes, offer
):
    """Records come, change and go while everything is read; an incremental run and a reconcile later all is right."""
    assert sorted(SPEECHES) == sorted(living_kit.SPEECHES)
    generation, wrapping = living_kit.SPEECHES[speech]
    life = living_kit.Life(changes, KEYS[key_type])
    counts = offer["counts"] and DIALECTS[generation].count_option is not None
    service = living_kit.living(fake, wrapping, **{**offer, "counts": counts}, before=life)
    service.records = [life.born(number) for number in numbers]
    service.base_url, stage.service = stage.url, service
    lab = lab_of(lab_kit, living_kit, stage, many, generation, key_type, page_size, in_flight)
    there = living_kit.truth(service).keys()

    first = lab.sync("things").entity_sets["things"]
    assert first.error is None
    live, gone = core(lab)
    if first.complete:
        assert there & living_kit.truth(service).keys() <= live.keys()
    assert not gone

    lab.sync("things")
    live, gone = core(lab)
    assert gone.isdisjoint(living_kit.truth(service).keys())
    life.changes = {}
    ever = live.keys() | gone
    last = lab.sync("things", mode="reconcile").entity_sets["things"]
    live, gone = core(lab)
    assert last.complete
    assert live == living_kit.truth(service)
    assert gone == ever - live.keys()
