"""The page that the browser shows at the end: plain, without tokens, codes or anything from elsewhere.

Not here: who serves it (``loopback.py``).
"""

from html import escape

from exepron_pipeline.http.redact import redact

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} - exepron-pipeline</title>
<style>body {{ font: 1.1em/1.5 sans-serif; max-width: 36em; margin: 4em auto; padding: 0 1em }}</style>
</head>
<body>
<h1>{title}</h1>
<p>{text}</p>
</body>
</html>
"""


def page(title: str, text: str) -> bytes:
    """Return the page with this heading and sentence, both of plain text."""
    return _PAGE.format(title=escape(title), text=escape(redact(text))).encode()
