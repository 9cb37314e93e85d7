"""A person at a browser, as a program of its own: opens an address of the sandbox, signs in, and goes where it leads.

``EXEPRON_`` names are not used, so that the program under test does not see them.
"""

import html
import os
import re
import sys
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

VARIABLES = ("PERSON_NAME", "PERSON_PASSWORD", "PERSON_DECISION")


def walk(address: str) -> str:
    """Sign in on the page at an address; gives the page that this ends at."""
    opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
    with opener.open(address, timeout=60) as answer:
        page = answer.read().decode()
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}
    name, password, decision = (os.environ[variable] for variable in VARIABLES)
    fields |= {"username": name, "password": password, "decision": decision}
    form = re.search(r'action="([^"]*)"', page)
    assert form, page
    with opener.open(
        urljoin(address, html.unescape(form[1])), urlencode(fields).encode(), timeout=20
    ) as answer:
        return str(answer.read().decode())


if __name__ == "__main__":
    sys.stderr.write(walk(sys.argv[1]))
