"""From what a service says of itself and what it was seen to do, to a catalogue that a sync accepts.

Between ``extract`` and ``normalise``: it needs the catalogue, the wire and the remembered profile of a service,
and nothing of what records become. Not here: reading documents and probing options (``odata``), signing in
(``tenant.py``), showing anything (``cli``).
"""
