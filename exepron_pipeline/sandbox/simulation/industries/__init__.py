"""What the simulated companies do: one file per industry, data only.

Here belong skills, typical steps and words of a trade. Not here: how a network is drawn from them
(``network.py``) and who works in the company (``people.py``).
"""
