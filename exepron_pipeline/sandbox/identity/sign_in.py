"""The pages on which a user signs in and decides: for a browser's client, and for a device.

Here belongs what follows a click. Not here: what stands on the pages (``consent_page.py``), what the client
gets (``authorize.py``, ``device.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.base import invalid_error_characters
from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error
from starlette.requests import Request
from starlette.responses import Response

from exepron_pipeline.sandbox.identity.authority import Authority
from exepron_pipeline.sandbox.identity.authorize import AuthorizationCodeGrant
from exepron_pipeline.sandbox.identity.browser import Browsers
from exepron_pipeline.sandbox.identity.consent_page import code_page, message_page, sign_in_page
from exepron_pipeline.sandbox.identity.device import PAGE
from exepron_pipeline.sandbox.identity.device_codes import DeviceLogin
from exepron_pipeline.sandbox.identity.form_request import FormRequest, Pairs, read_form
from exepron_pipeline.sandbox.identity.session import Session

CONSENT = "/connect/consent"
"""Below the issuer; takes the form of the page at ``/connect/authorize``."""


@dataclass(frozen=True)
class SignIn:
    """Answers browsers."""

    authority: Authority
    browsers: Browsers

    async def authorize(self, request: Request) -> Response:
        """``/connect/authorize``: the page, for a request that may be obeyed."""
        asked = await read_form(request) if request.method == "POST" else request.query_params.multi_items()
        try:
            grant = self._grant(request, asked)
        except OAuth2Error as error:
            return self._refuse(error)
        return self._ask(request, grant)

    async def consent(self, request: Request) -> Response:
        """The user's decision on it; the authorization request stands in the query, and is checked again."""
        form = dict(await read_form(request))
        if not self.browsers.is_ours(request, form.get("ticket", "")):
            return _foreign_form()
        try:
            grant = self._grant(request, request.query_params.multi_items())
        except OAuth2Error as error:
            return self._refuse(error)
        user_id = self._user_of(form)
        if user_id is None and not _is_refused(form):
            return self._ask(request, grant, form)
        answer: Response = self.authority.create_authorization_response(grant.request, user_id, grant)
        return answer

    async def device(self, request: Request) -> Response:
        """``/device``: asks for the code, then for the user's decision; takes it by POST."""
        typed = request.query_params.get("user_code")
        login = self.authority.devices.of_user_code(typed) if typed else None
        if login is None:
            return code_page(self._path(PAGE), wrong=bool(typed))
        if request.method != "POST":
            return self._ask_for_device(request, login)
        form = dict(await read_form(request))
        if not self.browsers.is_ours(request, form.get("ticket", "")):
            return _foreign_form()
        return self._decide(request, login, form)

    def _decide(self, request: Request, login: DeviceLogin, form: Mapping[str, str]) -> Response:
        if _is_refused(form):
            login.refused = True
            return message_page("Refused", "Your device gets no access. You may close this page.")
        user_id = self._user_of(form)
        if user_id is None:
            return self._ask_for_device(request, login, form)
        now = self.authority.now()
        login.session = Session(login.client_id, user_id, login.scope, now, present=True)
        return message_page("Done", "Your device is connected. You may close this page.")

    def _grant(self, request: Request, asked: Pairs) -> AuthorizationCodeGrant:
        """The grant for an authorization request.

        Raises:
            OAuth2Error: it cannot be obeyed; with the redirect URI when that is the client's.
        """
        read = FormRequest(self.authority.issuer_url, "GET", request.headers, asked)
        for name in (
            "redirect_uri",
            "response_type",
        ):  # authlib repeats them in descriptions, which take no others
            if invalid_error_characters(read.form.get(name, "")):
                raise InvalidRequestError(f"Invalid '{name}' in request.")
        grant: AuthorizationCodeGrant = self.authority.get_consent_grant(read)
        return grant

    def _user_of(self, form: Mapping[str, str]) -> int | None:
        if _is_refused(form):
            return None
        return self.authority.directory.sign_in(form.get("username", ""), form.get("password", ""))

    def _ask(
        self, request: Request, grant: AuthorizationCodeGrant, form: Mapping[str, str] | None = None
    ) -> Response:
        asked = grant.request.payload.data
        action = f"{self._path(CONSENT)}?{urlencode(asked)}"
        user = (form or {}).get("username") or asked.get("login_hint", "")
        return self._show(
            request, action, asked["client_id"], grant.request.scope, user, wrong=form is not None
        )

    def _ask_for_device(
        self, request: Request, login: DeviceLogin, form: Mapping[str, str] | None = None
    ) -> Response:
        action = f"{self._path(PAGE)}?{urlencode({'user_code': login.user_code})}"
        user = (form or {}).get("username", "")
        return self._show(
            request, action, login.client_id, login.scope, user, code=login.user_code, wrong=form is not None
        )

    def _show(
        self,
        request: Request,
        action: str,
        client_id: str,
        scope: str,
        user: str,
        *,
        code: str = "",
        wrong: bool,
    ) -> Response:
        mark = self.browsers.mark_of(request)
        ticket = self.browsers.ticket(mark)
        page = sign_in_page(action, ticket, client_id, scope, user=user, code=code, wrong=wrong)
        return self.browsers.keep(page, mark)

    def _path(self, below_issuer: str) -> str:
        return f"{urlsplit(self.authority.issuer_url).path}{below_issuer}"

    def _refuse(self, error: OAuth2Error) -> Response:
        """Back to the client where that is known to be its address, else to the user alone (RFC 6749, 4.1.2.1)."""
        if error.redirect_uri:
            return self.authority.refuse(error)
        why = f"{error.error}: {error.get_error_description()}"
        return message_page("This sign-in cannot begin", why, 400)


def _is_refused(form: Mapping[str, str]) -> bool:
    return form.get("decision") == "refuse"


def _foreign_form() -> Response:
    return message_page(
        "This form is not ours", "Begin again at the program that asked you to sign in, with cookies on.", 400
    )
