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
from exepron_pipeline.auth.signin import stored_sign_in
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
            thread.join(60)
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
    for asking in (keeper, keeper, keep(grant="refresh_token"), keep(grant="refresh_token")):
        with pytest.raises(
            GrantRefusedError, match=r"refresh token any more.*exepron login.*EXEPRON_USERNAME"
        ):
            asking.token()
        clock.now += 3600
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
    """When it cannot be stored, the access token is not given out either; it is once there is room again."""
    keep().token()
    folder = tmp_path / "data" / "state" / "tokens"
    (file,) = folder.glob("*.json")
    assert json.loads(file.read_text())["tokens"]["refresh_token"] == "refresh-1"
    clock.now += 4000
    keeper = keep()

    def spoil() -> None:
        file.unlink()
        file.mkdir()

    identity.before = spoil
    with pytest.raises(WarehouseError, match=r"cannot be stored, so they are not used.*cannot be used"):
        keeper.token()
    assert keeper._tokens is None
    identity.before = lambda: None
    file.rmdir()
    assert keeper.token() == "access-2"
    assert json.loads(file.read_text())["tokens"]["refresh_token"] == "refresh-2"
    assert identity.asked == ["password", "refresh_token"]


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
    assert not list((tmp_path / "tokens").glob("*.json"))


def test_a_fresh_token_waits_for_nobody(identity, keep):
    """Who needs no new token is not held up by another's sign-in."""
    keeper = keep()
    keeper.token()
    with keeper._shelf.taken():
        assert keep().token() == "access-1"


def test_a_damaged_session_is_put_aside_and_the_run_goes_on(identity, keep, tmp_path):
    """With a password nobody has to get up at night; what was there is kept, and said."""
    keep().token()
    (file,) = (tmp_path / "data" / "state" / "tokens").glob("*.json")
    file.write_text('{"half')
    told = []
    assert keep(listen=told.append).token() == "access-2"
    assert [notice.text for notice in told] == [
        f"{file} is damaged: it holds no session of ours. It was put aside as {file.with_suffix('.damaged')}."
    ]
    assert keep(listen=told.append).token() == "access-2"
    assert len(told) == 1


def test_the_store_is_checked_without_a_trace(keep, tmp_path):
    """What was stored stays, and nothing is stored where nothing was."""
    folder = tmp_path / "data" / "state" / "tokens"
    assert keep().check_store() == f"file: {folder}, written and locked"
    assert [path.suffix for path in folder.iterdir()] == [".lock"]
    keep().token()
    (file,) = folder.glob("*.json")
    before = file.read_text()
    keep().check_store()
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("days", "told"),
    [(15, []), (14, [", in 14 days"]), (0.5, [", in 0 days"]), (-1, ["ended at"])],
)
def test_a_given_token_is_warned_of_two_weeks_ahead(keep, clock, days, told):
    """Once in a run, with the day; afterwards it is said that it has ended."""
    notices = []
    keeper = keep(token=_jwt(exp=int(clock.now + days * 86400)), listen=notices.append)
    for _ in range(3):
        keeper.token()
    assert len(notices) == len(told)
    assert all(words in notice.text for words, notice in zip(told, notices, strict=True))


def test_a_store_that_cannot_be_asked_is_told_by_status(connect, tmp_path):
    """``exepron status`` shows what is wrong in place of an error."""
    folder = tmp_path / "tokens"
    folder.mkdir()
    folder.chmod(0o755)
    found = stored_sign_in(connect(), tmp_path, "file")
    assert found.grant is None
    assert "Others can look into" in found.in_words()


def test_what_is_told_of_a_sign_in_is_whole(identity, keep):
    """By what, as whom, until when, for what, where it is kept, what is missing: in lines, and for programs."""
    identity.extra = {"scope": "openid", "refresh_expires_in": 86400}
    keep().token()
    found = keep().describe()
    first, missing = found.lines()
    assert first.startswith(
        "by password as integration@example.com until 2027-01-15 09:00 UTC, to be renewed until 2027-01-16 08:00 UTC, "
        "scope openid, kept as file: "
    )
    assert missing == "asked for and not granted: profile exepron.restapi"
    assert json.loads(json.dumps(found.as_json(), default=str))["not_granted"] == [
        "profile",
        "exepron.restapi",
    ]
