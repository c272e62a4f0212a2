"""What the commands print: a race's forecast, and how good such forecasts have been."""

import json
from datetime import datetime
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

OUT = Console(highlight=False)
if not OUT.is_terminal:
    OUT.width = 100  # into a file or a pipe: wide enough that no row is broken
_TITLES = {
    "win_top1": "winner named (share)",
    "win_ll": "win log-loss",
    "podium_p3": "podium named (share)",
    "podium_ll": "podium log-loss",
    "points_p10": "points named (share)",
    "points_ll": "points log-loss",
    "spearman": "rank correlation",
    "mae": "position error (places)",
    "rps": "ranked probability score",
    "dnf_auc": "retirement AUC",
    "ece_win": "calibration error, win",
    "ece_podium": "calibration error, podium",
    "ece_points": "calibration error, points",
}
_HIGHER_IS_BETTER = {"win_top1", "podium_p3", "points_p10", "spearman", "dnf_auc"}


def prediction(rows: pd.DataFrame, name: str, now: datetime) -> None:
    """One race's forecast as a table, with its status and, where it is stale, that it is."""
    first = rows.iloc[0]
    OUT.print(
        f"\n[bold]{name} {first['season']}[/bold] · {first['horizon'].replace('_', ' ')} · "
        f"[bold]{first['status']}[/bold] · starts {first['event_starts_at']:%Y-%m-%d %H:%M} UTC"
    )
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title, side in (
        ("driver", "left"),
        ("team", "left"),
        ("grid", "right"),
        ("win", "right"),
        ("podium", "right"),
        ("points", "right"),
        ("retires", "right"),
        ("position (5-95 %)", "right"),
    ):
        table.add_column(title, justify=side, no_wrap=True)  # type: ignore[arg-type]
    for row in rows.to_dict("records"):
        table.add_row(
            row["driver_id"],
            row["constructor_id"],
            "" if pd.isna(row["grid_position"]) else str(row["grid_position"]),
            *(f"{row[p]:.1%}" for p in ("p_win", "p_podium", "p_points", "p_dnf")),
            f"{row['expected_position']:.1f} ({row['position_p05']}-{row['position_p95']})",
        )
    OUT.print(table)
    OUT.print(
        f"[dim]model {first['model_version']} · data {first['data_version']} · "
        f"made {first['generated_at']:%Y-%m-%d %H:%M} UTC[/dim]"
    )
    if first["degraded_reason"] is not None:
        OUT.print(f"[yellow]{first['degraded_reason']}[/yellow]")
    if first["status"] == "retrospective" and now >= first["event_starts_at"]:
        OUT.print(
            "[yellow]Stale: the start of this race has passed, and the data ends before it. "
            "Made after the start, this is no forecast.[/yellow]"
        )


def withheld(quarantine: pd.DataFrame, most: int = 5) -> None:
    """What stands in quarantine, a line for each of the first faults; nothing where none does."""
    standing = quarantine[quarantine["resolved_at"].isna()]
    if standing.empty:
        return
    events = standing["event_id"].dropna().nunique()
    OUT.print(
        f"[yellow]{len(standing)} rows break their contract and stand in quarantine; {events} "
        "events are withheld and keep their last good version:[/yellow]"
    )
    for row in standing.head(most).itertuples():
        OUT.print(f"  {row.table_name} {row.event_id or ''}: {row.reason}", markup=False)
    if len(standing) > most:
        OUT.print(f"  … and {len(standing) - most} more, in table quarantine")


def evidence(scores: dict[str, Any], period: str, horizon: str, baseline: str) -> None:
    """Walk-forward metrics beside the baseline, with paired 95 % intervals over races."""
    OUT.print(
        f"\n[bold]How good such forecasts have been[/bold] · {horizon.replace('_', ' ')} · "
        f"walk-forward, {period}, {scores['races']} races"
    )
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title in ("metric", "model", baseline, "difference", "95 % interval", ""):
        side = "left" if title in ("metric", "") else "right"
        table.add_column(title, justify=side, no_wrap=True)  # type: ignore[arg-type]
    for metric, title in _TITLES.items():
        model, grid = scores["model"][metric], scores["grid"][metric]
        difference, interval = scores["difference"][metric], scores["difference_ci"][metric]
        if model is None or grid is None or difference is None:
            continue
        table.add_row(
            title,
            f"{model:.3f}",
            f"{grid:.3f}",
            f"{difference:+.3f}",
            f"{interval[0]:+.3f} to {interval[1]:+.3f}",
            _verdict(metric, interval),
        )
    OUT.print(table)


def _verdict(metric: str, interval: list[float]) -> str:
    low, high = interval if metric in _HIGHER_IS_BETTER else (-interval[1], -interval[0])
    if low > 0:
        return "[green]better[/green]"
    return "[red]worse[/red]" if high < 0 else "[dim]no clear difference[/dim]"


def records(rows: pd.DataFrame) -> str:
    """Rows as a JSON array, instants in ISO 8601 with Z, nothing for what is missing."""
    plain = rows.astype(object).where(rows.notna(), None)
    return json.dumps(plain.to_dict("records"), default=_as_json, indent=2)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"no JSON for {type(value)}")
