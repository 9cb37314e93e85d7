import pytest

from exepron_pipeline.auth.login import device, flow
from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.errors import AuthRejectedError, ConfigurationError

PENDING, SLOW = {"error": "authorization_pending"}, {"error": "slow_down"}


@pytest.fixture
def waits():
    """The seconds that were waited, instead of waiting."""
    return []


@pytest.fixture
def sign_in(client_of, waits, monkeypatch):
    """Sign in on another device; gives what was shown, what was kept, and who signed in."""
    monkeypatch.setattr(
        flow, "wait_for_device", lambda client, code: device.wait_for_device(client, code, waits.append)
    )

    def walk(**changes):
        shown, kept = [], []
        signed_in = flow.Login(client_of(**changes), kept.append).by_device(shown.append)
        return shown, kept, signed_in

    return walk


def test_a_device_signs_in(issuer, sign_in, waits):
    """Address and code are shown; the server is asked at its interval until the person has signed in."""
    issuer.polls = [PENDING, PENDING]
    shown, kept, signed_in = sign_in()
    assert (shown[0].user_code, shown[0].address) == ("WDJB-MJHT", f"{issuer.url}/go")
    assert shown[0].whole_address == f"{issuer.url}/go?user_code=WDJB-MJHT"
    assert "the-device-code" not in repr(shown)
    assert kept == [signed_in.tokens]
    assert (signed_in.tokens.grant, signed_in.person.subject) == ("device_code", "77")
    assert waits == [5, 5, 5]
    assert issuer.asked["scope"] == "openid profile exepron.restapi offline_access"


def test_a_server_that_wants_peace_gets_it(issuer, sign_in, waits):
    """RFC 8628, 3.5: `slow_down` adds five seconds to all waits that follow."""
    issuer.polls = [SLOW, PENDING, SLOW]
    sign_in()
    assert waits == [5, 10, 10, 15]


def test_a_server_that_is_down_for_a_moment_is_no_end(issuer, sign_in, waits):
    """RFC 8628, 3.5: no answer means to ask less often, and to go on."""
    passing = iter([(503, {}, b"")] * 4)
    answer = issuer._token
    issuer._token = lambda fields: next(passing, None) or answer(fields)
    assert sign_in()[2].tokens.access_token
    assert waits == [5, 10]


def test_a_person_who_does_not_come(issuer, sign_in, waits):
    """The wait ends with the code's life, whatever the server says."""
    issuer.polls = [PENDING] * 50
    with pytest.raises(GrantRefusedError, match=r"waited too long.*exepron login") as caught:
        sign_in()
    assert (caught.value.code, sum(waits)) == ("expired_token", 60)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("expired_token", "waited too long for the code.*exepron login"),
        ("access_denied", "not given the consent.*exepron login"),
        ("invalid_grant", "does not accept the device code any more.*exepron login"),
        ("invalid_client", "client id and secret"),
    ],
)
def test_each_refusal_while_waiting_ends_the_wait(issuer, sign_in, waits, error, words):
    """It is told with its cure, and the server is not asked again."""
    issuer.polls = [PENDING, {"error": error}]
    with pytest.raises(GrantRefusedError, match=words):
        sign_in()
    assert len(waits) == 2


def test_a_client_that_may_not_is_told_what_else_to_try(issuer, sign_in):
    """`unauthorized_client` names the grants that the server offers and the settings allow."""
    issuer.refusals = {"/device": {"error": "unauthorized_client"}}
    with pytest.raises(GrantRefusedError, match=r"grant device_code.*Worth trying: `exepron login`"):
        sign_in()


def test_a_client_without_offline_access_signs_in_without(issuer, sign_in):
    """A refused scope that was added is left out."""
    device_endpoint = issuer._device

    def refuse_offline(fields):
        if "offline_access" in fields["scope"]:
            return 400, {}, b'{"error": "invalid_scope"}'
        return device_endpoint(fields)

    issuer._device = refuse_offline
    sign_in()
    assert issuer.asked["scope"] == "openid profile exepron.restapi"


@pytest.mark.parametrize(
    "document", [{"device_authorization_endpoint": None}, {"grant_types_supported": ["password"]}]
)
def test_a_server_without_devices_is_not_asked(issuer, sign_in, document):
    """What discovery rules out is said, with what is worth trying."""
    issuer.document = document
    with pytest.raises(ConfigurationError, match=r"does not offer the device grant.*EXEPRON_USERNAME"):
        sign_in()


@pytest.mark.parametrize(
    "answer", [{"device_code": None}, {"user_code": 5}, {"verification_uri": "javascript:alert(1)"}]
)
def test_an_answer_without_code_or_address_is_refused(issuer, sign_in, answer):
    """There is nothing to show then."""
    issuer.answer = answer
    with pytest.raises(AuthRejectedError, match="without a code"):
        sign_in()


def test_defaults_and_control_characters(issuer, sign_in, waits):
    """RFC 8628, 3.2: five seconds where no interval is told; nothing shown steers a terminal."""
    issuer.answer = {"interval": None, "user_code": "AB\x1b[31mCD", "verification_uri_complete": None}
    shown, _, _ = sign_in()
    assert (shown[0].user_code, shown[0].whole_address, waits) == ("AB[31mCD", None, [5])


def test_a_bad_id_token_is_no_sign_in_here_either(issuer, sign_in):
    """There is no nonce to compare; all else is."""
    issuer.claims = {"aud": "another"}
    with pytest.raises(AuthRejectedError, match="id_token"):
        sign_in()
