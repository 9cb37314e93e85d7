"""What a user may see, changed on demand."""

from pathlib import Path

import pytest

from exepron_pipeline.sandbox.portfolio import Portfolio

ACCOUNT = 4711


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps the portfolio once it is built."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def portfolio(kept: Path) -> Portfolio:
    """Return a portfolio to change."""
    return Portfolio(seed=7, cache_dir=kept)


def test_costs_are_hidden_by_another_role(portfolio: Portfolio) -> None:
    """Without the financial permission the user has another role, stamped today; given back, the own one."""
    before = portfolio.service_user(ACCOUNT)
    portfolio.restrict(before["userId"], financial=False)
    hidden = portfolio.service_user(ACCOUNT)
    roles = {row["roleId"]: row for row in portfolio.truth("roles", ACCOUNT)}
    assert not portfolio.may_see_financial(before["userId"])
    assert "financial" not in roles[hidden["roleId"]]["permissions"]
    assert hidden["lastModifiedOn"].date() == portfolio.today > before["lastModifiedOn"].date()
    portfolio.restrict(before["userId"])
    assert portfolio.may_see_financial(before["userId"])
    assert portfolio.service_user(ACCOUNT)["roleId"] == before["roleId"]


def test_costs_are_shown_to_a_guest(portfolio: Portfolio) -> None:
    """A user without the financial permission can be given it."""
    guest = portfolio.restricted_user(ACCOUNT)["userId"]
    portfolio.restrict(guest, financial=True)
    assert portfolio.may_see_financial(guest)


def test_projects_are_hidden(portfolio: Portfolio) -> None:
    """A limit leaves the named projects that exist; nobody else is limited, and a lifted limit is gone."""
    user_id = portfolio.service_user(ACCOUNT)["userId"]
    everything = portfolio.projects_of(user_id)
    some = set(sorted(everything)[:3])
    portfolio.restrict(user_id, projects=some | {10**9})
    assert portfolio.projects_of(user_id) == some
    assert portfolio.visible_projects(user_id) == some | {10**9}
    assert portfolio.visible_projects(portfolio.restricted_user(ACCOUNT)["userId"]) is None
    portfolio.restrict(user_id)
    assert portfolio.projects_of(user_id) == everything
    assert portfolio.visible_projects(user_id) is None


def test_who_left_sees_nothing(portfolio: Portfolio) -> None:
    """A user without role has no permission left."""
    portfolio.advance(45)
    left = [row["userId"] for row in portfolio.truth("users", ACCOUNT) if row["roleId"] is None]
    assert left
    assert not any(portfolio.may_see_financial(user_id) for user_id in left)


def test_unknown_user_cannot_be_restricted(portfolio: Portfolio) -> None:
    """Restricting a user that does not exist says which one."""
    with pytest.raises(KeyError, match="no user 5"):
        portfolio.restrict(5, financial=False)


def test_zone_of_an_account(portfolio: Portfolio) -> None:
    """Each account tells the zone in which it lives, the same as in its description."""
    for account in portfolio.accounts():
        assert portfolio.zone_of(account["accountId"]).key == account["timeZone"]
