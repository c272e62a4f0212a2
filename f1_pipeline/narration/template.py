"""The paragraph that is told without a language model: sentences by rule, chosen by what is known.

Here belongs the choice and the fitting of sentences. Those of a forecast are in
`template_prediction`, those of a plan in `template_recommendation`.
"""

from f1_pipeline.narration.facts import Facts
from f1_pipeline.narration.telling import Told
from f1_pipeline.narration.template_prediction import prediction
from f1_pipeline.narration.template_recommendation import recommendation

LEAST_WORDS, MOST_WORDS = 60, 110


def paragraph(facts: Facts) -> str:
    """60 to 110 words of the facts, on one line."""
    told = (prediction if facts.kind == "prediction" else recommendation)(facts.values)
    return fitted(told)


def fitted(told: list[Told]) -> str:
    """The most important sentences that there is room for, in the order in which they are told.

    A filler is told only while the text is too short.
    """
    kept: set[int] = set()
    words = 0
    for at in sorted(range(len(told)), key=lambda at: told[at].rank):
        length = len(told[at].text.split())
        wanted = words < LEAST_WORDS if told[at].filler else words + length <= MOST_WORDS
        if told[at].text and wanted:
            kept.add(at)
            words += length
    return " ".join(told[at].text for at in sorted(kept))
