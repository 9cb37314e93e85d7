"""Documents and services of several kinds, as small as they can be."""

from collections.abc import Callable
from types import ModuleType

import pytest

EDMX = '<edmx:Edmx Version="{version}" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices{services}>{inner}</edmx:DataServices></edmx:Edmx>'


@pytest.fixture
def v4() -> Callable[[str], bytes]:
    """Wraps the inside of one schema ``N`` with the alias ``A`` into a document of version 4."""

    def document(inner: str) -> bytes:
        schema = f'<Schema Namespace="N" Alias="A" xmlns="http://docs.oasis-open.org/odata/ns/edm">{inner}</Schema>'
        return EDMX.format(version="4.0", services="", inner=schema).encode()

    return document


@pytest.fixture
def v2() -> Callable[..., bytes]:
    """Wraps the inside of one schema ``N`` into a document of version 2, or 3."""

    def document(inner: str, version: str = "2.0") -> bytes:
        space = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
        services = f' xmlns:m="{space}" m:DataServiceVersion="{version}"'
        sap = 'xmlns:sap="http://www.sap.com/Protocols/SAPData" xmlns="http://schemas.microsoft.com/ado/2008/09/edm"'
        schema = f'<Schema Namespace="N" {sap}>{inner}</Schema>'
        return EDMX.format(version="1.0", services=services, inner=schema).encode()

    return document


@pytest.fixture(scope="session")
def fake(helper: Callable[[str, str], ModuleType]) -> ModuleType:
    """The service in memory of the tests of ``odata``."""
    return helper("odata", "fake_service")
