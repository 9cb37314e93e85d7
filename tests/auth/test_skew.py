from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.auth.skew import skew_of
from exepron_pipeline.auth.token import instant

NOW = 1_800_000_000.0


def _headers(server_time):
    return {"date": format_datetime(instant(int(server_time)), usegmt=True)}


@given(skew=st.floats(-1e6, 1e6), way=st.floats(0, 10), back=st.floats(0, 10))
def test_the_skew_is_told_within_what_a_date_can_tell(skew, way, back):
    """Never more than there is, and short of it by no more than a second and the time of the exchange."""
    found = skew_of(_headers(NOW + way + skew), NOW, NOW + way + back)
    assert abs(found) <= abs(skew) + 1e-3
    assert abs(found - skew) <= 1 + way + back + 1e-3


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": ""}])
def test_a_server_that_tells_no_time_has_no_skew(headers):
    """What is not known is not guessed."""
    assert skew_of(headers, NOW, NOW) == 0.0


def test_a_keeper_learns_and_keeps_the_skew(identity, keep, clock):
    """It is stored with the tokens, for whoever looks later, and makes the margin wider."""
    keeper = keep()
    identity.clock = lambda: clock.now + 600
    keeper.token()
    assert keep().describe().skew == pytest.approx(600, abs=1)
    clock.now += 0.7 * 3600
    assert keep().token() == "access-2"
