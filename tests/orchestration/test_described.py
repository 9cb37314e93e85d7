"""Descriptions of assets tell of this account."""

from exepron_pipeline.marts import MARTS
from exepron_pipeline.orchestration.described import of_entity_set, of_mart

ATTEMPTS = {
    "tasks": {"status": "ok", "finished_at": "2026-03-02T20:00:00+00:00"},
    "buffers": {"status": "not_offered", "finished_at": "2026-03-02T20:00:00+00:00"},
}


def test_how_a_set_stands():
    """Read, not offered, or never asked: the description says which, and when."""
    assert (
        of_entity_set("Tasks.", "tasks", ATTEMPTS) == "Tasks.\n\nIn this account, on 2026-03-02: it is read."
    )
    assert "on 2026-03-02: this service does not offer it" in of_entity_set("Buffers.", "buffers", ATTEMPTS)
    assert of_entity_set("Users.", "users", ATTEMPTS).endswith("In this account: it was never asked for.")


def test_what_a_mart_is_without():
    """A mart names the inputs that are not there, and nothing where all are."""
    found = {mart.name: of_mart(mart, ATTEMPTS) for mart in MARTS}
    assert "built without buffers (not offered)." in found["fever_chart"]
    assert "built without" not in found["due_date_slip"]
