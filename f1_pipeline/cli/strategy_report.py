"""What `f1-pipeline strategy` and `backtest --strategy` print."""

from typing import Any

from rich.markdown import Markdown
from rich.table import Table

from f1_pipeline.cli.report import OUT

_NAMES = {"S": "softs", "M": "mediums", "H": "hards"}


def show(found: dict[str, Any]) -> None:
    """Plans of one driver, each in a line; of all drivers the recommended one of each."""
    one = "driver_id" in found
    rows = found["plans"] if one else [row for row in found["plans"] if row["rank"] == 1]
    about = f"{found['driver_id']}, from {rows[0]['grid_position']}" if one else "recommended plans"
    source = rows[0]["grid_source"]
    OUT.print(f"\n[bold]{found['event_id']}[/bold] · {about} · grid: {source}")
    table = Table(box=None, header_style="dim", pad_edge=False)
    titles = [
        "" if one else "driver",
        "plan",
        "stops",
        "chosen",
        "place",
        "points",
        "gains",
        "loses",
    ]
    for title in (*titles, "behind the best (80 %)"):
        table.add_column(title, justify="left" if title in ("", "driver", "plan") else "right")
    for row in rows:
        table.add_row(*_cells(row, one))
    OUT.print(table)
    if one:
        _window(rows[0])
        _advice(found["advice"])
    for note in _notes(found, rows):
        OUT.print(note)


def _cells(row: dict[str, Any], one: bool) -> list[str]:
    mark = "yours" if row.get("own") else ("first" if row["rank"] == 1 else "")
    low, high = row["difference_low"], row["difference_high"]
    behind = f"{row['difference']:+.1f} ({low:+.1f} to {high:+.1f})"
    return [
        mark if one else row["driver_id"],
        row["plan"],
        str(row["stops"]),
        f"{row['chosen_share']:.0%}",
        f"{row['expected_position']:.1f}",
        f"{row['expected_points']:.1f}",
        f"{row['p_gain']:.0%}",
        f"{row['p_lose']:.0%}",
        behind if row["clear"] else f"{behind} no clear difference",
    ]


def _window(row: dict[str, Any]) -> None:
    stops = zip(row["window_first"] or [], row["window_last"] or [], strict=True)
    told = [f"stop {n} on laps {a:.0f} to {b:.0f}" for n, (a, b) in enumerate(stops, start=1)]
    if told:
        OUT.print(f"{row['plan']}: {', '.join(told)} cost the same.")


def _advice(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        laps = f"laps {row['first_lap']} to {row['last_lap']}"
        if row["difference"] is None:
            OUT.print(f"Safety car on {laps}: too few simulated races with a stop left to tell.")
        else:
            OUT.print(
                f"Safety car on {laps}: [bold]{row['advice']}[/bold] "
                f"({row['difference']:+.1f} places by stopping, {row['draws']} races)."
            )


def _notes(found: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    first = rows[0]
    rests_on = (
        f"[dim]Of {first['dry_races']} dry races, {first['circuit_races']} of them here; "
        f"{first['draws']} simulated. Chosen: chance that teams stop so often.[/dim]"
    )
    notes = [rests_on]
    notes += [
        f"[yellow]Against the rules: {note}.[/yellow]"
        for note in found.get("against_the_rules", [])
    ]
    if found.get("held") and not found["was_dry"]:
        notes.append("[yellow]That race was wet; plans are for a dry one.[/yellow]")
    if found.get("held") and found["laps_run"] < 0.75 * found["laps"]:
        notes.append(
            f"[yellow]It was stopped after {found['laps_run']} of {found['laps']} laps.[/yellow]"
        )
    if first["pit_lane"] and "driver_id" in found:
        notes.append("[dim]Starts from the pit lane.[/dim]")
    if found.get("experimental", first.get("experimental")):
        notes.append(
            "[yellow]Experimental: the backtest does not show that such plans beat constants "
            "(`f1-pipeline backtest --strategy`).[/yellow]"
        )
    return notes


def backtest(words: str) -> None:
    OUT.print(Markdown(words))
