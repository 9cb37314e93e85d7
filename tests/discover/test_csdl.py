"""CSDL of all versions, in XML and in JSON, to one model."""

import pytest

from exepron_pipeline.errors import ResponseError
from exepron_pipeline.odata.metadata.csdl_json import describe_json
from exepron_pipeline.odata.metadata.csdl_xml import describe_xml
from exepron_pipeline.odata.metadata.description import COMPLEX, OPAQUE, Property

KEY = '<Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/>'


def properties(described):
    """The properties of a set by name."""
    return {each.name: each for each in described.properties}


def one(document, name="Things"):
    """A set of a document."""
    return next(each for each in document.sets if each.name == name)


def things(v4, inner, more="", container=""):
    """The only set of a document whose type holds a key and this."""
    sets = f'<EntityContainer Name="C"><EntitySet Name="Things" EntityType="A.Thing"/>{container}</EntityContainer>'
    return one(describe_xml(v4(f'<EntityType Name="Thing">{KEY}{inner}</EntityType>{more}{sets}')))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('Type="Edm.Decimal" Precision="18" Scale="4"', Property("p", "Decimal", "Edm.Decimal", 18, 4)),
        ('Type="Edm.Decimal" Precision="18" Scale="variable"', Property("p", "Decimal", "Edm.Decimal", 18)),
        ('Type="Edm.Decimal" Scale="floating"', Property("p", "Decimal", "Edm.Decimal")),
        ('Type="Edm.DateTimeOffset" Precision="7"', Property("p", "DateTimeOffset", "Edm.DateTimeOffset", 7)),
        (
            'Type="Edm.String" MaxLength="max" Nullable="false"',
            Property("p", "String", "Edm.String", nullable=False),
        ),
        ('Type="Collection(Edm.Guid)"', Property("p", "Guid", "Edm.Guid", many=True)),
        ('Type="Edm.GeographyPoint"', Property("p", OPAQUE, "Edm.GeographyPoint")),
        ('Type="Edm.Untyped"', Property("p", OPAQUE, "Edm.Untyped")),
        ('Type="Elsewhere.Unknown"', Property("p", OPAQUE, "Elsewhere.Unknown")),
        ("", Property("p", "String", "Edm.String")),
    ],
)
def test_types_of_properties(v4, written, expected):
    """A primitive type comes with its facets; what has no fixed form, or is not in the document, stays JSON."""
    assert properties(things(v4, f'<Property Name="p" {written}/>'))["p"] == expected


def test_types_with_names(v4):
    """Enumerations are texts, definitions what underlies them, objects have fields; aliases stand for namespaces."""
    more = (
        '<EnumType Name="Colour"><Member Name="red"/></EnumType>'
        '<TypeDefinition Name="Money" UnderlyingType="Edm.Decimal" Precision="15" Scale="2"/>'
        '<ComplexType Name="Base"><Property Name="a" Type="Edm.Int32"/></ComplexType>'
        '<ComplexType Name="Place" BaseType="N.Base"><Property Name="b" Type="A.Money"/></ComplexType>'
    )
    inner = (
        '<Property Name="colour" Type="A.Colour"/><Property Name="cost" Type="N.Money"/>'
        '<Property Name="fine" Type="A.Money" Scale="4" Precision="20"/><Property Name="where" Type="A.Place"/>'
        '<Property Name="marks" Type="Collection(A.Place)" Nullable="false"/>'
    )
    found = properties(things(v4, inner, more))
    fields = (Property("a", "Int32", "Edm.Int32"), Property("b", "Decimal", "Edm.Decimal", 15, 2))
    assert found["colour"] == Property("colour", "String", "N.Colour")
    assert found["cost"] == Property("cost", "Decimal", "Edm.Decimal", 15, 2)
    assert (found["fine"].precision, found["fine"].scale) == (20, 4)
    assert found["where"] == Property("where", COMPLEX, "N.Place", fields=fields)
    assert found["marks"] == Property("marks", COMPLEX, "N.Place", many=True, nullable=False, fields=fields)


def test_inheritance(v4):
    """Key and properties come from all ancestors; those of descendants may be absent from a record."""
    document = v4(
        f'<EntityType Name="Root" Abstract="true">{KEY}</EntityType>'
        '<EntityType Name="Thing" BaseType="N.Root"><Property Name="own" Type="Edm.String" Nullable="false"/></EntityType>'
        '<EntityType Name="Special" BaseType="A.Thing"><Property Name="more" Type="Edm.Date" Nullable="false"/></EntityType>'
        '<EntityContainer Name="C"><EntitySet Name="Things" EntityType="N.Thing"/></EntityContainer>'
    )
    found = one(describe_xml(document))
    assert found.key == ("id",)
    assert {name: each.nullable for name, each in properties(found).items()} == {
        "id": False, "own": False, "more": True,
    }  # fmt: skip


def test_circles_end(v4):
    """Types that hold or derive from themselves end as JSON, at once."""
    more = (
        '<ComplexType Name="Node"><Property Name="next" Type="A.Node"/><Property Name="x" Type="Edm.Int32"/></ComplexType>'
        '<EntityType Name="Snake" BaseType="N.Tail"/><EntityType Name="Tail" BaseType="N.Snake"/>'
        '<TypeDefinition Name="Self" UnderlyingType="A.Self"/>'
    )
    container = '<EntitySet Name="Snakes" EntityType="N.Snake"/>'
    inner = '<Property Name="node" Type="A.Node"/><Property Name="self" Type="A.Self"/>'
    found = properties(things(v4, inner, more, container))
    assert found["node"].fields[0] == Property("next", OPAQUE, "N.Node")
    assert found["self"].type == OPAQUE


def test_types_that_grow_are_bounded(v4):
    """Twenty types, each twice in the one before it, would be a million columns: they are cut off."""
    more = "".join(
        f'<ComplexType Name="T{n}"><Property Name="a" Type="A.T{n + 1}"/><Property Name="b" Type="A.T{n + 1}"/></ComplexType>'
        for n in range(20)
    )
    found = things(v4, '<Property Name="t" Type="A.T0"/>', more)

    def size(each):
        return 1 + sum(map(size, each.fields))

    assert sum(map(size, found.properties)) < 5_000


def test_what_cannot_be_listed_is_reported(v4):
    """Sets without a key, of a missing type, inside another set, and calls are named, each with its reason."""
    document = describe_xml(
        v4(
            '<EntityType Name="Bare"><Property Name="x" Type="Edm.Int32"/></EntityType>'
            f'<EntityType Name="Thing">{KEY}<NavigationProperty Name="parts" Type="Collection(A.Bare)" ContainsTarget="true"/>'
            '<Property Name="picture" Type="Edm.Stream"/></EntityType>'
            '<EntityContainer Name="C"><EntitySet Name="Bares" EntityType="A.Bare"/>'
            '<EntitySet Name="Ghosts" EntityType="A.Ghost"/><EntitySet Name="Things" EntityType="A.Thing"/>'
            '<Singleton Name="Me" Type="A.Thing"/><FunctionImport Name="top" Function="A.top"/>'
            '<ActionImport Name="reset" Action="A.reset"/></EntityContainer>'
        )
    )
    problems = {each.name: each.problem for each in document.sets}
    assert "no key" in problems["Bares"]
    assert "A.Ghost" in problems["Ghosts"]
    assert "contained in Things" in problems["Things/parts"]
    assert problems["Things"] == problems["Me"] == ""
    assert one(document, "Me").single
    assert one(document).navigation == ("parts", "picture")
    assert [text.split()[0] for text in document.problems] == ["top", "reset"]


@pytest.mark.parametrize("alias", ["A", "N"])
def test_references_and_words_of_version_4(v4, alias):
    """A referential constraint says whose key a property holds; annotations describe, at their target or elsewhere."""
    document = v4(
        f'<EntityType Name="Owner">{KEY}<Annotation Term="Org.OData.Core.V1.Description" String="Who owns."/></EntityType>'
        f'<EntityType Name="Thing">{KEY}<Property Name="owner_id" Type="Edm.Int32"/>'
        '<NavigationProperty Name="owner" Type="A.Owner"><ReferentialConstraint Property="owner_id" ReferencedProperty="id"/></NavigationProperty></EntityType>'
        f'<Annotations Target="{alias}.Thing/owner_id"><Annotation Term="Core.Description"><String>Its  owner.</String></Annotation></Annotations>'
        '<EntityContainer Name="C"><EntitySet Name="Owners" EntityType="A.Owner"/><EntitySet Name="Others" EntityType="A.Owner"/>'
        '<EntitySet Name="Things" EntityType="A.Thing"><NavigationPropertyBinding Path="owner" Target="Owners"/></EntitySet></EntityContainer>'
    )
    described = describe_xml(document)
    assert one(described).references == {"owner_id": ("Owners", "id")}
    assert one(described, "Owners").description == "Who owns."
    assert properties(one(described))["owner_id"].description == "Its owner."


@pytest.mark.parametrize(("version", "dialect"), [("1.0", "odata2"), ("2.0", "odata2"), ("3.0", "odata3")])
def test_versions_2_and_3(v2, version, dialect):
    """Associations carry the references; SAP's annotations tell days, words and meanings; the version is the data's."""
    association = (
        '<Association Name="Owns"><End Role="O" Type="N.Owner" Multiplicity="1"/><End Role="T" Type="N.Thing" Multiplicity="*"/>'
        '<ReferentialConstraint><Principal Role="O"><PropertyRef Name="id"/></Principal>'
        '<Dependent Role="T"><PropertyRef Name="owner_id"/></Dependent></ReferentialConstraint></Association>'
    )
    document = v2(
        f'<EntityType Name="Owner">{KEY}<NavigationProperty Name="things" Relationship="N.Owns" FromRole="O" ToRole="T"/></EntityType>'
        f'<EntityType Name="Thing">{KEY}<Property Name="owner_id" Type="Edm.Int32"/>'
        '<Property Name="day" Type="Edm.DateTime" sap:display-format="Date" sap:label="The day"/>'
        '<Property Name="mail" Type="Edm.String" sap:semantics="email"><Documentation><Summary>Where to write.</Summary></Documentation></Property>'
        '<NavigationProperty Name="owner" Relationship="N.Owns" FromRole="T" ToRole="O"/></EntityType>'
        f"{association}"
        '<EntityContainer Name="C"><EntitySet Name="Owners" EntityType="N.Owner"/><EntitySet Name="Things" EntityType="N.Thing"/>'
        '<FunctionImport Name="top" ReturnType="Collection(N.Thing)" EntitySet="Things"/></EntityContainer>',
        version,
    )
    described = describe_xml(document)
    found = properties(one(described))
    assert described.dialect == dialect
    assert one(described).references == {"owner_id": ("Owners", "id")}
    assert one(described, "Owners").references == {}
    assert (found["day"].type, found["day"].written, found["day"].description) == (
        "Date",
        "Edm.DateTime",
        "The day",
    )
    assert (found["mail"].semantics, found["mail"].description) == ("email", "Where to write.")


def test_several_schemas_and_odd_names(v2):
    """Types and containers may lie in different schemas; names are percent-encoded in paths; a second container is named."""
    document = v2(
        f'<EntityType Name="Thing">{KEY}</EntityType></Schema><Schema Namespace="M" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">'
        '<EntityContainer Name="C"><EntitySet Name="Öffentliche Dinge 🚀" EntityType="N.Thing"/></EntityContainer>'
        '<EntityContainer Name="D" m:IsDefaultEntityContainer="false" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
        '<EntitySet Name="Things" EntityType="N.Thing"/></EntityContainer>'
    )
    first, second = describe_xml(document).sets
    assert first.path == "%C3%96ffentliche%20Dinge%20%F0%9F%9A%80"
    assert second.path == "D.Things"
    assert first.key == second.key == ("id",)


def test_json_says_the_same(v4):
    """A document in JSON gives the description that its twin in XML gives."""
    xml = v4(
        '<EnumType Name="Colour"><Member Name="red"/></EnumType>'
        '<TypeDefinition Name="Money" UnderlyingType="Edm.Decimal" Precision="15" Scale="2"/>'
        '<ComplexType Name="Place"><Property Name="b" Type="A.Money" Nullable="false"/></ComplexType>'
        f'<EntityType Name="Base">{KEY}</EntityType>'
        '<EntityType Name="Thing" BaseType="N.Base"><Property Name="colour" Type="A.Colour" Nullable="true"/>'
        '<Property Name="places" Type="Collection(N.Place)" Nullable="false"/>'
        '<Property Name="parent_id" Type="Edm.Int32"><Annotation Term="Core.Description" String="Above."/></Property>'
        '<NavigationProperty Name="parent" Type="A.Thing"><ReferentialConstraint Property="parent_id" ReferencedProperty="id"/></NavigationProperty>'
        '<NavigationProperty Name="parts" Type="Collection(A.Thing)" ContainsTarget="true"/></EntityType>'
        '<EntityContainer Name="C"><EntitySet Name="Things" EntityType="A.Thing"/><Singleton Name="Me" Type="A.Thing"/>'
        '<FunctionImport Name="top" Function="A.top"/></EntityContainer>'
    )
    json = {
        "$Version": "4.01",
        "$EntityContainer": "N.C",
        "N": {
            "$Alias": "A",
            "Colour": {"$Kind": "EnumType", "red": 0},
            "Money": {"$Kind": "TypeDefinition", "$UnderlyingType": "Edm.Decimal", "$Precision": 15, "$Scale": 2},
            "Place": {"$Kind": "ComplexType", "b": {"$Type": "A.Money"}},
            "Base": {"$Kind": "EntityType", "$Key": ["id"], "id": {"$Type": "Edm.Int32"}},
            "Thing": {
                "$Kind": "EntityType",
                "$BaseType": "N.Base",
                "colour": {"$Type": "A.Colour", "$Nullable": True},
                "places": {"$Collection": True, "$Type": "N.Place"},
                "parent_id": {"$Type": "Edm.Int32", "$Nullable": True, "@Core.Description": "Above."},
                "parent": {"$Kind": "NavigationProperty", "$Type": "A.Thing", "$ReferentialConstraint": {"parent_id": "id"}},
                "parts": {"$Kind": "NavigationProperty", "$Collection": True, "$Type": "A.Thing", "$ContainsTarget": True},
            },
            "C": {
                "$Kind": "EntityContainer",
                "Things": {"$Collection": True, "$Type": "A.Thing"},
                "Me": {"$Type": "A.Thing"},
                "top": {"$Function": "A.top"},
            },
        },
    }  # fmt: skip
    assert describe_json(json).sets == describe_xml(xml).sets
    assert describe_json(json).problems == describe_xml(xml).problems


@pytest.mark.parametrize(
    "body",
    [b"<html><body>Sign in</body></html>", b"<Edmx><DataServices/></Edmx>", b"<a>", b"", b"<service/>"],
)
def test_other_documents_are_refused(body):
    """A login page, an empty document and cut XML are errors that say so, not services without sets."""
    with pytest.raises(ResponseError):
        describe_xml(body)
