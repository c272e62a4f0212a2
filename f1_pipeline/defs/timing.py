"""Raw recordings of an event's sessions: laps, weather, track status, messages, practice.

All five come from one load of each session, so they are one asset of five. Half a session is kept
and says what is missing; without an account nothing is, and no run fails for it.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from f1_pipeline import automation
from f1_pipeline.defs import collecting, recording
from f1_pipeline.defs.recording import Recorded
from f1_pipeline.defs.resources import Storage, Upstream
from f1_pipeline.defs.specs import EVENTS, describe
from f1_pipeline.storage.answers import Answer

# Of each asset: the part of a recording, and what it is.
PARTS = {
    "laps": ("laps", "Every lap of an event's sessions: times, tyres, pit entries and exits"),
    "weather": ("weather", "Readings of the weather station during an event's sessions"),
    "track_status": ("track_status", "Flags and safety cars of an event's sessions"),
    "race_control": ("race_control", "Race control's messages during an event's sessions"),
    "practice": ("results", "Who drove in an event's practice sessions, and their best times"),
}


class Sessions(dg.Config):
    """Which sessions to record (FP1 FP2 FP3 Q SQ S R); none: all that ended and are not whole."""

    sessions: list[str] = Field(default_factory=list)


@dg.multi_asset(
    name="timing",
    specs=[
        dg.AssetSpec(
            ["raw", name],
            deps=[dg.AssetKey(["raw", "calendar"])],
            **describe(
                "raw",
                description=f"{what}, as FastF1 loads them, in Parquet under F1_DATA_DIR. "
                "Live timing needs an F1 account: see the notice where it refuses.",
                kinds={"parquet"},
                made_by=("sources",),
            ),
        )
        for name, (_, what) in PARTS.items()
    ],
    partitions_def=EVENTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[
        dg.AssetCheckSpec(
            "account",
            asset=dg.AssetKey(["raw", "laps"]),
            description="F1's live timing answers. It needs an F1 account, whose token ends.",
        )
    ],
)
def timing(
    context: dg.AssetExecutionContext, config: Sessions, storage: Storage, upstream: Upstream
) -> Iterator[dg.MaterializeResult]:
    """Record the sessions of the run's events; what is kept and whole is not asked for again."""
    keys = list(context.partition_keys)
    sessions = recording.ended(storage, keys)
    if config.sessions:
        sessions = [session for session in sessions if session.kind in config.sessions]
    else:
        sessions = recording.incomplete(storage, upstream, sessions)
    with collecting.clear_waits(context):
        recorded = recording.record(context, upstream, sessions)
    if recorded.failed:
        raise dg.Failure("; ".join(sorted(set(recorded.failed.values()))), allow_retries=False)
    notice = recorded.refused or upstream.expiry_notice()
    kept = upstream.answers.current(automation.RECORDED)
    for name, (part, _) in PARTS.items():
        for key in keys:
            mine = [answer for answer in kept if answer.key == key]
            context.add_asset_metadata(
                shown(part, mine, recorded), asset_key=["raw", name], partition_key=key
            )
        of_run = [answer for answer in kept if answer.key in keys]
        yield dg.MaterializeResult(
            asset_key=["raw", name],
            data_version=dg.DataVersion(version(part, of_run)),
            check_results=[account_check(notice)] if name == "laps" else [],
        )


def account_check(notice: str | None) -> dg.AssetCheckResult:
    """The one notice of a refusal, or of a token that is about to end."""
    return dg.AssetCheckResult(
        asset_key=["raw", "laps"],
        check_name="account",
        passed=notice is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"answer": notice or "F1's live timing answers."},
    )


def shown(part: str, answers: list[Answer], recorded: Recorded) -> dict[str, Any]:
    """What the UI shows of an event: rows, and by session what is missing."""
    files = [answer.content["files"].get(part) for answer in answers]
    missing = {a.kind: why for a in answers if (why := a.content["missing"].get(part))}
    missing |= {kind: why for (kind, _), why in recorded.absent.items()}
    lines = "\n".join(f"- {kind}: {why}" for kind, why in missing.items())
    return {
        "dagster/row_count": sum(file["rows"] for file in files if file),
        "sessions": ", ".join(answer.kind for answer in answers) or "none",
        "missing": dg.MetadataValue.md(recorded.refused or lines or "nothing"),
    }


def version(part: str, answers: list[Answer]) -> str:
    """One hash of a part of many sessions."""
    files = sorted(
        f"{a.key} {a.kind} {a.content['files'].get(part, {}).get('hash')}" for a in answers
    )
    return hashlib.sha256("\n".join(files).encode()).hexdigest()[:16]
