"""A request with parameters, as authlib reads it.

Here belongs the difference between Starlette's request and authlib's. Not here: what the parameters mean.
Parameters without a value are taken as left out (RFC 6749, 3.1 and 3.2).
"""

from collections.abc import Iterable, Mapping

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.requests import OAuth2Payload
from starlette.requests import Request

Pairs = Iterable[tuple[str, str]]


class _Payload(OAuth2Payload):  # type: ignore[misc]  # authlib ships no types
    """Parameters, each with all of its values."""

    def __init__(self, pairs: Pairs) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if value:
                self._values.setdefault(name, []).append(value)

    @property
    def datalist(self) -> dict[str, list[str]]:
        return self._values

    @property
    def data(self) -> dict[str, str]:
        return {name: values[0] for name, values in self._values.items()}


class FormRequest(OAuth2Request):  # type: ignore[misc]  # authlib ships no types
    """A request read already; ``address`` is ours, whatever its Host header says."""

    def __init__(self, address: str, method: str, headers: Mapping[str, str], pairs: Pairs) -> None:
        super().__init__(method, address, headers=headers)
        self.payload = _Payload(pairs)

    @property
    def form(self) -> dict[str, str]:
        """The parameters by name."""
        return dict(self.payload.data)

    @property
    def client_authentication(self) -> str:
        """The way in which the client says who it is, by its registered name (RFC 7591, 2)."""
        if self._has_basic_header:
            return "client_secret_basic"
        return "client_secret_post" if "client_secret" in self.form else "none"

    def check(self) -> None:
        """Refuse what no endpoint may take (RFC 6749, 2.3 and 3.2).

        Raises:
            InvalidRequestError: a parameter comes twice, or the client authenticates in two ways.
        """
        if any(len(values) > 1 for values in self.payload.datalist.values()):
            raise InvalidRequestError("A parameter is included more than once.")
        if self._has_basic_header and "client_secret" in self.form:
            raise InvalidRequestError("The client authenticates in more than one way.")

    @property
    def _has_basic_header(self) -> bool:
        return str(self.headers.get("Authorization", "")).lower().startswith("basic")


async def read_form(request: Request) -> list[tuple[str, str]]:
    """The fields of a form without its files; none where the body is no form."""
    form = await request.form()
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
