import pytest

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.land.source import SourceStamp, check_source

HERE = SourceStamp("https://id.example", "https://api.example/v1", ("17",))


def check(desk, *stamps):
    """Check sources in a connection of its own; give what is pinned."""
    with desk.open() as con:
        check_source(con, stamps)
        return con.sql("SELECT issuer, api_url, account_id FROM ops.source ORDER BY ALL").fetchall()


def test_the_first_source_is_pinned_and_stays(desk):
    """The same source, with or without a final slash, is welcome again."""
    pinned = [("https://id.example", "https://api.example/v1", "17")]
    assert check(desk, HERE) == pinned
    assert check(desk, SourceStamp("https://id.example/", "https://api.example/v1/", ("17",))) == pinned


@pytest.mark.parametrize(
    "other",
    [
        SourceStamp("https://other.example", HERE.api_url, ("17",)),
        SourceStamp(HERE.issuer, "https://other.example/v1", ("17",)),
        SourceStamp(HERE.issuer, HERE.api_url, ("18",)),
    ],
)
def test_another_source_is_refused_with_the_cure(desk, other):
    """Another identity server, API, or account alone never mixes into this file."""
    before = check(desk, HERE)
    with pytest.raises(ConfigurationError, match="EXEPRON_DATA_DIR"):
        check(desk, other)
    assert check(desk, HERE) == before


def test_an_account_may_join(desk):
    """A further account beside a known one is pinned too, also from a second connection."""
    check(desk, HERE)
    pinned = check(desk, HERE, SourceStamp(HERE.issuer, HERE.api_url, ("18",)))
    assert [account for *_, account in pinned] == ["17", "18"]


def test_accounts_may_be_unknown_at_first(desk):
    """A source whose accounts are not known is pinned without them."""
    nameless = SourceStamp(HERE.issuer, HERE.api_url, ())
    assert check(desk, nameless) == [(HERE.issuer, HERE.api_url, None)]
    assert check(desk, nameless) == [(HERE.issuer, HERE.api_url, None)]
    assert len(check(desk, HERE)) == 2
