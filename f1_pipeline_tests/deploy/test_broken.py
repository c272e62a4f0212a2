"""Each validator catches a file that is broken: one fault at a time, in a copy of the real one."""

import shutil

import pytest

from f1_pipeline_tests.deploy.tree import DEPLOY
from f1_pipeline_tests.deploy.validators import run_by_other_tests, validators_of

# The file, what is replaced in it, by what, and a word of the fault that has to be found.
BROKEN = [
    ("Dockerfile", "python:3.11-slim-bookworm AS build", "python AS build", "DL3006"),
    ("Dockerfile", "WORKDIR /build", "WORKDIR build", "DL3000"),
    ("Dockerfile", "--no-cache-dir ", "", "DL3042"),
    ("compose.yaml", "read_only: true", "readonly: true", "readonly"),
    ("compose.yaml", "condition: service_healthy", "condition: healthy", "healthy"),
    ("compose.yaml", "profiles: [dev, full]", "profiles: dev", "profiles"),
    ("workspace.yaml", "grpc_server", "grpc", "grpc"),
    ("workspace.yaml", "port: 4000", "port: [4000]", "port"),
    ("celery/dagster.yaml", "run_launcher:", "run_launchers:", "run_launchers"),
    ("celery/dagster.yaml", "enabled: true", "enabled: often", "enabled"),
    ("env.example", "POSTGRES_PASSWORD=", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD"),
    ("env.example", "F1_UI_PORT=", "F1_API_PORT=", "twice"),
    ("postgres/roles.sh", "set -eu", "", "goes on after an error"),
    ("postgres/roles.sh", "run() {", "run() {{", "Syntax error"),
    ("kubernetes/api.yaml", "replicas: 2", "replica: 2", "replica"),
    ("kubernetes/api.yaml", "replicas: 2", 'replicas: "2"', "integer"),
    ("kubernetes/api.yaml", "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot"),
    ("kubernetes/api.yaml", "drop: [ALL]", "drop: [NET_RAW]", "capabilities"),
    ("kubernetes/api.yaml", "readOnlyRootFilesystem: true", "runAsUser: 1", "readOnlyRoot"),
    ("kubernetes/api.yaml", "limits: {memory: 1536Mi}", "limits: {}", "memory"),
    ("kubernetes/api.yaml", "kind: PodDisruptionBudget", "kind: PodDisruption", "schema"),
    ("kubernetes/backup.yaml", "automountServiceAccountToken: false\n", "\n", "token"),
    ("kubernetes/backup.yaml", "concurrencyPolicy", "concurrency", "concurrency"),
    ("kubernetes/network.yaml", "policyTypes: [Egress]", "policyType: [Egress]", "policyType"),
    ("kubernetes/kustomization.yaml", "  - api.yaml\n", "", "api.yaml is not listed"),
    ("kubernetes/kustomization.yaml", "  - api.yaml\n", "  - apis.yaml\n", "not there"),
    ("kubernetes/kustomization.yaml", "namespace:", "nameSpace:", "nameSpace"),
    ("kubernetes/prepare/kustomization.yaml", "[secrets.env]", "[secret.env]", "not there"),
    ("kubernetes/prepare/kustomization.yaml", "envs: [secrets", "literals: [A", "literal"),
    ("render.yaml", "healthCheckPath", "healthcheckPath", "healthcheckPath"),
    (
        "render.yaml",
        "type: pserv\n    name: f1-ui",
        "type: web\n    name: f1-ui",
        "open to everybody",
    ),
    ("render.yaml", "name: f1-tables, property", "name: f1-table, property", "no such database"),
    ("render.yaml", 'value: "4000"', "value: 4000", "a text"),
    ("render.yaml", "fromGroup: f1-instance", "fromGroup: f1-instances", "no group"),
    ("render.yaml", "ipAllowList: []", "ipAllowList: [{source: 0.0.0.0/0}]", "internet"),
    ("nginx/nginx.conf", "ssl_protocols TLSv1.2", "ssl_protocols TLSv1 TLSv1.2", "ssl"),
    ("nginx/nginx.conf", "worker_rlimit_nofile 4096;", "", "worker_rlimit_nofile"),
    ("nginx/api.conf", "limit_req zone=reads", "limit_req zone=read", "emerg"),
    (
        "nginx/api.conf",
        "    server_name api.example.com;\n\n    #",
        "    server_nam x;\n\n #",
        "emerg",
    ),
    ("nginx/ui.conf", "https://ui.example.com$request_uri", "https://$host$uri", "http_splitting"),
    ("nginx/proxy.conf", "proxy_http_version 1.1;", "proxy_http_version 1.1", "emerg"),
    ("monitoring/prometheus.yml", "scrape_interval: 15s", "scrape_interval: 15", "15"),
    ("monitoring/prometheus.yml", "[alerts.yml]", "[alarms.yml]", "alarms.yml"),
    ("monitoring/prometheus.yml", "metrics_path", "metric_path", "metric_path"),
    ("monitoring/alerts.yml", "f1_database_up{", "f1_database{", "f1_database is given by nobody"),
    ("monitoring/alerts.yml", 'of="data"', 'kind="data"', "no label kind"),
    ("monitoring/alerts.yml", "sum(rate(f1_request", "sum(rat(f1_request", "rat"),
    ("monitoring/alerts.yml", "for: 2m", "for: soon", "soon"),
    ("monitoring/alerts.yml", "severity: critical", "severity: bad", "severity"),
    ("monitoring/alerts.yml", "summary: The read", "summry: The read", "summary"),
    ("monitoring/alerts.yml", "alert: ManyErrors", "alert: ApiDown", "twice"),
    ("monitoring/grafana/dashboards/f1_pipeline.json", '"gridPos"', '"gridpos"', "gridpos"),
    ("monitoring/grafana/dashboards/f1_pipeline.json", '"x": 4,', '"x": 3,', "lies on"),
    ("monitoring/grafana/dashboards/f1_pipeline.json", "min(f1_database_up", "min(f1_up", "f1_up"),
    ("monitoring/grafana/dashboards/f1_pipeline.json", '"id": 2,', '"id": 1,', "one id"),
    ("monitoring/grafana/provisioning/datasources/prometheus.yaml", "uid:", "id:", "id"),
    (
        "monitoring/grafana/provisioning/dashboards/f1.yaml",
        "apiVersion: 1",
        "apiVersion: 2",
        "apiV",
    ),
]


@pytest.fixture
def beside(tmp_path):
    """A copy of the whole tree, so that what a file refers to is there."""
    copy = tmp_path / "deploy"
    shutil.copytree(DEPLOY, copy, ignore=shutil.ignore_patterns("secrets", ".env"))
    return copy


@pytest.mark.parametrize(("name", "old", "new", "word"), BROKEN)
def test_what_is_broken_is_found(beside, name, old, new, word):
    path = beside / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    [validator] = validators_of(name)
    assert word in "\n".join(validator(path))


def test_a_script_that_no_test_runs_is_found(tmp_path):
    path = tmp_path / "nobody-runs-this.sql"
    path.write_text("SELECT 1")
    assert run_by_other_tests(path) != []
