"""Where Exepron's own questions find no answer, the service's metadata names its version of OData."""

import pytest

from exepron_pipeline.errors import ConfigurationError, EntitySetMissingError
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.probe import find_generation
from exepron_pipeline.settings import load_settings
from exepron_pipeline.tenant import Tenant


class Service:
    """Has metadata, and nothing else."""

    base_url = "http://127.0.0.1:9/odata"

    def __init__(self, metadata):
        self.metadata = metadata

    def get(self, address, headers=None, *, until=None):
        """Answer the one address that it knows."""
        if address != "$metadata" or self.metadata is None:
            raise EntitySetMissingError(f"GET {address}: 404")
        return Response(200, {}, self.metadata, address, 0.0)


@pytest.mark.parametrize(
    ("version", "dialect"), [("2.0", "odata2"), ("3.0", "odata3"), ("4.0", "odata4"), ("4.01", "odata4")]
)
def test_the_metadata_names_the_version(v2, version, dialect):
    """The version of the data, or of the document, leads to the dialect."""
    body = v2("", version)
    if version.startswith("4"):
        body = body.replace(b'Version="1.0"', f'Version="{version}"'.encode())
    assert find_generation(Service(body), "auto") == dialect


def test_no_metadata_no_guess():
    """A service without any has to be named by the user."""
    with pytest.raises(ConfigurationError, match="metadata"):
        find_generation(Service(None), "auto")


@pytest.mark.parametrize(
    ("known", "found", "is_"), [("g2", "odata4", "g2"), ("g2", "g3", "g3"), (None, "odata4", "odata4")]
)
def test_exeprons_api_becomes_no_other_service(tmp_path, monkeypatch, known, found, is_):
    """An API that was Exepron's is that still when it fails to say who is signed in; another generation is noticed."""
    monkeypatch.setattr("exepron_pipeline.tenant.find_generation", lambda *_: found)
    settings = load_settings(
        token="given",
        identity_url="http://127.0.0.1:9",
        api_url="http://127.0.0.1:9/odata",
        data_dir=tmp_path,
    )
    tenant = Tenant(settings.connections()[0], settings, Throttle(0, 1))
    tenant.profile.generation = known
    assert tenant.generation == is_
    tenant.close()
