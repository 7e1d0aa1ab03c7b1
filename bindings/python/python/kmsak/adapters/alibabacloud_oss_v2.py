"""For the package ``alibabacloud-oss-v2``.

::

    import alibabacloud_oss_v2 as oss
    from kmsak.adapters.alibabacloud_oss_v2 import CredentialsProvider

    managed = CredentialsProvider(provider, "acs/ram/user/app")
    config = oss.config.load_default()
    config.region = "cn-hangzhou"
    config.credentials_provider = managed
    client = oss.Client(config)
    buckets = managed.call(client.list_buckets, oss.ListBucketsRequest())

``alibabacloud_oss_v2.aio.AsyncClient`` takes the same configuration. It asks for the AccessKey on the event loop, which
a first fetch would block: ``await managed.call_async(client.list_buckets, ...)`` fetches it beforehand without blocking
anything.

A client that cannot get an AccessKey raises its own ``OperationError`` with the KmsakError in
``error.unwrap().kwargs["error"]``; call() and call_async() raise the KmsakError itself.
"""

from __future__ import annotations

import alibabacloud_oss_v2

from kmsak.adapters._managed import Managed


class CredentialsProvider(Managed, alibabacloud_oss_v2.credentials.CredentialsProvider):
    """Gives the AccessKey in a managed RAM secret to a client's configuration, as its ``credentials_provider``.

    Args:
        provider: Where the AccessKey comes from. It stays open: closing it is its owner's business.
        name: The name of the managed RAM secret.

    """

    def get_credentials(self) -> alibabacloud_oss_v2.credentials.Credentials:
        """Give the AccessKey of the hour. Raises a KmsakError as Provider.credentials() does."""
        credentials = self._provider.credentials(self._name)
        return alibabacloud_oss_v2.credentials.Credentials(credentials.access_key_id, credentials.access_key_secret)
