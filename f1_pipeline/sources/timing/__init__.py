"""The timing tier: sessions as FastF1 loads them, or from files, and their frames for the tables.

`load` asks FastF1, `files` reads lap data in FastF1's columns, `recording` is the form both have in
the raw store, `frames` puts them into f1db's ids. It makes predictions and strategy better, never
possible: without an account live timing refuses, and the results tier goes on alone.
"""
