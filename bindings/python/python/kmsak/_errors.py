"""The exceptions."""

from __future__ import annotations


class KmsakError(Exception):
    """What kmsak raises. Its text is one sentence that says what to do, and never holds a secret.

    Attributes:
        kind: The sort of failure, the same word in every language that kmsak serves.
        code: KMS's own error code such as ``Forbidden.NoPermission``, or None if KMS did not answer.
        request_id: The id under which KMS logged the request, or None if KMS did not answer.
        retryable: Whether the same call may succeed later with nothing changed.
        http_status: The HTTP status of KMS's answer, or None if KMS did not answer.

    Where the system or a library refused something below, what it said is the ``__cause__``: an OSError if it has a
    number.

    """

    kind: str = "server"
    code: str | None
    request_id: str | None
    retryable: bool
    http_status: int | None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id
        self.retryable = retryable
        self.http_status = http_status

    @property
    def message(self) -> str:
        """What happened and what to do about it."""
        return str(self)


class ConfigurationError(KmsakError, ValueError):
    """The configuration is wrong, or a call was made with arguments that cannot work."""

    kind = "configuration"


class ClientKeyError(KmsakError):
    """The ClientKey file or its password cannot be used."""

    kind = "client_key"


class NetworkError(KmsakError):
    """KMS could not be reached, or did not answer in time."""

    kind = "network"


class TimedOutError(NetworkError, TimeoutError):
    """The `timeout` of the call itself is over. The fetch goes on, for the cache and for whoever else waits."""


class TlsError(NetworkError):
    """The peer could not be verified, or TLS failed."""

    kind = "tls"


class DeniedError(KmsakError):
    """KMS refused: permission, signature, or an unknown ClientKey."""

    kind = "denied"


class NotFoundError(KmsakError):
    """KMS has no such secret, version or key."""

    kind = "not_found"


class ThrottledError(KmsakError):
    """KMS, or kmsak's own token bucket, says that there were too many requests."""

    kind = "throttled"


class ServerError(KmsakError):
    """KMS failed, or answered something that cannot be understood."""

    kind = "server"


class ClosedError(KmsakError):
    """The provider is closed."""

    kind = "closed"


BY_KIND = {
    error.kind: error
    for error in (
        ConfigurationError,
        ClientKeyError,
        NetworkError,
        TlsError,
        DeniedError,
        NotFoundError,
        ThrottledError,
        ServerError,
        ClosedError,
    )
}

for _class in (KmsakError, TimedOutError, *BY_KIND.values()):
    # So that a traceback names what a caller can import.
    _class.__module__ = "kmsak"
del _class
