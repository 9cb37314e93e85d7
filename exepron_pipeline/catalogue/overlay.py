"""A user's catalogue laid over the built-in one, both as plain mappings by name.

Here: short forms written out, defaults of a user's entries, adding, changing and removing. Not here:
whether the outcome makes sense (``model.py``).
"""

from typing import Any

from exepron_pipeline.catalogue.mistakes import Mistake, nearest
from exepron_pipeline.catalogue.yamlfile import Entry

Plain = dict[str, Any]

_USERS = {"source": "user", "confidence": "H"}
_NEW_SET: Plain = {"evidence": "confirmed", "description": ""}
_NEW_CHILD: Plain = {"description": ""}
_NEW_COLUMN: Plain = {"description": ""} | _USERS


def lay_over(built_in: Plain, user: Plain) -> Plain:
    """Give the built-in entity sets with the user's additions, changes and removals.

    Args:
        built_in: ``entity_sets`` of the built-in file; empty when the user replaces it.
        user: ``entity_sets`` of the user's file; ``null`` removes an entry.

    Raises:
        Mistake: The user's entry has the wrong form, or removes what does not exist.

    """
    merged = dict(built_in)
    for name, given in user.items():
        entry = ("entity_sets", name)
        if given is None:
            _remove(merged, name, entry)
            continue
        _need_fields(given, entry)
        merged[name] = _change_set(merged.get(name, _NEW_SET), given, entry)
        _need_path(merged[name], entry)
    return merged


def _change_set(old: Plain, given: Plain, entry: Entry) -> Plain:
    merged = dict(old)
    if "path" in given:
        if "sources" in given:
            raise Mistake((*entry, "path"), "stands beside sources", "Keep one of them.")
        merged.pop("sources", None)
    if "sources" in given:
        merged.pop("path", None)
    for field, value in given.items():
        inner = (*entry, field)
        if value is None:
            merged.pop(field, None)
        elif field == "columns":
            merged[field] = _change_columns(merged.get(field, {}), value, inner)
        elif field == "children":
            merged[field] = _change_children(merged.get(field, {}), value, inner)
        elif field == "sources":
            merged[field] = [_USERS | item if isinstance(item, dict) else item for item in _listed(value)]
        else:
            merged[field] = value
    return merged


def _change_children(old: Plain, given: Any, entry: Entry) -> Plain:
    _need_mapping(given, entry)
    merged = dict(old)
    for name, value in given.items():
        inner = (*entry, name)
        if value is None:
            _remove(merged, name, inner)
            continue
        _need_fields(value, inner)
        child = merged.get(name, _NEW_CHILD) | value
        if "columns" in value:
            before = merged.get(name, {}).get("columns", {})
            child["columns"] = _change_columns(before, value["columns"], (*inner, "columns"))
        merged[name] = child
    return merged


def _change_columns(old: Plain, given: Any, entry: Entry) -> Plain:
    _need_mapping(given, entry)
    merged = dict(old)
    for name, value in given.items():
        inner = (*entry, name)
        if value is None:
            _remove(merged, name, inner)
            continue
        fields = {"type": value} if isinstance(value, str) else value
        _need_fields(fields, inner)
        changed = merged.get(name, _NEW_COLUMN) | fields
        merged[name] = {field: item for field, item in changed.items() if item is not None}
    return merged


def _need_mapping(value: Any, entry: Entry) -> None:
    if not isinstance(value, dict):
        raise Mistake(entry, "must be a mapping", "Write its fields below it, indented, as name: value.")


def _need_fields(value: Any, entry: Entry) -> None:
    _need_mapping(value, entry)
    if "name" in value:
        raise Mistake((*entry, "name"), "no such field", "The name is what stands before the entry's colon.")


def _need_path(entity_set: Plain, entry: Entry) -> None:
    if entity_set.get("enabled", True) and not (entity_set.get("sources") or "path" in entity_set):
        raise Mistake(entry, "is switched on, but has no path", "Add path:, or write enabled: false.")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _remove(merged: Plain, name: str, entry: Entry) -> None:
    if name not in merged:
        raise Mistake(entry, "is removed, but does not exist", nearest(name, merged))
    del merged[name]


def without_dangling(merged: Plain, written: set[Entry]) -> Plain:
    """Drop references whose target the user removed, but keep those that the user wrote: they are mistakes.

    Args:
        merged: ``entity_sets`` after the user's changes.
        written: Entries of the user's file.

    """
    columns = {name: entity_set.get("columns", {}) for name, entity_set in merged.items()}
    for name, listed in columns.items():
        for column, fields in listed.items():
            target, _, field = str(fields.get("references", "")).partition(".")
            entry = ("entity_sets", name, "columns", column, "references")
            if target and field not in columns.get(target, {}) and entry not in written:
                listed[column] = {key: value for key, value in fields.items() if key != "references"}
    return merged


def as_model(merged: Plain) -> Plain:
    """Turn mappings by name into the lists of named entries that the model takes."""
    return {name: {"name": name} | _set_fields(fields) for name, fields in merged.items()}


def _set_fields(fields: Plain) -> Plain:
    written = {
        field: value for field, value in fields.items() if field not in {"path", "columns", "children"}
    }
    if "path" in fields:
        written["sources"] = [{"path": fields["path"]} | _USERS]
    if "columns" in fields:
        written["columns"] = _named(fields["columns"])
    if "children" in fields:
        children = _named(fields["children"])
        written["children"] = [
            child | ({"columns": _named(child["columns"])} if "columns" in child else {})
            for child in children
        ]
    return written


def _named(entries: Any) -> Any:
    if not isinstance(entries, dict):
        return entries
    return [{"name": name} | fields for name, fields in entries.items()]
