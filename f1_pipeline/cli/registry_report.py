"""What `models list` prints: fits and recipes with their stages, and the gate's last decisions."""

import pandas as pd
from rich.table import Table

from f1_pipeline.cli.report import OUT
from f1_pipeline.modelling import gate

_COLOURS = {"champion": "green", "challenger": "yellow"}


def registry(
    fits: pd.DataFrame, recipes: pd.DataFrame, decisions: pd.DataFrame, strays: list[str]
) -> None:
    """Fits, recipes, the newest decision on each recipe, and folders that no row names."""
    if fits.empty:
        OUT.print("No model is registered yet: run `f1-pipeline run` first.")
    else:
        OUT.print(_fits(fits))
    if len(recipes):
        OUT.print(_recipes(recipes, decisions))
    for name in strays:
        OUT.print(f"[yellow]{name}: an artifact that no row names; retention removes it.[/yellow]")


def _fits(fits: pd.DataFrame) -> Table:
    table = _table("fit", "stage", "recipe", "trained on", "made", "artifact", "put in force")
    for row in fits.to_dict("records"):
        artifact = row["artifact"]
        table.add_row(
            row["model_version"],
            _stage(row["stage"]),
            row["recipe"],
            f"{row['races']} races to {row['last_event']}",
            f"{row['created_at']:%Y-%m-%d}",
            artifact if artifact == "intact" else f"[red]{artifact}[/red]",
            "" if pd.isna(row["action"]) else f"{row['action']}: {row['promoted_by']}",
        )
    return table


def _recipes(recipes: pd.DataFrame, decisions: pd.DataFrame) -> Table:
    table = _table("recipe", "stage", "from", "the gate's newest decision")
    judged = decisions[decisions["kind"].eq("gate")].sort_values("decided_at", kind="stable")
    for row in recipes.sort_values("created_at").to_dict("records"):
        mine = judged[judged["recipe"].eq(row["recipe"])]
        newest = mine[mine["decision"].eq(mine["decision"].iloc[-1])] if len(mine) else mine
        table.add_row(row["recipe"], _stage(row["stage"]), row["origin"], _in_words(newest))
    return table


def _in_words(decision: pd.DataFrame) -> str:
    if decision.empty:
        return ""
    first = decision.iloc[0]
    verdict = "[green]passed[/green]" if first["accepted"] else "[red]refused[/red]"
    races = f"{first['races']} races to {first['last_event']}"
    return f"{verdict} {first['decided_at']:%Y-%m-%d}, {races}: {gate.in_words(decision)}"


def _stage(stage: str) -> str:
    colour = _COLOURS.get(stage)
    return f"[{colour}]{stage}[/{colour}]" if colour else stage


def _table(*titles: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title in titles:
        table.add_column(title, no_wrap=title in ("fit", "recipe", "stage"))
    return table
