import pytest

from exepron_pipeline.odata.links import place_below

BASE = "https://api.example.com/api/v1"


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://api.example.com/api/v1/projects?$skiptoken=5", "projects?$skiptoken=5"),
        ("http://localhost:4004/api/v1/projects?%24skiptoken=a%2Bb", "projects?%24skiptoken=a%2Bb"),
        ("HTTPS://API.example.com/API/v1/projects", "projects"),
        ("//evil.example/api/v1/projects?a=1", "projects?a=1"),
        ("/api/v1/projects?x=../..", "projects?x=../.."),
        ("Projects(1)/tasks?%24skiptoken=20", "Projects(1)/tasks?%24skiptoken=20"),
        ("?$skiptoken=20", "Accounts/1/Tasks?$skiptoken=20"),
        ("https://api.example.com/other/projects", None),
        ("https://api.example.com/api/v1evil/projects", None),
        ("/api/v1/../../admin", None),
        ("../admin", None),
    ],
)
def test_links_are_placed_below_our_base(link: str, address: str | None) -> None:
    """Only path and query of a link are taken, unchanged; what leads outside of the base is no link."""
    assert place_below(BASE, link, "Accounts/1/Tasks") == address
