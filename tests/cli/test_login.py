"""A person signs in at the sandbox, by the real program, and runs go on from there."""

import json
import re
import shutil
import signal
import socket
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from urllib.parse import urlsplit

import pytest

PERSON = Path(__file__).with_name("person.py")
LAB = Path(__file__).parents[1] / "flow" / "lab.py"


def module_of(path):
    """A module of the tests that is no test."""
    spec = spec_from_file_location(f"exepron_{path.stem}_of_login", path)
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def free_port():
    """A port of the loopback where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def person(sandbox, monkeypatch):
    """The service user as a person, whose browser is a program; gives what that needs."""
    variables = {
        "PERSON_NAME": sandbox.username,
        "PERSON_PASSWORD": sandbox.password,
        "PERSON_DECISION": "allow",
        "BROWSER": f"{sys.executable} {PERSON} %s",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def desk(sandbox, tmp_path):
    """An empty data folder, and settings with a public client alone: nothing to sign in with but a person."""
    settings = {
        **sandbox.login_environment,
        "EXEPRON_DATA_DIR": str(tmp_path / "data"),
        "EXEPRON_REDIRECT_URI": f"http://127.0.0.1:{free_port()}/callback",
        **dict.fromkeys(["EXEPRON_CLIENT_SECRET", "EXEPRON_USERNAME", "EXEPRON_PASSWORD"]),
    }
    return module_of(LAB).Lab(sandbox, tmp_path / "data", settings)


def stored(desk):
    """All that is stored of the session, as text."""
    return "".join(path.read_text() for path in (desk.data_dir / "state" / "tokens").glob("*.json"))


def test_a_browser_signs_in_and_runs_go_on(desk, person):
    """`login`, then a sync by the client id alone; `logout` ends it at the server, for all copies."""
    ended = desk.exepron("login", "--debug")
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"Signed in at .*/identity as .+ \(subject \d+\)\.", ended.stdout)
    assert "Scope: openid profile exepron.restapi offline_access" in ended.stdout
    assert re.search(r"The access token ends: 20.* UTC; runs renew it", ended.stdout)
    assert str(desk.data_dir / "state") in ended.stdout
    tokens = re.findall(r'"(?:access|refresh)_token": "([^"]+)"', stored(desk))
    assert len(tokens) == 2
    assert not [token for token in tokens if token in ended.stdout + ended.stderr]
    assert "<h1>Signed in</h1>" in ended.stderr  # what the browser showed
    synced = desk.exepron("sync", "projects", "--json")
    assert (synced.returncode, json.loads(synced.stdout)["ok"]) == (0, True), synced.stderr

    kept = desk.data_dir.with_name("copy")
    shutil.copytree(desk.data_dir, kept)
    left = desk.exepron("logout")
    assert left.returncode == 0, left.stderr
    assert (
        "Revoked at the server: the refresh token.\nRevoked at the server: the access token.\n" in left.stdout
    )
    assert not re.findall(r'_token": "', stored(desk))
    revoked = desk.exepron("sync", "projects", EXEPRON_DATA_DIR=str(kept))
    assert revoked.returncode == 4, "a copy of the tokens is worth nothing any more"
    assert "exepron login" in revoked.stderr


def test_a_wait_that_is_broken_off(desk, person):
    """A redirect URI that is not registered never comes back: Ctrl-C ends the wait, with 130."""
    with desk.started(
        "login", EXEPRON_REDIRECT_URI=f"http://127.0.0.1:{free_port()}/other", BROWSER="true"
    ) as program:
        shown = ""
        while "Waiting" not in shown:
            line = program.stdout.readline()
            assert line, program.stderr.read()
            shown += line
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=120)
    assert (program.returncode, "Traceback" in err) == (130, False)
    assert urlsplit(re.search(r"(http://\S+authorize\S+)", shown)[1]).path == "/identity/connect/authorize"
