import json
import logging
import pickle
import threading
import time

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from exepron_pipeline.auth.keeper import Keeper
from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.errors import (
    AuthRejectedError,
    ConfigurationError,
    ServerUnavailableError,
    WarehouseError,
)
from exepron_pipeline.odata.service import TokenSource


def _jwt(**claims):
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("0" * 32))


def test_a_keeper_is_a_token_source(keep):
    """The API's client needs nothing else."""
    source: TokenSource = keep()
    assert source.token() == "access-1"


def test_a_token_is_asked_for_once_while_it_is_good(identity, keep, clock):
    """Within four fifths of its life there is no further request, in this keeper or another."""
    keeper = keep()
    assert {keeper.token() for _ in range(3)} == {"access-1"}
    clock.now += 0.79 * 3600
    assert (keeper.token(), keep().token()) == ("access-1", "access-1")
    assert (identity.asked, identity.discoveries) == (["password"], 1)


def test_a_spent_token_is_refreshed_without_the_password(identity, keep, clock):
    """The refresh token lasts over runs; the password is sent once."""
    keep().token()
    for number in (2, 3, 4):
        clock.now += 0.81 * 3600
        assert keep().token() == f"access-{number}"
    assert identity.asked == ["password", "refresh_token", "refresh_token", "refresh_token"]


def test_a_life_of_five_seconds_is_good_for_four(identity, keep, clock):
    """Short lives neither loop nor fetch a token for each request."""
    identity.expires_in = 5
    keeper = keep()
    keeper.token()
    clock.now += 3.9
    assert keeper.token() == "access-1"
    clock.now += 0.2
    assert keeper.token() == "access-2"


def test_many_threads_ask_once(identity, keep):
    """All that wait get the same token from one request, also after a refusal."""
    identity.before = lambda: time.sleep(0.1)
    keeper = keep()

    def together(call):
        found = []
        threads = [threading.Thread(target=lambda: found.append(call())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        return found

    assert together(keeper.token) == ["access-1"] * 8
    assert together(lambda: keeper.renew("access-1")) == ["access-2"] * 8
    assert len(identity.requests) == 2


def test_a_refused_token_is_replaced_though_it_seems_good(identity, keep):
    """After a 401 another token is got, and an older refusal gets the one that is there."""
    keeper = keep()
    keeper.token()
    assert keeper.renew("access-1") == "access-2"
    assert keeper.renew("access-1") == "access-2"
    assert keep().token() == "access-2"
    assert identity.asked == ["password", "refresh_token"]


def test_a_dead_refresh_token_falls_back_to_the_password_once(identity, keep, clock):
    """Servers drop old refresh tokens in silence: then we sign in anew."""
    keep().token()
    identity.refresh_tokens.clear()
    clock.now += 4000
    assert keep().token() == "access-3"
    assert identity.asked == ["password", "refresh_token", "password"]


def test_a_dead_refresh_token_of_a_person_asks_for_login(identity, keep, clock):
    """Without password nothing else can be tried; the dead token is not sent again."""
    keep().token()
    identity.refresh_tokens.clear()
    clock.now += 4000
    keeper = keep(grant="refresh_token")
    for _ in range(2):
        with pytest.raises(
            GrantRefusedError, match=r"refresh token any more.*exepron login.*EXEPRON_USERNAME"
        ):
            keeper.token()
    with pytest.raises(AuthRejectedError, match=r"Nobody is signed in.*exepron login"):
        keep(grant="refresh_token").token()
    assert identity.asked == ["password", "refresh_token"]


def test_a_refused_client_is_not_tried_by_another_grant(identity, keep, clock):
    """A wrong secret is wrong for every grant, and the stored sign-in stays."""
    keep().token()
    clock.now += 4000
    with pytest.raises(GrantRefusedError, match="EXEPRON_CLIENT_SECRET"):
        keep(client_secret="other-secret").token()
    assert identity.asked == ["password", "password"]
    clock.now += 1
    assert keep().token() == "access-3"


def test_a_wrong_password_is_sent_once(identity, keep):
    """Lock-out: a keeper that was refused does not ask again, whatever asks it."""
    keeper = keep(password="wrong-word")
    for _ in range(3):
        with pytest.raises(GrantRefusedError, match="user name and password") as caught:
            keeper.token()
        assert "wrong-word" not in repr(caught.value) + str(caught.value)
    assert identity.asked == ["password"]


@pytest.mark.parametrize("changed", [{"password": "another"}, {"client_secret": "another"}])
def test_changed_credentials_show_at_once(identity, keep, changed):
    """A stored token does not hide that a secret or password was changed for a wrong one."""
    keep().token()
    with pytest.raises(AuthRejectedError):
        keep(**changed).token()
    assert keep().token() == "access-1"


def test_a_corrected_password_is_tried(identity, keep, clock):
    """An earlier refusal does not stand in the way of a later run."""
    with pytest.raises(GrantRefusedError):
        keep(password="wrong-word").token()
    clock.now += 1
    assert keep().token() == "access-2"


def test_a_server_that_is_down_is_no_refusal(identity, keep):
    """What passes may be asked again later, and the stored refresh token stays."""
    identity.reply = lambda: (503, {}, b"")
    keeper = keep()
    with pytest.raises(ServerUnavailableError):
        keeper.token()
    identity.reply = None
    assert keeper.token() == "access-5"


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, "password"),
        ({"username": None, "password": None}, "client_credentials"),
        ({"grant": "client_credentials"}, "client_credentials"),
        ({"grant": "password", "token": "given-token"}, "password"),
    ],
)
def test_the_settings_choose_the_grant(identity, keep, changes, asked):
    """`auto` takes the password when a user is set, else the client itself; a named grant is obeyed."""
    keep(**changes).token()
    assert identity.asked == [asked]


def test_client_credentials_are_asked_for_anew(identity, keep, clock):
    """A client acts for itself: a refresh token, were there one, is not used."""
    identity.extra = {"refresh_token": "refresh-x"}
    keep(grant="client_credentials").token()
    clock.now += 4000
    keep(grant="client_credentials").token()
    assert identity.asked == ["client_credentials"] * 2


def test_nobody_to_sign_in_is_said_without_a_request(identity, keep):
    """A public client without user needs a person."""
    with pytest.raises(AuthRejectedError, match=r"Nobody is signed in.*exepron login"):
        keep(client_id="public", client_secret=None, username=None, password=None).token()
    assert identity.requests == []


def test_a_given_token_is_used_as_it_is(identity, keep):
    """It is sent nowhere but to the API, and there is no other when it is refused."""
    ends = 1_800_000_000
    keeper = keep(token=_jwt(exp=ends, sub="42"))
    assert keeper.token().count(".") == 2
    with pytest.raises(AuthRejectedError, match=r"EXEPRON_TOKEN\. It ended at 2027-01-15 08:00 UTC"):
        keeper.renew(keeper.token())
    with pytest.raises(AuthRejectedError, match=r"EXEPRON_TOKEN\. Get another one"):
        keep(token="opaque").renew("opaque")
    assert (identity.requests, identity.discoveries) == ([], 0)


@pytest.mark.parametrize("token", ["Bearer abc", "abc\ndef", "schlüssel", " "])
def test_what_is_no_token_is_refused_without_showing_it(keep, token):
    """A pasted header line or a broken line is a wrong setting."""
    with pytest.raises(ConfigurationError, match="EXEPRON_TOKEN holds blanks") as caught:
        keep(token=token)
    assert token not in str(caught.value) or token == " "


def test_describe_tells_who_is_signed_in_and_asks_nobody(identity, keep):
    """Before, after and by another keeper: issuer, user, grant, scope and end, but no secret."""
    assert keep().describe().grant is None
    identity.extra = {"access_token": _jwt(sub="42"), "scope": "exepron.restapi"}
    keep().token()
    known = keep().describe()
    assert (known.issuer, known.username, known.grant) == (
        identity.url,
        "integration@example.com",
        "password",
    )
    assert (known.scope, known.subject, f"{known.expires_at:%F %T %Z}") == (
        "exepron.restapi",
        "42",
        "2027-01-15 09:00:00 UTC",
    )
    assert len(identity.requests) == 1
    assert "ey" not in repr(known)


@pytest.mark.parametrize(
    ("token", "ends", "subject"),
    [
        (_jwt(exp=1_800_000_000, sub=7), 2027, "7"),
        (_jwt(exp="x"), None, None),
        (_jwt(exp=1e300), None, None),
        ("o", None, None),
    ],
    ids=["good", "odd", "far", "opaque"],
)
def test_describe_reads_a_given_token_where_it_can(keep, token, ends, subject):
    """A JWT tells its end and its subject; another token tells nothing."""
    known = keep(token=token).describe()
    assert (known.grant, known.expires_at and known.expires_at.year, known.subject) == (
        "token",
        ends,
        subject,
    )


def test_a_rotated_refresh_token_is_on_the_disk_before_its_access_token_is_used(
    identity, keep, clock, tmp_path
):
    """When it cannot be stored, the access token is not given out either."""
    keep().token()
    folder = tmp_path / "data" / "state" / "tokens"
    (file,) = [path for path in folder.glob("*.json") if "refused" not in path.name]
    assert json.loads(file.read_text())["refresh_token"] == "refresh-1"
    clock.now += 4000
    keeper = keep()
    file.unlink()
    file.mkdir()
    with pytest.raises(WarehouseError, match="cannot be used"):
        keeper.token()
    assert keeper._tokens is None


def test_no_secret_is_shown_or_logged(identity, keep, clock, caplog, capsys):
    """Neither representations nor logs nor pickled errors hold a secret."""
    with caplog.at_level(logging.DEBUG):
        keeper = keep()
        keeper.token()
        clock.now += 4000
        keeper.token()
        with pytest.raises(GrantRefusedError) as caught:
            keep(username="other", password="wrong-word").token()
    again = pickle.loads(pickle.dumps(caught.value))
    shown = f"{keeper!r}{vars(keeper)}{caplog.text}{capsys.readouterr()}{again!r}{again}{again.hint}"
    for secret in ("s:e+c%r", "pass w", "wrong-word", "access-", "refresh-"):
        assert secret not in shown
    assert (again.code, type(again)) == ("invalid_grant", GrantRefusedError)


def test_other_users_have_other_tokens(keep):
    """Two connections to the same server do not share a sign-in."""
    assert keep().token() != keep(grant="client_credentials", username="other").token()


def test_the_keyring_serves_as_well(connect, transport, tmp_path, clock, monkeypatch):
    """With the keyring no token is in a file."""
    kept = {}

    class Ring:
        def get_password(self, service, name):
            return kept.get(name)

        def set_password(self, service, name, value):
            kept[name] = value

    monkeypatch.setattr("keyring.get_keyring", Ring)
    for _ in range(2):
        assert Keeper(connect(), transport, tmp_path, "keyring", clock).token() == "access-1"
    assert len(kept) == 1
    assert not list(tmp_path.rglob("*.json"))
