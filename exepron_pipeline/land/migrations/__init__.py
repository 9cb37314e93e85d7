"""Changes of our own tables, one SQL file each, forward only. Here: the files. Not here: running them (``migrate.py``).

A file is called by the version of the tables that it makes and a word for it: ``0002_scopes.sql``. Whoever
changes ``ops.py`` adds the next one, new columns last in their table; files that were released never change.
"""
