"""Raw frames in, validated tables out: pure functions over pandas.

Here a fact gets its meaning (what is classified, what is a retirement, who is entered) and the
quirks of the sources are handled. Not here: reading sources, keeping tables, knowing Dagster.
Transforms hand values on as they came: a value of a wrong type must reach its contract.
"""

from f1_pipeline.tables.build import Build, build
from f1_pipeline.tables.calendar import held, in_order, next_event
from f1_pipeline.tables.faults import Fault, fault_rows
from f1_pipeline.tables.layering import layered

__all__ = ["Build", "Fault", "build", "fault_rows", "held", "in_order", "layered", "next_event"]
