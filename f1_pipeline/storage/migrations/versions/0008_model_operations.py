"""The registry's history, the gate, tuning, health, incidents, removals; backtests by recipe."""

import sqlalchemy as sa
from alembic import op

from f1_pipeline.storage.migrations.ddl import SCHEMA, create, drop, prefix, remake, withdraw

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # Whose rows they are was not kept; both are computed again.
    drop("backtest_predictions")
    create(
        "backtest_predictions",
        """
        event_id text, season bigint, round bigint, driver_id text, constructor_id text,
        horizon text, p_win double, p_podium double, p_points double, p_dnf double,
        expected_position double, position_p05 bigint, position_p95 bigint,
        position_probabilities json, grid_position bigint null, grid_source text, model
        text, tier text, recipe text, model_version text, fingerprint text, finish_order bigint,
        classified boolean, retired boolean
        """,
        key="event_id driver_id horizon grid_source model tier recipe",
    )
    drop("track_record")
    create(
        "track_record",
        """
        recipe text, period text, tier text, horizon text, grid_source text, against text,
        metric text, first_season bigint, last_season bigint, races bigint, value double null,
        reference double null, difference double null, low double null, high double null
        """,
        key="recipe period tier horizon grid_source against metric",
    )
    create(
        "recipes",
        """
        recipe text, parameters text null, code_version bigint null, origin text, stage text,
        created_at timestamptz, changed_at timestamptz
        """,
        key="recipe",
    )
    create(
        "promotions",
        """
        promotion bigint, promoted_at timestamptz, model_version text, recipe text, parent text
        null, action text, promoted_by text, reason text, decision text null
        """,
        key="promotion",
    )
    create(
        "gate_decisions",
        """
        decision text, kind text, decided_at timestamptz, model_version text, recipe text,
        champion text null, accepted boolean, races bigint, first_event text null, last_event text
        null, horizon text, against text, metric text, value double null, reference double null,
        difference double null, low double null, high double null, bound double, passed boolean
        """,
        key="decision horizon against metric",
    )
    create(
        "tuning_trials",
        """
        study text, trial bigint, season bigint, recipe text, parameters text, score double,
        races bigint, tried_at timestamptz
        """,
        key="study trial season",
    )
    create(
        "drift_report",
        """
        event_id text, subject text, name text, psi double null, ks double null, p_value double
        null, races bigint, reference_races bigint, drifted boolean, cause text null
        """,
        key="event_id subject name",
    )
    create(
        "model_health",
        """
        event_id text, horizon text, model_version text, races bigint, published bigint,
        rps double null, rps_baseline double null, rps_low double null, rps_high double null,
        points_ll double null, points_ll_baseline double null, points_ll_low double null,
        points_ll_high double null, calibration_error double null, drift_score double null,
        status text, reason text
        """,
        key="event_id horizon",
    )
    create(
        "incidents",
        """
        incident text, opened_at timestamptz, kind text, message text, told_at timestamptz null,
        closed_at timestamptz null, end_told_at timestamptz null
        """,
        key="incident opened_at",
    )
    create(
        "removals",
        """
        removed_at timestamptz, kind text, name text, reason text, bytes bigint null, run_id text
        """,
        key="removed_at kind name",
    )
    _keep_what_is_in_force()


def _keep_what_is_in_force() -> None:
    """The fit that forecasts now goes on; what its recipe was made of was not kept."""
    connection = op.get_bind()
    schema = SCHEMA if connection.dialect.name == "postgresql" else None

    def table(name: str, columns: str) -> sa.TableClause:
        return sa.table(name, *(sa.column(c) for c in columns.split()), schema=schema)

    models = table("models", "model_version recipe stage created_at promoted_at")
    is_champion = sa.case((models.c.stage == "champion", 1), else_=0)
    newest = sa.select(
        models.c.recipe,
        sa.literal("code"),
        sa.case((sa.func.max(is_champion) == 1, "champion"), else_="challenger"),
        sa.func.min(models.c.created_at),
        sa.func.max(models.c.promoted_at),
    ).group_by(models.c.recipe)
    recipes = table("recipes", "recipe origin stage created_at changed_at")
    connection.execute(sa.insert(recipes).from_select(list(recipes.c.keys()), newest))
    in_force = sa.select(
        sa.literal(1),
        models.c.promoted_at,
        models.c.model_version,
        models.c.recipe,
        sa.literal("refit"),
        sa.literal("an earlier version"),
        sa.literal("in force before there was a gate"),
    ).where(models.c.stage == "champion")
    columns = "promotion promoted_at model_version recipe action promoted_by reason"
    promotions = table("promotions", columns)
    connection.execute(sa.insert(promotions).from_select(columns.split(), in_force))


def downgrade() -> None:
    """The registry's history, decisions, trials, health, incidents and removals are lost for good.

    Backtest and track record keep the rows of one recipe, the one in force if it has any.
    """
    remake(
        "backtest_predictions",
        """
        event_id text, season bigint, round bigint, driver_id text, constructor_id text,
        horizon text, p_win double, p_podium double, p_points double, p_dnf double,
        expected_position double, position_p05 bigint, position_p95 bigint,
        position_probabilities json, grid_position bigint null, grid_source text, model
        text, tier text, model_version text, fingerprint text, finish_order bigint, classified
        boolean, retired boolean
        """,
        key="event_id driver_id horizon grid_source model tier",
        where=_of_one_recipe("backtest_predictions"),
    )
    remake(
        "track_record",
        """
        period text, tier text, horizon text, grid_source text, against text, metric text,
        first_season bigint, last_season bigint, races bigint, value double null, reference double
        null, difference double null, low double null, high double null
        """,
        key="period tier horizon grid_source against metric",
        where=_of_one_recipe("track_record"),
    )
    withdraw("recipes", "promotions", "gate_decisions", "tuning_trials", "drift_report")
    withdraw("model_health", "incidents", "removals")


def _of_one_recipe(table: str) -> str:
    """The condition that leaves one row for each key of before."""
    return f"""recipe = (
        SELECT held.recipe FROM (SELECT DISTINCT recipe FROM {prefix()}{table}) held
        LEFT JOIN {prefix()}recipes known ON known.recipe = held.recipe
        ORDER BY CASE known.stage WHEN 'champion' THEN 0 WHEN 'challenger' THEN 1 ELSE 2 END,
                 CASE WHEN known.created_at IS NULL THEN 1 ELSE 0 END, known.created_at DESC,
                 held.recipe
        LIMIT 1)"""
