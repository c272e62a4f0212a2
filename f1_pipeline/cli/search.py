"""The command of search: one query, or a line of JSON for each while another process asks."""

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from f1_pipeline.errors import PipelineError, UsageError
from f1_pipeline.settings import load_settings

if TYPE_CHECKING:
    from f1_pipeline.search.index import Index

LONGEST = 1000  # characters; what is longer is no question
_MOST = 100
_EXAMPLE = '`f1-pipeline search "a wet race won with one stop from outside the front row"`'


def search(
    query: Annotated[
        str, typer.Argument(help="In words, such as 'a wet race won from 12th'.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="Answers.")] = 10,
    races: Annotated[
        bool, typer.Option("--races", help="Races instead of drivers in them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    answering: Annotated[bool, typer.Option("--answering", hidden=True)] = False,
) -> None:
    """Ask the archive: which races were like that."""
    finder = Finder()
    if answering:
        _answer_lines(finder)
        return
    if not query.strip():
        raise UsageError(f"nothing is asked: say what to look for, as in {_EXAMPLE}.")
    found = finder.find({"query": query, "limit": limit, "of": "race" if races else "driver"})
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        from f1_pipeline.cli import search_report

        search_report.show(found)


class Finder:
    """The index in force, loaded when it is first asked, and again when another one is in force."""

    def __init__(self) -> None:
        self._index: Index | None = None

    def find(self, asked: dict[str, Any]) -> dict[str, Any]:
        """`query`, `limit`, `of` and `filters`, and the `version` if it is known, to an answer.

        Raises `UsageError` for what cannot be asked, `PipelineError` where there is no index.
        """
        from f1_pipeline.search import asked as given
        from f1_pipeline.search import index

        # A byte that is no text cannot be printed either.
        query = str(asked["query"]).encode("utf-8", "replace").decode()
        if len(query) > LONGEST:
            raise UsageError(
                f"a query of {len(query)} characters is no question: ask in at most {LONGEST}."
            )
        filters = given.conditions(asked.get("filters") or {})
        held = self._in_force(asked.get("version"))
        hits = index.search(held, query, asked["limit"], asked["of"], filters)
        certain, likely = index.understood(held, query)
        return {
            "query": query,
            "version": held.version,
            "documents": len(held.driver.texts if asked["of"] == "driver" else held.race.texts),
            "certain": certain,
            "likely": likely,
            "hits": [
                {
                    "event_id": hit.event_id,
                    "driver_id": hit.driver_id,
                    "score": round(hit.score, 4),
                    "matched": list(hit.matched),
                    "text": hit.text,
                }
                for hit in hits
            ],
        }

    def _in_force(self, version: str | None) -> "Index":
        from f1_pipeline.search import saved
        from f1_pipeline.storage.folders import Folders
        from f1_pipeline.storage.warehouse import Warehouse

        if self._index is not None and version == self._index.version:
            return self._index
        settings = load_settings()
        rows = Warehouse(settings.database_url).read("search_index")
        if rows.empty:
            raise PipelineError("there is no search index yet: run `f1-pipeline run` first.")
        row = rows.iloc[0]
        if self._index is None or self._index.version != row["version"]:
            folders = Folders(settings.search_store)
            if not folders.holds(row["version"], row["artifact_sha256"]):
                raise PipelineError(
                    f"the search index under {folders.address} is missing or was changed: "
                    "materialize search_index, or run `f1-pipeline run`."
                )
            with folders.copy(row["version"]) as folder:
                self._index = saved.load(folder)
        return self._index


def _answer_lines(finder: Finder) -> None:
    """A line of JSON for each line of JSON, until the other side closes."""
    # Read before the first question: the first answer then takes as long as any.
    with suppress(PipelineError):
        finder.find({"query": "rain", "limit": 1, "of": "driver"})
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = finder.find(json.loads(line))
        except UsageError as error:
            answer = {"refused": str(error)}
        except (ValueError, KeyError, TypeError) as error:
            answer = {"refused": f"a question is an object with query, limit and of ({error!r})."}
        except PipelineError as error:
            answer = {"unavailable": str(error)}
        print(json.dumps(answer), flush=True)
