import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import PasswordDeleteError

from exepron_pipeline.auth.keyring_store import KeyringStore
from exepron_pipeline.auth.store import FileStore, TokenKey, key_of
from exepron_pipeline.auth.token import Tokens, tokens_from_json
from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.http.redact import redact

KEY = TokenKey("https://id.example", "client", "user", "openid")
TOKENS = Tokens("geheim-access", "password", 1000.5, 3600, "geheim-refresh", "openid")


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


@pytest.fixture(params=["file", "keyring"])
def store(request, tmp_path, monkeypatch):
    """Give each kind of store in turn."""
    if request.param == "file":
        return FileStore(tmp_path / "state" / "tokens")
    ring = _Ring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    return KeyringStore()


def test_what_is_saved_is_found_until_it_is_dropped(store):
    """Stores keep one sign-in for each key, and dropping twice does no harm."""
    assert store.load(KEY) is None
    store.save(KEY, TOKENS)
    assert store.load(KEY) == TOKENS
    assert store.load(TokenKey("https://id.example", "client", "other", "openid")) is None
    store.drop(KEY)
    store.drop(KEY)
    assert store.load(KEY) is None


def test_files_are_for_their_owner_alone(tmp_path):
    """Folders are 0700, files 0600, and no temporary file is left."""
    folder = tmp_path / "data" / "state" / "tokens"
    FileStore(folder).save(KEY, TOKENS)
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent, folder.parent.parent)] == [
        0o700
    ] * 3


def test_a_file_that_others_can_read_is_refused(tmp_path):
    """Tokens that may have leaked are not used in silence."""
    store = FileStore(tmp_path)
    store.save(KEY, TOKENS)
    (file,) = tmp_path.glob("*.json")
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match=r"Others can read the tokens.*chmod 600"):
        store.load(KEY)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"access_token": "geheim"', '{"geheim": 1}'])
def test_a_file_of_others_is_refused_without_showing_it(tmp_path, text):
    """What cannot be read is an error with a cure; nothing of it is shown."""
    store = FileStore(tmp_path)
    store.save(KEY, TOKENS)
    (file,) = tmp_path.glob("*.json")
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="holds no tokens of ours") as caught:
        store.load(KEY)
    assert "geheim" not in str(caught.value)


def test_a_folder_that_cannot_be_used_is_an_error_of_the_data_folder(tmp_path):
    """A file where the folder should be is named."""
    (tmp_path / "tokens").write_text("")
    with pytest.raises(WarehouseError, match="cannot be used"):
        FileStore(tmp_path / "tokens").save(KEY, TOKENS)


def test_a_machine_without_keyring_is_a_wrong_setting(monkeypatch):
    """The cure is the file store."""
    monkeypatch.setattr(keyring, "get_keyring", fail.Keyring)
    with pytest.raises(ConfigurationError, match="EXEPRON_TOKEN_STORE=file"):
        KeyringStore().load(KEY)


def test_tokens_read_are_remembered_and_never_shown():
    """Stored secrets are hidden in logs and representations."""
    assert tokens_from_json(TOKENS.to_json()) == TOKENS
    assert redact("geheim-access geheim-refresh") == "*** ***"
    assert "geheim" not in repr(TOKENS)


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


@given(life=st.floats(0.1, 1e7), share=st.floats(0, 2))
def test_a_token_is_fresh_for_four_fifths_of_its_life(life, share):
    """Short lives have short margins: five seconds are good for four."""
    tokens = Tokens("a", "password", 0.0, life)
    assert tokens.is_fresh(share * life) == (share * life < 0.8 * life)


def test_a_clock_set_back_makes_tokens_stale():
    """A token from the future proves that the clock is wrong, so its end is not known."""
    assert not Tokens("a", "password", 1000.0, 10).is_fresh(500)
    assert Tokens("a", "password", 1000.0, 10).is_fresh(990)
