import stat
from dataclasses import replace

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import PasswordDeleteError

from exepron_pipeline.auth.keyring_store import KeyringStore
from exepron_pipeline.auth.session import FORMAT, Refusal, Session, session_from_json
from exepron_pipeline.auth.store import (
    DamagedSessionError,
    FileStore,
    TokenKey,
    kept_elsewhere,
    key_of,
    mark_of,
)
from exepron_pipeline.auth.token import Tokens, missing_scopes
from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.http.redact import redact

KEY = TokenKey("https://id.example", "client", "user", "openid")
TOKENS = Tokens("geheim-access", "password", 1000.5, 3600, "geheim-refresh", "openid", skew=1.5)
SESSION = Session(TOKENS, 1001.0, Refusal(900.0, "password", "No.", "invalid_grant", "Mend it.", 2, "a:b"))


class _Ring(KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def ring(monkeypatch):
    """Give a keyring that keeps what it is given."""
    ring = _Ring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    return ring


@pytest.fixture(params=["file", "keyring"])
def store(request, tmp_path):
    """Give each kind of store in turn."""
    folder = tmp_path / "state" / "tokens"
    if request.param == "file":
        return FileStore(folder)
    request.getfixturevalue("ring")
    return KeyringStore(folder)


def test_what_is_saved_is_found_until_it_is_dropped(store):
    """Stores keep one session for each key, whole, and dropping twice does no harm."""
    assert store.load(KEY) is None
    store.save(KEY, SESSION)
    assert store.load(KEY) == SESSION
    assert store.load(replace(KEY, username="other")) is None
    store.drop(KEY)
    store.drop(KEY)
    assert store.load(KEY) is None


def test_files_are_for_their_owner_alone(tmp_path):
    """Folders are 0700, files 0600, and no temporary file is left, not even of a process that was killed."""
    folder = tmp_path / "data" / "state" / "tokens"
    FileStore(folder).save(KEY, SESSION)
    (folder / f".{KEY.digest}-killed").write_text("half of a token")
    FileStore(folder).save(KEY, SESSION)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    parents = [folder, folder.parent, folder.parent.parent]
    assert [stat.S_IMODE(path.stat().st_mode) for path in parents] == [0o700] * 3


def test_a_file_that_others_can_read_is_refused(tmp_path):
    """Tokens that may have leaked are not used in silence."""
    store = FileStore(tmp_path)
    store.save(KEY, SESSION)
    (file,) = tmp_path.glob("*.json")
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match=r"Others can read the tokens.*chmod 600"):
        store.load(KEY)


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_that_others_can_look_into_is_refused(tmp_path, mode):
    """Neither read nor written: whoever may replace files there may choose our tokens."""
    store = FileStore(tmp_path / "tokens")
    store.save(KEY, SESSION)
    (tmp_path / "tokens").chmod(mode)
    for use in (lambda: store.load(KEY), lambda: store.save(KEY, SESSION)):
        with pytest.raises(ConfigurationError, match=r"Others can look into .*chmod 700"):
            use()


DAMAGED = [
    "",
    "{}",
    "[]",
    "null",
    '{"access_token": "geheim"',
    '{"geheim": 1}',
    '{"format": 2, "tokens": {"x": 1}}',
]


@pytest.mark.parametrize("text", [*DAMAGED, '{"format": 2, "tokens": {"access_token": ["geheim"]}}', "\0\0"])
def test_a_damaged_file_is_named_without_showing_it_and_can_be_put_aside(tmp_path, text):
    """What cannot be read is an error of its own; put aside, it is kept for who wants to look, as private as before."""
    store = FileStore(tmp_path)
    store.save(KEY, SESSION)
    (file,) = tmp_path.glob("*.json")
    file.write_text(text)
    with pytest.raises(DamagedSessionError, match=r"is damaged.*exepron login") as caught:
        store.load(KEY)
    assert "geheim" not in str(caught.value)
    kept = store.set_aside(KEY)
    assert store.load(KEY) is None
    (aside,) = tmp_path.iterdir()
    assert (str(aside), aside.read_text(), stat.S_IMODE(aside.stat().st_mode)) == (kept, text, 0o600)


def test_bytes_that_are_no_text_are_damage_too(tmp_path):
    """A disk that lost a block leaves anything."""
    store = FileStore(tmp_path)
    store.save(KEY, SESSION)
    (file,) = tmp_path.glob("*.json")
    file.write_bytes(b"\xff\xfe{")
    with pytest.raises(DamagedSessionError):
        store.load(KEY)


def test_a_session_of_a_newer_version_is_left_alone(tmp_path):
    """An older program does not throw away what it cannot know."""
    store = FileStore(tmp_path)
    store.save(KEY, SESSION)
    (file,) = tmp_path.glob("*.json")
    file.write_text(SESSION.to_json().replace(f'"format": {FORMAT}', f'"format": {FORMAT + 1}'))
    with pytest.raises(ConfigurationError, match=r"newer version.*EXEPRON_DATA_DIR") as caught:
        store.load(KEY)
    assert not isinstance(caught.value, DamagedSessionError)
    assert file.exists()


def test_tokens_of_the_first_format_are_read(tmp_path):
    """An update of the program does not cost the sign-in."""
    old = '{"access_token": "a", "grant": "password", "obtained_at": 1.5, "expires_in": 60, "refresh_token": "r"}'
    assert session_from_json(old, "here") == Session(Tokens("a", "password", 1.5, 60, "r"))


def test_a_folder_that_cannot_be_used_is_an_error_of_the_data_folder(tmp_path):
    """A file where the folder should be is named."""
    tmp_path.chmod(0o700)
    (tmp_path / "tokens").touch(mode=0o600)
    for use in (lambda: FileStore(tmp_path / "tokens").save(KEY, SESSION),):
        with pytest.raises(WarehouseError, match="cannot be used"):
            use()


@pytest.mark.parametrize(
    ("backend", "said"), [(fail.Keyring, "cannot be used"), (null.Keyring, "does not keep")]
)
def test_a_machine_without_keyring_is_a_wrong_setting(monkeypatch, tmp_path, backend, said):
    """Neither no keyring nor one that forgets at once loses a refresh token; the cure is the file store."""
    monkeypatch.setattr(keyring, "get_keyring", backend)
    with pytest.raises(ConfigurationError, match=rf"{said}.*EXEPRON_TOKEN_STORE=file"):
        KeyringStore(tmp_path).save(KEY, SESSION)


def test_what_a_backend_raises_is_told_as_one_error(monkeypatch, tmp_path):
    """Back ends raise errors of D-Bus and worse; none ends in a traceback."""

    class Broken(_Ring):
        def get_password(self, service: str, username: str) -> str | None:
            raise RuntimeError("org.freedesktop.Secret.Error.IsLocked")

    monkeypatch.setattr(keyring, "get_keyring", Broken)
    with pytest.raises(ConfigurationError, match=r"IsLocked.*Unlock"):
        KeyringStore(tmp_path).load(KEY)


def test_two_data_folders_have_two_entries_in_one_keyring(ring, tmp_path):
    """Their runs do not wait for each other, so they must not share a one-time refresh token."""
    one, other = KeyringStore(tmp_path / "one"), KeyringStore(tmp_path / "other")
    one.save(KEY, SESSION)
    assert other.load(KEY) is None
    other.save(KEY, SESSION)
    one.drop(KEY)
    assert other.load(KEY) == SESSION


def test_the_other_kind_of_store_is_seen_without_asking_it(ring, tmp_path, monkeypatch):
    """Each kind leaves a sign that holds no secret; with its session it goes."""
    stores = {"file": FileStore(tmp_path), "keyring": KeyringStore(tmp_path)}
    for kind, other in (("file", "keyring"), ("keyring", "file")):
        stores[other].save(KEY, SESSION)
        assert "geheim" not in mark_of(tmp_path, "keyring", KEY).read_text() if other == "keyring" else True
        with monkeypatch.context() as patch:
            patch.setattr(keyring, "get_keyring", fail.Keyring)
            said = kept_elsewhere(tmp_path, kind, KEY)
        assert f"EXEPRON_TOKEN_STORE={other} exepron logout" in said
        stores[other].drop(KEY)
        assert kept_elsewhere(tmp_path, kind, KEY) == ""


def test_sessions_read_are_remembered_and_never_shown():
    """Stored secrets are hidden in logs and representations."""
    assert session_from_json(SESSION.to_json(), "here") == SESSION
    assert redact("geheim-access geheim-refresh") == "*** ***"
    assert "geheim" not in repr(SESSION)
    assert "a:b" not in repr(SESSION)


def test_the_key_is_who_asks_for_what(connect):
    """Issuer, client, user and scope make the key; the order of scopes does not, nor does the password."""
    first = key_of(connect(scope="openid exepron.restapi"))
    assert first == key_of(connect(scope="exepron.restapi  openid", password="other"))
    changes = [
        {"client_id": "x"},
        {"username": "x"},
        {"scope": "openid"},
        {"identity_url": "https://x.example"},
    ]
    keys = {key_of(connect(**change)).digest for change in changes} | {first.digest}
    assert len(keys) == len(changes) + 1


def test_a_client_that_acts_for_itself_has_a_session_of_its_own(connect):
    """A user's session is neither used nor overwritten where the grant is the client's own."""
    assert key_of(connect(grant="client_credentials")) != key_of(connect(username=None, password=None))
    assert key_of(connect(grant="client_credentials")) == key_of(
        connect(grant="client_credentials", username="x")
    )


@given(life=st.floats(0.1, 1e7), share=st.floats(0, 2))
def test_a_token_is_fresh_for_four_fifths_of_its_life(life, share):
    """Short lives have short margins: five seconds are good for four."""
    tokens = Tokens("a", "password", 0.0, life)
    assert tokens.is_fresh(share * life) == (share * life < 0.8 * life)


def test_a_clock_set_back_makes_tokens_stale():
    """A token from the future proves that the clock is wrong, so its end is not known."""
    assert not Tokens("a", "password", 1000.0, 10).is_fresh(500)
    assert Tokens("a", "password", 1000.0, 10).is_fresh(990)


@given(life=st.floats(0.1, 1e7), skew=st.floats(-1e6, 1e6), share=st.floats(0, 2))
def test_clocks_that_are_apart_make_the_margin_wider_within_bounds(life, skew, share):
    """However far: never used after four fifths of its life, never renewed before two thirds."""
    fresh = Tokens("a", "password", 0.0, life, skew=skew).is_fresh(share * life)
    assert fresh if share < 2 / 3 - 1e-9 else not (fresh and share >= 0.8 + 1e-9)
    if abs(skew) > 0.2 * life:
        assert not Tokens("a", "password", 0.0, life, skew=skew).is_fresh(0.7 * life)


@given(life=st.floats(0.1, 1e7), share=st.floats(0, 2))
def test_a_token_is_alive_to_its_end(life, share):
    """Between the margin and its end it still serves when no other can be had."""
    assert Tokens("a", "password", 0.0, life).is_alive(share * life) == (share * life < life)


@pytest.mark.parametrize(
    ("asked", "granted", "grant", "missing"),
    [
        ("openid api", None, "password", ()),
        ("openid api", "api openid extra", "password", ()),
        ("openid api more", "openid api", "password", ("more",)),
        ("openid profile api", "api", "authorization_code", ()),
        ("openid profile api offline_access", "openid api", "password", ("profile",)),
        ("openid profile api", "api", "client_credentials", ()),
        ("openid profile api more", "api", "client_credentials", ("more",)),
    ],
)
def test_missing_scopes_are_those_that_were_asked_for(asked, granted, grant, missing):
    """A server that says nothing granted all (RFC 6749, 5.1); one may name the scopes of the access token alone."""
    assert missing_scopes(asked, Tokens("a", grant, 0.0, scope=granted)) == missing
