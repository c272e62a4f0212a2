"""What is wrong with a file of a deployment: one function for each kind, each a list of faults.

A file has one validator, chosen by where it lies (`CLAIMS`). What several files have to agree on
is in test_agreement.py.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config_schema
from dagster._core.workspace.config_schema import WORKSPACE_CONFIG_SCHEMA

from f1_pipeline_tests.deploy import monitoring, nginx, render
from f1_pipeline_tests.deploy.tree import ROOT, dotenv, pod_of

Faults = list[str]
# The oldest that is still maintained, and the newest that the schemas know.
KUBERNETES_VERSIONS = ("1.34", "1.37")
_KUSTOMIZATION = {
    *("apiVersion", "kind", "namespace", "resources", "secretGenerator", "generatorOptions"),
    *("images",),
}


def dockerfile(path: Path) -> Faults:
    """hadolint's word: any finding, of style too."""
    return _told([_program("hadolint"), "--no-color", str(path)])


def compose(path: Path) -> Faults:
    """The specification's schema."""
    return _told(
        [_program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(path)]
    )


def kubernetes(path: Path) -> Faults:
    """The API's schemas, with no field that they do not know; pods that `restricted` takes."""
    faults = []
    for resource in yaml.safe_load_all(path.read_text()):
        for version in KUBERNETES_VERSIONS:
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                faults.append(f"{version}: {error.message}")
            except kubernetes_validate.SchemaNotFoundError as error:
                faults.append(error.message)
        if template := pod_of(resource):
            faults += _restricted(template["spec"])
    return faults


def _restricted(spec: dict[str, Any]) -> Faults:
    """What Pod Security's profile `restricted` refuses, and what else no pod here has."""
    faults = []
    around = spec.get("securityContext", {})
    wanted = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    faults += [f"pod: {key}" for key, value in wanted.items() if around.get(key) != value]
    if not around.get("runAsUser"):
        faults.append("pod: no user")
    if spec.get("automountServiceAccountToken") is not False:
        faults.append("pod: holds a token of the cluster")
    for container in spec["containers"] + spec.get("initContainers", []):
        within = container.get("securityContext", {})
        wanted = {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        name = container["name"]
        faults += [f"{name}: {key}" for key, value in wanted.items() if within.get(key) != value]
        limits = container.get("resources", {})
        if "memory" not in limits.get("limits", {}) or "memory" not in limits.get("requests", {}):
            faults.append(f"{name}: no limit of memory")
    return faults


def kustomization(path: Path) -> Faults:
    """Fields that kustomize documents; every resource is there, every file beside it is listed."""
    file = yaml.safe_load(path.read_text())
    faults = [f"unknown field {name}" for name in file.keys() - _KUSTOMIZATION]
    if (file.get("apiVersion"), file.get("kind")) != (
        "kustomize.config.k8s.io/v1beta1",
        "Kustomization",
    ):
        faults.append("no Kustomization")
    listed = set(file.get("resources", []))
    beside = {one.name for one in path.parent.glob("*.yaml")} - {path.name}
    nested = {one.parent.name for one in path.parent.glob("*/kustomization.yaml")}
    faults += [f"{name} is listed and not there" for name in listed - beside - nested]
    faults += [f"{name} is not listed" for name in (beside | nested) - listed]
    for generator in file.get("secretGenerator", []):
        faults += [
            f"{name}.example is not there"
            for name in generator.get("envs", [])
            if not path.with_name(f"{name}.example").is_file()
        ]
        if generator.keys() - {"name", "envs"}:
            faults.append(f"{generator['name']}: a literal, or an unknown field")
    return faults


def example(path: Path) -> Faults:
    """NAME=value, and no value where it would be a secret."""
    try:
        dotenv(path.read_text())
    except ValueError as error:
        return [str(error)]
    return []


def workspace(path: Path) -> Faults:
    """The schema that Dagster's own loader applies."""
    return _dagster(WORKSPACE_CONFIG_SCHEMA, path)


def instance(path: Path) -> Faults:
    """The schema that Dagster applies to an instance's dagster.yaml."""
    return _dagster(dagster_instance_config_schema(), path)


def _dagster(schema: Any, path: Path) -> Faults:
    done = validate_config(schema, yaml.safe_load(path.read_text()))
    return [error.message for error in done.errors or []]


def shell(path: Path) -> Faults:
    """A script that the shell can read and that ends at the first error; test_image.py runs it."""
    faults = _told(["sh", "-n", str(path)])
    if not {"set -eu", "set -e"} & set(path.read_text().splitlines()):
        faults.append("goes on after an error")
    return faults


def run_by_other_tests(path: Path) -> Faults:
    """Run by tests of its own: some module beside these names it."""
    within = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
    tests = (ROOT / "f1_pipeline_tests").rglob("*.py")
    named = any(
        within in text or path.name in text
        for test in tests
        if test.parent.name != "deploy" and (text := test.read_text())
    )
    return [] if named else [f"no test names {within}"]


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _told(command: list[str]) -> Faults:
    """What a program says that ends with an error."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    said = (done.stdout + done.stderr).strip().splitlines()
    return said or [f"exit status {done.returncode}"] if done.returncode else []


# A pattern of the whole path under deploy/, and whose it is.
CLAIMS: dict[str, Callable[[Path], Faults]] = {
    r"Dockerfile": dockerfile,
    r"compose\.yaml": compose,
    r"workspace\.yaml": workspace,
    r"celery/dagster\.yaml": instance,
    r"postgres/\w+\.sql": run_by_other_tests,
    r"postgres/\w+\.sh": shell,
    r"(.+/)?[\w.-]*env\.example": example,
    r"kubernetes/(\w+/)?kustomization\.yaml": kustomization,
    r"kubernetes/(\w+/)?(?!kustomization)\w+\.yaml": kubernetes,
    r"render\.yaml": render.faults,
    r"nginx/\w+\.conf": nginx.faults,
    r"monitoring/prometheus\.yml": monitoring.scraping,
    r"monitoring/alerts\.yml": monitoring.alerts,
    r"monitoring/grafana/dashboards/\w+\.json": monitoring.dashboard,
    r"monitoring/grafana/provisioning/datasources/\w+\.yaml": monitoring.datasources,
    r"monitoring/grafana/provisioning/dashboards/\w+\.yaml": monitoring.providers,
}


def validators_of(within: str) -> list[Callable[[Path], Faults]]:
    """Whose a file is, by its path under deploy/."""
    return [validator for pattern, validator in CLAIMS.items() if re.fullmatch(pattern, within)]
