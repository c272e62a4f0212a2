"""The pages that people look at: a snapshot in, HTML out. They say nothing that no table holds.

Here belong what a page shows, in which words and which shapes. Not here: addresses and headers
(routes), which race is meant (answers), and how the tables are read (`storage.reader`). A page
needs no script and asks for nothing from anywhere else, and no element carries a style of its own,
so it can be served under the strictest content security policy that allows its one style sheet.
"""
