"""Recorded sessions to tables: transform, repair, check, and derive: pure functions over pandas.

Not here: reading recordings (sources), keeping tables (storage), what a model makes of laps
(features).
"""

from f1_pipeline.tables.timing.build import TABLES, Recorded, TimingBuild, build
from f1_pipeline.tables.timing.checks import RESULTS

__all__ = ["RESULTS", "TABLES", "Recorded", "TimingBuild", "build"]
