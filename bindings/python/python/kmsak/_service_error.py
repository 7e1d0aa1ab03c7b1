"""The exceptions of Alibaba Cloud's SDKs: the error code inside, and why nothing could be done about one."""

from __future__ import annotations


def service_error_code(error: BaseException) -> str | None:
    """Give the service's error code in an exception of an Alibaba Cloud SDK, such as ``InvalidAccessKeyId.NotFound``.

    Knows the V2.0 SDKs and oss2 (``code``), the V1.0 SDK (``error_code``) and what alibabacloud-oss-v2 wraps
    (``unwrap()``). None for anything else.
    """
    found = service_error(error)
    return None if found is None else found[0]


def service_error(error: BaseException) -> tuple[str, str] | None:
    """Give the code, as service_error_code does, and the message beside it."""
    for _ in range(8):
        for name in ("code", "error_code"):
            code = getattr(error, name, None)
            if isinstance(code, str) and code:
                message = getattr(error, "message", None)
                return code, message if isinstance(message, str) else str(error)
        inner = _inner(error)
        if not isinstance(inner, BaseException):
            return None
        error = inner
    return None


def because(error: Exception, reason: Exception) -> None:
    """Make `reason` the cause of a service's error about which nothing could be done, unless it has a cause."""
    if reason.__context__ is error:
        # Or else the two would lead to each other.
        reason.__context__ = None
    if error.__cause__ is None and error is not reason:
        # Not an assignment, which an exception that is a frozen dataclass refuses.
        BaseException.__setattr__(error, "__cause__", reason)


def _inner(error: BaseException) -> object:
    unwrap = getattr(error, "unwrap", None)
    if callable(unwrap):
        try:
            return unwrap()
        except Exception:
            # Any library may call something of its own that.
            return None
    return error.__cause__
