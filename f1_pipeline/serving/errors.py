"""The one shape of an error. What becomes of other exceptions is decided in `app`."""

from typing import Any

from starlette.exceptions import HTTPException


class ApiError(HTTPException):
    """What a client is told: a code for programs, a sentence for people, and what to do."""

    def __init__(
        self, status: int, code: str, message: str, hint: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.code = code
        self.hint = hint

    def body(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.detail, "hint": self.hint}


def not_found(code: str, message: str, hint: str) -> ApiError:
    return ApiError(404, code, message, hint)


def unavailable(code: str, message: str, hint: str, seconds: int = 5) -> ApiError:
    """503: it is not the client's fault, and it may try again after so many seconds."""
    return ApiError(503, code, message, hint, {"Retry-After": str(seconds)})
