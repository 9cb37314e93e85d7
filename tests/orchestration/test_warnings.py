"""What the engine notices of a service becomes a warning of the run in Dagster."""

from types import SimpleNamespace

from exepron_pipeline.events import Landed, Notice
from exepron_pipeline.orchestration.resources import _warning


def test_notices_are_warnings():
    """A catalogue that has come apart from the service is warned of; whoever listened before still hears everything."""
    warned, heard = [], []
    context = SimpleNamespace(log=SimpleNamespace(warning=lambda form, text: warned.append(form % text)))
    listen = _warning(context, heard.append)
    events = [Notice(None, "things: x is gone"), Notice("things", "odd"), Landed("things", 1, 0, 0)]
    for event in events:
        listen(event)
    assert warned == ["things: x is gone", "things: odd"]
    assert heard == events
