"""Names: how a field on the wire becomes a column, and back. Pure functions, nothing else."""

import re

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def column_name(wire: str) -> str:
    """Turn a wire name into snake_case: ``projectManagerID`` becomes ``project_manager_id``."""
    words = _WORDS.findall(wire)
    name = "_".join(word.lower() for word in words)
    return name if name and not name[0].isdigit() else f"field_{name}".rstrip("_")


def wire_name(column: str) -> str:
    """Turn snake_case into the service's usual lowerCamelCase: ``task_id`` becomes ``taskId``."""
    first, *rest = column.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
