"""For the V2.0 SDKs (``alibabacloud-...``), through the package ``alibabacloud-credentials`` 1.0 or later.

``alibabacloud-tea-openapi`` goes with that from 0.4 on::

    from alibabacloud_credentials.client import Client as CredentialClient
    from alibabacloud_sts20150401.client import Client
    from alibabacloud_tea_openapi.models import Config
    from kmsak.adapters.alibabacloud_credentials import CredentialsProvider

    managed = CredentialsProvider(provider, "acs/ram/user/app")
    client = Client(Config(credential=CredentialClient(provider=managed), region_id="cn-hangzhou"))
    identity = managed.call(client.get_caller_identity)
"""

from __future__ import annotations

try:
    from alibabacloud_credentials.provider.refreshable import Credentials
    from alibabacloud_credentials_api import ICredentialsProvider
except ImportError as _error:
    raise ImportError(
        "kmsak.adapters.alibabacloud_credentials needs alibabacloud-credentials 1.0 or later, and with it "
        f"alibabacloud-tea-openapi 0.4 or later: install them ({_error})"
    ) from _error

import kmsak
from kmsak.adapters._managed import Managed


class CredentialsProvider(Managed, ICredentialsProvider):
    """Gives the AccessKey in a managed RAM secret to ``alibabacloud_credentials.client.Client(provider=...)``.

    Args:
        provider: Where the AccessKey comes from. It stays open: closing it is its owner's business.
        name: The name of the managed RAM secret.

    """

    def get_credentials(self) -> Credentials:
        """Give the AccessKey of the hour. Raises a KmsakError as Provider.credentials() does."""
        return self._translate(self._provider.credentials(self._name))

    async def get_credentials_async(self) -> Credentials:
        """As get_credentials(), without blocking the event loop."""
        return self._translate(await self._provider.credentials_async(self._name))

    def get_provider_name(self) -> str:
        """Give the name by which the SDKs call this source of credentials."""
        return "kmsak"

    def _translate(self, credentials: kmsak.Credentials) -> Credentials:
        return Credentials(
            access_key_id=credentials.access_key_id,
            access_key_secret=credentials.access_key_secret,
            provider_name=self.get_provider_name(),
        )
