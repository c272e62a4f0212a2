"""A paragraph for each prediction and each recommendation, told from facts.

`facts` rounds what may be told, `template` tells it, `checking` says what is wrong with a text, and
`wording` asks a language model for a better one where a key is set. Not here: tables, where texts
are kept, and which past races are alike.
"""

from f1_pipeline.narration.checking import faults
from f1_pipeline.narration.facts import FORMAT, Facts, prediction_facts, recommendation_facts
from f1_pipeline.narration.prompt import PROMPT
from f1_pipeline.narration.template import paragraph
from f1_pipeline.narration.wording import Worded, Worder

__all__ = [
    "FORMAT",
    "PROMPT",
    "Facts",
    "Worded",
    "Worder",
    "faults",
    "paragraph",
    "prediction_facts",
    "recommendation_facts",
]
