"""What an MLflow server answers a client that logs runs: the few endpoints of its REST interface
that this takes, kept in memory. Everything else is 404.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"


@dataclass
class Server:
    """What was logged. `status`: what every request is answered, but for 200; `slow`: after that
    many seconds.
    """

    url: str = ""
    status: int = 200
    slow: float = 0.0
    asked: list[str] = field(default_factory=list)
    experiments: list[str] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def answer(self, path: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a request, or None where there is no such thing."""
        match path:
            case "experiments/get-by-name" if given["experiment_name"] in self.experiments:
                found = self.experiments.index(given["experiment_name"])
                return {"experiment": {"experiment_id": str(found), "name": "f1"}}
            case "experiments/create":
                self.experiments.append(given["name"])
                return {"experiment_id": str(len(self.experiments) - 1)}
            case "runs/search":
                name = given["filter"].rpartition(" = ")[2].strip("'")
                tagged = [run for run in self.runs if _tags(run).get("f1.model_version") == name]
                return {"runs": tagged}
            case "runs/create":
                run_id = f"run{len(self.runs)}"
                info = {
                    "run_id": run_id,
                    "run_uuid": run_id,
                    "run_name": given["run_name"],
                    "experiment_id": given["experiment_id"],
                    "status": "RUNNING",
                    "artifact_uri": f"mlflow-artifacts:/0/{run_id}/artifacts",
                    "lifecycle_stage": "active",
                }
                data = {"tags": given["tags"], "params": [], "metrics": []}
                self.runs.append({"info": info, "data": data})
                return {"run": self.runs[-1]}
            case "runs/log-batch":
                data = self._run(given)["data"]
                for part in ("metrics", "params", "tags"):
                    new = {one["key"]: one for one in given.get(part, [])}
                    old = [one for one in data[part] if one["key"] not in new]
                    data[part] = [*old, *new.values()]
                return {}
            case "runs/get":
                return {"run": self._run(given)}
            case "runs/update":
                self._run(given)["info"]["status"] = given["status"]
                return {}
        return None

    def _run(self, given: dict[str, Any]) -> dict[str, Any]:
        return next(run for run in self.runs if run["info"]["run_id"] == given["run_id"])


def _tags(run: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


class _Handler(BaseHTTPRequestHandler):
    server_: Server

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self._reply(parts.path, asked)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._reply(self.path, json.loads(body))

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server_.files[self.path.removeprefix(ARTIFACTS)] = body
        self._reply("", {})

    def _reply(self, path: str, given: dict[str, Any]) -> None:
        self.server_.asked.append(self.path)
        time.sleep(self.server_.slow)
        status, answer = self.server_.status, {}
        if status == 200 and path:
            found = self.server_.answer(path.removeprefix(API), given)
            missing = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"no {path}"}
            status, answer = (200, found) if found is not None else (404, missing)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is no news."""


@contextmanager
def serving(**settings: Any) -> Iterator[Server]:
    """A server in a thread of this process until the block ends."""
    made = Server(**settings)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_": made}))
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
