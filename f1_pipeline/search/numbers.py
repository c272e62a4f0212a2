"""Numbers in a query: seasons, counts of stops and cautions, places gained, positions.

Each reader takes the words as one line, in which words that are understood already are `_`, and
gives conditions with the stretch of the line that said them.
"""

import re
from collections.abc import Iterator

from f1_pipeline.search.conditions import Condition
from f1_pipeline.search.words import NUMBERS, ORDINALS, bag

Found = tuple[int, int, Condition, bool]  # from, to, what, and whether it is certain
_Y = r"(?:19|20)\d\d"
COUNT = r"(?:\d{1,3}|dozen|" + "|".join(NUMBERS) + ")"
ORDINAL = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|p ?\d{1,2}|(?:position|place|slot) \d{1,2}|"
    + "|".join(ORDINALS)
    + ")"
)
CMP = (
    r"(?:(?P<cmp>at least|no fewer than|no less than|minimum of|more than|over|upwards of|"
    r"fewer than|less than|under|at most|up to|no more than|exactly|only|just) )?"
)
POST = r"(?P<post> or more| or fewer| or less| plus)?"
_MORE = {"more than": 1, "over": 1, "upwards of": 1}
_LEAST = ("at least", "no fewer than", "no less than", "minimum of")
_FEWER = {"fewer than": 1, "less than": 1, "under": 1, "at most": 0, "up to": 0, "no more than": 0}

_RANGES = (
    rf"\b(?:from )?(?P<a2>{_Y}) (?:to|until|till|through) (?P<b2>{_Y}|\d\d)\b|\b(?P<decade>{_Y})s\b"
    rf"|\b(?P<rel>since|after|before|until|till|up to|through|from|prior to|pre|post|by) "
    rf"(?:season )?(?P<y>{_Y})(?: onwards?| on)?\b"
    rf"|\b(?P<on>{_Y}) (?:onwards?|or later|and later|and after|and beyond|or after)\b"
    rf"|\b(?P<till>{_Y}) (?:or earlier|and earlier|and before|or before)\b|\b(?P<one>{_Y})\b"
)
_WHAT = {
    "virtual_safety_cars": r"virtual safety cars?|vscs?|virtual scs?",
    "safety_cars": r"(?:full )?safety cars?(?: periods?| phases?)?",
    "red_flags": r"red flags?|red flag periods?",
    "stops": r"(?:pit ?|tyre |tire )?stop(?:s|pers?)?|pitstops?",
    "points": r"(?:championship )?points?",
}
_SERVED = r"(?:visit|chang|swap|boot|servic|rubber|tyres|pits|garage|box)\w*(?: (?!at|more|up)\w+)?"
_UP = (
    r"gain\w*|ma[dk]\w+ up|won|climb\w*|pick\w* up|up|rose|recover\w*|advanc\w*|mov\w+ up|jump\w*|"
    r"overt\w+|pass\w*|went up|improv\w*|leapt|vault\w*|leapfrog\w*"
)
_DOWN = (
    r"los[te]\w*|losing|drop\w*|fell|fall\w*|slip\w*|down|slid|sank|tumbl\w*|plummet\w*|slump\w*"
)
PLACES = (
    r"(?:grid )?(?:places?|positions?|spots?|slots?|berths?|cars|rivals|rungs|others|opponents|men|"
    r"competitors)"
)
# Before an "up" that is no gain.
_SWALLOWED = "swallowed|gobbled|eaten|snapped|ended|hoovered|gave|given|give|giving"
_START = re.compile(r"start\w*|grid|qualif\w*|from|lined|line|beg[aiu]n\w*|slot|launch\w*")
_FINISH = re.compile(
    r"finish\w*|to|end\w*|c[ao]me|coming|classified|home|cross\w*|plac\w+|into|took|result\w*|flag|"
    r"became|brought|race|secur\w*|claim\w*|score\w*|reach\w*"
)
_LATER = bag(
    "eventually end ultimately close later finally sunday ended conclusion evening arrive home line"
)
_EARLIER = bag(
    "saturday qualifying qualifier qualifiers launch getaway away outset beginning set queue berth"
)
_NO_ORDER = (
    r"(?! (?:row|stint|set|step|start|half|tyre|lap|stop|corner|best|time|season|win|title))"
)


def seasons(line: str) -> list[Found]:
    """Years, ranges and lists of them; several years are any of them."""
    years: list[float] = []
    found: list[Found] = []
    spans: list[tuple[int, int]] = []
    for match in re.finditer(rf"\bbetween (?P<a>{_Y}) and (?P<b>{_Y})|{_RANGES}", line):
        part = match.groupdict()
        start, end = match.span()
        if part["a"] or part["a2"]:
            low = int(part["a"] or part["a2"])
            high = int(part["b"] or part["b2"])
            high += low // 100 * 100 if high < 100 else 0
            found.append((start, end, _range("season", min(low, high), max(low, high)), True))
        elif part["decade"]:
            decade = int(part["decade"])
            found.append((start, end, _range("season", decade, decade + 9), True))
        elif part["rel"]:
            year, word = int(part["y"]), part["rel"]
            if word in ("since", "from"):
                made = _range("season", year, None)
            elif word in ("after", "post"):
                made = _range("season", year + 1, None)
            elif word in ("before", "pre", "prior to"):
                made = _range("season", None, year - 1)
            else:
                made = _range("season", None, year)
            found.append((start, end, made, True))
        elif part["on"]:
            found.append((start, end, _range("season", int(part["on"]), None), True))
        elif part["till"]:
            found.append((start, end, _range("season", None, int(part["till"])), True))
        else:
            years.append(float(part["one"]))
            spans.append((start, end))
    for place, (start, end) in enumerate(spans):
        if place == 0:
            made = Condition("season", among=tuple(sorted(set(years))))
            found.append((start, end, made, True))
        else:
            found.append((start, end, found[-1][2], True))
    return found


def counts(line: str) -> Iterator[Found]:
    """Stops, cautions and points, by number."""
    for fact, what in _WHAT.items():
        pattern = (
            rf"\b{CMP}(?P<n>{COUNT}|no|any)(?: (?:or|to) (?P<m>{COUNT}))?{POST} (?:single )?"
            rf"(?:{what})\b(?P<after> or more| or fewer| or less)?"
        )
        for match in re.finditer(pattern, line):
            if match["n"] == "any":
                continue
            low = 0 if match["n"] == "no" else value(match["n"])
            post = match["post"] or match["after"]
            if match["m"]:
                made = _range(fact, low, value(match["m"]))
            else:
                made = compared(fact, low, match["cmp"], post)
            yield (*match.span(), made, True)
    times = (
        rf"\b(?:(?P<sure>stop\w*|pit\w*|came in)|{_SERVED}) "
        rf"{CMP}(?P<n>once|twice|thrice|{COUNT} times)\b{POST}"
    )
    for match in re.finditer(times, line):
        word = match["n"].split()[0]
        number = {"once": 1, "twice": 2, "thrice": 3}.get(word) or value(word)
        yield (
            *match.span(),
            compared("stops", number, match["cmp"], match["post"]),
            bool(match["sure"]),
        )


def changes(line: str) -> Iterator[Found]:
    """Places gained or lost; ten places are ten or more, unless they are said to be exactly ten."""
    amount = rf"{CMP}(?P<n>{COUNT}){POST} {PLACES}\b(?P<after> or more)?"
    for match in re.finditer(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))(?: by)? {amount}", line):
        if re.search(rf"\b(?:{_SWALLOWED}) $", line[: match.start()]):
            continue
        yield (*match.span(), _change(match, match["up"] is not None), True)
    ways = (
        r"(?:(?P<up>gain\w*|higher|better|ahead|up|further up|made up|improvement|climb|gain)|"
        r"(?P<down>lost|lower|worse|down|further back|back|dropped|loss))"
    )
    for match in re.finditer(rf"\b{amount} (?:were |was |of )?{ways}\b", line):
        yield (*match.span(), _change(match, match["up"] is not None), True)


def positions(line: str) -> Iterator[Found]:
    """Places on the grid or at the finish, by which of them the words around speak of."""
    top = (
        r"\b(?P<out>outside|out of|"
        r"(?:not|never|nowhere)(?: even)? (?:in|inside|into|among|near|within)|beyond|missed|"
        r"missing|below|behind|lower than|short of)? ?(?:in |inside |within )?"
        r"(?P<kind>top|first|best|front|leading|bottom|last) "
        rf"(?P<n>{COUNT})\b(?! (?:laps?|stops?|races?|seasons?|corners?|rows?|times?|stints?))"
    )
    for match in re.finditer(top, line):
        number = value(match["n"])
        fact = _role(line, *match.span()) or "finish"
        if match["kind"] == "leading":
            fact = "grid"
        if match["out"] in ("out of", "missed", "missing", "short of"):
            fact = "finish"
        if match["kind"] in ("bottom", "last"):
            # fields have been of 20 cars since 2017
            yield (*match.span(), _range(fact, 21 - number, None), False)
        elif match["out"]:
            yield (*match.span(), _range(fact, number + 1, None), True)
        else:
            yield (*match.span(), _range(fact, None, number), True)
    found = (
        r"\b(?P<cmp>lower than|worse than|below|behind|beyond|further back than|higher than|"
        r"better than|ahead of|above|outside|between)? ?"
        rf"(?P<n>{ORDINAL})(?: (?:place|position|spot|slot|berth))?\b{_NO_ORDER}"
        rf"(?: (?P<link>or|and) (?P<m>{ORDINAL})\b{_NO_ORDER})?"
        r"(?P<post> (?:or|and) (?:lower|worse|below|further back|further down|back|later|beyond|"
        r"better|higher|above|up|ahead))?(?P<place> place| position| berth)?"
    )
    for match in re.finditer(found, line):
        role = _role(line, *match.span())
        if role is None and re.search(r"place|position|\bp ?\d", match[0]):
            role = "finish"
        if role is not None:
            yield (*match.span(), _placed(role, match), True)


def _placed(fact: str, match: "re.Match[str]") -> Condition:
    number = order(match["n"])
    word, post = match["cmp"], (match["post"] or "").split()[1:]
    if match["m"]:
        other = order(match["m"])
        if word == "between":
            return _range(fact, min(number, other), max(number, other))
        return Condition(fact, among=(float(number), float(other)))
    if word in ("higher than", "better than", "ahead of", "above"):
        return _range(fact, None, number - 1)
    if word and word != "between":
        return _range(fact, number + 1, None)
    if post:
        better = post[0] in ("better", "higher", "above", "up", "ahead")
        return _range(fact, None, number) if better else _range(fact, number, None)
    return _range(fact, number, number)


def _role(line: str, start: int, end: int) -> str | None:
    """Grid or finish: by the word before, those that follow, or the nearest of five before."""
    after = line[end:].split()[:3]
    if after[:2] == ["on", "grid"] or after[:2] == ["in", "qualifying"]:
        return "grid"
    before = line[:start].split()
    if before and _START.fullmatch(before[-1]):
        return "grid"
    if before and _FINISH.fullmatch(before[-1]):
        return "finish"
    if after[:1] and after[0] in ("start", "starts", "starter", "starting", "starters", "grid"):
        return "grid"
    if after[:1] and after[0].startswith("finish"):
        return "finish"
    # Where the two are set against each other the later words speak of the finish.
    if set(after) & _LATER:
        return "finish"
    if set(after) & _EARLIER:
        return "grid"
    for word in reversed(before[-5:]):
        if _START.fullmatch(word):
            return "grid"
        if _FINISH.fullmatch(word):
            return "finish"
    return None


def _change(match: "re.Match[str]", up: bool) -> Condition:
    number, word = value(match["n"]), match["cmp"]
    plain = compared("gained", number, word or "at least", match["post"])
    if up:
        return plain
    low = None if plain.most is None else -plain.most
    high = None if plain.least is None else -plain.least
    return Condition("gained", least=low, most=high)


def compared(fact: str, number: int, word: str | None, post: str | None) -> Condition:
    if word in _MORE:
        return _range(fact, number + 1, None)
    if word in _LEAST or (post and post.split()[-1] in ("more", "plus")):
        return _range(fact, number, None)
    if word in _FEWER:
        return _range(fact, None, number - _FEWER[word])
    if post:
        return _range(fact, None, number)
    return _range(fact, number, number)


def _range(fact: str, low: int | None, high: int | None) -> Condition:
    least = None if low is None else float(low)
    return Condition(fact, least=least, most=None if high is None else float(high))


def value(word: str) -> int:
    return 12 if word == "dozen" else NUMBERS[word] if word in NUMBERS else int(word)


def order(word: str) -> int:
    digits = re.sub(r"\D", "", word)
    return int(digits) if digits else ORDINALS[word]
