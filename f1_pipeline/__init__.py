"""f1_pipeline: Formula 1 sessions in, validated tables, features and honest predictions out."""

__version__ = "0.1.0"
