"""One YAML file as plain data, with the line of every entry.

Here: reading, and what makes a file unreadable: no text, no YAML, a name given twice. Not here: what the
entries mean (``model.py``).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from exepron_pipeline.errors import ConfigurationError

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORMAT = "docs/catalogue.md describes the format."

Entry = tuple[str, ...]


@dataclass
class YamlFile:
    """A file's data; ``lines`` holds the line, from 1, of each entry by its names from the top."""

    path: Path
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Entry, int] = field(default_factory=dict)

    def line_of(self, entry: Entry) -> int:
        """The line of the entry, or of the nearest one around it that the file has."""
        for length in range(len(entry), 0, -1):
            if entry[:length] in self.lines:
                return self.lines[entry[:length]]
        return 1

    def error(self, line: int, text: str, hint: str) -> ConfigurationError:
        """The error to raise for a mistake at ``line``."""
        return ConfigurationError(f"{self.path}:{line}: {text}", hint=hint)


def read_yaml(path: Path) -> YamlFile:
    """Read a catalogue file; its top level must be a mapping.

    Keys are taken as they are written: ``no`` and ``on`` are names, not truth values.

    Raises:
        ConfigurationError: The file cannot be read, is no YAML, is empty, or names an entry twice.

    """
    file = YamlFile(path)
    loader = _Loader(_text(file))
    try:
        node = loader.get_single_node()
        if node is None:
            raise file.error(1, "the file is empty.", f"Begin with entity_sets:. {_FORMAT}")
        reader = _Reader(file, loader)
        reader.refuse_duplicates(node, ())
        data = reader.read(node, ())
    except yaml.YAMLError as error:
        raise _not_yaml(file, error) from None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise file.error(1, "the top level is no mapping.", f"Begin with entity_sets:. {_FORMAT}")
    file.data = data
    return file


def _text(file: YamlFile) -> str:
    try:
        return file.path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = "Check the path in EXEPRON_CATALOGUE, and that the file may be read."
        raise ConfigurationError(f"The catalogue {file.path} cannot be read: {reason}.", hint=hint) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise file.error(line, "the file is not UTF-8 text.", "Save it as UTF-8.") from None


def _not_yaml(file: YamlFile, error: yaml.YAMLError) -> ConfigurationError:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
    hint = (
        f"Correct that line: mind the indentation, colons, and quotes around text with ': ' or '#'. {_FORMAT}"
    )
    return file.error(line, f"this is not valid YAML: {problem}.", hint)


@dataclass
class _Reader:
    file: YamlFile
    loader: yaml.SafeLoader
    open_nodes: list[yaml.Node] = field(default_factory=list)
    checked: set[int] = field(default_factory=set)

    def refuse_duplicates(self, node: yaml.Node, entry: Entry) -> None:
        """Raise when a mapping names an entry twice: before `read`, which resolves merge keys in place."""
        if id(node) in self.checked or isinstance(node, yaml.ScalarNode):
            return
        self.checked.add(id(node))
        if not isinstance(node, yaml.MappingNode):
            for position, item in enumerate(node.value):
                self.refuse_duplicates(item, (*entry, str(position)))
            return
        seen: dict[str, int] = {}
        for key, value in node.value:
            inner, line = (*entry, self._key(key, entry)), key.start_mark.line + 1
            if inner[-1] in seen:
                text = f"{'.'.join(inner)} is given twice, first in line {seen[inner[-1]]}."
                raise self.file.error(line, text, "Keep one of them.")
            seen[inner[-1]] = line
            self.refuse_duplicates(value, inner)

    def read(self, node: yaml.Node, entry: Entry) -> Any:
        """The node's plain value; notes the lines of all entries below it."""
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, entry)
        if any(node is other for other in self.open_nodes):
            line = node.start_mark.line + 1
            raise self.file.error(line, f"{'.'.join(entry)} contains itself.", "Write the alias out.")
        self.open_nodes.append(node)
        value = self._mapping(node, entry) if isinstance(node, yaml.MappingNode) else self._list(node, entry)
        self.open_nodes.pop()
        return value

    def _scalar(self, node: yaml.ScalarNode, entry: Entry) -> Any:
        try:
            return self.loader.construct_object(node)
        except ValueError:  # YAML's own guess at a type, such as a date on day 32
            text = f"{'.'.join(entry)}: {node.value!r} looks like a number or date, and is none."
            raise self.file.error(node.start_mark.line + 1, text, "Put quotes round it.") from None

    def _list(self, node: yaml.Node, entry: Entry) -> list[Any]:
        for position, item in enumerate(node.value):
            self._note((*entry, str(position)), item)
        return [self.read(item, (*entry, str(position))) for position, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, entry: Entry) -> dict[str, Any]:
        self.loader.flatten_mapping(node)
        values: dict[str, Any] = {}
        for key, value in node.value:
            inner = (*entry, self._key(key, entry))
            self._note(inner, key)
            values[inner[-1]] = self.read(value, inner)
        return values

    def _key(self, key: yaml.Node, entry: Entry) -> str:
        if isinstance(key, yaml.ScalarNode):
            return str(key.value)
        where = ".".join(entry) or "the top level"
        raise self.file.error(key.start_mark.line + 1, f"a name in {where} is no plain text.", _FORMAT)

    def _note(self, entry: Entry, node: yaml.Node) -> None:
        self.file.lines[entry] = node.start_mark.line + 1
