"""What a search found, for people at a terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def show(found: dict[str, Any]) -> None:
    """A row per answer, and before them what the query was taken to say."""
    console = Console()
    if found["certain"]:
        console.print(f"[dim]Only:[/] {escape(', '.join(found['certain']))}", highlight=False)
    if found["likely"]:
        console.print(f"[dim]Rather:[/] {escape(', '.join(found['likely']))}", highlight=False)
    if not found["hits"]:
        said = "fits all of that" if found["certain"] else "has any of these words"
        console.print(f"None of {found['documents']} documents {said}.")
        return
    table = Table("Race", "Matched", "What happened")
    for hit in found["hits"]:
        race = f"[bold]{escape(hit['event_id'])}[/]"
        who = f"\n{escape(hit['driver_id'])}" if hit["driver_id"] else ""
        table.add_row(race + who, escape(", ".join(hit["matched"])), escape(hit["text"]))
    console.print(table)
