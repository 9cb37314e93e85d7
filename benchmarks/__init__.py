"""The product beside its peers and beside the floor, on one machine in one run: ``make bench``.

``__main__.py`` chooses and runs, ``cases/`` holds one file for each measure, ``contestants/`` one for each program that
is measured, ``bounds.py`` what must hold. Not here: anything that the product needs.
"""
