"""Amounts that are told loosely: rows of the grid, times, visits, places won and lost, scores.

As in `numbers`, of which these are the less certain half: each reader takes the words as one line
and gives conditions with the stretch of the line that said them.
"""

import re
from collections.abc import Iterator

from f1_pipeline.search.conditions import Condition
from f1_pipeline.search.numbers import (
    CMP,
    COUNT,
    ORDINAL,
    PLACES,
    POST,
    Found,
    compared,
    order,
    value,
)

_FAR = (
    r"(?P<far>behind|beyond|outside|below|past|off|further (?:back|down) than|deeper than|"
    r"lower than|worse than|adrift of|away from)"
)
_MORE = r"or (?:better|higher|further up|ahead|nearer|above)"
_LESS = r"or (?:further back|further down|worse|lower|behind|beyond|later|deeper|below)"
# What is counted; the longest names first.
_COUNTED = {
    "virtual_safety_cars": r"(?:slow motion|delta|virtual|crawling|electronic|speed limited)"
    r" (?:phase|period|spell|zone|intervention|stretch|limit)",
    "safety_cars": r"(?:bunch\w*|neutral\w*|slow|caution|pace car|convoy|herd\w*)(?: up)?"
    r" (?:phase|period|spell|intervention|episode|procession|stretch)|neutrali[sz]ation|"
    r"intervention|procession|convoy|slow phase|deployment",
    "red_flags": r"interruption|suspension|stoppage|standstill|restart|break|forced pause|"
    r"abandonment",
    "stops": r"(?:tyre |rubber |boot |wheel )?change|service|visit|call|swap|trip|detour|"
    r"(?:fresh|new) set|pause|errand",
}
_SOME = {"single": 1, "lone": 1, "sole": 1, "solitary": 1, "only": 1, "several": 3, "many": 4}
_TIMES = {"once": 1, "twice": 2, "thrice": 3}
_OFTEN = ("time after time", "again and again", "time and again", "over and over", "repeatedly")
# The words that say what happened so many times.
_DONE = {
    "virtual_safety_cars": r"slow motion|delta|frozen|electronic\w*|virtual\w*|crawl\w*|dashboard|"
    r"speed limit\w*",
    "safety_cars": r"lights|lamps|course car|official car|bunch\w*|neutral\w*|maylander|pace car|"
    r"convoy|herd\w*|gather\w*|caution\w*|queu\w*|led pack|safety|closed up|intervene\w*|slowed",
    "red_flags": r"suspend\w*|halt\w*|standstill|interrupt\w*|paus\w*|broken off|red|restart\w*|"
    r"sent back|called off|flag\w*",
    "stops": r"boots?|rubber|tyres?|tires?|servic\w*|box\w*|garage|crew|pits?|chang\w*|swap\w*|"
    r"shod|reshod|visit\w*|call\w*|sets?|mechanics|wheels|shoes|in|halt\w*|stop\w*",
}
_UP = (
    r"gain\w*|w[oi]n\w*|climb\w*|recover\w*|advanc\w*|overt[oa]\w+|pass\w*|improv\w*|vault\w*|leap\w*|"
    r"leapfrog\w*|better|higher|up|rose|forward\w*|jump\w*|ahead|picked|made|good|harvest\w*|"
    r"conquer\w*|scal\w*|ascen\w*|progress\w*|further up|rise|surg\w*|charg\w*"
)
_DOWN = (
    r"los[et]\w*|losing|drop\w*|f[ae]ll\w*|slip\w*|down|slid\w*|sank|sunk|sink\w*|tumbl\w*|plummet\w*|"
    r"slump\w*|worse|lower|back\w*|swallowed|demoted|shuffled|relegated|forfeit\w*|surrender\w*|"
    r"shed\w*|overtaken|mugged|gobbled|passed by|behind|adrift|further back|drift\w*|retreat\w*|"
    r"descen\w*|concede\w*|declin\w*|stumbl\w*"
)
_LOST = rf"gave|give[sn]?|giving|threw|throwing|{_DOWN}"
_NEAR = 7  # words around an amount of places among which its direction is looked for


def rows(line: str) -> Iterator[Found]:
    """Rows of the grid: two places each."""
    pattern = (
        rf"\b(?:{_FAR} )?"
        rf"(?:(?:first|front) (?P<to>{COUNT}) rows|row (?P<n>{COUNT})|(?P<o>{ORDINAL}) row)\b"
        rf"(?: (?:start|slot|launch|place))?(?: (?:(?P<more>{_MORE})|(?P<less>{_LESS})))?"
    )
    for match in re.finditer(pattern, line):
        part = match.groupdict()
        row = order(part["o"]) if part["o"] else value(part["to"] or part["n"])
        low: float | None = 2.0 * row - 1
        high: float | None = 2.0 * row
        if part["far"]:
            low, high = 2.0 * row + 1, None
        elif part["to"] or part["more"]:
            low = None
        elif part["less"]:
            high = None
        yield (*match.span(), Condition("grid", least=low, most=high), True)


def tallies(line: str) -> Iterator[Found]:
    """How often something happened, by what is counted or by the words around."""
    some = "|".join(_SOME)
    for fact, what in _COUNTED.items():
        pattern = (
            rf"\b{CMP}(?:(?P<n>{COUNT})|(?P<some>{some}))(?P<more> or more| or fewer)?"
            rf"(?: (?!and|or)\w+)?? (?:{what})s?\b(?P<post> or more| or fewer)?"
        )
        for match in re.finditer(pattern, line):
            if match["some"]:
                number = _SOME[match["some"]]
                word = "at least" if number > 1 else None
            else:
                number, word = value(match["n"]), match["cmp"]
            yield (
                *match.span(),
                compared(fact, number, word, match["more"] or match["post"]),
                False,
            )
    often = "|".join(_OFTEN)
    pattern = (
        rf"\b{CMP}(?P<n>once|twice|thrice|{COUNT} times|{often})\b"
        r"(?P<post> or more| or oftener| and more)?"
    )
    for match in re.finditer(pattern, line):
        happened = _happened(line, *match.span())
        if happened is None:
            continue
        told = match["n"]
        if told in _OFTEN:
            yield (*match.span(), compared(happened, 3, "at least", None), False)
            continue
        number = _TIMES.get(told) or value(told.split()[0])
        yield (*match.span(), compared(happened, number, match["cmp"], match["post"]), False)


def moves(line: str) -> Iterator[Found]:
    """Places won or lost, where the word that says which is not beside the number."""
    jumps = rf"\b(?:jump|climb|leap|rise|gain|surge|recovery) of {CMP}(?P<n>{COUNT}){POST}"
    passes = rf"\b{CMP}(?P<n>{COUNT}){POST} (?:overtakes|passes|overtakings|moves)\b"
    for match in (*re.finditer(jumps, line), *re.finditer(passes, line)):
        word = match["cmp"] or "at least"
        yield (*match.span(), compared("gained", value(match["n"]), word, match["post"]), True)
    for match in re.finditer(rf"\b(?P<way>up|down|back|forward) by (?P<n>{COUNT})\b", line):
        made = compared("gained", value(match["n"]), "at least", None)
        if match["way"] in ("down", "back"):
            made = Condition("gained", most=-float(value(match["n"])))
        yield (*match.span(), made, True)
    for match in re.finditer(
        rf"\b{CMP}(?P<n>{COUNT}){POST} (?:other )?{PLACES}\b(?P<after> or more)?", line
    ):
        up = _upwards(line, *match.span())
        if up is None:
            continue
        word = match["cmp"] or "at least"
        made = compared("gained", value(match["n"]), word, match["post"] or match["after"])
        if not up:
            low = None if made.most is None else -made.most
            high = None if made.least is None else -made.least
            made = Condition("gained", least=low, most=high)
        yield (*match.span(), made, True)


def firsts(line: str) -> Iterator[Found]:
    """Who was in front, and when: at the start, or at the end."""
    front = r"(?:first|foremost|ahead|leader|front|best)"
    start = r"(?:getaway|launch|beginning|lights|outset|off|away|saturday|qualifying)"
    end = r"(?:end|close|line|counted|mattered|arrive|afterwards|ultimately|sunday|home|evening)"
    for fact, near in (("pole", start), ("won", end)):
        for match in re.finditer(
            rf"\b{front}\b(?: (?!and|but|or|from)[a-z]+){{0,3}}? {near}\b", line
        ):
            yield (*match.span(), Condition(fact, least=1.0, most=1.0), False)


def late_starts(line: str) -> Iterator[Found]:
    """Who set off when the others had gone started from the pit lane."""
    pattern = (
        r"\b(?:let|releas\w+|join\w*|wait\w*|held|sent|waved|follow\w*|set off|start\w*|left|"
        r"depart\w*)\b(?: \w+){0,6}? (?:after|once|until|till|behind|late|last)"
        r"\b(?: \w+){0,3}? (?:others|rest|everyone|everybody|field|all|pack)\b"
    )
    for match in re.finditer(pattern, line):
        yield (*match.span(), Condition("pit_lane", least=1.0, most=1.0), False)


def _happened(line: str, start: int, end: int) -> str | None:
    """The fact whose word stands nearest."""
    near: dict[str, int] = {}
    for fact, words in _DONE.items():
        for match in re.finditer(rf"\b(?:{words})\b", line):
            away = start - match.end() if match.end() <= start else match.start() - end
            near[fact] = min(near.get(fact, away), max(away, 0))
    return min(near, key=near.__getitem__) if near else None


def _upwards(line: str, start: int, end: int) -> bool | None:
    after = line[end:].split()[:3]
    for word in after:
        for up, words in ((False, _DOWN), (True, _UP)):
            if re.fullmatch(words, word):
                return up
    before = line[:start].split()[-_NEAR:]
    for place, word in reversed(list(enumerate(before))):
        by = "by" in before[place + 1 :]
        if re.fullmatch(_DOWN, word):
            return False
        if re.fullmatch(r"pass\w*|overt\w+", word) and by:
            return False
        if word in ("up", "away") and place and re.fullmatch(_LOST, before[place - 1]):
            return False
        if re.fullmatch(_UP, word):
            return True
    return None
