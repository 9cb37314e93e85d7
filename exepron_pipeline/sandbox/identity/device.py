"""The device authorization grant: a program without browser waits for its user at another machine.

Here belong its two requests. Not here: what is kept in between (``device_codes.py``), the page
(``sign_in.py``). Source: RFC 8628.
"""

from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidScopeError, UnauthorizedClientError
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint as _Endpoint
from authlib.oauth2.rfc8628 import DeviceCodeGrant as _Grant

from exepron_pipeline.sandbox.identity.clients import DEVICE_CODE, Client
from exepron_pipeline.sandbox.identity.device_codes import DeviceLogin
from exepron_pipeline.sandbox.identity.grants import Issuing
from exepron_pipeline.sandbox.identity.session import Session

PAGE = "/device"
"""Below the issuer."""


class DeviceAuthorizationEndpoint(_Endpoint):  # type: ignore[misc]  # authlib ships no types
    """RFC 8628, 3.1 and 3.2."""

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.EXPIRES_IN, self.INTERVAL = server.devices.lifetime, server.devices.interval

    def authenticate_client(self, request: OAuth2Request) -> Client:
        """The client, which must have the grant."""
        client: Client = super().authenticate_client(request)
        if not client.check_grant_type(DEVICE_CODE):
            raise UnauthorizedClientError
        return client

    def get_verification_uri(self) -> str:
        """Where the user goes."""
        return f"{self.server.issuer_url}{PAGE}"

    def save_device_credential(self, client_id: str, scope: str | None, data: dict[str, Any]) -> None:
        """Keep it, with the part of the scope that the client may have."""
        granted = self.server.query_client(client_id).get_allowed_scope(scope)
        if granted is None:
            raise InvalidScopeError
        self.server.devices.begin(data["device_code"], data["user_code"], client_id, granted)


class DeviceCodeGrant(Issuing, _Grant):  # type: ignore[misc]  # authlib ships no types
    """RFC 8628, 3.4 and 3.5."""

    def query_device_credential(self, device_code: str) -> DeviceLogin:
        """The one that this client began."""
        found: DeviceLogin | None = self.server.devices.find(device_code)
        if found is None or found.client_id != self.request.client.client_id:
            raise InvalidGrantError("Invalid 'device_code' in request.")
        return found

    def validate_device_credential(self, credential: DeviceLogin) -> int:
        """The user's id, when they agreed; how often a device asks is watched until then."""
        self.request.credential = credential
        return int(super().validate_device_credential(credential))

    def query_user_grant(self, _user_code: str) -> tuple[int, bool] | None:
        """The user and their decision, once there is one."""
        credential: DeviceLogin = self.request.credential
        if credential.session:
            return credential.session.user_id, True
        return (0, False) if credential.refused else None

    def should_slow_down(self, credential: DeviceLogin) -> bool:
        """True for a poll that comes too early."""
        return credential.is_too_early()

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """The tokens; the device code ends with them."""
        answer: tuple[int, dict[str, Any], list[tuple[str, str]]] = super().create_token_response()
        self.server.devices.end(self.request.credential)
        return answer

    def session(self) -> Session:
        """The one that began with the consent."""
        return self.request.credential.session  # type: ignore[no-any-return]  # authlib ships no types
