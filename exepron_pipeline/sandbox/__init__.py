"""An embedded Exepron for trying and testing: a simulation, not affiliated with the vendor.

Here belong the simulated companies (``portfolio.py`` over ``simulation``), their rows (``schema.py``,
``store.py``), and the servers that offer them over HTTP as the real service does. Not here: anything of
the pipeline. The sandbox imports nothing else of the package, so that its truth is independent.
"""
