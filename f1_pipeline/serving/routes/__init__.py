"""The addresses: what is asked of which answer. They read nothing themselves."""

from typing import Any

from f1_pipeline.serving.schemas import Problem

_TEXTS = {
    400: "The request makes no sense.",
    401: "The key is missing or wrong.",
    403: "Nobody may: the server has no key.",
    404: "There is no such thing.",
    405: "Not this method.",
    409: "Too little is held for it.",
    413: "The body is too large.",
    422: "The request breaks its schema.",
    429: "Too many of these from this client.",
    500: "Something went wrong here.",
    503: "The database cannot be used now.",
    504: "It took too long.",
}


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """What an address may answer besides: the codes named, and those that any may."""
    every = (400, 422, 503, *codes)
    return {code: {"model": Problem, "description": _TEXTS[code]} for code in sorted(every)}
