"""The catalogue file: findings as YAML, read back before it counts as written.

Here: how the file looks. Not here: what stands in an entry (``entries.py``).
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from exepron_pipeline.catalogue import Catalogue, load_catalogue
from exepron_pipeline.catalogue.yamlfile import read_yaml
from exepron_pipeline.discover.columns import Plain
from exepron_pipeline.errors import ConfigurationError

WIDTH = 1_000  # one line a column: YAML would break long ones


def catalogue_text(entries: dict[str, Plain], *, head: Sequence[str], replace: bool) -> str:
    """Write a catalogue.

    Args:
        entries: Entity sets by name, as the catalogue's YAML has them.
        head: Lines of comment.
        replace: True for a catalogue of its own, False for one that is laid over the built-in one.

    """
    lines = [f"# {_one_line(line)}".rstrip() for line in head]
    if replace:
        lines.append("replace: true")
    pieces = [_block({name: entry}) for name, entry in entries.items()]
    return "\n".join([*lines, "entity_sets:", "", *pieces])


def laid_over(path: Path, entries: dict[str, Plain]) -> tuple[dict[str, Plain], bool]:
    """What a catalogue in use becomes with more entries: all that it says stays, unless it is said anew.

    Args:
        path: A catalogue that can be loaded.
        entries: Entity sets by name.

    Returns:
        The entity sets of both, and whether the catalogue replaces the built-in one.

    """
    data = read_yaml(path).data
    found: dict[str, Plain] = dict(data["entity_sets"])
    for name, entry in entries.items():
        old = found.get(name) or {}
        both = {part: {**(old.get(part) or {}), **entry.get(part, {})} for part in ("columns", "children")}
        found[name] = {**old, **entry, **{part: each for part, each in both.items() if each}}
        if "path" in entry:
            found[name].pop("sources", None)
    return found, bool(data.get("replace"))


def _one_line(text: str) -> str:
    """Keep what a service calls its sets inside of the comment."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def _block(entry: Plain) -> str:
    text = yaml.safe_dump(
        entry, sort_keys=False, allow_unicode=True, default_flow_style=None, width=WIDTH, indent=2
    )
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())


def proposed(text: str) -> Catalogue:
    """The catalogue that a text is, as a run would read it."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "catalogue.yaml"
        draft.write_text(text, encoding="utf-8")
        return load_catalogue(draft)


def save_catalogue(text: str, path: Path) -> Catalogue:
    """Put a catalogue in its place once it has been read back; what stood there is replaced at once.

    Raises:
        ConfigurationError: The place cannot be written to.

    """
    try:
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.", suffix=".yaml")
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            catalogue = load_catalogue(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"{path} cannot be written: {reason}.", hint="Name another file by --out."
        ) from None
    return catalogue
