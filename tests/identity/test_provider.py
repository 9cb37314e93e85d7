"""The pipeline at a certified provider that knows nothing of us, and at an API that takes its tokens only."""

import json

import pytest

from exepron_pipeline.sync import run


@pytest.fixture
def settings(independent, provider_kit, flow_kit, tmp_path, monkeypatch):
    """The environment that reads the protected API as a service."""
    (tmp_path / "catalogue.yaml").write_text(flow_kit.CATALOGUE)
    environment = {
        "EXEPRON_API_URL": independent.provider.api,
        "EXEPRON_IDENTITY_URL": independent.provider.issuer,
        "EXEPRON_CLIENT_ID": provider_kit.SERVICE,
        "EXEPRON_CLIENT_SECRET": provider_kit.SECRET,
        "EXEPRON_GENERATION": "odata4",
        "EXEPRON_ACCOUNTS": "1",
        "EXEPRON_CATALOGUE": str(tmp_path / "catalogue.yaml"),
        "EXEPRON_DATA_DIR": str(tmp_path / "data"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


def test_a_service_signs_in_and_reads(settings, independent):
    """Client credentials, id and secret form-encoded in the header: a whole sync with one token."""
    before = len(independent.provider.asked("token"))
    report = run()
    assert {name: each.error for name, each in report.entity_sets.items()} == {
        "orders": None,
        "regions": None,
    }
    asked = independent.provider.asked("token")[before:]
    assert [each["grant_type"] for each in asked] == ["client_credentials"]


def test_the_lock_file_carries_no_addresses(children_kit):
    """Packages are fetched from wherever npm is told to, and from nowhere that the lock names."""
    folder = children_kit.HERE / "provider"
    lock = (folder / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert "://" not in lock
    assert "omit-lockfile-registry-resolved=true" in (folder / ".npmrc").read_text()
    packages = json.loads(lock)["packages"]
    assert all(package.get("integrity") for name, package in packages.items() if name)


def test_what_is_missing_is_named(children_kit, monkeypatch):
    """A machine without a program skips, and says what to install; CI fails."""
    assert children_kit.needed("no-such-program", "sh").endswith("/sh")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs no-such-program"):
        children_kit.needed("no-such-program")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="needs no-such-program"):
        children_kit.needed("no-such-program")
