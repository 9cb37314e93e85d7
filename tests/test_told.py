"""What a run tells to whoever listens."""

from exepron_pipeline.engine import Engine
from exepron_pipeline.events import Landed, Notice
from exepron_pipeline.http.redact import remember_secret
from exepron_pipeline.settings import load_settings


def test_what_is_told_to_people_is_redacted():
    """Progress on a terminal and Dagster's log hear the same, and neither hears a secret."""
    remember_secret("geheim-4711")
    engine, heard = Engine(load_settings()), []
    engine.listen = heard.append
    engine.tell(Notice("tasks", "The server said geheim-4711."))
    engine.tell(Landed("tasks", 1, 2, 3))
    assert heard == [Notice("tasks", "The server said ***."), Landed("tasks", 1, 2, 3)]
