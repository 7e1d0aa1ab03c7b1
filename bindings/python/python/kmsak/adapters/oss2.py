"""For the package ``oss2``.

::

    import oss2
    from kmsak.adapters.oss2 import CredentialsProvider

    managed = CredentialsProvider(provider, "acs/ram/user/app")
    service = oss2.Service(oss2.ProviderAuthV4(managed), endpoint, region="cn-hangzhou")
    buckets = managed.call(service.list_buckets)
"""

from __future__ import annotations

import oss2.credentials

from kmsak.adapters._managed import Managed


class CredentialsProvider(Managed, oss2.credentials.CredentialsProvider):
    """Gives the AccessKey in a managed RAM secret to ``oss2.ProviderAuth`` and ``oss2.ProviderAuthV4``.

    Args:
        provider: Where the AccessKey comes from. It stays open: closing it is its owner's business.
        name: The name of the managed RAM secret.

    """

    def get_credentials(self) -> oss2.credentials.Credentials:
        """Give the AccessKey of the hour. Raises a KmsakError as Provider.credentials() does."""
        credentials = self._provider.credentials(self._name)
        return oss2.credentials.Credentials(credentials.access_key_id, credentials.access_key_secret)
