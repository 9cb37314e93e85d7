"""``exepron login`` and ``logout`` with a person at a real browser, at two identity servers that know nothing of each other."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from exepron_pipeline.engine import open_engine
from exepron_pipeline.errors import AuthRejectedError
from exepron_pipeline.events import Notice
from exepron_pipeline.sync import sync_all


@dataclass
class Place:
    """An identity server and an API, with someone who may sign in there."""

    connection: dict[str, Any]
    user: str
    password: str
    tokens: Any
    """Gives every token ever issued."""
    more: dict[str, str]
    """Further settings that a sync needs."""

    def environment(self, folder, port):
        """The settings of the program."""
        named = {f"EXEPRON_{name.upper()}": value for name, value in self.connection.items()}
        fixed = {"EXEPRON_DATA_DIR": str(folder / "data"), "EXEPRON_RATE": "0"}
        return {**named, **fixed, "EXEPRON_REDIRECT_URI": f"http://127.0.0.1:{port}/callback", **self.more}


@pytest.fixture
def provider(independent, provider_kit, flow_kit, tmp_path):
    """The independent provider, as a public client."""
    (tmp_path / "catalogue.yaml").write_text(flow_kit.CATALOGUE)
    return Place(
        independent.provider.connection(provider_kit.PUBLIC),
        provider_kit.USER,
        provider_kit.PASSWORD,
        independent.provider.tokens,
        {
            "EXEPRON_CATALOGUE": str(tmp_path / "catalogue.yaml"),
            "EXEPRON_GENERATION": "odata4",
            "EXEPRON_ACCOUNTS": "1",
        },
    )


@pytest.fixture
def sandbox(tapped):
    """The sandbox, as its confidential client without user and password set."""
    tap = tapped("device-interval=1")
    known = dict(tap.connection)
    user, password = known.pop("username"), known.pop("password")
    return Place(known, user, password, lambda: tap.tokens, {})


@pytest.fixture(params=["provider", "sandbox"])
def place(request):
    """Each of the two."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def port(terminal_kit):
    """Of the redirect URI."""
    return terminal_kit.free_port()


@pytest.fixture
def exepron(terminal_kit, tmp_path, port):
    """Start the program at a place."""

    def start(place, *words):
        environment = place.environment(tmp_path, port)
        return terminal_kit.Terminal(*words, environment=environment, folder=tmp_path)

    return start


@pytest.fixture
def home(here, tmp_path):
    """The state folder of the program, seen from outside."""
    return type(here)(tmp_path / "data" / "state", here.transport)


@pytest.fixture
def sync(tmp_path, port, monkeypatch):
    """Refresh an entity set in this process, as a scheduled run does; gives what was said meanwhile."""

    def once(place):
        said = []
        for name, value in place.environment(tmp_path, port).items():
            monkeypatch.setenv(name, value)
        with open_engine() as engine:
            engine.listen = said.append
            report = sync_all(engine, ["regions" if "EXEPRON_CATALOGUE" in place.more else "roles"])
        assert report.ok, [each.error for each in report.entity_sets.values()]
        return [event.text for event in said if isinstance(event, Notice)]

    return once


def sign_in(exepron, place, person, *words, **more):
    """Sign in by the browser that the program opens; gives the ended program and what the browser saw."""
    with exepron(place, "login", *words) as program:
        seen = person(program.visited(), user=place.user, password=place.password, **more)
        code = program.end()
    return SimpleNamespace(code=code, out=program.out, err=program.err, pages=seen["pages"])


def sessions(home):
    """Files that hold tokens."""
    return [path for path in (home.state_dir / "tokens").glob("*.json") if "access_token" in path.read_text()]


def test_from_login_to_logout(place, exepron, person, sync, home):
    """One sign-in serves runs, refreshes included, until `exepron logout`; then a stolen copy is of no use.

    A server that answers with the scope of its access token alone has withheld nothing: nobody is alarmed.
    """
    ended = sign_in(exepron, place, person)
    assert (ended.code, ended.err) == (0, "")
    assert "Signed in" in ended.pages[-1]["text"]
    assert "runs renew it" in ended.out
    assert "Not granted" not in ended.out
    first = home.stored["refresh_token"]
    assert sync(place) == []
    home.age()
    assert sync(place) == []
    assert home.stored["refresh_token"] != first
    assert {home.stored["access_token"], home.stored["refresh_token"], first} <= place.tokens()
    [kept] = sessions(home)
    copy = kept.read_bytes()
    with exepron(place, "logout") as program:
        assert program.end() == 0, program.err
    assert sessions(home) == []
    kept.write_bytes(copy)
    kept.chmod(0o600)
    home.age()
    with pytest.raises(AuthRejectedError, match="invalid_grant"):
        home.keeper({**place.connection, "grant": "refresh_token"}).token()


def test_consent_refused_is_said(place, exepron, person, home):
    """The person refuses: the terminal and the page in the browser say so, and nothing is stored."""
    ended = sign_in(exepron, place, person, refuse=True)
    assert ended.code == 4
    assert "access_denied" in ended.err
    assert "failed" in ended.pages[-1]["text"]
    assert sessions(home) == []


@pytest.mark.parametrize("refuse", [False, True])
def test_a_device_without_browser_is_signed_in_elsewhere(place, exepron, person, home, refuse):
    """The shown address and code, typed in by a person in another browser; who refuses there ends it here."""
    with exepron(place, "login", "--device") as program:
        address = program.shown(r"open\n\n +(\S+)")
        code = program.shown(r"code:\n\n +(\S+)")
        person(address, user=place.user, password=place.password, code=code, refuse=refuse)
        assert program.end() == (4 if refuse else 0), program.err
    assert ("access_denied" in program.err) == refuse
    assert [home.stored["refresh_token"] in place.tokens() for _ in sessions(home)] == [True][refuse:]


def test_the_last_address_can_be_pasted(place, exepron, person, home):
    """Nobody listens where the browser ends: its address signs in, but not into another sign-in's question."""
    with exepron(place, "login", "--paste") as right, exepron(place, "login", "--paste") as wrong:
        seen = person(right.shown(r"sign in:\n\n +(\S+)"), user=place.user, password=place.password)
        wrong.enter(seen["url"])
        assert wrong.end() == 4
        assert "another sign-in" in wrong.err
        assert sessions(home) == []
        right.enter(seen["url"])
        assert right.end() == 0, right.err
    assert home.stored["refresh_token"] in place.tokens()


def test_a_confidential_client_signs_in_a_person(provider, provider_kit, independent, exepron, person, sync):
    """Id and secret beside code and verifier, form-encoded in the header; the API takes an opaque token."""
    provider.connection = independent.provider.connection(provider_kit.CONFIDENTIAL)
    ended = sign_in(exepron, provider, person)
    assert ended.code == 0, ended.err
    assert sync(provider) == []


def test_when_runs_will_stop_is_said_at_once(provider, provider_kit, independent, exepron, person, sync):
    """A client that may not have a refresh token: the sign-in works, and so does a run; both tell when it ends."""
    provider.connection = independent.provider.connection(provider_kit.WITHOUT_REFRESH)
    ended = sign_in(exepron, provider, person)
    assert ended.code == 0, ended.err
    [said] = sync(provider)
    for told in (ended.out, said):
        assert "uns will stop at" in told
        assert "no refresh token" in told


@pytest.mark.parametrize("runs", [20, pytest.param(500, marks=pytest.mark.full)])
def test_runs_reuse_a_refresh_token_that_stays(
    provider, provider_kit, independent, exepron, person, home, runs
):
    """Many runs, each with an ended access token, at a server that does not rotate: one refresh token in all."""
    provider.connection = independent.provider.connection(provider_kit.STEADY)
    sign_in(exepron, provider, person)
    first, access = home.stored["refresh_token"], set()
    for _ in range(runs):
        home.age()
        access.add(home.keeper(provider.connection).token())
    assert len(access) == runs
    assert home.stored["refresh_token"] == first
    asked = [each for each in independent.provider.asked("token") if each.get("client_id") == "steady"]
    assert [each.get("refresh_token") for each in asked[-runs:]] == [first] * runs
