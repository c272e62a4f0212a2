"""What `dagster dev` loads is the same with workspace.yaml and without it."""

from pathlib import Path

from dagster._core.workspace.load_target import PyProjectFileTarget, WorkspaceFileTarget

ROOT = Path(__file__).parents[2]


def test_workspace_and_pyproject_name_the_same_code_location():
    (workspace,) = WorkspaceFileTarget(paths=[str(ROOT / "workspace.yaml")]).create_origins()
    (project,) = PyProjectFileTarget(path=str(ROOT / "pyproject.toml")).create_origins()

    assert workspace.location_name == project.location_name == "f1_pipeline"
    assert workspace.loadable_target_origin.module_name == "f1_pipeline.definitions"
    assert project.loadable_target_origin.module_name == "f1_pipeline.definitions"
