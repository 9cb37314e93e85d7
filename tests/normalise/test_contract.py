from typing import Any

import pyarrow as pa
import pytest

from exepron_pipeline.errors import ConfigurationError, ContractError
from exepron_pipeline.normalise.contract import arrow_schema, arrow_type, columns_of

TYPES = {
    "int": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "variant": pa.string(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "decimal(38,10)": pa.decimal128(38, 10),
    "binary": pa.binary(),
    "json": pa.string(),
}


@pytest.mark.parametrize(("name", "expected"), TYPES.items())
def test_each_type_has_one_arrow_type(name: str, expected: pa.DataType) -> None:
    """The catalogue's types and Arrow's stand in one table."""
    assert arrow_type(name) == expected


def test_every_type_of_the_catalogue_lands() -> None:
    """No type that the catalogue allows is without an Arrow type."""
    from exepron_pipeline.catalogue.fields import SIMPLE_TYPES

    assert all(arrow_type(name) for name in SIMPLE_TYPES)


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        ("keep", ["thing_id", "name", "phone"]),
        ("hash", ["thing_id", "name", "phone"]),
        ("contact-dropped", ["thing_id", "name"]),
        ("drop", ["thing_id"]),
    ],
)
def test_policy_chooses_columns(things: Any, column: Any, policy: Any, names: list[str]) -> None:
    """Each policy for personal data keeps its columns, in the catalogue's order."""
    entity_set = things(column("name", personal="name"), column("phone", "int", personal="contact"))
    schema = arrow_schema(columns_of(entity_set, policy))
    assert schema.names == names
    if policy == "hash":
        assert schema.field("phone").type == pa.string()


def test_policy_may_not_drop_the_key(things: Any, column: Any) -> None:
    """A set whose key is personal cannot land under `drop`, and the error says what to do."""
    entity_set = things(column("mail", personal="contact"), key=("mail",))
    with pytest.raises(ContractError, match="mail"):
        columns_of(entity_set, "drop")


def test_hashing_needs_a_key(bench: Any, things: Any) -> None:
    """`hash` without a key would be no protection: it is refused."""
    with pytest.raises(ConfigurationError):
        bench(things(), personal="hash")


def test_generations_have_their_own_names(bench: Any, things: Any, column: Any) -> None:
    """The wire name of the generation is read; a column that a generation lacks is null there."""
    entity_set = things(
        column("label", wire={"g2": "thingLabel", "g3": "name"}),
        column("status_code", "int", wire={"g3": None}),
    )
    body = '[{"thingId": 1, "thingLabel": "a", "name": "b", "statusCode": 5}]'
    row = {"thing_id": 1, "_account_id": "7"}
    two, three = (
        bench(entity_set, "g2")(body).table.to_pylist(),
        bench(entity_set, "g3")(body).table.to_pylist(),
    )
    assert two == [row | {"label": "a", "status_code": 5, "_extra": '{"name":"b"}'}]
    assert three == [row | {"label": "b", "status_code": None, "_extra": '{"statusCode":5,"thingLabel":"a"}'}]


@pytest.mark.parametrize("policy", ["keep", "hash", "contact-dropped", "drop"])
@pytest.mark.parametrize("generation", ["g1", "g2", "g3"])
def test_every_built_in_set_decodes(bench: Any, generation: str, policy: str) -> None:
    """Each entity set of the catalogue has a contract under each policy, and an empty page keeps it."""
    from exepron_pipeline.catalogue import load_catalogue
    from exepron_pipeline.normalise.contract import page_schema

    for entity_set in load_catalogue().entity_sets.values():
        decode = bench(entity_set, generation, personal=policy, hash_key=b"k" * 32)
        page = decode('{"value": []}' if generation != "g2" else "[]")
        assert page.table.schema == page_schema(entity_set, policy)
        assert page.children.keys() == {child.name for child in entity_set.children}
