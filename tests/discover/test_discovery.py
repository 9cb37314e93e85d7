"""A discovery from beginning to end, on services in memory."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.discover.discovery import Discovery
from exepron_pipeline.discover.remember import remember
from exepron_pipeline.discover.write import catalogue_text, save_catalogue
from exepron_pipeline.errors import (
    AuthRejectedError,
    ConfigurationError,
    EntitySetMissingError,
    NetworkError,
    NotPermittedError,
    RequestRejectedError,
)
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.metadata.description import DescribedSet, Description, Property
from exepron_pipeline.odata.metadata.find import find_description, find_lists

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ID = Property("id", "Int32", "Edm.Int32", nullable=False)
THINGS = DescribedSet(
    "Things", "Things", ("id",), (ID, Property("changedOn", "DateTimeOffset", "Edm.DateTimeOffset"))
)


def rows(count):
    """Records with a key and a stamp."""
    return [{"id": n, "changedOn": f"2026-03-{n:02}T10:00:00Z"} for n in range(1, count + 1)]


@pytest.fixture
def served(fake):
    """Makes a service of several paths: lists of records, errors to raise, documents as bytes."""

    class Served:
        base_url = fake.BASE

        def __init__(self, **places):
            self.places = places
            self.asked = []

        def get(self, address, headers=None, *, until=None):
            self.asked.append(address)
            found = self.places.get(urlsplit(address).path)
            if isinstance(found, list):
                found = self.places[urlsplit(address).path] = fake.FakeService(
                    found, envelope="value", counts=True
                )
            if isinstance(found, Exception):
                raise found
            if isinstance(found, bytes):
                return Response(200, {}, found, address, 0.0)
            if found is None:
                raise EntitySetMissingError(f"GET {address}: 404")
            return found.get(address)

    return Served


def discovered(service, *sets, **facts):
    """Discover these sets of a service."""
    discovery = Discovery(service, DIALECTS["odata4"], {}, now=lambda: NOW, **facts)
    return discovery, discovery.of_description(Description("test", sets))


def loaded(discovery, findings, folder, *, replace=True):
    """The catalogue that comes of it, read back from its file."""
    text = catalogue_text(discovery.entries(findings), head=["made"], replace=replace)
    return save_catalogue(text, folder / "catalogue.yaml")


def test_the_whole_story(served, own_place):
    """A described set that answers is written with key, types and verified cursor, and its options are remembered."""
    discovery, findings = discovered(served(Things=rows(20)), THINGS)
    things = loaded(discovery, findings, own_place).entity_sets["things"]
    assert (things.key, things.cursor, things.refresh) == (("id",), "changed_on", "hourly")
    assert [(column.type, column.edm) for column in things.columns] == [
        ("int", "Edm.Int32"),
        ("timestamp", "Edm.DateTimeOffset"),
    ]
    profile = Profile()
    remember(profile, findings, ["1"], DIALECTS["odata4"])
    assert profile.style("things", "1") is None  # everything works: nothing is to be remembered


def test_each_failure_stays_with_its_set(served, own_place):
    """What fails for one set is said there; what may pass, or be permitted to others, stays switched on."""
    service = served(
        Things=rows(3),
        Broken=RequestRejectedError("GET Broken: 501.", status=501),
        Secret=NotPermittedError("GET Secret: 403."),
        Slow=NetworkError("GET Slow: no answer."),
        Page=b"<html/>",
        Twice=[{"id": 1}, {"id": 1}],
        Bare=[{"name": "x"}],
    )
    names = ["Broken", "Secret", "Slow", "Page", "Twice", "Bare", "Missing"]
    sets = [DescribedSet(name, name, ("id",), (ID,)) for name in names]
    lost = DescribedSet("Lost", "Lost({key})", ("id",), (ID,))
    inner = DescribedSet("Things/parts", "", problem="is contained in Things")
    discovery, findings = discovered(service, THINGS, *sets, lost, inner)
    catalogue = loaded(discovery, findings, own_place)
    assert [each.name for each in catalogue.offered] == ["things", "secret", "slow"]
    problems = {each.described.name: each.problem for each in findings}
    assert "501" in problems["Broken"]
    assert "no JSON" in problems["Page"]
    assert "several records" in problems["Twice"]
    assert "without id" in problems["Bare"]
    assert "404" in problems["Missing"]
    assert "{key}" in problems["Lost"]
    assert "403" in str(catalogue.entity_sets["secret"].note)


def test_a_refused_token_ends_it(served):
    """Who may not ask at all learns that, once."""
    service = served(Things=AuthRejectedError("401"))
    with pytest.raises(AuthRejectedError):
        discovered(service, THINGS, THINGS)
    assert len(service.asked) == 1


def test_options_without_effect_are_not_used(served, fake, own_place):
    """An ignored filter makes no cursor, and is not used for reading by key; the cap of the page is remembered."""
    service = served(
        Things=fake.FakeService(
            rows(20), envelope="value", cap=7, counts=True, ignores=frozenset({"$filter"})
        )
    )
    discovery, findings = discovered(service, THINGS)
    assert loaded(discovery, findings, own_place).entity_sets["things"].cursor is None
    profile = Profile()
    remember(profile, findings, ["1"], DIALECTS["odata4"])
    style = profile.style("things", "1")
    assert style
    assert not style.keyset
    assert profile.page_limit("things") == 7


def test_samples_where_nothing_is_described(served, own_place):
    """Records alone give types and a key; the place is as good as a described one."""
    service = served(Things=[{"id": n, "cost": 1.5, "name": "x"} for n in range(5)])
    discovery, findings = discovered(service, DescribedSet("Things", "Things"))
    things = loaded(discovery, findings, own_place).entity_sets["things"]
    assert {column.name: column.type for column in things.columns} == {
        "id": "int",
        "cost": "decimal(38,10)",
        "name": "text",
    }


def test_a_known_set_is_completed(served, own_place):
    """For Exepron's own generations names stay as they are; fields that no column reads are added, cursors verified."""
    records = [
        {**row, "projectId": row["id"], "lastModifiedOn": row["changedOn"], "newField": 1} for row in rows(9)
    ]
    built_in = load_catalogue()
    discovery = Discovery(
        served(**{"Accounts/5/Projects": records}),
        DIALECTS["g2"],
        {"accountId": "5"},
        built_in,
        now=lambda: NOW,
    )
    findings = discovery.of_built_in()
    assert [each.name for each in findings if not each.problem] == ["projects"]
    entries = discovery.entries(findings)
    added = {name: column["type"] for name, column in entries["projects"]["columns"].items()}
    assert added == {"id": "int", "changed_on": "timestamp", "new_field": "int"}
    projects = loaded(discovery, findings, own_place, replace=False).entity_sets["projects"]
    assert projects.cursor == "last_modified_on"
    assert projects.column("early_warning").type == "float"
    assert projects.column("new_field").wire_in("g2") == "newField"


def test_descriptions_are_found_in_their_places(served):
    """Metadata comes first, wherever it lies; then an OpenAPI document; a page for people is neither."""
    edmx = b'<Edmx Version="4.0"><DataServices><Schema Namespace="N"><EntityContainer Name="C"><EntitySet Name="Things" EntityType="N.T"/></EntityContainer></Schema></DataServices></Edmx>'
    openapi = json.dumps({"openapi": "3.1.0", "paths": {}}).encode()
    assert find_description(served(**{"$metadata": edmx})).origin == "CSDL 4.0"
    below = find_description(served(**{"odata/$metadata": edmx}))
    assert [each.path for each in below.sets] == ["odata/Things"]
    other = served(**{"swagger/v1/swagger.json": b"<html>", "openapi.json": openapi})
    assert find_description(other).origin == "OpenAPI 3.1.0"
    assert find_description(served()) is None


@pytest.mark.parametrize(
    "document",
    [
        {
            "value": [
                {"name": "Things", "kind": "EntitySet", "url": "Things"},
                {"name": "Me", "kind": "Singleton", "url": "Me"},
            ]
        },
        {"d": {"EntitySets": ["Things"]}},
        {"odata.metadata": "x", "value": [{"name": "Things", "url": "Things"}]},
        '<service xmlns="http://www.w3.org/2007/app"><workspace><collection href="Things"/></workspace></service>',
    ],
)
def test_service_documents(served, document):
    """The lists of a service document are found in each version's form."""
    body = document if isinstance(document, str) else json.dumps(document)
    assert [each.path for each in find_lists(served(**{"": body.encode()}))] == ["Things"]


def test_comments_hold_what_a_service_says(own_place):
    """Whatever a service calls its sets, it stays in the comment."""
    text = catalogue_text(
        {"things": {"key": "id", "path": "Things", "columns": {"id": "int"}}},
        head=["a\nreplace: false\r\u2028\x85b\x00"],
        replace=True,
    )
    assert list(save_catalogue(text, own_place / "catalogue.yaml").entity_sets) == ["things"]


def test_the_file_is_whole_or_not_there(own_place):
    """What cannot be read back is not written; what stood there stays."""
    place = own_place / "catalogue.yaml"
    place.write_text("before")
    with pytest.raises(ConfigurationError):
        save_catalogue("entity_sets: {}", place)
    assert [each.name for each in own_place.iterdir()] == ["catalogue.yaml"]
    assert place.read_text() == "before"
    with pytest.raises(ConfigurationError, match="--out"):
        save_catalogue("entity_sets: {}", own_place / "missing" / "catalogue.yaml")


def test_another_account_may_show_a_set(served):
    """What the first account forbids or lacks is looked at in the next one; what fails there is not asked again."""
    sets = [replace(THINGS, path=f"A/{{accountId}}/{name}") for name in ("Shown", "Hidden", "Cut")]
    service = served(
        **{
            "A/1/Shown": rows(3),
            "A/1/Hidden": NotPermittedError("403"),
            "A/2/Hidden": rows(3),
            "A/1/Cut": NetworkError("cut"),
        }
    )
    discovery = Discovery(
        service, DIALECTS["odata4"], {"accountId": "1"}, now=lambda: NOW, others=({"accountId": "2"},)
    )
    shown, hidden, cut = discovery.of_description(Description("test", sets))
    assert (shown.capabilities.records, hidden.capabilities.records, cut.capabilities) == (3, 3, None)
    assert [note for each in (shown, hidden, cut) for note in each.notes] == ["could not be looked at: cut"]
    assert not {address for address in service.asked if address.startswith(("A/2/Shown", "A/2/Cut"))}


def test_a_key_of_fine_stamps_is_text(served, own_place):
    """A key whose stamps have more digits than a timestamp holds is kept as the service writes it."""
    key = Property("seenAt", "DateTimeOffset", "Edm.DateTimeOffset", nullable=False)
    records = [{"seenAt": f"2026-03-01T10:00:00.123456{n}Z"} for n in range(4)]
    described = DescribedSet("Marks", "Marks", ("seenAt",), (key,))
    discovery, findings = discovered(served(Marks=records), described)
    column = loaded(discovery, findings, own_place).entity_sets["marks"].column("seen_at")
    assert (column.type, column.edm) == ("text", "Edm.DateTimeOffset")
