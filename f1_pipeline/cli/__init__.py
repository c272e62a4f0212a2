"""The command line: each command materializes assets or reads tables, and prints.

`app` holds the commands, `home` the Dagster instance they use, `runs` executes jobs with progress,
`report` draws what is printed. Nothing is computed here.
"""

from f1_pipeline.cli.app import main

__all__ = ["main"]
