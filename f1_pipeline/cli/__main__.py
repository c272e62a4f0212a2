"""`python -m f1_pipeline.cli`: the console script where it is not installed."""

from f1_pipeline.cli.app import main

main()
