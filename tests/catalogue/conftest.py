"""A user's catalogue file, written by the test and loaded."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from exepron_pipeline.catalogue import Catalogue, load_catalogue
from exepron_pipeline.errors import ConfigurationError


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Catalogue]:
    """Load a catalogue from the text of a user's file."""

    def from_text(text: str) -> Catalogue:
        path = tmp_path / "mine.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        return load_catalogue(path)

    return from_text


@pytest.fixture
def mistake(load: Callable[[str], Catalogue], tmp_path: Path) -> Callable[[str], str]:
    """Load a wrong file, and give the message without the folder's name."""

    def message_of(text: str) -> str:
        with pytest.raises(ConfigurationError) as caught:
            load(text)
        assert caught.value.hint
        return str(caught.value).replace(f"{tmp_path}/", "")

    return message_of
