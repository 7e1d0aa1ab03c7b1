"""What Provider.subscribe and Provider.events tell. No event carries a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from kmsak._errors import KmsakError


@dataclass(frozen=True)
class Event:
    """Something that happened inside a provider.

    Attributes:
        name: The event's name, the same word in every language that kmsak serves.

    """

    name: ClassVar[str]


@dataclass(frozen=True)
class Fetched(Event):
    """A secret was fetched from KMS, whether or not it had changed.

    Attributes:
        secret: The secret's name.
        version_id: The version now in the cache.

    """

    name = "fetched"
    secret: str
    version_id: str


@dataclass(frozen=True)
class Rotated(Event):
    """The cache now holds another AccessKey than before.

    Attributes:
        secret: The secret's name.
        old_access_key_id: The AccessKey id that was in use.
        new_access_key_id: The AccessKey id in use from now on.

    """

    name = "rotated"
    secret: str
    old_access_key_id: str
    new_access_key_id: str


@dataclass(frozen=True)
class RefreshFailed(Event):
    """A secret could not be refreshed. The cached value, if there is one, stays in use.

    Attributes:
        secret: The secret's name.
        error: Why.
        stale_for: How long ago the cached value was fetched; zero when nothing is cached.
        next_try_in: When it is tried again without anybody asking; None when nothing is cached.

    """

    name = "refresh_failed"
    secret: str
    error: KmsakError
    stale_for: timedelta
    next_try_in: timedelta | None


@dataclass(frozen=True)
class EndpointDown(Event):
    """An endpoint failed repeatedly and is passed over for a while.

    Attributes:
        endpoint: Its host, and port where it is not 443.
        error: The latest failure.

    """

    name = "endpoint_down"
    endpoint: str
    error: KmsakError


@dataclass(frozen=True)
class EndpointUp(Event):
    """An endpoint that was down answers again.

    Attributes:
        endpoint: Its host, and port where it is not 443.

    """

    name = "endpoint_up"
    endpoint: str


@dataclass(frozen=True)
class ClientKeyExpiring(Event):
    """The ClientKey's validity ends soon, or has ended (days_left is then 0).

    Attributes:
        key_id: The ClientKey's id.
        not_after: The end of its validity (UTC).
        days_left: Whole days until then.

    """

    name = "client_key_expiring"
    key_id: str
    not_after: datetime
    days_left: int


@dataclass(frozen=True)
class ClientKeyReplaced(Event):
    """The ClientKey file was replaced and KMS accepts the new one.

    Attributes:
        old_key_id: The id of the ClientKey that was in use.
        new_key_id: The id of the one in use from now on.

    """

    name = "client_key_replaced"
    old_key_id: str
    new_key_id: str


@dataclass(frozen=True)
class ClientKeyUnusable(Event):
    """The ClientKey, password or CA file changed, but what it holds now cannot be used: the old one stays.

    Attributes:
        key_id: The id of the ClientKey that stays in use.
        error: Why the new one was not taken over.

    """

    name = "client_key_unusable"
    key_id: str
    error: KmsakError


@dataclass(frozen=True)
class IdentityRenewed(Event):
    """Who asks KMS has another AccessKey: that of a role was renewed, or a source gave another one.

    Attributes:
        identity: Its kind and name, such as ``ecs_ram_role app``.
        access_key_id: The AccessKey id in use from now on.
        expires: When it ends (UTC), where it does.

    """

    name = "identity_renewed"
    identity: str
    access_key_id: str
    expires: datetime | None


@dataclass(frozen=True)
class IdentityUnavailable(Event):
    """Who asks KMS could not get another AccessKey. The one in use, if there is one, is used to its end.

    Attributes:
        identity: Its kind and name, such as ``ecs_ram_role app``.
        error: Why.
        expires: When the one in use ends (UTC), where it does.

    """

    name = "identity_unavailable"
    identity: str
    error: KmsakError
    expires: datetime | None


@dataclass(frozen=True)
class CacheFileUsed(Event):
    """KMS cannot be reached and the secret was taken from the encrypted cache file.

    Attributes:
        secret: The secret's name.
        age: How long ago the value was fetched from KMS.

    """

    name = "cache_file_used"
    secret: str
    age: timedelta


@dataclass(frozen=True)
class RotationBroken(Event):
    """KMS says that it cannot rotate a secret whose rotation is on. Told once, and again if that was mended meanwhile.

    Attributes:
        secret: The secret's name.

    """

    name = "rotation_broken"
    secret: str


BY_NAME = {event.name: event for event in Event.__subclasses__()}

for _class in (Event, *Event.__subclasses__()):
    _class.__module__ = "kmsak"
del _class
