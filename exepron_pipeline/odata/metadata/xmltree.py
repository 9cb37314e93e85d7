"""XML as a small tree, safely: no document type, hence no entities; bounded in size and depth.

Here: elements and attributes by their local names, without namespaces (those of CSDL differ from version to version
and even between services of one version). Not here: what they mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from exepron_pipeline.errors import ResponseError

LARGEST = 64 << 20
"""Bytes of a document; the largest known ones have about 20 MB."""
DEEPEST = 64
_HINT = "Give a description of your own: exepron discover --openapi FILE, or a catalogue (EXEPRON_CATALOGUE)."


@dataclass
class Element:
    """One element; ``namespace`` is its own, names are local."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)
    namespace: str = ""
    text: str = ""

    def all(self, *names: str) -> Iterator["Element"]:
        """Children of these names, in document order."""
        return (child for child in self.children if child.name in names)

    def first(self, name: str) -> "Element | None":
        """The first child of that name."""
        return next(self.all(name), None)

    def get(self, name: str, default: str = "") -> str:
        """An attribute by its local name."""
        return self.attributes.get(name, default)


def parse_xml(body: bytes) -> Element:
    """Read a document.

    Raises:
        ResponseError: It is no well-formed XML, is too large or too deep, or declares a document type: entities
            can make a small document endless, and can name files.

    """
    if len(body) > LARGEST:
        raise ResponseError(
            f"The description has {len(body) >> 20} MB; {LARGEST >> 20} are taken.", hint=_HINT
        )
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    try:
        parser.Parse(body, True)  # expat takes it by position only: this is the whole document
    except expat.ExpatError as error:
        raise ResponseError(f"The description is no XML: {error}.", hint=_HINT) from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not have
        raise ResponseError(f"The description cannot be decoded: {error}.", hint=_HINT) from None
    return builder.root


def _refuse(*_: object) -> NoReturn:
    raise ResponseError(
        "The description declares a document type, which can hide endless entities.", hint=_HINT
    )


class _Builder:
    def __init__(self) -> None:
        self.root = Element("")
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise ResponseError(f"The description is nested more than {DEEPEST} deep.", hint=_HINT)
        namespace, _, local = name.rpartition(" ")
        qualified = sorted(
            attributes.items(), key=lambda item: " " not in item[0]
        )  # plain names win: they come last
        own = {key.rpartition(" ")[2]: value for key, value in qualified}
        element = Element(local, own, namespace=namespace)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].text += text
