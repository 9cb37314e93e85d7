"""Renewals over many runs: what is durable, what is sent again, and what is said when a session is over."""

import json

import pytest

from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.auth.session import Session
from exepron_pipeline.auth.token import Tokens
from exepron_pipeline.errors import AuthRejectedError, NetworkError, ServerUnavailableError, WarehouseError

PERSON = {"username": None, "password": None, "grant": "refresh_token"}
LATER = 4000


@pytest.fixture
def folder(tmp_path):
    """Give the folder of the tokens."""
    return tmp_path / "data" / "state" / "tokens"


@pytest.fixture
def heard():
    """Give what an operator was told, as one text that grows."""

    class Heard(list):
        def __call__(self, notice):
            self.append(notice.text)

        def __str__(self):
            return "\n".join(self)

    return Heard()


@pytest.fixture
def signed_in(identity, keep, clock):
    """Give a person's session that is due for a refresh; the settings hold no password."""
    identity.refresh_tokens.add("first-refresh")
    keep(**PERSON).adopt(Tokens("first", "authorization_code", clock.now, 3600, "first-refresh"))
    clock.now += LATER


def stored(folder):
    """Read the one session that is stored."""
    (file,) = folder.glob("*.json")
    return json.loads(file.read_text())


# -- what is adopted, and refreshed over the runs ------------------------------------------------------------


@pytest.mark.usefixtures("signed_in")
def test_what_a_person_signed_in_for_serves_every_later_run(identity, keep, clock):
    """Runs refresh from it; how it began stays known."""
    for number in (1, 2, 3):
        assert keep(**PERSON).token() == f"access-{number}"
        clock.now += LATER
    assert set(identity.asked) == {"refresh_token"}
    assert keep(**PERSON).describe().grant == "authorization_code"


@pytest.mark.usefixtures("signed_in")
def test_what_is_forgotten_is_given_back_once(keep, folder):
    """For revocation; afterwards nobody is signed in, and no token is left in the folder."""
    forgotten = keep(**PERSON).forget()
    assert (forgotten.access_token, forgotten.refresh_token) == ("first", "first-refresh")
    assert keep(**PERSON).forget() is None
    assert not [file for file in folder.iterdir() if "first" in file.read_text()]
    with pytest.raises(AuthRejectedError, match="Nobody is signed in"):
        keep(**PERSON).token()


@pytest.mark.parametrize("rotates", [True, False], ids=["rotating", "lasting"])
def test_many_runs_mint_one_refresh_token_for_each_that_is_spent(identity, keep, clock, rotates):
    """The password is sent once; where the server lets a refresh token last, none is ever minted again."""
    identity.rotates = rotates
    for _ in range(8):
        keep().token()
        keep().token()
        clock.now += LATER
    assert identity.asked == ["password"] + ["refresh_token"] * 7
    assert identity.minted == (8 if rotates else 1)


def test_five_second_tokens_last_a_thousand_requests(identity, keep, clock):
    """At most one token in three seconds, however many requests there are, and no request with a token that ended."""
    identity.expires_in = 5
    keeper, began = keep(), clock.now
    got_at = {}
    for _ in range(1000):
        token = keeper.token()
        assert clock.now - got_at.setdefault(token, clock.now) < 5
        clock.now += 0.05
    assert len(identity.requests) <= (clock.now - began) / 3 + 1


def test_a_refresh_keeps_what_its_answer_does_not_repeat(identity, keep, clock):
    """Scope, refresh token and the end of its life are those of the sign-in (RFC 6749, 6)."""
    identity.rotates = False
    identity.extra = {"scope": "exepron.restapi", "refresh_expires_in": 10_000}
    keep().token()
    ends = keep().describe().refresh_expires_at
    identity.extra = {}
    clock.now += LATER
    keep().token()
    again = keep().describe()
    assert (again.scope, again.refresh_expires_at, again.grant) == ("exepron.restapi", ends, "password")


def test_a_clients_own_sign_in_leaves_the_persons_alone(identity, keep, clock):
    """Another grant for one run neither uses nor overwrites what a person signed in for."""
    keep().adopt(Tokens("of-a-person", "authorization_code", clock.now, 3600, "refresh"))
    assert keep(grant="client_credentials").token() == "access-1"
    assert keep().token() == "of-a-person"
    assert identity.asked == ["client_credentials"]


# -- the window between the server's rotation and its arrival here ---------------------------------------------


@pytest.mark.usefixtures("signed_in")
def test_a_refresh_is_noted_before_it_is_sent(identity, keep, clock, folder):
    """Whatever kills the process then, the next one knows; once the answer is stored the note is gone."""
    noted = []
    identity.before = lambda: noted.append(stored(folder)["refresh_begun_at"])
    keep(**PERSON).token()
    assert noted == [clock.now]
    assert stored(folder)["refresh_begun_at"] is None


@pytest.mark.usefixtures("signed_in")
def test_nothing_is_sent_when_it_could_not_be_stored(identity, keep, folder, monkeypatch):
    """A full disk is met before the refresh token is spent, not after."""
    keeper = keep(**PERSON)
    keeper.describe()

    def full(path, text):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("exepron_pipeline.auth.store.write_private", full)
        with pytest.raises(WarehouseError, match="No space left on device"):
            keeper.token()
    assert identity.requests == []
    assert keeper.token() == "access-1"


@pytest.mark.usefixtures("signed_in")
def test_a_lost_answer_of_a_server_that_does_not_rotate_costs_nothing(identity, keep):
    """The same token is sent again at once: nothing is lost by it that was not lost already."""
    identity.rotates, identity.answers_to_lose = False, 2
    assert keep(**PERSON).token() == "access-3"


@pytest.mark.usefixtures("signed_in")
def test_a_lost_answer_of_a_server_that_rotates_is_named_as_the_cause(identity, keep):
    """Nobody has the new token: the message says so, and `exepron login` is the cure."""
    identity.answers_to_lose = 1
    with pytest.raises(GrantRefusedError, match=r"was cut off before its answer was stored.*exepron login"):
        keep(**PERSON).token()


def test_a_lost_answer_is_healed_by_the_password(identity, keep, clock, heard):
    """Where a password is set the session recovers by itself, and says what happened."""
    keep().token()
    clock.now += LATER
    identity.answers_to_lose = 1
    assert keep(listen=heard).token() == "access-4"
    assert identity.asked == ["password", "refresh_token", "refresh_token", "password"]
    assert "cut off before its answer was stored" in str(heard)
    assert "Signing in anew" in str(heard)


@pytest.mark.usefixtures("signed_in")
def test_a_killed_process_is_named_as_the_cause(identity, keep, clock, tmp_path):
    """The next process finds the note of the refresh and a token that is spent: it tells when that was."""
    keeper = keep(**PERSON)
    with keeper._shelf.taken() as (session, _):  # as it is when the process is killed in the window
        keeper._shelf.save(Session(session.tokens, refresh_begun_at=clock.now))
    identity.refresh_tokens.clear()
    clock.now += 600
    for _ in range(2):
        with pytest.raises(GrantRefusedError, match=r"refresh begun at 2027-01-15 09:06 UTC was cut off"):
            keep(**PERSON).token()
    assert identity.asked == ["refresh_token"]


@pytest.mark.usefixtures("signed_in")
def test_a_process_killed_before_it_sent_anything_lost_nothing(identity, keep, clock):
    """The note alone proves nothing: the token is tried."""
    keeper = keep(**PERSON)
    with keeper._shelf.taken() as (session, _):
        keeper._shelf.save(Session(session.tokens, refresh_begun_at=clock.now))
    assert keep(**PERSON).token() == "access-1"


# -- other endings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("life", "said"),
    [
        (None, "it was evicted or revoked, or its life is over: a server keeps only so many refresh tokens"),
        (90 * 86400, "it was evicted or revoked: a server keeps only so many refresh tokens"),
        (1800, "Its life ended at 2027-01-15 08:30 UTC"),
    ],
    ids=["unknown life", "within its life", "after its life"],
)
def test_a_refused_refresh_token_is_named_for_what_it_is(identity, keep, clock, life, said):
    """Without a refresh that was cut off: evicted, revoked, or too old, as far as its life is known."""
    old = Tokens("first", "device_code", clock.now, 3600, "first-refresh", refresh_expires_in=life)
    keep(**PERSON).adopt(old)
    clock.now += LATER
    with pytest.raises(GrantRefusedError, match="refresh token any more") as caught:
        keep(**PERSON).token()
    assert said in caught.value.message


@pytest.mark.usefixtures("signed_in")
def test_a_refused_client_keeps_the_session(identity, keep, clock):
    """A wrong secret says nothing of the refresh token: with the right one the session goes on."""
    with pytest.raises(GrantRefusedError, match="client id and secret"):
        keep(**PERSON, client_secret="expired").token()
    clock.now += 1
    assert keep(**PERSON).token() == f"access-{len(identity.requests)}"


# -- a password that is refused --------------------------------------------------------------------------------


def test_a_refused_password_is_held_back_over_the_runs(identity, keep, clock):
    """An hour, then two, then four: a schedule of minutes does not lock the user out."""
    sent = []
    for minute in range(0, 8 * 60, 20):
        with pytest.raises(GrantRefusedError, match="user name and password"):
            keep(password="wrong-word").token()
        sent += [minute] * (len(identity.requests) - len(sent))
        clock.now += 1200
    assert sent == [0, 60, 180, 420]


def test_a_held_password_says_when_it_was_refused_and_until_when(identity, keep, clock):
    """Who looks at night sees that nobody asked again, why, and what to do."""
    with pytest.raises(GrantRefusedError):
        keep(password="wrong-word").token()
    clock.now += 60
    with pytest.raises(
        GrantRefusedError, match=r"That was at 2027-01-15 08:00 UTC\..*not sent again before 2027-01-15 09:00"
    ):
        keep(password="wrong-word").token()
    assert keep(password="wrong-word").describe().trouble.count("2027-01-15 08:00 UTC") == 1
    keep(password="wrong-word").forget()
    with pytest.raises(GrantRefusedError):
        keep(password="wrong-word").token()
    assert len(identity.requests) == 2


def test_a_clock_that_was_wrong_holds_nothing_back(identity, keep, clock):
    """A refusal of the future ends with the clock that made it."""
    clock.now += 10 * 365 * 86400
    with pytest.raises(GrantRefusedError):
        keep(password="wrong-word").token()
    clock.now -= 10 * 365 * 86400
    with pytest.raises(GrantRefusedError):
        keep(password="wrong-word").token()
    assert len(identity.requests) == 2


# -- a server that is down ---------------------------------------------------------------------------------------


def test_a_server_that_is_down_stops_nobody_before_the_token_ends(identity, keep, clock, heard):
    """Renewal begins early for this; it is tried again now and then, and what works later is used."""
    keep().token()
    identity.reply = lambda: (503, {}, b"")
    clock.now += 0.85 * 3600
    keeper = keep(listen=heard)
    assert [keeper.token() for _ in range(5)] == ["access-1"] * 5
    assert identity.asked.count("refresh_token") == 4  # the attempts of one request
    assert "the present one still holds" in str(heard)
    clock.now += 31
    identity.reply = None
    assert keeper.token() == "access-6"


def test_a_server_that_is_down_is_told_when_the_token_has_ended_or_was_refused(identity, keep, clock):
    """Nothing is used beyond its end, nor after the API has refused it."""
    keep().token()
    identity.reply = lambda: (503, {}, b"")
    clock.now += 0.85 * 3600
    with pytest.raises(ServerUnavailableError):
        keep().renew("access-1")
    clock.now += 0.2 * 3600
    with pytest.raises(ServerUnavailableError):
        keep().token()


def test_a_held_lock_is_a_passing_trouble_that_names_its_file(keep, monkeypatch):
    """A process that hangs in its turn is found by the message."""
    monkeypatch.setattr("exepron_pipeline.auth.turn.LONGEST_WAIT", 0.05)
    keeper = keep()
    with keeper._shelf.taken(), pytest.raises(NetworkError, match=r"signing in for .*\.lock.*end it"):
        keep().token()
