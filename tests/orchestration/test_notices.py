import logging

from exepron_pipeline.events import Landed, Notice
from exepron_pipeline.orchestration.resources import _log_notice


def test_what_an_operator_should_know_is_in_the_log_of_the_run(caplog):
    """Such as that runs will stop soon: nobody watches a scheduled run. Other events are not repeated there."""
    log = logging.getLogger("a run")
    for event in (Notice(None, "Runs will stop."), Notice("tasks", "Waiting."), Landed("tasks", 1, 0, 0)):
        _log_notice(log, event)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "Runs will stop."),
        ("WARNING", "tasks: Waiting."),
    ]
