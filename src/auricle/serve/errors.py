"""What a client is told when something is refused: the error object of the OpenAI API."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """``status`` is that of HTTP; ``param`` the field that is wrong, ``code`` a word for programs."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code

    @property
    def body(self) -> dict[str, Any]:
        """The JSON that goes out."""
        return {
            "error": {
                "message": self.message,
                "type": _TYPES.get(
                    self.status, "invalid_request_error" if self.status < 500 else "server_error"
                ),
                "param": self.param,
                "code": self.code,
            }
        }

    @property
    def headers(self) -> dict[str, str]:
        """What a client must also know."""
        if self.status in (429, 503):
            return {"Retry-After": "1"}
        return {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}


_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
