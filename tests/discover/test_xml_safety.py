"""XML from a service that means harm, or is merely odd."""

import time

import pytest

from exepron_pipeline.errors import ResponseError
from exepron_pipeline.odata.metadata import xmltree
from exepron_pipeline.odata.metadata.xmltree import parse_xml

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE bomb [<!ENTITY a "'
    + "x" * 1000
    + '">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 50}">' for n in range(10))
    + "]><bomb>&k;</bomb>"
)


@pytest.mark.parametrize(
    "document",
    [
        BOMB,
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/evil.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p"> %p;]><a/>',
    ],
)
def test_no_document_type_is_taken(document):
    """Entity bombs, files and remote definitions end at the declaration, at once."""
    started = time.monotonic()
    with pytest.raises(ResponseError, match="document type"):
        parse_xml(document.encode())
    assert time.monotonic() - started < 5


def test_depth_and_size_are_bounded(monkeypatch):
    """What is nested without end, or larger than any real document, is refused."""
    with pytest.raises(ResponseError, match="deep"):
        parse_xml(b"<a>" * 10_000)
    monkeypatch.setattr(xmltree, "LARGEST", 10)
    with pytest.raises(ResponseError, match="MB"):
        parse_xml(b"<a>             </a>")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(encoding):
    """The encoding that a document declares, or marks, is used."""
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?><a n="Größe"/>'
    assert parse_xml(text.encode(encoding)).get("n") == "Größe"


def test_an_unknown_encoding_is_an_error():
    """An encoding that nobody knows is said so."""
    with pytest.raises(ResponseError):
        parse_xml(b'<?xml version="1.0" encoding="x-never"?><a/>')


def test_plain_attributes_win():
    """An attribute of a foreign namespace never hides the standard's own of the same name."""
    found = parse_xml(b'<a xmlns:s="urn:s" s:Type="other" Type="own"/>')
    assert found.get("Type") == "own"
