"""How the server logs: a line of text or of JSON each, on standard error."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

_KNOWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class JsonLines(logging.Formatter):
    """A record as one line of JSON, with what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _KNOWN}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configuration(level: str, form: str) -> dict[str, Any]:
    """For `logging.config`, in every worker: one handler; requests at INFO, where wanted."""
    wants_requests = form == "json" or level in ("DEBUG", "INFO")
    text = {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonLines} if form == "json" else text},
        "handlers": {"error": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": level, "handlers": ["error"]},
        "loggers": {
            "f1_pipeline.access": {"level": "INFO" if wants_requests else "WARNING"},
            "uvicorn": {"level": level},
        },
    }
