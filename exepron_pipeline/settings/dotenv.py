"""The text of a ``.env`` with other values: what else stands in it stays. Not here: reading it, writing the file."""

import io
import re
from collections.abc import Iterator, Mapping

from dotenv.parser import Binding, parse_stream

from exepron_pipeline.errors import ConfigurationError

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")


def rewritten(text: str, values: Mapping[str, str | None]) -> str:
    """Give the text with these values in it; every other line, comments too, stays as it is.

    Args:
        text: What stands there now.
        values: By name; None takes a name out. A name that is there keeps its place, others go to the end.

    Raises:
        ConfigurationError: A value cannot be written on one line.

    """
    left = {name: _line(name, value) for name, value in values.items() if value is not None}
    pieces = list(_kept(text, set(values), left))
    if left and pieces and not pieces[-1].endswith("\n"):
        pieces.append("\n")
    return "".join([*pieces, *left.values()])


def _kept(text: str, changed: set[str], left: dict[str, str]) -> Iterator[str]:
    """The pieces of a text; a changed name is written where it stands first, and nowhere else."""
    for binding in parse_stream(io.StringIO(text)):
        name = (binding.key or "").upper()
        if name not in changed:
            yield binding.original.string
            continue
        yield _before(binding)
        yield left.pop(name, "")


def _before(binding: Binding) -> str:
    """Blank lines that the parser counts to the line that follows them."""
    found = re.match(r"\s*\n", binding.original.string)
    return found[0] if found else ""


def _line(name: str, value: str) -> str:
    if any(not char.isprintable() for char in value):
        raise ConfigurationError(
            f"{name} holds a character that no line of .env can.", hint=f"Put it into a file: {name}_FILE."
        )
    return f"{name}={quoted(value)}\n"


def quoted(value: str) -> str:
    """Write a value so that it is read back as it is."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + escaped.replace("${", "${:-$}{") + "'"  # python-dotenv fills in names within quotes too
