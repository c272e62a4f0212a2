"""Search over past races: facts, documents written from them, filters, and ranking.

Pure functions of tables and of a query. Nothing is fetched; where an index is kept is said
elsewhere.
"""
