import hashlib
import hmac
import stat
from pathlib import Path
from typing import Any

import pytest

from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.normalise import personal_key


def test_key_is_made_once_and_private(tmp_path: Path) -> None:
    """The key is made on first use, stays the same, and only its owner can read it."""
    state = tmp_path / "state"
    key = personal_key(state)
    assert len(key) == 32
    assert personal_key(state) == key
    assert stat.S_IMODE((state / "personal.key").stat().st_mode) == 0o600
    assert [path.name for path in state.iterdir()] == ["personal.key"]


def test_two_at_once_get_one_key(tmp_path: Path) -> None:
    """Threads that ask at the same time get the same key."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: personal_key(tmp_path / "state"), range(16)))
    assert len(keys) == 1


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "ab" * 31])
def test_broken_key_is_an_error(tmp_path: Path, text: str) -> None:
    """A damaged key is never replaced in silence: the same people would get other hashes."""
    (tmp_path / "personal.key").write_text(text)
    with pytest.raises(ConfigurationError, match=r"personal\.key") as caught:
        personal_key(tmp_path)
    assert text == "" or text not in str(caught.value)


def test_unusable_folder_is_an_error(tmp_path: Path) -> None:
    """A state folder that is a file is the warehouse's trouble, and says so."""
    (tmp_path / "state").write_text("x")
    with pytest.raises(WarehouseError):
        personal_key(tmp_path / "state")


def test_hash_is_keyed_and_joins(bench: Any, things: Any, column: Any) -> None:
    """Personal columns land as HMAC-SHA256; equal values have equal hashes, null stays null."""
    children = [
        {"name": "mails", "description": "", "columns": [column("mail", wire=".", personal="contact")]}
    ]
    entity_set = things(
        column("name", personal="name"), column("age", "int", personal="contact"), children=children
    )
    body = '[{"thingId": 1, "name": "Ann", "age": 5, "mails": ["Ann"]}, {"thingId": 2, "name": null}, {"thingId": 3, "name": "Ann"}]'
    page = bench(entity_set, personal="hash", hash_key=b"k" * 32)(body)
    ann, five = (hmac.new(b"k" * 32, text, hashlib.sha256).hexdigest() for text in (b"Ann", b"5"))
    assert page.table["name"].to_pylist() == [ann, None, ann]
    assert page.table["age"].to_pylist() == [five, None, None]
    assert page.children["mails"]["mail"].to_pylist() == [ann]
