"""Text that people paste, as addresses: a copied cURL command, a line of a log, a word in quotes, several at once.

Here: finding the addresses in it, and leaving out those that were asked to change something. Pure; whatever stands
around an address (headers, cookies, tokens, data) is forgotten. Not here: what an address says (``addresses.py``).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_URL = re.compile(r"https?://(?:\([^()\s]*(?:'[^']*'[^()\s]*)*\)|[^\s\"'<>`^|\\])+", re.IGNORECASE)
_LABELLED = re.compile(r"([\w-]+)[\"']?\s*:\s*[\"']?$")
"""What stands before the value of a header, or of a member."""
_OWN_LABELS = {"url", "uri", "href", "view-source"}
_REQUEST_LINE = re.compile(r"(?:^\s*|\")(GET|HEAD|POST|PUT|PATCH|DELETE)\s+(\S+)")
"""Of HTTP itself, as logs have it too."""
_COMMAND = re.compile(r"\s*(?:curl|fetch|await|wget|https?\s|invoke-|iwr|irm|\$session)", re.IGNORECASE)
_WRITES = re.compile(
    r"""(?:-X|--request|-method|["']?method["']?\s*:)[\s=]*["']?(?:POST|PUT|PATCH|DELETE)"""
    r"""|\s(?:-d|-F|--data[\w-]*|--form|--json|-body)[\s='"]|["']?\bbody["']?\s*:\s*["'{]""",
    re.IGNORECASE,
)
_AROUND_URL = re.compile(
    r"""\s(?:-H|--header|-b|--cookie|-e|--referer|-A|--user-agent|-u|--user|--proxy|-x)[\s=]+(?:'[^']*'|"[^"]*"|\S+)"""
    r"""|^.*?\s-uri(?=\s)""",
    re.IGNORECASE | re.DOTALL,
)
"""What of a command may hold addresses that were not asked."""
_DATA_IN_QUERY = re.compile(r"\s(?:-G|--get)\b")
_NO_SCHEME = re.compile(r"(?:localhost|[\w-]+(?:\.[\w-]+)+):\d+/")
_AROUND = "\"'`<>,;!|"
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Pasted:
    """The addresses of some texts, and how many texts asked to change something: those are left out."""

    addresses: tuple[str, ...]
    written: int


def read_pasted(texts: Iterable[str]) -> Pasted:
    """Find the addresses in texts that people pasted, in order."""
    found: list[str] = []
    written = 0
    for text in texts:
        line = _REQUEST_LINE.search(text)
        is_command = bool(_COMMAND.match(text))
        if (line and line[1] not in {"GET", "HEAD"}) or (is_command and _is_written(text)):
            written += 1
        elif line:
            found.append(_trimmed(line[2]))
        elif is_command:
            found += _asked(_AROUND_URL.sub(" ", text))[:1]
        else:
            found += _asked(text)
    return Pasted(tuple(each for each in found if each), written)


def _is_written(command: str) -> bool:
    return bool(_WRITES.search(command)) and not _DATA_IN_QUERY.search(command)


def _asked(text: str) -> list[str]:
    """Whole addresses but for those of headers, such as the referrer; without any, each word is one below the base."""
    if not _URL.search(text):
        return [_with_scheme(_trimmed(word)) for word in re.split(r"[\s,]+", text)]
    return [_trimmed(each[0]) for each in _URL.finditer(text) if not _is_labelled(text[: each.start()])]


def _is_labelled(before: str) -> bool:
    label = _LABELLED.search(before[-80:])
    return bool(label) and label[1].lower() not in _OWN_LABELS if label else False


def _trimmed(text: str) -> str:
    """An address without the signs of the sentence around it; brackets stay where they are a pair."""
    while text and (
        text[-1] in _AROUND + ".:"
        or (text[-1] in _PAIRS and text.count(text[-1]) > text.count(_PAIRS[text[-1]]))
    ):
        text = text[:-1]
    return text.lstrip(_AROUND)


def _with_scheme(text: str) -> str:
    return f"http://{text}" if _NO_SCHEME.match(text) else text
