"""Fields that the service sends and the catalogue does not name, under each contract."""

import pytest

from exepron_pipeline.errors import ContractError

UNKNOWN = {"riskScore": "int", "codes.weight": "decimal(38,10)"}
CHANGES = "SELECT column_name, change, type_after FROM ops.schema_changes ORDER BY ALL"


def test_a_frozen_contract_stops_the_set(desk, record):
    """It names every field with its type and the entry that accepts one; nothing is stored."""
    desk.land([record(1)])
    before = desk.dump()
    with pytest.raises(ContractError) as caught:
        desk.land([record(2)], contract="freeze", unknown=UNKNOWN)
    assert "codes.weight (decimal(38,10)), riskScore (int)" in str(caught.value)
    entry = 'entity_sets: {tasks: {children: {codes: {columns: {weight: {type: "decimal(38,10)", wire: weight}}}}}}'
    assert entry in caught.value.hint
    assert caught.value.exit_code == 3
    assert desk.dump() == before


def test_a_frozen_contract_that_holds_lands(desk, record):
    """Without other fields a frozen set is like any."""
    assert desk.land([record(1)], contract="freeze").inserted == 1


@pytest.mark.parametrize(("contract", "change"), [("evolve", "unknown"), ("discard", "discarded")])
def test_other_fields_are_told_once(desk, record, contract, change):
    """The first load that brings a field tells of it and records it; later ones do neither."""
    first = desk.land([record(1)], contract=contract, unknown={"riskScore": "int"})
    again = desk.land([record(2)], contract=contract, unknown={"riskScore": "int"})
    more = desk.land([record(3)], contract=contract, unknown=UNKNOWN)
    assert "riskScore (int)" in first.notes[0]
    assert again.notes == ()
    assert "codes.weight" in more.notes[0]
    assert "riskScore" not in more.notes[0]
    assert desk.rows(CHANGES) == [("codes.weight", change, "decimal(38,10)"), ("riskScore", change, "int")]
