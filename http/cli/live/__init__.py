"""Views that follow what happens: steps of an execution, all that runs, bars of long work; else lines."""
