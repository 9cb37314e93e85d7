"""The pages for people, as HTML: sign in and consent, type a device's code, read a message.

Here belongs what stands on them, escaped. Not here: when they are shown (``sign_in.py``). Plain forms, no
script: they work in any browser, also in one that is driven by a test.
"""

from html import escape

from starlette.responses import HTMLResponse

_HEADERS = {
    # no form-action: browsers would apply it to the redirect that follows the form, which leads to the client
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 sans-serif; max-width: 26rem; margin: 3rem auto; padding: 0 1rem }}
label, input {{ display: block; width: 100%; box-sizing: border-box }}
input, button {{ font: inherit; padding: .3rem .6rem; margin-bottom: .8rem }}
[role=alert] {{ color: #a00 }}
small {{ color: #666 }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
<p><small>A simulation, not affiliated with Exepron.</small></p>
</body>
</html>
"""


def sign_in_page(
    action: str,
    ticket: str,
    client_id: str,
    scope: str,
    *,
    user: str = "",
    code: str = "",
    wrong: bool = False,
) -> HTMLResponse:
    """A form that asks who is there, and whether a client may act for them.

    Args:
        action: Where the form goes.
        ticket: Goes with it, and proves that it was ours.
        client_id: Who asks.
        scope: For what.
        user: Filled in.
        code: Of the device that waits, to be compared by the user.
        wrong: A form like it was sent before, with a wrong name or password.
    """
    scopes = "".join(f"<li>{escape(each)}</li>" for each in scope.split())
    device = f"<p>Only if your device shows this code: <strong>{escape(code)}</strong></p>" if code else ""
    alert = '<p role="alert">The user name or password is wrong.</p>' if wrong else ""
    body = f"""\
<p><strong>{escape(client_id)}</strong> asks to act for you, with these scopes:</p>
<ul>{scopes}</ul>
{device}{alert}
<form method="post" action="{escape(action)}">
<input type="hidden" name="ticket" value="{escape(ticket)}">
<label for="username">User name or mail address</label>
<input id="username" name="username" value="{escape(user)}" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button id="allow" name="decision" value="allow">Sign in and allow</button>
<button id="refuse" name="decision" value="refuse" formnovalidate>Refuse</button>
</form>"""
    return _page("Sign in", body)


def code_page(action: str, *, wrong: bool = False) -> HTMLResponse:
    """A form that asks for the code that a device shows."""
    alert = '<p role="alert">There is no such code, or its time is up.</p>' if wrong else ""
    body = f"""\
{alert}
<form method="get" action="{escape(action)}">
<label for="user_code">The code that your device shows</label>
<input id="user_code" name="user_code" autocomplete="off" required autofocus>
<button id="next">Next</button>
</form>"""
    return _page("Connect a device", body)


def message_page(title: str, message: str, status: int = 200) -> HTMLResponse:
    """A page that only says something."""
    return _page(title, f"<p>{escape(message)}</p>", status)


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), status, _HEADERS)
