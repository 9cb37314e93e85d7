"""docs/errors.md: each identity failure is provoked, and what it promises is what one reads."""

import re
import socket
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail, null

from exepron_pipeline.auth import turn
from exepron_pipeline.auth.client import open_client
from exepron_pipeline.auth.device_code import DeviceCode
from exepron_pipeline.auth.discovery import LONGEST
from exepron_pipeline.auth.keeper import Keeper
from exepron_pipeline.auth.login.answer import code_from_paste
from exepron_pipeline.auth.login.device import wait_for_device
from exepron_pipeline.auth.login.flow import Login
from exepron_pipeline.auth.login.id_token import check_id_token
from exepron_pipeline.auth.login.loopback import listen
from exepron_pipeline.auth.login.port import own_address
from exepron_pipeline.auth.login.question import make_question
from exepron_pipeline.auth.session import FORMAT
from exepron_pipeline.auth.token import Tokens
from exepron_pipeline.cli.login import login
from exepron_pipeline.cli.logout import logout
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.odata.service import Service
from exepron_pipeline.settings import load_settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Identity failures\n")[2].partition("\n## ")[0]
ROWS = {
    cells[0]: cells[1].strip("`")
    for line in SECTION.splitlines()
    if line.startswith("| ")
    and (cells := [cell.strip() for cell in line.strip("|").split(" | ")])[0] != "failure"
}
PERSON = {"username": None, "password": None, "grant": "refresh_token"}
LATER = 4000

BY_TEST = {
    "its certificate is not trusted": "tests/http/test_tls.py",
    "it asks for a client certificate": "tests/http/test_tls.py",
    "it speaks no TLS": "tests/http/test_tls.py",
    "it speaks old TLS only": "tests/http/test_tls.py",
    "the proxy refuses": "tests/http/test_tls.py",
}
"""Failures that need servers with TLS: their tests compare the same words."""


class Desk:
    """What an exercise needs: an identity server, keepers at it, a clock, and what an operator was told."""

    def __init__(self, identity, keep, connect, clock, transport, state, monkeypatch):
        self.identity, self.clock, self.transport, self.state = identity, clock, transport, state
        self.monkeypatch, self.told = monkeypatch, []
        self._keep, self._connect = keep, connect

    def keep(self, **changes):
        """Make a keeper that talks to this desk."""
        return self._keep(listen=lambda notice: self.told.append(notice.text), **changes)

    def person(self, **life):
        """Let a person's session be due for a refresh."""
        self.keep(**PERSON).adopt(
            Tokens("first", "authorization_code", self.clock.now, 3600, "first-refresh", **life)
        )
        self.clock.now += LATER

    @property
    def file(self):
        """The file of the only session."""
        (file,) = (self.state / "tokens").glob("*.json")
        return file

    def stored(self, text=None, mode=0o600):
        """Keep a session in a file, perhaps with another text or mode."""
        self.keep().token()
        if text is not None:
            self.file.write_text(text)
        self.file.chmod(mode)
        self.clock.now += LATER

    def client(self):
        """Make a client for a person who signs in at a browser."""
        self.identity.document = {"authorization_endpoint": f"{self.identity.url}/connect/authorize"}
        return open_client(self._connect(), self.transport, self.state, self.clock)

    def paste(self, answer):
        """Paste what the browser brought; ``STATE`` in it becomes the state that was sent."""
        client = self.client()
        question = make_question(client)
        whole = question.redirect_uri + answer.replace("STATE", question.state)
        code_from_paste(whole, question, client)

    def ask_api(self, *, missing=False):
        """Ask the API, which refuses."""
        self.identity.extra = {"scope": "openid"} if missing else {}
        Service(self.identity.url, self.transport, self.keep(), Throttle(0, 1)).get("Users")


@pytest.fixture
def desk(identity, keep, connect, clock, transport, tmp_path, monkeypatch):
    """Give a desk; the identity server plays the API too where one is asked."""
    return Desk(identity, keep, connect, clock, transport, tmp_path / "data" / "state", monkeypatch)


def _missing_setting(desk):
    desk.monkeypatch.setenv("EXEPRON_CLIENT_SECRET", "x")
    load_settings().connections()


def _secret_file(desk):
    desk.monkeypatch.setenv("EXEPRON_CLIENT_SECRET_FILE", "/nowhere/secret")
    load_settings()


def _held(desk):
    for _ in range(2):
        with pytest.raises(ExepronError) as caught:
            desk.keep(password="wrong-word").token()
        desk.clock.now += 60
    raise caught.value


def _grant(desk):
    desk.identity.grants = set()
    desk.keep().token()


def _no_grant(desk):
    desk.identity.reply = lambda: (400, {}, b'{"error": "unsupported_grant_type"}')
    desk.keep().token()


def _scope(desk):
    desk.identity.forbidden_scopes = {"exepron.restapi"}
    desk.keep().token()


def _less(desk):
    desk.identity.extra = {"scope": "openid profile"}
    desk.keep().token()


def _forbidden(desk):
    desk.identity.api_status = 403
    desk.ask_api(missing=True)


def _unauthorized(desk):
    desk.identity.api_status = 401
    desk.ask_api()


def _no_secret(desk):
    desk.identity.methods = ["private_key_jwt"]
    desk.keep().token()


def _given(token):
    return lambda desk: desk.keep(token=token).token()


def _given_ends(desk):
    from joserfc import jwt
    from joserfc.jwk import OctKey

    ends = int(desk.clock.now) + 13 * 86400
    desk.keep(token=jwt.encode({"alg": "HS256"}, {"exp": ends}, OctKey.import_key("0" * 32))).token()


def _given_refused(desk):
    desk.keep(token="opaque").renew("opaque")


def _nobody(desk):
    desk.keep(**PERSON).token()


def _will_stop(desk):
    desk.keep(**PERSON).adopt(Tokens("first", "authorization_code", desk.clock.now, 3600))
    desk.keep(**PERSON).token()


def _evicted(desk):
    desk.person()
    desk.keep(**PERSON).token()


def _too_old(desk):
    desk.person(refresh_expires_in=1800)
    desk.keep(**PERSON).token()


def _cut_off(desk):
    desk.person()
    desk.identity.refresh_tokens.add("first-refresh")
    desk.identity.answers_to_lose = 1
    desk.keep(**PERSON).token()


def _down(spent):
    def exercise(desk):
        desk.keep().token()
        desk.clock.now += spent * 3600
        desk.identity.reply = lambda: (503, {}, b"")
        desk.keep().token()

    return exercise


def _hangs(desk):
    desk.monkeypatch.setattr(turn, "LONGEST_WAIT", 0.05)
    keeper = desk.keep()
    with keeper._shelf.taken():
        desk.keep().token()


def _readable(desk):
    desk.stored(mode=0o644)
    desk.keep().token()


def _open_folder(desk):
    desk.stored()
    (desk.state / "tokens").chmod(0o755)
    desk.keep().token()


def _damaged(desk):
    desk.stored("{")
    desk.keep().token()


def _newer(desk):
    desk.stored(f'{{"format": {FORMAT + 1}}}')
    desk.keep().token()


def _other_store(desk):
    desk.stored()
    desk.monkeypatch.setattr(keyring, "get_keyring", fail.Keyring)
    with pytest.raises(ExepronError):
        desk.keep(store="keyring").token()


def _keyring(backend):
    def exercise(desk):
        desk.monkeypatch.setattr(keyring, "get_keyring", backend)
        desk.keep(store="keyring").check_store()

    return exercise


def _full(desk):
    desk.state.mkdir(parents=True)
    (desk.state / "tokens").touch(mode=0o600)
    desk.keep().token()


def _fills_up(desk):
    desk.stored()

    def spoil():
        desk.file.unlink()
        (desk.state / "tokens" / f"{desk.keep()._key.digest}.json").mkdir()

    desk.identity.before = spoil
    desk.keep().token()


def _no_locks(desk):
    class Open(turn.FileLock):
        def acquire(self, *args, **kwargs):
            return None

        def release(self, *args, **kwargs):
            return None

    desk.monkeypatch.setattr(turn, "FileLock", Open)
    desk.keep().check_store()


def _document(**members):
    def exercise(desk):
        desk.identity.document = members
        desk.keep().token()

    return exercise


def _no_server(desk):
    desk.identity.discovery_page = b"<html>"
    desk.keep().token()


def _in_api(desk):
    from exepron_pipeline.http.transport import Transport

    with Transport(timeout=30, read_only_below=f"{desk.identity.url}/connect") as guarded:
        desk.keep(transport=guarded).token()


def _downgrade(desk):
    desk.transport.allow_posts([f"{desk.identity.url}/connect/token"], "https://id.example")


def _no_token(desk):
    desk.identity.reply = lambda: (200, {"Content-Type": "application/json"}, b"{}")
    desk.keep().token()


def _paste(answer):
    return lambda desk: desk.paste(answer)


def _old_code(desk):
    client = desk.client()
    desk.identity.reply = lambda: (400, {}, b'{"error": "invalid_grant"}')
    client.exchange_code("code", "verifier", "http://127.0.0.1:8765/callback")


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def _closed_browser(desk):
    with listen(f"http://127.0.0.1:{_free_port()}/callback") as loopback:
        loopback.wait(0)


def _used_port(desk):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        listen(f"http://127.0.0.1:{taken.getsockname()[1]}/callback"),
    ):
        pass


def _no_device(desk):
    wait_for_device(desk.client(), DeviceCode("device-code", "user-code", "https://x", None, 0, 5))


def _no_browser_grant(desk):
    client = desk.client()
    desk.identity.document = {}
    desk.clock.now += LONGEST
    make_question(open_client(client.connection, client.transport, desk.state, desk.clock))


def _unused(desk):
    desk.monkeypatch.setenv("EXEPRON_TOKEN", "by-hand")
    login()


def _several(desk):
    desk.monkeypatch.chdir(desk.state.parents[1])
    accounts = "".join(f'[accounts.{name}]\nclient_id = "desk"\n' for name in ("north", "south"))
    Path("exepron.toml").write_text(accounts, encoding="utf-8")
    login()


def _id_token(desk):
    check_id_token("no token", desk.client(), None)


def _not_revoked(desk):
    desk.monkeypatch.setenv("EXEPRON_IDENTITY_URL", desk.identity.url)
    desk.monkeypatch.setenv("EXEPRON_CLIENT_ID", "public")
    desk.identity.document = {"revocation_endpoint": f"{desk.identity.url}/connect/revocation"}
    desk.identity.reply = lambda: (503, {}, b"")
    Keeper(*load_settings().connections(), desk.transport, desk.state).adopt(
        Tokens("first", "authorization_code", desk.clock.now, 3600, "first-refresh")
    )
    logout()


EXERCISES = {
    "consent refused": _paste("?error=access_denied&state=STATE"),
    "the code has expired": _old_code,
    "the answer belongs to another sign-in": _paste("?code=code&state=other"),
    "the answer comes from another server": _paste("?code=code&state=STATE&iss=https://evil.example"),
    "what was pasted is no answer": _paste("?session=1"),
    "the browser was closed": _closed_browser,
    "the port is in use": _used_port,
    "the redirect URI is not on this machine": lambda desk: own_address("https://app.example/callback"),
    "a token came in the address": _paste("#access_token=abcdefgh&state=STATE"),
    "the server has no authorization code with PKCE": _no_browser_grant,
    "the server has no device grant": lambda desk: Login(desk.client(), print).by_device(print),
    "nobody typed the device code in": _no_device,
    "an id_token that nobody should believe": _id_token,
    "no run would use the sign-in": _unused,
    "several accounts, and none is named": _several,
    "signed out here, not there": _not_revoked,
    "a setting is missing": _missing_setting,
    "the file of a secret cannot be read": _secret_file,
    "wrong client id or secret": lambda desk: desk.keep(client_secret="wrong-word").token(),
    "wrong user or password, or a second factor": lambda desk: desk.keep(password="wrong-word").token(),
    "the same password again, soon after it was refused": _held,
    "the client may not use the grant": _grant,
    "the server has no such grant": _no_grant,
    "the client may not have the scope": _scope,
    "less was granted than asked for": _less,
    "403 with a token of a smaller scope": _forbidden,
    "the API refuses a token, and the one after it": _unauthorized,
    "the server takes no client secret": _no_secret,
    "the given token is no token": _given("Bearer abc"),
    "the given token will end": _given_ends,
    "the given token is refused": _given_refused,
    "nobody is signed in": _nobody,
    "nothing will renew the token": _will_stop,
    "the refresh token was evicted or revoked": _evicted,
    "the refresh token came to the end of its life": _too_old,
    "a refresh was cut off, by a kill or a lost answer": _cut_off,
    "the identity server is down, the token still holds": _down(0.85),
    "the identity server is down, and the token has ended": _down(1.2),
    "another process hangs in its turn": _hangs,
    "others can read a token file": _readable,
    "others can look into the folder": _open_folder,
    "a damaged token file": _damaged,
    "a token file of a newer version": _newer,
    "the setting changed from one store to the other": _other_store,
    "no keyring where the pipeline runs": _keyring(fail.Keyring),
    "a keyring that keeps nothing": _keyring(null.Keyring),
    "a full or read-only disk": _full,
    "the disk fills up in between": _fills_up,
    "a disk without locks": _no_locks,
    "no identity server at the address": _no_server,
    "it says that it is another one": _document(issuer="https://other.example"),
    "it names an address that is not safe": _document(token_endpoint="http://other.example/token"),
    "it names an address of the API": _in_api,
    "it leads from https to http": _downgrade,
    "its answer is no token": _no_token,
}


def test_each_failure_of_the_page_has_its_exercise():
    """A row that nothing provokes may be wrong, and a failure without a row leaves people alone."""
    assert set(EXERCISES) | set(BY_TEST) == set(ROWS)
    assert not set(EXERCISES) & set(BY_TEST)


@pytest.mark.parametrize("failure", EXERCISES)
def test_what_the_page_promises_is_what_one_reads(failure, desk):
    """The message begins as the row says, whether it is an error or told to an operator."""
    words = ROWS[failure]
    try:
        EXERCISES[failure](desk)
    except ExepronError as error:
        desk.told.append(str(error))
    pattern = ".*".join(re.escape(piece) for piece in words.split("…"))
    assert [text for text in desk.told if re.match(pattern, text, re.DOTALL)], desk.told


@pytest.mark.parametrize("failure", BY_TEST)
def test_rows_of_other_tests_use_the_same_words(failure):
    """The test that provokes such a failure compares the longest part of the row that does not differ."""
    longest = max(ROWS[failure].split("…"), key=len).strip(" .")
    source = (ROOT / BY_TEST[failure]).read_text(encoding="utf-8").replace("\\", "")
    assert longest in source
