"""What the simulated service answers instead of rows.

Here belongs each way to refuse a request, with status and body as the original's family of servers sends
them. Not here: the identity server's errors, which OAuth words itself (``identity``).
"""

from starlette.responses import JSONResponse, PlainTextResponse, Response


class Refusal(Exception):  # noqa: N818 -- an answer, not a failure of the sandbox
    """A request that gets no rows; ``response()`` is what its sender sees."""

    status = 500

    def response(self) -> Response:
        """Plain text, as plain ASP.NET controllers answer."""
        return PlainTextResponse(str(self), status_code=self.status)


class NotFound(Refusal):
    """404: no such path, project, task or user."""

    status = 404


class Forbidden(Refusal):
    """403: it exists, and the caller may not see it."""

    status = 403


class BadQuery(Refusal):
    """400: a query option that cannot be obeyed, in the error format of Microsoft's OData libraries."""

    status = 400

    def response(self) -> Response:
        """``{"error": {"code": "", "message": ...}}``."""
        message = f"The query specified in the URI is not valid. {self}"
        return JSONResponse({"error": {"code": "", "message": message}}, status_code=self.status)


class Unauthorized(Refusal):
    """401: no token, or one that is not good for this API; the reason is for the header (RFC 6750, 3)."""

    status = 401

    def response(self) -> Response:
        """An empty body and the challenge."""
        reason = str(self)
        challenge = f'Bearer error="{reason}"' if reason else "Bearer"
        return Response(status_code=self.status, headers={"WWW-Authenticate": challenge})


class InsufficientScope(Refusal):
    """403: a good token without the scope that is needed here, which the header names (RFC 6750, 3.1)."""

    status = 403

    def response(self) -> Response:
        """An empty body and the challenge."""
        challenge = f'Bearer error="insufficient_scope", scope="{self}"'
        return Response(status_code=self.status, headers={"WWW-Authenticate": challenge})
