"""The verbs ``login`` and ``logout`` in this process: what they say, and what they refuse."""

import io
import re
import sys
import webbrowser

import pytest
import typer

from exepron_pipeline.cli import login, logout
from exepron_pipeline.errors import AuthRejectedError, ConfigurationError, WarehouseError
from exepron_pipeline.settings import load_settings
from exepron_pipeline.tenant import Tenant


@pytest.fixture
def desk(issuer, browser, redirect_uri, monkeypatch, tmp_path):
    """A folder with settings of the provider, and a machine with a display whose browser is ours."""
    monkeypatch.chdir(tmp_path)
    for name in ("BROWSER", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", browser.start)
    settings = {
        "EXEPRON_IDENTITY_URL": issuer.url,
        "EXEPRON_API_URL": f"{issuer.url}/api",
        "EXEPRON_CLIENT_ID": "desk",
        "EXEPRON_REDIRECT_URI": redirect_uri,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def kept(desk):
    """What the next process will know of the session."""

    def look():
        settings = load_settings()
        tenant = Tenant(settings.connections()[0], settings, None)
        try:
            return tenant.keeper.describe()
        finally:
            tenant.close()

    return look


def test_it_ends_with_who_what_until_when_and_where(issuer, desk, kept, capsys, tmp_path):
    """The last lines tell it all, and a later process knows it too, though the access token is opaque."""
    login.login()
    said = capsys.readouterr().out
    assert f"Signed in at {issuer.url} as Ada & <Co> (subject 77).\n" in said
    assert "Scope: openid profile exepron.restapi" in said
    assert re.search(r"The access token ends: 20\S+ \S+ UTC; runs renew it", said)
    assert "data/state" in said
    assert "Runs will stop" not in said
    assert (kept().subject, kept().grant) == ("77", "authorization_code")
    assert not [secret for secret in ("access-", "refresh-", "code-") if secret in said]


def test_without_refresh_token_the_end_of_runs_is_said_at_once(issuer, desk, capsys):
    """Nothing renews the token then; `--online` asks for it to be so."""
    issuer.answer = {"refresh_token": None}
    login.login(online=True)
    said = capsys.readouterr().out
    assert re.search(r"Runs will stop at 20\d\d-.*UTC.*exepron login", said)
    assert "offline_access" not in issuer.asked["scope"]


def test_a_smaller_scope_is_said_once(issuer, desk, capsys):
    """What was asked for and not granted is named; scopes of the user are not."""
    issuer.answer = {"scope": "openid profile \x1b[2J"}
    login.login()
    said = capsys.readouterr().out
    assert "\x1b" not in said  # a server steers no terminal
    assert said.count("Not granted, though asked for: exepron.restapi.") == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("EXEPRON_TOKEN", "by-hand", r"EXEPRON_TOKEN is set.*Unset"),
        ("EXEPRON_GRANT", "client_credentials", r"signs in as the client.*Unset EXEPRON_GRANT"),
    ],
)
def test_a_sign_in_that_no_run_would_use_is_refused(issuer, desk, name, value, words):
    """Before a browser opens, and with what to change."""
    desk.setenv(name, value)
    desk.setenv("EXEPRON_CLIENT_SECRET", "a-secret")
    with pytest.raises(ConfigurationError, match=words):
        login.login()
    assert issuer.requests == []


def test_a_store_that_cannot_be_used_is_told_before_anybody_signs_in(issuer, desk, tmp_path):
    """A code can be redeemed once: it is not asked for when what it gives could not be kept."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "state").write_text("in the way")
    with pytest.raises(WarehouseError, match="EXEPRON_DATA_DIR"):
        login.login()
    assert "/authorize" not in [path for path, _ in issuer.requests]


def test_two_ways_at_once_are_refused(desk):
    """One of them is meant."""
    with pytest.raises(ConfigurationError, match="Choose one"):
        login.login(device=True, paste=True)


@pytest.mark.parametrize(("devices", "words"), [(True, "use --device or --paste"), (False, "use --paste")])
def test_without_display_the_other_ways_are_named(issuer, browser, desk, capsys, devices, words):
    """No text browser takes over the terminal; the address is shown, and the wait goes on for those who forward a port."""
    desk.delenv("DISPLAY")
    desk.setattr(sys, "platform", "linux")
    if not devices:
        issuer.document = {"device_authorization_endpoint": None}
    opened = []
    desk.setattr(webbrowser, "open", opened.append)
    echo = typer.echo

    def show(text):
        echo(text)
        for address in re.findall(r"http://\S+/authorize\?\S+", text):
            browser.start(address)

    desk.setattr(typer, "echo", show)
    login.login()
    said = capsys.readouterr().out
    assert opened == []
    assert words in said
    assert "Signed in at" in said


def test_an_address_is_pasted_on_a_pipe_or_unseen(issuer, browser, desk, capsys):
    """What is pasted holds a code: a terminal does not show it."""
    shown = []

    class Pipe(io.StringIO):
        def readline(self, *_):
            return browser.end_of(re.search(r"(http://\S+authorize\S+)", capsys.readouterr().out)[1]) + "\n"

    desk.setattr(sys, "stdin", Pipe())
    login.login(paste=True)
    assert "Signed in at" in capsys.readouterr().out

    class Terminal(Pipe):
        def isatty(self):
            return True

    def unseen(prompt):
        shown.append(prompt)
        return terminal.readline()

    terminal = Terminal()
    desk.setattr(sys, "stdin", terminal)
    desk.setattr("getpass.getpass", unseen)
    login.login(paste=True)
    assert "invisible" in shown[0]
    assert "Signed in at" in capsys.readouterr().out


def test_nothing_pasted_is_told(desk):
    """The end of the input is no answer."""

    def ended(prompt):
        raise EOFError

    desk.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(AuthRejectedError, match="is empty"):
        login.login(paste=True)
    desk.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    desk.setattr("getpass.getpass", ended)
    with pytest.raises(AuthRejectedError, match="is empty"):
        login.login(paste=True)


# -- several accounts ------------------------------------------------------------------------------------


def test_an_account_is_named_where_there_are_several(issuer, desk, tmp_path, capsys):
    """Each has a session of its own; none is guessed."""
    (tmp_path / "exepron.toml").write_text(
        f'identity_url = "{issuer.url}"\n[accounts.north]\nclient_id = "desk"\n[accounts.south]\nclient_id = "desk"\n'
        'scope = "openid"\n'
    )
    desk.delenv("EXEPRON_CLIENT_ID")
    with pytest.raises(ConfigurationError, match=r"several accounts: north, south.*--account"):
        login.login()
    with pytest.raises(ConfigurationError, match=r"no account west.*north, south"):
        logout.logout(account="west")
    login.login(account="south")
    assert issuer.asked["scope"] == "openid offline_access"
    logout.logout(account="north")
    assert "Nobody is signed in" in capsys.readouterr().out
    logout.logout(account="south")
    assert "Signed out" in capsys.readouterr().out


# -- logout ----------------------------------------------------------------------------------------------


def test_logout_deletes_and_revokes(issuer, desk, kept, capsys):
    """Both tokens are revoked, and the next process knows of nobody."""
    login.login()
    logout.logout()
    said = capsys.readouterr().out
    assert "Revoked at the server: the refresh token.\nRevoked at the server: the access token." in said
    assert [kind for kind, _ in issuer.revoked] == ["refresh_token", "access_token"]
    assert kept().grant is None
    logout.logout()
    assert "there was nothing to delete" in capsys.readouterr().out
    assert len(issuer.revoked) == 2


def test_logout_says_what_lives_on_where_nothing_can_be_revoked(issuer, desk, capsys):
    """Tokens are deleted all the same; until when they are good is told."""
    issuer.document = {"revocation_endpoint": None}
    login.login()
    logout.logout()
    said = capsys.readouterr().out
    assert re.search(
        r"no revocation.*refresh token until it ends or you withdraw.*access token until 20.* UTC", said
    )


def test_an_access_token_that_is_not_revoked_ends_by_itself(issuer, desk, capsys):
    """Many servers revoke no JWTs: that is said with its end, and is no failure."""
    login.login()
    revoke = issuer._revoke
    issuer._revoke = lambda fields: (
        (400, {}, b'{"error": "unsupported_token_type"}')
        if fields["token_type_hint"] == "access_token"
        else revoke(fields)
    )
    logout.logout()
    assert re.search(r"access token was not revoked, and ends 20.*UTC.*of this kind", capsys.readouterr().out)


@pytest.mark.parametrize("reply", [(503, {}, b""), (400, {}, b'{"error": "invalid_client"}')])
def test_a_refresh_token_that_could_not_be_revoked_is_a_failure(issuer, desk, kept, reply):
    """It is deleted here and lives there: exit code 4, and how to end it."""
    login.login()
    issuer._revoke = lambda _: reply
    with pytest.raises(
        AuthRejectedError, match=r"deleted here but not revoked.*withdraw your consent"
    ) as caught:
        logout.logout()
    assert caught.value.exit_code == 4
    assert kept().grant is None


def test_logout_without_the_server_deletes_and_says_so(issuer, desk, kept, capsys):
    """The tokens are gone here; what is left there is told with the reason."""
    login.login()
    issuer.close()
    with pytest.raises(AuthRejectedError, match=r"deleted here but not revoked: No whole answer.*withdraw"):
        logout.logout()
    assert "the stored tokens are deleted" in capsys.readouterr().out
    assert kept().grant is None


def test_logout_tells_of_credentials_that_are_left(desk, capsys):
    """The next run would sign in by itself."""
    desk.setenv("EXEPRON_USERNAME", "ada")
    desk.setenv("EXEPRON_PASSWORD", "secret-word")
    logout.logout()
    assert "the next run signs in with them (grant password)" in capsys.readouterr().out
    desk.setenv("EXEPRON_TOKEN", "by-hand")
    logout.logout()
    assert "EXEPRON_TOKEN is still set" in capsys.readouterr().out
