"""What the files of a deployment have to agree on: commands, variables, ports, secrets, names."""

import re
import tomllib

import pytest
import yaml

from f1_pipeline import __version__
from f1_pipeline.settings import Settings
from f1_pipeline_tests.deploy import tree
from f1_pipeline_tests.deploy.programs import parsed
from f1_pipeline_tests.deploy.tree import DEPLOY, ROOT, Command
from f1_pipeline_tests.tooling.test_locks import unpinned

PORTS = {"api": 8000, "web": 3000, "code": 4000, "redis": 6379, "postgres": 5432}
# Read by what is in the image, and by no code of the project.
OF_OTHERS = {
    "PATH",
    "HOME",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "MPLCONFIGDIR",  # matplotlib
    "DAGSTER_DISABLE_TELEMETRY",
    "DAGSTER_DAEMON_HEARTBEAT_TOLERANCE",
    "FORWARDED_ALLOW_IPS",  # uvicorn
    "F1_USERNAME",  # FastF1
    "F1_PASSWORD",
    "REDIS_PASSWORD",  # of the Redis beside it, part of CELERY_BROKER_URL
}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY$|DATABASE_URL|CELERY_|WEBHOOK")
# A password within an address that is written out, not referred to.
LITERAL = re.compile(r"\w+://[^:/@\s]*:(?!\$\{|PASSWORD@)[^@/\s]+@")


def known() -> set[str]:
    """Variables that the project reads, and those that its files for Dagster name."""
    aliases = {str(field.validation_alias) for field in Settings.model_fields.values()}
    files = [ROOT / "dagster.yaml", DEPLOY / "celery" / "dagster.yaml", DEPLOY / "workspace.yaml"]
    named = {name for file in files for name in re.findall(r"\{env: (\w+)\}", file.read_text())}
    return aliases | named | OF_OTHERS


OWN = [c for c in tree.commands() if c.words[0] not in ("python", "celery", "find")]
# What `pip install` of the image needs besides: the read API, workers, stories in a model's words.
EXTRAS = ("api", "celery", "anthropic")


@pytest.mark.parametrize("command", OWN, ids=lambda c: c.where)
def test_a_command_is_one_that_the_program_takes(command):
    assert parsed(command) is None


@pytest.mark.parametrize(
    "words",
    [
        ("f1-pipeline", "prepares"),
        ("f1-pipeline", "serve", "--hosts", "0.0.0.0"),
        ("f1-pipeline", "worker", "--concurrency", "many"),
        ("dagster", "code-server", "begin", "-m", "f1_pipeline.definitions"),
        ("dagster-webserver", "--workspaces", "x"),
        ("dagster-daemon", "liveness"),
        ("f1-pipelin", "run"),
    ],
)
def test_a_command_that_no_program_takes_is_found(words):
    assert parsed(Command("here", words)) is not None


def test_every_kind_of_process_is_started_somewhere():
    starts = {c.words[:2] for c in tree.commands()}
    wanted = {"prepare", "serve", "worker", "run", "backup"}
    assert {second for first, second in starts if first == "f1-pipeline"} == wanted
    assert ("dagster", "code-server") in starts
    assert ("dagster-daemon", "run") in starts


def test_a_worker_is_asked_the_same_everywhere():
    """The journey runs Compose's; that nobody else writes it otherwise is checked here."""
    asked = [c.words for c in tree.commands() if c.words[0] == "celery"]
    assert len(asked) == 2
    assert len(set(asked)) == 1


def test_the_lock_that_the_image_installs_holds_what_it_runs():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [line for name in EXTRAS for line in extras["optional-dependencies"][name]]
    assert unpinned(wanted, ROOT / "requirements.lock") == []


def test_python_in_health_checks_is_valid():
    scripts = [c.words[2] for c in tree.commands() if c.words[0] == "python"]
    assert len(scripts) == 3
    for script in scripts:
        compile(script, "health check", "exec")


def test_every_variable_is_one_that_somebody_reads():
    unknown = {(where, name) for where, name, _ in tree.variables() if name not in known()}
    assert unknown == set()


def test_a_variable_that_nobody_reads_is_found():
    assert not {"DATABASE_URI", "F1_CODE_HOSTS"} & known()


def test_the_settings_take_the_values_that_are_written_out():
    """Each value under its name, as the process would read it: a wrong one raises."""
    aliases = {str(f.validation_alias) for f in Settings.model_fields.values()}
    for _, name, value in tree.variables():
        if name in aliases and isinstance(value, str) and value and "$" not in value:
            Settings.model_validate({name: value})


def test_what_compose_asks_of_its_user_is_in_the_example():
    text = re.sub(r"(?m)^\s*#.*$", "", tree.COMPOSE.read_text())
    asked = {a or b for a, b in tree.REFERENCE.findall(text)}
    assert asked == tree.dotenv((DEPLOY / "env.example").read_text()).keys()


def test_no_secret_is_written_out():
    written = {
        (where, name)
        for where, name, value in tree.variables()
        if SECRET.search(name) and value and not safe(name, str(value))
    }
    assert written == set()
    for path in tree.files():
        assert not LITERAL.search(path.read_text()), path


def safe(name: str, value: str) -> bool:
    """A reference, a file's name, or an address without a password."""
    return "${" in value or name.endswith("__FILE") or bool(re.fullmatch(r"redis://[^@]+", value))


@pytest.mark.parametrize(
    ("name", "value"),
    [("DAGSTER_PG_PASSWORD", "letmein"), ("DATABASE_URL", "postgresql://f1:letmein@db/f1")],
)
def test_a_secret_that_is_written_out_is_found(name, value):
    assert SECRET.search(name)
    assert not safe(name, value)


def test_a_password_within_an_address_is_found():
    assert LITERAL.search("url: redis://:letmein@redis:6379/0")
    assert not LITERAL.search("postgresql://f1:${POSTGRES_PASSWORD:?set it}@postgres:5432/f1")


def test_examples_of_secrets_are_empty():
    for path in tree.files():
        if "secrets" in path.name and path.name.endswith(".example"):
            assert set(tree.dotenv(path.read_text()).values()) == {""}


def test_ports_agree():
    exposed = dict(tree.final_stage(tree.DOCKERFILE.read_text()))["EXPOSE"].split()
    assert {int(port) for port in exposed} == {8000, 3000, 4000}
    [server] = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    assert server["grpc_server"]["port"] == PORTS["code"]
    for _, resource in tree.resources():
        name = resource["metadata"]["name"]
        if resource["kind"] == "Service":
            assert [p["port"] for p in resource["spec"]["ports"]] == [PORTS[name]]
    for name, template in tree.pods():
        for container in template["spec"]["containers"]:
            for port in container.get("ports", []):
                assert (port["name"], port["containerPort"]) == (name, PORTS[name])
    for name, service in tree.services().items():
        if name in ("api", "web"):
            assert service["ports"][0].endswith(f":{PORTS[name]}")
    asked = re.findall(r"\b(api|web|redis|postgres|code):(\d{4})\b", everything())
    assert len(asked) > 6
    assert {(name, int(port)) for name, port in asked} <= set(PORTS.items())


def test_commands_listen_on_the_ports_that_are_asked():
    for command in tree.commands():
        words = command.words
        if words[0] == "dagster-webserver":
            assert words[words.index("-p") + 1] == "3000", command
        if words[:2] == ("dagster", "code-server"):
            assert words[words.index("--port") + 1] == "4000", command
        if words[:2] == ("dagster", "api"):
            assert words[words.index("-p") + 1] == "4000", command
        if words[:2] == ("f1-pipeline", "serve"):
            assert "--port" not in words, command  # PORT, or 8000


def everything() -> str:
    """All files as one text, comments gone."""
    return re.sub(r"(?m)^\s*#.*$", "", "\n".join(path.read_text() for path in tree.files()))


def test_the_image_of_kubernetes_is_this_version():
    for path in tree.KUBERNETES.rglob("kustomization.yaml"):
        [image] = yaml.safe_load(path.read_text())["images"]
        assert image == {"name": "f1-pipeline", "newTag": __version__}


def test_what_pods_refer_to_is_there():
    kinds: dict[str, set[str]] = {}
    for _, resource in tree.resources():
        kinds.setdefault(resource["kind"], set()).add(resource["metadata"]["name"])
    generators = yaml.safe_load((tree.KUBERNETES / "prepare" / "kustomization.yaml").read_text())
    secrets = {one["name"] for one in generators["secretGenerator"]}
    labels = set()
    for _, template in tree.pods():
        labels |= set(template["metadata"]["labels"].items())
        for volume in template["spec"].get("volumes", []):
            if claim := volume.get("persistentVolumeClaim"):
                assert claim["claimName"] in kinds["PersistentVolumeClaim"]
        for container in template["spec"]["containers"]:
            for source in container.get("envFrom", []):
                of = source.get("configMapRef") or source.get("secretRef")
                assert of["name"] in kinds["ConfigMap"] | secrets
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted == {volume["name"] for volume in template["spec"]["volumes"]}
    for _, resource in tree.resources():
        if resource["kind"] == "NetworkPolicy":
            for pair in resource["spec"]["podSelector"].get("matchLabels", {}).items():
                assert pair in labels


def test_every_container_of_compose_is_held_tight():
    for name, service in tree.services().items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"cpus", "memory", "pids"} == service["deploy"]["resources"]["limits"].keys(), name
        assert service["profiles"], name
        assert "healthcheck" in service, name
        if name != "postgres":
            assert not service["user"].startswith("0:"), name
        for port in service.get("ports", []):
            assert port.startswith(("127.0.0.1:", "${F1_BIND:-127.0.0.1}:")), port


def test_a_profile_starts_whatever_it_waits_for():
    services = tree.services()
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            missing = set(service["profiles"]) - set(services[other]["profiles"])
            assert not missing, f"{name} waits for {other}, which {missing} does not start"
    profiles = {profile for service in services.values() for profile in service["profiles"]}
    assert profiles == {"dev", "full", "monitoring", "training", "training-quick"}


def test_the_dagster_ui_is_never_open():
    """No Ingress, no public service: only nginx with a password, or loopback."""
    for _, resource in tree.resources():
        if resource["kind"] == "Ingress":
            assert "web" not in str(resource["spec"]["rules"])
        if resource["kind"] == "Service":
            assert resource["spec"].get("type", "ClusterIP") == "ClusterIP"
    assert tree.services()["web"]["ports"][0].startswith("127.0.0.1:")
