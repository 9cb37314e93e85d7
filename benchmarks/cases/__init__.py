"""One file for each measure: what is prepared, who runs, what must hold. Not here: how it is measured."""
