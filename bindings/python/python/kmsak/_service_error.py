"""The error code inside the exceptions of Alibaba Cloud's SDKs."""

from __future__ import annotations


def service_error_code(error: BaseException) -> str | None:
    """Give the service's error code in an exception of an Alibaba Cloud SDK, such as ``InvalidAccessKeyId.NotFound``.

    Knows the V2.0 SDKs and oss2 (``code``), the V1.0 SDK (``error_code``) and what alibabacloud-oss-v2 wraps
    (``unwrap()``). None for anything else.
    """
    for _ in range(8):
        for name in ("code", "error_code"):
            code = getattr(error, name, None)
            if isinstance(code, str) and code:
                return code
        inner = _inner(error)
        if not isinstance(inner, BaseException):
            return None
        error = inner
    return None


def _inner(error: BaseException) -> object:
    unwrap = getattr(error, "unwrap", None)
    if callable(unwrap):
        try:
            return unwrap()
        except Exception:
            # Any library may call something of its own that.
            return None
    return error.__cause__
