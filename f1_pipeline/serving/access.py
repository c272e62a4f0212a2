"""Who may do what, and how often: the key, and the limits on what is expensive or writes."""

import hmac
import logging

from fastapi import Request
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError as LimitsError
from redis.exceptions import RedisError

from f1_pipeline.serving.errors import ApiError
from f1_pipeline.settings import Settings

LOG = logging.getLogger("f1_pipeline.serving")
# Of each client. What reads a whole field of features, or many races, costs some 50 ms.
EXPENSIVE = parse("120/minute")
WRITES = parse("10/minute")
# Of what starts a process that simulates races.
PLANS = parse("6/minute")


class Access:
    """The key that is configured, and what each client has asked for of late.

    Workers share the counts if there is a Redis; without one, or without its answer, each counts
    for itself.
    """

    def __init__(self, settings: Settings) -> None:
        self._key = settings.api_key.encode()
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None
        if settings.redis_url:
            storage = RedisStorage(
                f"async+{settings.redis_url}",
                implementation="redispy",
                wrap_exceptions=True,
                socket_timeout=0.1,
                socket_connect_timeout=0.1,
            )
            self._shared = MovingWindowRateLimiter(storage)

    @property
    def key_needed(self) -> bool:
        return bool(self._key)

    def check_key(self, request: Request) -> None:
        """Raises 401 unless the request carries the key. Without a configured one all may pass."""
        if not self._key:
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        given = request.headers.get("x-api-key") or bearer
        if not hmac.compare_digest(given.encode(), self._key):
            raise ApiError(
                401,
                "key_needed",
                "This needs the server's key." if not given else "This is not the server's key.",
                "Send it as X-API-Key, or as Authorization: Bearer.",
                {"WWW-Authenticate": "Bearer"},
            )

    def require_key(self, request: Request) -> None:
        """The same, and 403 where no key is configured: then nobody may."""
        if not self._key:
            raise ApiError(
                403,
                "no_key",
                "This is refused, as the server has no key.",
                "Set PREDICTIONS_API_KEY on the server.",
            )
        self.check_key(request)

    async def limit(self, request: Request, what: str, item: RateLimitItem) -> None:
        """Count a request of its client. Raises 429 when there were too many."""
        client = request.client.host if request.client else "?"
        if await self._hit(item, what, client):
            return
        raise ApiError(
            429,
            "too_many",
            f"At most {item.amount} of these in {item.multiples} {item.GRANULARITY.name}.",
            "Wait a minute.",
            {"Retry-After": str(item.get_expiry())},
        )

    async def _hit(self, item: RateLimitItem, what: str, client: str) -> bool:
        if self._shared is not None:
            try:
                return await self._shared.hit(item, what, client)
            except (LimitsError, RedisError, OSError) as error:
                LOG.warning("Redis does not count (%s): this worker does", type(error).__name__)
        return await self._own.hit(item, what, client)
