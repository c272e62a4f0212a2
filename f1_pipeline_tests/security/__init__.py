"""Who may do what: roles of the database, secrets in files, known faults of dependencies."""
