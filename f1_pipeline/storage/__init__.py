"""Where things are kept: the warehouse in SQLite or PostgreSQL, model artifacts in a folder.

Here belong connections, DDL, transactions and versions. Not here: what a table means (contracts),
how it is made (tables, features, modelling), when (defs).
"""
