"""The native module, loaded before all else, or one sentence that says why it cannot be."""

try:
    import kmsak._kmsak  # noqa: F401 - not `from kmsak`, whose error suspects a circular import
except ImportError as error:
    raise ImportError(
        f"kmsak's native module cannot be loaded here ({error}): install kmsak with the pip of this Python, which "
        "finds the wheel for CPython 3.10 and later on Linux (glibc 2.17 and later, or musl) and macOS, x86-64 and "
        "arm64, and on Windows, x86-64, or builds one with Rust",
        name="kmsak._kmsak",
    ) from error
