"""The official Python client as the benchmarks use it.

Its one broken line is worked around: mode 'Ur' is gone since Python 3.11.
"""

import builtins
import json
from collections.abc import Callable
from typing import Any

_real_open = builtins.open


def _open(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
    return _real_open(file, "r" if mode == "Ur" else mode, *rest, **options)


class Official:
    """What the protocol asks for, as the official client has it."""

    def load(self) -> None:
        """Import it."""
        builtins.open = _open
        from alibaba_cloud_secretsmanager_client.secret_manager_cache_client_builder import (
            SecretManagerCacheClientBuilder,
        )
        from alibaba_cloud_secretsmanager_client.service.default_secret_manager_client_builder import (
            DefaultSecretManagerClientBuilder,
        )

        self.cached = SecretManagerCacheClientBuilder
        self.standard = DefaultSecretManagerClientBuilder

    def open(self, config: str) -> None:
        """Open a client."""
        standard = self.standard.standard().with_custom_config_file(config).build()
        self.client = self.cached.new_cache_client_builder(standard).build()

    def reader(self) -> Callable[[str], Any]:
        """Give the method; an AccessKey still has to be parsed out of what it answers."""
        return self.client.get_secret_info

    def access_key_id(self, name: str) -> str:
        """Give the id."""
        return json.loads(self.client.get_secret_info(name).secret_value)["AccessKeyId"]

    def renew(self, name: str, _rejected_id: str) -> str:
        """Refresh it, as its plug-in does after a rejection."""
        self.client.refresh_now(name)
        return self.access_key_id(name)

    def refresh(self, name: str) -> None:
        """Fetch now."""
        self.client.refresh_now(name)

    def close(self) -> None:
        """Close the client."""
        self.client.close()
