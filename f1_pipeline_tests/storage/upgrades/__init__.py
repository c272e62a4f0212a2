"""Databases of every revision, as small dumps, and what upgrading and stepping back make of them.

`python -m f1_pipeline_tests.storage.upgrades REVISION` writes the dump of a revision that has none.
A dump is never written anew: it stands for databases that exist, whatever the migrations say today.
"""
