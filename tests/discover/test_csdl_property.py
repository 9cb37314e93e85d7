"""CSDL that a generator writes is read as it was meant; whatever else comes ends in a description or a clear error."""

import json
from pathlib import Path
from xml.sax.saxutils import quoteattr

from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.discover.discovery import Discovery
from exepron_pipeline.discover.entries import lay_out
from exepron_pipeline.discover.write import catalogue_text, save_catalogue
from exepron_pipeline.errors import ExepronError, ResponseError
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.metadata.csdl_xml import describe_xml
from exepron_pipeline.odata.metadata.description import COMPLEX, DescribedSet, Property
from exepron_pipeline.odata.metadata.find import parse_description

PRIMITIVES = [
    "Binary", "Boolean", "Byte", "Date", "DateTimeOffset", "Double", "Duration", "Guid", "Int16", "Int32", "Int64",
    "SByte", "Single", "String", "TimeOfDay",
]  # fmt: skip

names = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="./@$\ufffe\uffff"),
    min_size=1,
    max_size=12,
)


@st.composite
def decimals(draw, name):
    """A Decimal with digits and scale."""
    precision = draw(st.integers(1, 38))
    return Property(name, "Decimal", "Edm.Decimal", precision, draw(st.integers(0, precision)))


@st.composite
def plain(draw, name):
    """A property of a primitive type, maybe a list of them."""
    type_ = draw(st.sampled_from(PRIMITIVES))
    return Property(name, type_, f"Edm.{type_}", many=draw(st.booleans()), nullable=draw(st.booleans()))


@st.composite
def sets(draw):
    """A set with a key, and properties of all kinds, objects among them."""
    wanted = draw(st.lists(names, min_size=2, max_size=8, unique=True))
    key, *others = wanted
    inner = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    found = []
    for number, name in enumerate(others):
        kind = draw(st.sampled_from(["plain", "decimal", "object"]))
        if kind == "object":
            fields = tuple(draw(plain(each)) for each in inner)
            found.append(Property(name, COMPLEX, f"N.T{number}", many=draw(st.booleans()), fields=fields))
        else:
            found.append(draw(decimals(name) if kind == "decimal" else plain(name)))
    return DescribedSet(
        "Things", "Things", (key,), (Property(key, "Int64", "Edm.Int64", nullable=False), *found)
    )


def written(described):
    """The set as a document of version 4."""
    types = [
        f'<ComplexType Name="{each.written[2:]}">{"".join(map(one, each.fields))}</ComplexType>'
        for each in described.properties
        if each.type == COMPLEX
    ]
    key = f"<Key><PropertyRef Name={quoteattr(described.key[0])}/></Key>"
    inner = key + "".join(map(one, described.properties))
    return (
        '<Edmx Version="4.0"><DataServices><Schema Namespace="N">'
        f'{"".join(types)}<EntityType Name="Thing">{inner}</EntityType>'
        '<EntityContainer Name="C"><EntitySet Name="Things" EntityType="N.Thing"/></EntityContainer>'
        "</Schema></DataServices></Edmx>"
    ).encode()


def one(each):
    """A property as an element."""
    facets = f' Precision="{each.precision}" Scale="{each.scale}"' if each.precision is not None else ""
    type_ = f"Collection({each.written})" if each.many else each.written
    nullable = "true" if each.nullable else "false"
    return f'<Property Name={quoteattr(each.name)} Type="{type_}" Nullable="{nullable}"{facets}/>'


@given(sets())
def test_what_is_written_is_read(described):
    """Every name, type, facet, list and object survives from the model through CSDL to the model."""
    assert describe_xml(written(described)).sets == (described,)


@given(sets())
def test_every_description_becomes_a_catalogue(tmp_path_factory, described):
    """Whatever a service calls its fields, the catalogue that is written can be loaded, and reads each of them."""
    finding = lay_out(described, set())
    text = catalogue_text({finding.name: finding.entry({})}, head=["made"], replace=True)
    folder = tmp_path_factory.mktemp("written")
    entity_set = save_catalogue(text, folder / "catalogue.yaml").entity_sets[finding.name]
    wires = [str(column.wire_in("odata4")) for column in entity_set.columns]
    plain_ones = [each.name for each in described.properties if each.type != COMPLEX and not each.many]
    lists = [each.name for each in described.properties if each.many]
    objects = [each.name for each in described.properties if each.type == COMPLEX and not each.many]
    assert [wire for wire in wires if wire in plain_ones] == plain_ones
    assert sorted(child.wire_field for child in entity_set.children) == sorted(lists)
    assert {wire.partition(".")[0] for wire in wires if wire not in plain_ones} == set(objects)
    assert list(folder.iterdir()) == [folder / "catalogue.yaml"]


@given(sets(), st.data())
def test_damage_is_an_error(described, data):
    """A document with bytes cut out or changed gives a description or a `ResponseError`, nothing else."""
    body = bytearray(written(described))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body) - 1))
        body[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=6))
    _ends_well(bytes(body))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "openapi", "swagger", "paths", "/a", "get", "responses", "200", "content", "application/json", "schema",
            "type", "items", "properties", "$ref", "allOf", "oneOf", "value", "array", "$Version", "N", "$Kind", "C",
            "$Key", "$Type", "$Collection", "servers", "url", "required", "format",
        ]),
        inner | st.sampled_from(["EntityType", "EntityContainer", "array", "object", "#/paths", "#", "N.C"]),
        max_size=5,
    ),
    max_leaves=30,
)  # fmt: skip


@given(json_values)
def test_any_json_ends_well(document):
    """JSON of any shape, as a metadata or an OpenAPI document, gives a description or a `ResponseError`."""
    _ends_well(json.dumps(document).encode())
    if isinstance(document, dict):
        _ends_well(json.dumps({"$Version": "4.01", **document}).encode())
        _ends_well(json.dumps({**document, "openapi": "3.0.3", "paths": document}).encode())


def _ends_well(body):
    try:
        description = parse_description(body, "http://127.0.0.1:1/api")
    except ResponseError:
        return
    discovery = Discovery(Refusing(), DIALECTS["odata4"], {})
    entries = discovery.entries(discovery.of_description(description))
    if entries:
        Path("drafts").mkdir(exist_ok=True)
        save_catalogue(catalogue_text(entries, head=["made"], replace=True), Path("drafts/catalogue.yaml"))


class Refusing:
    """A service that refuses everything."""

    base_url = "http://127.0.0.1:1/api"

    def get(self, address, headers=None, *, until=None):
        """Refuse."""
        raise ExepronError(f"no {address}")
