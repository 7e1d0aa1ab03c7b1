"""What Provider.stats tells. No secret is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kmsak._errors import KmsakError


@dataclass(frozen=True)
class SecretStats:
    """One cached secret.

    Attributes:
        name: The secret's name.
        version_id: The version in the cache.
        access_key_id: The AccessKey id in the cache, for a managed RAM secret.
        age: How long ago the cached value was fetched from KMS.
        stale_for: The age of the cached value if the latest refresh failed; zero when it succeeded.
        next_refresh_in: The time until the next scheduled refresh.
        fetches: Successful fetches.
        failures: Failed fetches.
        renewals: Renewals after a rejected AccessKey that asked KMS.
        last_error: The latest failure, if the latest fetch failed.

    """

    name: str
    version_id: str | None
    access_key_id: str | None
    age: timedelta | None
    stale_for: timedelta
    next_refresh_in: timedelta | None
    fetches: int
    failures: int
    renewals: int
    last_error: KmsakError | None


@dataclass(frozen=True)
class EndpointStats:
    """One endpoint.

    Attributes:
        endpoint: Host, and port where it is not 443.
        down: Whether it is passed over at the moment.
        latency: The moving average of its answers' latency.
        requests: Requests sent to it and ended.
        failures: Those that failed.
        throttled_for: How long it throttled this process the last time that somebody waited, or has until now: times
            KMS's quota, about the size of the fleet.

    """

    endpoint: str
    down: bool
    latency: timedelta | None
    requests: int
    failures: int
    throttled_for: timedelta | None


@dataclass(frozen=True)
class ClientKeyStats:
    """One ClientKey, as its certificate describes it.

    Attributes:
        key_id: ``KAAP.`` and a UUID.
        instance_id: The KMS instance that it belongs to.
        not_before: The start of its validity (UTC).
        not_after: The end of its validity (UTC).
        days_left: Whole days until it expires; 0 once it has.

    """

    key_id: str
    instance_id: str | None
    not_before: datetime
    not_after: datetime
    days_left: int


@dataclass(frozen=True)
class IdentityInfo:
    """Who asks KMS.

    Attributes:
        kind: As ``credentials_type`` calls it, such as ``client_key`` or ``ecs_ram_role``.
        name: A ClientKey's or AccessKey's id, a role's name or ARN; empty where there is nothing to tell.
        access_key_id: The AccessKey id that signs now, once there is one; None for a ClientKey.
        origin: Where that came from, as the official SDKs write it, such as ``default/env``.
        expires: When it ends (UTC), where it does.
        last_error: Why no newer one could be had, if that is so.

    """

    kind: str
    name: str
    access_key_id: str | None
    origin: str | None
    expires: datetime | None
    last_error: KmsakError | None


@dataclass(frozen=True)
class Stats:
    """A provider's state at one moment.

    Attributes:
        secrets: The secrets in the cache.
        endpoints: The endpoints as configured.
        client_keys: The ClientKeys in use.
        identities: Who asks KMS: the ClientKeys again, and all others.
        clock_skew_milliseconds: KMS's clock less this machine's, as learnt from KMS.

    """

    secrets: tuple[SecretStats, ...]
    endpoints: tuple[EndpointStats, ...]
    client_keys: tuple[ClientKeyStats, ...]
    identities: tuple[IdentityInfo, ...]
    clock_skew_milliseconds: int


# The classes of what stands in the lists.
ROWS = {
    "secrets": SecretStats,
    "endpoints": EndpointStats,
    "client_keys": ClientKeyStats,
    "identities": IdentityInfo,
}

for _class in (Stats, SecretStats, EndpointStats, ClientKeyStats, IdentityInfo):
    _class.__module__ = "kmsak"
del _class
