"""Managed AccessKeys from Alibaba Cloud KMS, always at hand and always current.

An application holds a ClientKey (a private key file and its password) and the name of a managed RAM secret. A
Provider fetches the secret from KMS, caches it, follows its rotations and hands out the AccessKey of the hour::

    import kmsak

    with kmsak.Provider.from_file("managed_credentials_providers.properties") as provider:
        credentials = provider.credentials("acs/ram/user/app")
        use(credentials.access_key_id, credentials.access_key_secret)

``provider.call(name, function)`` runs a call to a cloud service and repeats it once with a new AccessKey when the
old one was rejected. Every waiting method has a twin for asyncio with ``_async`` behind its name. ``kmsak.adapters``
plugs a provider into Alibaba Cloud's SDKs. Log lines go to the logger ``kmsak`` of ``logging``.

A provider may be used from any thread, and after a fork in the child as well.
"""

from __future__ import annotations

from kmsak import _binary as _binary
from kmsak import _deliveries
from kmsak._errors import (
    ClientKeyError,
    ClosedError,
    ConfigurationError,
    DeniedError,
    KmsakError,
    NetworkError,
    NotFoundError,
    ServerError,
    ThrottledError,
    TimedOutError,
    TlsError,
)
from kmsak._kmsak import (
    Credentials,
    Gateway,
    Secret,
    Subscription,
    __version__,
    is_rejection,
)
from kmsak._provider import Provider
from kmsak._service_error import service_error_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kmsak._event_stream import EventStream as EventStream
    from kmsak._events import (
        CacheFileUsed,
        ClientKeyExpiring,
        ClientKeyReplaced,
        ClientKeyUnusable,
        EndpointDown,
        EndpointUp,
        Event,
        Fetched,
        IdentityRenewed,
        IdentityUnavailable,
        RefreshFailed,
        Rotated,
        RotationBroken,
    )
    from kmsak._stats import ClientKeyStats, EndpointStats, IdentityInfo, SecretStats, Stats

__all__ = [
    "CacheFileUsed",
    "ClientKeyError",
    "ClientKeyExpiring",
    "ClientKeyReplaced",
    "ClientKeyStats",
    "ClientKeyUnusable",
    "ClosedError",
    "ConfigurationError",
    "Credentials",
    "DeniedError",
    "EndpointDown",
    "EndpointStats",
    "EndpointUp",
    "Event",
    "EventStream",
    "Fetched",
    "Gateway",
    "IdentityInfo",
    "IdentityRenewed",
    "IdentityUnavailable",
    "KmsakError",
    "NetworkError",
    "NotFoundError",
    "Provider",
    "RefreshFailed",
    "Rotated",
    "RotationBroken",
    "Secret",
    "SecretStats",
    "ServerError",
    "Stats",
    "Subscription",
    "ThrottledError",
    "TimedOutError",
    "TlsError",
    "__version__",
    "is_rejection",
    "service_error_code",
]

# Imported when first used: `dataclasses` and `asyncio` take longer to import than all of the rest.
_LATER = {
    "EventStream": "kmsak._event_stream",
    **dict.fromkeys(("ClientKeyStats", "EndpointStats", "IdentityInfo", "SecretStats", "Stats"), "kmsak._stats"),
    **dict.fromkeys(
        (
            "CacheFileUsed",
            "ClientKeyExpiring",
            "ClientKeyReplaced",
            "ClientKeyUnusable",
            "EndpointDown",
            "EndpointUp",
            "Event",
            "Fetched",
            "IdentityRenewed",
            "IdentityUnavailable",
            "RefreshFailed",
            "Rotated",
            "RotationBroken",
        ),
        "kmsak._events",
    ),
}

_deliveries.begin()


if not TYPE_CHECKING:

    def __getattr__(name):
        module = _LATER.get(name)
        if module is None:
            raise AttributeError(f"module 'kmsak' has no attribute {name!r}")
        import importlib

        value = getattr(importlib.import_module(module), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
