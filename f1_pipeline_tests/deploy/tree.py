"""The files of a deployment, read: instructions, services, pods, what each of them runs and sets.

Here belongs reading alone. What is right or wrong with them is in `validators` and the tests.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE, COMPOSE, RENDER = DEPLOY / "Dockerfile", DEPLOY / "compose.yaml", DEPLOY / "render.yaml"
KUBERNETES = DEPLOY / "kubernetes"
# What a shell, Compose or Kubernetes puts a value in place of.
REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)[^}]*\}|\$\(([A-Z][A-Z0-9_]*)\)")


@dataclass(frozen=True)
class Command:
    """What a file has somebody run; `where` tells a person."""

    where: str
    words: tuple[str, ...]


def files() -> list[Path]:
    """All files under deploy/, as git would see them: what people make there is left out."""
    private = {"secrets", "__pycache__"}
    made = {".env", "secrets.env", "secrets-api.env", "secrets-prepare.env"}
    return sorted(
        path
        for path in DEPLOY.rglob("*")
        if path.is_file() and not private & set(path.parts) and path.name not in made
    )


def instructions(text: str) -> list[tuple[str, str]]:
    """A Dockerfile's instructions with their arguments, lines joined, comments gone."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    split = (line.strip().partition(" ") for line in joined.splitlines() if line.strip())
    return [(word.upper(), rest.strip()) for word, _, rest in split]


def final_stage(text: str) -> list[tuple[str, str]]:
    """The instructions of the image itself."""
    found = instructions(text)
    starts = [index for index, (word, _) in enumerate(found) if word == "FROM"]
    return found[starts[-1] :]


def image_variables(text: str) -> dict[str, str]:
    """What ENV sets in the image."""
    pairs = [
        word.partition("=")
        for name, rest in final_stage(text)
        if name == "ENV"
        for word in shlex.split(rest)
    ]
    return {name: value for name, _, value in pairs}


@cache
def services() -> dict[str, dict[str, Any]]:
    """Compose's services, anchors resolved."""
    return yaml.safe_load(COMPOSE.read_text())["services"]


def own(service: dict[str, Any]) -> bool:
    """Whether a service runs the project's image."""
    return str(service["image"]).startswith("f1-pipeline:")


@cache
def resources() -> list[tuple[str, dict[str, Any]]]:
    """Kubernetes' resources with the file of each; kustomizations are none."""
    return [
        (str(path.relative_to(KUBERNETES)), document)
        for path in sorted(KUBERNETES.rglob("*.yaml"))
        if path.name != "kustomization.yaml"
        for document in yaml.safe_load_all(path.read_text())
    ]


def pod_of(resource: dict[str, Any]) -> dict[str, Any] | None:
    """The template of its pods, of a kind that has one."""
    spec = resource.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return spec.get("template")


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each resource with pods its name and their template."""
    for _, resource in resources():
        if template := pod_of(resource):
            yield resource["metadata"]["name"], template


@cache
def blueprint() -> dict[str, Any]:
    return yaml.safe_load(RENDER.read_text())


def commands() -> list[Command]:
    """All that any file has a process of the project's image run, health checks included."""
    return [*_of_image(), *_of_compose(), *_of_kubernetes(), *_of_render()]


def _of_image() -> Iterator[Command]:
    for word, rest in final_stage(DOCKERFILE.read_text()):
        if word in ("CMD", "HEALTHCHECK"):
            yield Command(f"Dockerfile {word}", tuple(yaml.safe_load(rest[rest.index("[") :])))


def _of_compose() -> Iterator[Command]:
    for name, service in services().items():
        if not own(service):
            continue
        if "command" in service:
            yield Command(f"compose {name}", tuple(service["command"]))
        test = service.get("healthcheck", {}).get("test")
        if test:
            yield from _checked(f"compose {name} healthcheck", test)


def _checked(where: str, test: list[str]) -> Iterator[Command]:
    form, *words = test
    shell = ["sh", "-c", words[0].replace("$$", "$")]
    yield from _unwrapped(where, shell if form == "CMD-SHELL" else words)


def _of_kubernetes() -> Iterator[Command]:
    for name, template in pods():
        for container in template["spec"]["containers"]:
            if container["image"] != "f1-pipeline":
                continue
            yield from _unwrapped(f"kubernetes {name}", container["command"])
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                words = container.get(probe, {}).get("exec", {}).get("command")
                if words:
                    yield from _unwrapped(f"kubernetes {name} {probe}", words)


def _of_render() -> Iterator[Command]:
    for service in blueprint()["services"]:
        for field in ("dockerCommand", "preDeployCommand"):
            if field in service:
                words = tuple(shlex.split(service[field]))
                yield Command(f"render {service['name']} {field}", words)


def _unwrapped(where: str, words: list[str]) -> Iterator[Command]:
    """The lines of a shell's script each by itself."""
    if words[0] != "sh":
        yield Command(where, tuple(words))
        return
    for line in filter(str.strip, words[-1].splitlines()):
        yield Command(where, tuple(shlex.split(line)))


def variables() -> Iterator[tuple[str, str, Any]]:
    """Every environment variable that a file sets for a process of the project, and its value."""
    for name, value in image_variables(DOCKERFILE.read_text()).items():
        yield "Dockerfile", name, value
    for service, settings in services().items():
        if own(settings):
            for name, value in settings.get("environment", {}).items():
                yield f"compose {service}", name, value
    for file, resource in resources():
        if resource["kind"] == "ConfigMap":
            for name, value in resource["data"].items():
                yield f"kubernetes {file}", name, value
    for pod, template in pods():
        for container in template["spec"]["containers"]:
            for entry in container.get("env", []):
                yield f"kubernetes {pod}", entry["name"], entry.get("value")
    for path in sorted(KUBERNETES.rglob("*.env.example")):
        for name, value in dotenv(path.read_text()).items():
            yield f"kubernetes {path.name}", name, value
    groups = blueprint()["envVarGroups"]
    for owner in [*blueprint()["services"], *groups]:
        for entry in owner["envVars"]:
            if "key" in entry:
                yield f"render {owner['name']}", entry["key"], entry.get("value")


def dotenv(text: str) -> dict[str, str]:
    """NAME=value lines. Raises ValueError for a line that is neither one nor a comment."""
    found = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not (equals and re.fullmatch(r"[A-Z][A-Z0-9_]*", name)):
            raise ValueError(f"no NAME=value: {line}")
        if name in found:
            raise ValueError(f"twice: {name}")
        found[name] = value
    return found
