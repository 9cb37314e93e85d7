"""Halves of a condition in the service's own words, for services whose addresses may not be long. Text only.

Not here: when a condition is too long (``extract/path.py``), conditions that we write (``filter.py``).
"""

import re

_WORD = re.compile(r"'(?:[^']|'')*'|\s+(?:or|and)\s+|[(),]|[^\s'(),]+|\s+", re.IGNORECASE)
_LIST = re.compile(r"(?is)(\S+\s+in\s*)\((.*)\)")


def halves(condition: str) -> tuple[str, ...]:
    """Write a condition as two, one of which holds wherever it does.

    Chains of ``or`` and lists after ``in`` are cut, also where they are one part of a chain of ``and``.

    Returns:
        Nothing when it holds no chain and no list.

    """
    words = condition.strip()
    parts = _parts(words, "or")
    if len(parts) > 1:
        middle = len(parts) // 2
        return " or ".join(parts[:middle]), " or ".join(parts[middle:])
    parts = _parts(words, "and")
    if len(parts) > 1:
        return _one_halved(parts)
    inner = _inside(words)
    return halves(inner) if inner is not None else _list_halved(words)


def _one_halved(parts: list[str]) -> tuple[str, ...]:
    """Halve the longest part of a chain of ``and`` that can be halved."""
    for longest in sorted(parts, key=len, reverse=True):
        found = halves(longest)
        if found:
            place = parts.index(longest)
            return tuple(" and ".join([*parts[:place], f"({half})", *parts[place + 1 :]]) for half in found)
    return ()


def _list_halved(words: str) -> tuple[str, ...]:
    found = _LIST.fullmatch(words)
    if found is None or _inside(words[found.end(1) :]) is None:
        return ()
    values = _parts(found[2], ",")
    middle = len(values) // 2
    return tuple(f"{found[1]}({','.join(half)})" for half in (values[:middle], values[middle:]) if middle)


def _inside(words: str) -> str | None:
    """What stands in parentheses that open first and close last; None where they do not belong together."""
    is_enclosed = words.startswith("(") and words.endswith(")")
    return words[1:-1].strip() if is_enclosed and _balanced(words[1:-1]) else None


def _balanced(words: str) -> bool:
    depth = 0
    for word in _WORD.findall(words):
        depth += (word == "(") - (word == ")")
        if depth < 0:
            return False
    return depth == 0


def _parts(words: str, separator: str) -> list[str]:
    """Cut at a word or a comma that stands in no parentheses and no quotes."""
    parts, depth = [""], 0
    for word in _WORD.findall(words):
        depth += (word == "(") - (word == ")")
        if depth == 0 and word.strip().lower() == separator:
            parts.append("")
        else:
            parts[-1] += word
    return [part.strip() for part in parts]
