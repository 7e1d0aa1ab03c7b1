"""For the V1.0 SDK, ``aliyun-python-sdk-core`` and the ``aliyun-python-sdk-...`` packages on it.

::

    from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest
    from kmsak.adapters.aliyunsdkcore import AcsClient

    client = AcsClient("acs/ram/user/app", region_id="cn-hangzhou", provider=provider)
    identity = client.do_action_with_exception(GetCallerIdentityRequest())

AcsClient stands in for the official managed-credentials plug-in's ``ProxyAcsClient`` and takes the same arguments.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

from aliyunsdkcore.auth import credentials as sdk_credentials
from aliyunsdkcore.auth.signers.access_key_signer import AccessKeySigner
from aliyunsdkcore.client import AcsClient as SdkAcsClient

import kmsak
from kmsak._service_error import because, service_error


class AKExpireHandler(Protocol):
    """Says whether an exception of the SDK means that the service does not know the AccessKey."""

    def judge_ak_expire(self, exception: Exception) -> bool:
        """Give True to have the AccessKey renewed and the call repeated."""
        ...


class AcsClient(SdkAcsClient):
    """The SDK's AcsClient with the AccessKey in a managed RAM secret; a rejected call is renewed and repeated once.

    When the renewal fails, the service's exception has the KmsakError as its ``__cause__``.

    Safe to use from any thread. Arguments that are not listed are those of the SDK's AcsClient; an AccessKey given
    there (ak, secret, credential and so on) has no effect, as in the official plug-in.

    Args:
        secret_name: The name of the managed RAM secret.
        ak_expire_handler: Decides what counts as a rejection, instead of the provider's rejection codes.
        provider: Where the AccessKey comes from. Without one, all clients share a provider opened from the
            usual places, as Provider.from_env() does. A provider given here stays open.

    """

    # The SDK's destructor looks for it, also when there was no provider and so no client.
    session: Any = None

    def __init__(
        self,
        secret_name: str,
        ak_expire_handler: AKExpireHandler | None = None,
        ak: str | None = None,
        secret: str | None = None,
        region_id: str = "cn-hangzhou",
        auto_retry: bool = True,
        max_retry_time: int | None = None,
        user_agent: str | None = None,
        port: int = 80,
        connect_timeout: float | None = None,
        timeout: float | None = None,
        public_key_id: str | None = None,
        private_key: str | None = None,
        session_period: int = 3600,
        credential: object = None,
        debug: bool = False,
        verify: bool | str | None = None,
        *,
        provider: kmsak.Provider | None = None,
        **options: Any,
    ) -> None:
        del ak, secret, public_key_id, private_key, session_period, credential
        self._kmsak_secret_name = secret_name
        self._kmsak_handler = ak_expire_handler
        self._kmsak_provider = provider if provider is not None else _shared_provider()
        # The SDK's own signer is never asked: each attempt has its own.
        nobody = sdk_credentials.AccessKeyCredential("managed", "managed")
        super().__init__(
            region_id=region_id,
            auto_retry=auto_retry,
            max_retry_time=max_retry_time,
            user_agent=user_agent,
            port=port,
            connect_timeout=connect_timeout,
            timeout=timeout,
            credential=nobody,
            debug=debug,
            verify=verify,
            **options,
        )

    def get_access_key(self) -> str:
        """Give the AccessKey id of the hour."""
        return self._kmsak_provider.credentials(self._kmsak_secret_name).access_key_id

    def get_access_secret(self) -> str:
        """Give the AccessKey secret of the hour."""
        return self._kmsak_provider.credentials(self._kmsak_secret_name).access_key_secret

    def shutdown(self) -> None:
        """Close the connections; here for programs that were written for the official plug-in."""
        self.session.close()

    def _implementation_of_do_action(self, request: Any, signer: Any = None) -> Any:
        if signer is not None:
            return super()._implementation_of_do_action(request, signer)
        credentials = self._kmsak_provider.credentials(self._kmsak_secret_name)
        answer = super()._implementation_of_do_action(request, _signer(credentials))
        exception = answer[3]
        if exception is None or not self._is_rejection(exception):
            return answer
        try:
            renewed = self._kmsak_provider.renew(self._kmsak_secret_name, credentials.access_key_id)
        except kmsak.KmsakError as reason:
            because(exception, reason)
            return answer
        return super()._implementation_of_do_action(request, _signer(renewed))

    def _is_rejection(self, exception: Exception) -> bool:
        if self._kmsak_handler is not None:
            return self._kmsak_handler.judge_ak_expire(exception)
        found = service_error(exception)
        return found is not None and self._kmsak_provider.is_rejection(*found)


def _signer(credentials: kmsak.Credentials) -> Any:
    return AccessKeySigner(
        sdk_credentials.AccessKeyCredential(credentials.access_key_id, credentials.access_key_secret)
    )


_lock = threading.Lock()
_provider: kmsak.Provider | None = None


def _shared_provider() -> kmsak.Provider:
    global _provider
    with _lock:
        if _provider is None or _provider.closed:
            _provider = kmsak.Provider.from_env()
        return _provider
