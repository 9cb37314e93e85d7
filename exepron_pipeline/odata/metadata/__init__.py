"""What a service says of itself, whichever document it says it in: CSDL 2 to 4, OpenAPI, or mere samples.

Here: one small model (``description.py``) and one parser for each kind of document. Not here: what is made
of it; whoever reads a `Description` need not know which document it came from.
"""
