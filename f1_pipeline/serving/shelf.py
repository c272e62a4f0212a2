"""The cache that workers share, in Redis. What it does not know, or cannot say, is a miss.

After a fault it is left alone for some seconds, so that its loss costs one short wait and no more.
"""

import json
import logging
import time
from datetime import datetime

from redis.asyncio import Redis
from redis.exceptions import RedisError

from f1_pipeline.serving.cache import Kept

LOG = logging.getLogger("f1_pipeline.serving")
_PATIENCE = 0.1  # seconds for an answer: reading the tables takes some 10 ms
_PAUSE = 5.0
_FAULTS = (RedisError, OSError, ValueError, KeyError)


class RedisShelf:
    """Answers of the workers of one database, each for as long as it may hold."""

    def __init__(self, url: str, name: str, seconds: int) -> None:
        """`name`: of the database, whose answers must not be taken for another one's."""
        self._redis = Redis.from_url(
            url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, max_connections=8
        )
        self._name = name
        self._seconds = seconds
        self._until = 0.0

    async def get(self, key: str, token: str) -> Kept | None:
        if time.monotonic() < self._until:
            return None
        try:
            found = await self._redis.get(self._key(key, token))
            if not isinstance(found, bytes):
                return None
            head, _, value = found.partition(b"\n")
            fields = json.loads(head)
            made_at, until = (datetime.fromisoformat(fields[n]) for n in ("made_at", "until"))
            return Kept(value, token, made_at, until, fields["etag"])
        except _FAULTS as error:
            self._give_up(error)
            return None

    async def put(self, key: str, kept: Kept) -> None:
        if time.monotonic() < self._until or not self._seconds:
            return
        head = {
            "made_at": kept.made_at.isoformat(),
            "until": kept.until.isoformat(),
            "etag": kept.etag,
        }
        try:
            value = json.dumps(head).encode() + b"\n" + kept.value
            await self._redis.set(self._key(key, kept.token), value, ex=self._seconds)
        except _FAULTS as error:
            self._give_up(error)

    async def close(self) -> None:
        await self._redis.aclose()

    def _key(self, key: str, token: str) -> str:
        return f"f1:{self._name}:{token}:{key}"

    def _give_up(self, error: Exception) -> None:
        self._until = time.monotonic() + _PAUSE
        LOG.warning("Redis does not answer (%s): going on without it", type(error).__name__)
