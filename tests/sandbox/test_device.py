import time
from urllib.parse import urlencode

import pytest

from exepron_pipeline.sandbox import credentials

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid profile exepron.restapi offline_access"


def begin(client, client_id=credentials.PUBLIC_CLIENT_ID, **form):
    """The device's first request."""
    return client.send(
        "POST", "/identity/connect/deviceauthorization", urlencode({"client_id": client_id, **form}).encode(),
        **{"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip


def poll(client, device_code, client_id=credentials.PUBLIC_CLIENT_ID, **form):
    """Ask whether the user has decided."""
    return client.ask_token(grant_type=GRANT, client_id=client_id, device_code=device_code, **form)


@pytest.fixture
def quick(serve_tiny, person_at):
    """A client and a person at a server whose devices may ask once a second."""
    client = serve_tiny(limits=("device-interval=1",), sign_in=False)[0]
    return client, person_at(client)


def test_the_device_says_where_to_go(anonymous):
    """The answer has both codes, the page, and how long and how often (RFC 8628, 3.2)."""
    answer = begin(anonymous, scope=SCOPE)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json
    page = f"{anonymous.base}/identity/device"
    assert said["verification_uri"] == page
    assert said["verification_uri_complete"] == f"{page}?user_code={said['user_code']}"
    assert (said["expires_in"], said["interval"]) == (300, 5)


def test_the_user_types_the_code_and_agrees(quick):
    """While the user has not decided the answer is authorization_pending; then tokens come, once."""
    client, person = quick
    said = begin(client, scope=SCOPE).json
    waiting = poll(client, said["device_code"])
    assert (waiting.status, waiting.json["error"]) == (400, "authorization_pending")
    typed = said["user_code"].replace("-", " ").lower()
    page = person.send_form(person.open("/identity/device"), user_code=typed)
    assert said["user_code"] in page.text
    assert credentials.PUBLIC_CLIENT_ID in page.text
    wrong = person.send_form(page, username="sync@ten.example", password="no", decision="allow")
    assert "The user name or password is wrong." in wrong.text
    assert "Your device is connected" in person.decide(wrong).text
    tokens = poll(client, said["device_code"])
    assert tokens.status == 200
    assert {"access_token", "refresh_token", "id_token"} <= set(tokens.json)
    assert tokens.json["scope"] == SCOPE
    assert poll(client, said["device_code"]).json["error"] == "invalid_grant"
    assert "There is no such code" in person.open(f"/identity/device?user_code={said['user_code']}").text


def test_the_complete_address_asks_to_compare(quick):
    """With the code in the address the user sees it on the page, and still signs in (RFC 8628, 3.3.1)."""
    client, person = quick
    said = begin(client).json
    page = person.open(said["verification_uri_complete"].removeprefix(client.base))
    assert f"<strong>{said['user_code']}</strong>" in page.text
    assert poll(client, said["device_code"]).json["error"] == "authorization_pending"


def test_the_user_refuses(quick):
    """The button for it is access_denied for the device."""
    client, person = quick
    said = begin(client).json
    page = person.open(said["verification_uri_complete"].removeprefix(client.base))
    assert "gets no access" in person.send_form(page, decision="refuse").text
    assert poll(client, said["device_code"]).json["error"] == "access_denied"


def test_a_device_that_hurries_slows_down(anonymous):
    """Asking before the interval is over is slow_down, and makes the interval five seconds longer each time."""
    from exepron_pipeline.sandbox.identity.device_codes import DeviceLogins

    said = begin(anonymous).json
    answers = [poll(anonymous, said["device_code"]).json["error"] for _ in range(2)]
    assert answers == ["authorization_pending", "slow_down"]
    now = [0.0]
    logins = DeviceLogins(300, 5, lambda: now[0])
    logins.begin("code", "ABCD-EFGH", "client", "scope")
    login = logins.find("code")
    early = []
    for moment in (0, 5, 6, 15, 26, 41):
        now[0] = moment
        early.append(login.is_too_early())
    assert early == [False, False, True, True, True, True]
    now[0] += login.interval
    assert not login.is_too_early()


def test_a_device_that_waits_is_not_slowed_down(quick):
    """Asking once in an interval is right for as long as it takes."""
    client, _ = quick
    said = begin(client).json
    for _ in range(2):
        assert poll(client, said["device_code"]).json["error"] == "authorization_pending"
        time.sleep(1)


def test_the_codes_expire(serve_tiny, person_at):
    """After the time is up the device hears expired_token, and the user that there is no such code."""
    client = serve_tiny(limits=("device-lifetime=1",))[0]
    said = begin(client).json
    time.sleep(1.1)
    assert poll(client, said["device_code"]).json["error"] == "expired_token"
    page = person_at(client).open(said["verification_uri_complete"].removeprefix(client.base))
    assert "There is no such code" in page.text


def test_who_may_begin(anonymous):
    """A client without the grant, an unknown one, one without its secret, and an unknown scope are refused."""
    assert begin(anonymous, "nobody").json["error"] == "invalid_client"
    assert begin(anonymous, credentials.CLIENT_ID).json["error"] == "invalid_client"
    service = credentials.SERVICE_CLIENT_ID
    answer = begin(anonymous, service, client_secret=credentials.client_secret(7, service))
    assert answer.json["error"] == "unauthorized_client"
    assert begin(anonymous, scope="everything").json["error"] == "invalid_scope"
    own = begin(
        anonymous,
        credentials.CLIENT_ID,
        client_secret=credentials.client_secret(7, credentials.CLIENT_ID),
    )
    assert own.status == 200


def test_a_device_code_belongs_to_its_client(anonymous):
    """Another client cannot ask for it, and a code that was never given is the same to it."""
    said = begin(anonymous).json
    secret = credentials.client_secret(7, credentials.CLIENT_ID)
    for code in (said["device_code"], "nonsense"):
        answer = poll(anonymous, code, credentials.CLIENT_ID, client_secret=secret)
        assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert anonymous.ask_token(grant_type=GRANT, client_id=credentials.PUBLIC_CLIENT_ID).json["error"] == (
        "invalid_request"
    )


def test_a_form_of_another_site_is_refused(quick, person_at):
    """Another browser's form decides nothing."""
    client, person = quick
    said = begin(client).json
    page = person.open(said["verification_uri_complete"].removeprefix(client.base))
    assert person_at(client).decide(page).status == 400
    assert poll(client, said["device_code"]).json["error"] == "authorization_pending"
