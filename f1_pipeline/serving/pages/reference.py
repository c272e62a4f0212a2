"""The page that lists every address of the read API, from its schema. It needs no script."""

from dataclasses import dataclass
from typing import Any

from f1_pipeline.serving.pages.render import render


@dataclass(frozen=True)
class Address:
    """One way to ask. `link`: where a browser may follow it, None if it needs something given."""

    method: str
    path: str
    summary: str
    parameters: list[tuple[str, str]]
    sent: str | None
    link: str | None


def reference_page(schema: dict[str, Any]) -> str:
    """`schema`: the OpenAPI document."""
    groups: dict[str, list[Address]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            address = _address(method, path, operation)
            groups.setdefault(operation["tags"][0], []).append(address)
    return render(
        "reference.html",
        title="The read API",
        description="Every address, what it takes and what it answers.",
        groups=groups,
        version=schema["info"]["version"],
    )


def _address(method: str, path: str, operation: dict[str, Any]) -> Address:
    parameters = operation.get("parameters", [])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    sent = body.get("schema", {}).get("$ref", "").rpartition("/")[2] or None
    return Address(
        method.upper(),
        path,
        operation.get("description", operation["summary"]),
        [(p["name"], p.get("description", "")) for p in parameters],
        sent,
        path if method == "get" and not any(p["required"] for p in parameters) else None,
    )
