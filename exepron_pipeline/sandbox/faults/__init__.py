"""What can go wrong between a client and the service, each under a name.

Here belong the faults and when they strike. Not here: limits of regular operation (``limits.py``), the
steps of a request that are disturbed (``api.py``). ``catalogue.py`` lists all faults; each is a value of
``Fault``, so that another one is another line.
"""
