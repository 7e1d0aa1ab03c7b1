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
        unwrap = getattr(error, "unwrap", None)
        inner = unwrap() if callable(unwrap) else error.__cause__
        if not isinstance(inner, BaseException):
            return None
        error = inner
    return None
