from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from types import ModuleType, TracebackType
from typing import Any, NoReturn, TypeAlias, final

from typing_extensions import Never, Self, disjoint_base

from kmsak._events import Event
from kmsak._stats import Stats

__all__ = [
    "Credentials",
    "Gateway",
    "Provider",
    "Secret",
    "Subscription",
    "_Messages",
    "_Pending",
    "__version__",
    "_begin_deliveries",
    "_pause_deliveries",
    "_resume_deliveries",
    "_stop_deliveries",
    "_time_out",
    "is_rejection",
]

__version__: str

_Path: TypeAlias = str | PathLike[str]
_Length: TypeAlias = timedelta | float
_Version: TypeAlias = tuple[str, str] | str | bytes

def is_rejection(code: str, message: str | None = None, /) -> bool:
    """Tells whether a service's error means that it does not know an AccessKey, by its code and its message, if any.

    True for InvalidAccessKeyId, InvalidAccessKeyId.NotFound, InvalidAccessKeyId.Inactive, Forbidden.AccessKey,
    Forbidden.AccessKeyDisabled and ODPS-0410051, and where the message speaks of an AccessKeyId for Unauthorized and
    OTSAuthFailed; in upper or lower case. A provider configured with other codes has Provider.is_rejection.
    """

def _begin_deliveries(start: Callable[[_Messages], None], log: Callable[..., None], errors: ModuleType) -> None: ...
def _pause_deliveries() -> None: ...
def _resume_deliveries() -> None: ...
def _stop_deliveries() -> None: ...
def _time_out(timeout: _Length) -> tuple[float, BaseException]: ...

@final
class Gateway:
    """A KMS gateway to ask: Gateway.shared(...) or Gateway.instance(...)."""

    def __init__(self, _made_by_kmsak_alone: Never, /) -> None: ...
    @staticmethod
    def instance(
        *,
        endpoint: str | None = None,
        region_id: str | None = None,
        credentials_type: str | None = None,
        client_key_file: _Path | None = None,
        client_key: str | bytes | None = None,
        client_key_password_file: _Path | None = None,
        client_key_password_env: str | None = None,
        client_key_password: str | bytes | None = None,
        ca_file: _Path | None = None,
        ca: str | bytes | None = None,
        ignore_ssl_certs: bool = False,
        connect_timeout: _Length | None = None,
        read_timeout: _Length | None = None,
        http_proxy: str | None = None,
        https_proxy: str | None = None,
        no_proxy: str | None = None,
    ) -> Gateway:
        """The gateway of a KMS instance, reached inside its VPC.

        Args:
            endpoint: Host, or host:port; read off the ClientKey unless given.
            region_id: The region, such as cn-hangzhou; not needed.
            credentials_type: Who asks this gateway, as the provider's option has it for all.
            client_key_file: The ClientKey file for this gateway; this and the next four default to the provider's.
            client_key: The content of that file.
            client_key_password_file: The file with the ClientKey's password.
            client_key_password_env: The name of the environment variable with the password.
            client_key_password: The password.
            ca_file: The PEM file with the CA certificates to trust, such as the instance's own.
            ca: The content of that file.
            ignore_ssl_certs: Whether to verify nobody; whoever answers in KMS's place then sees the secrets.
            connect_timeout: How long a connection may take to be made.
            read_timeout: How long the answer may take once the request is sent.
            http_proxy: Has no effect: it is for plain HTTP, which KMS does not speak.
            https_proxy: The proxy to reach KMS through.
            no_proxy: Hosts, domains and networks, separated by commas, that are reached without a proxy.
        """
    @staticmethod
    def shared(
        region_id: str,
        *,
        endpoint: str | None = None,
        vpc: bool = False,
        credentials_type: str | None = None,
        client_key_file: _Path | None = None,
        client_key: str | bytes | None = None,
        client_key_password_file: _Path | None = None,
        client_key_password_env: str | None = None,
        client_key_password: str | bytes | None = None,
        ca_file: _Path | None = None,
        ca: str | bytes | None = None,
        ignore_ssl_certs: bool = False,
        connect_timeout: _Length | None = None,
        read_timeout: _Length | None = None,
        http_proxy: str | None = None,
        https_proxy: str | None = None,
        no_proxy: str | None = None,
    ) -> Gateway:
        """The shared gateway of a region, reached over the Internet or from a VPC.

        Args:
            region_id: The region, such as cn-hangzhou.
            endpoint: Host, or host:port, in place of the region's.
            vpc: Whether to reach it from inside a VPC.
            credentials_type: Who asks this gateway, as the provider's option has it for all.
            client_key_file: The ClientKey file for this gateway; this and the next four default to the provider's.
            client_key: The content of that file.
            client_key_password_file: The file with the ClientKey's password.
            client_key_password_env: The name of the environment variable with the password.
            client_key_password: The password.
            ca_file: The PEM file with the CA certificates to trust in place of the public ones.
            ca: The content of that file.
            ignore_ssl_certs: Whether to verify nobody; whoever answers in KMS's place then sees the secrets.
            connect_timeout: How long a connection may take to be made.
            read_timeout: How long the answer may take once the request is sent.
            http_proxy: Has no effect: it is for plain HTTP, which KMS does not speak.
            https_proxy: The proxy to reach KMS through.
            no_proxy: Hosts, domains and networks, separated by commas, that are reached without a proxy.
        """

@final
class Credentials:
    """The AccessKey inside one version of a managed RAM secret.

    Immutable; safe to use from any thread. repr() and str() show ids, never the AccessKey's secret. The secret is
    wiped from memory when the last reference goes; the str that access_key_secret gives is a copy that only Python
    frees.
    """

    def __init__(self, _made_by_kmsak_alone: Never, /) -> None: ...
    @property
    def access_key_id(self) -> str:
        """The AccessKey's id, such as LTAI... Not secret."""
    @property
    def access_key_secret(self) -> str:
        """The AccessKey's secret."""
    @property
    def version_id(self) -> str:
        """The id of the secret's version that holds this AccessKey."""
    @property
    def secret(self) -> Secret:
        """The secret that holds this AccessKey, with its stages and rotation dates."""
    @property
    def generate_timestamp(self) -> datetime | None:
        """When the AccessKey was made (UTC), or None if the secret does not say, or nothing that is a date."""
    @property
    def expire_timestamp(self) -> datetime | None:
        """When the AccessKey expires (UTC), or None as for generate_timestamp. Only in older secrets."""
    @property
    def refresh_interval(self) -> timedelta | None:
        """How often the secret asks to be fetched again, or None. Only in older secrets."""
    @property
    def schedule_rotate_timestamp(self) -> datetime | None:
        """When the next rotation is due (UTC), or None as for generate_timestamp. Only in older secrets."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __copy__(self) -> Credentials: ...
    def __deepcopy__(self, _memo: Any) -> Credentials: ...
    def __reduce_ex__(self, _protocol: Any) -> NoReturn: ...

@final
class Secret:
    """One version of a secret as KMS answered it.

    Immutable; safe to use from any thread. repr() and str() say what the secret is called, never what it holds. The
    value is wiped from memory when the last reference goes; what text, bytes and json() give are copies that only
    Python frees.
    """

    def __init__(self, _made_by_kmsak_alone: Never, /) -> None: ...
    @property
    def name(self) -> str:
        """The secret's name, such as acs/ram/user/app."""
    @property
    def secret_type(self) -> str:
        """The type as KMS writes it: Generic, RamCredentials (or RAMCredentials), Rds, Redis, PolarDB or ECS."""
    @property
    def text(self) -> str | None:
        """The value as text, or None for a binary value that is not UTF-8."""
    @property
    def bytes(self) -> bytes:
        """The value as bytes: UTF-8 for text, already decoded from base64 for a binary one."""
    @property
    def is_binary(self) -> bool:
        """Whether the value was stored as binary."""
    @property
    def version_id(self) -> str:
        """The id of this version, unique within the secret."""
    @property
    def version_stages(self) -> tuple[str, ...]:
        """The stages that point to this version, such as ACSCurrent."""
    @property
    def create_time(self) -> datetime | None:
        """When this version was made (UTC), or None if KMS did not say, or nothing that is a date."""
    @property
    def request_id(self) -> str:
        """The id under which KMS logged the request that fetched this; empty where KMS sent none."""
    @property
    def last_rotation_date(self) -> datetime | None:
        """When KMS last rotated the secret (UTC), or None if it never did."""
    @property
    def next_rotation_date(self) -> datetime | None:
        """When KMS will next rotate the secret (UTC), or None if rotation is off."""
    @property
    def rotation_interval(self) -> timedelta | None:
        """The time between two rotations, or None if rotation is off."""
    @property
    def automatic_rotation(self) -> str | None:
        """Whether KMS rotates by itself, in its words: Enabled, Disabled or Invalid; or None."""
    @property
    def extended_config(self) -> str | None:
        """What KMS knows beside the value, as JSON text, or None."""
    def json(self) -> Any:
        """Reads the value as JSON.

        Raises ValueError, without any of the value, if it is not JSON.
        """
    def __copy__(self) -> Secret: ...
    def __deepcopy__(self, _memo: Any) -> Secret: ...
    def __reduce_ex__(self, _protocol: Any) -> NoReturn: ...

@final
class Subscription:
    """A listener's subscription, which lasts until unsubscribe() is called or the `with` block ends.

    It also ends when the provider is closed or nothing refers to the provider any more.
    """

    def __init__(self, _made_by_kmsak_alone: Never, /) -> None: ...
    def unsubscribe(self) -> None:
        """Ends the subscription: a call that runs at this moment ends, no other begins. Doing it again does nothing."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exception_type: type[BaseException] | None = ...,
        exception: BaseException | None = ...,
        traceback: TracebackType | None = ...,
        /,
    ) -> None: ...

@disjoint_base
class Provider:
    def __new__(
        cls,
        *,
        properties_file: _Path | None = None,
        properties_text: str | bytes | None = None,
        properties: Mapping[str, str] | None = None,
        environment: bool = False,
        usual_places: bool = False,
        gateways: Sequence[Gateway] | None = None,
        client_key_file: _Path | None = None,
        client_key: str | bytes | None = None,
        client_key_password_file: _Path | None = None,
        client_key_password_env: str | None = None,
        client_key_password: str | bytes | None = None,
        credentials_type: str | None = None,
        access_key_id: str | None = None,
        access_key_secret: str | bytes | None = None,
        security_token: str | bytes | None = None,
        role_name: str | None = None,
        role_arn: str | None = None,
        role_session_name: str | None = None,
        role_session_duration: _Length | None = None,
        role_policy: str | None = None,
        role_external_id: str | None = None,
        role_source_type: str | None = None,
        oidc_provider_arn: str | None = None,
        oidc_token_file: _Path | None = None,
        ecs_metadata_endpoint: str | None = None,
        sts_region_id: str | None = None,
        sts_endpoint: str | None = None,
        sts_ca_file: _Path | None = None,
        secret_names: Sequence[str] | None = None,
        rotation_interval: _Length | None = None,
        delay_interval: _Length | None = None,
        jitter_interval: _Length | None = None,
        fleet_size: int | None = None,
        connect_timeout: _Length | None = None,
        read_timeout: _Length | None = None,
        http_proxy: str | None = None,
        https_proxy: str | None = None,
        no_proxy: str | None = None,
        fetch_deadline: _Length | None = None,
        renew_deadline: _Length | None = None,
        renew_tokens: int | None = None,
        renew_refill_interval: _Length | None = None,
        rejection_codes: Sequence[str] | None = None,
        max_stale: _Length | None = None,
        cache_file: _Path | None = None,
        _fixed: Mapping[str, _Version | Sequence[_Version]] | None = None,
    ) -> Self: ...
    @property
    def closed(self) -> bool:
        """Whether close() was called."""
    def credentials(self, name: str, *, timeout: _Length | None = None) -> Credentials:
        """The AccessKey in the managed RAM secret `name`, from the cache if it was fetched before.

        A cached value is given at once, whatever the state of KMS. Otherwise waits for KMS with the GIL released, for
        fetch_deadline (20 s unless configured) at most, or for `timeout`, a timedelta or seconds, if that is shorter;
        the fetch itself goes on. Ctrl-C ends the wait.

        Raises a KmsakError only as long as the secret was never fetched (or with max_stale set): ConfigurationError
        if the secret holds no AccessKey, TimedOutError when `timeout` is over.
        """
    def cached_credentials(self, name: str) -> Credentials | None:
        """The AccessKey in `name` if it is cached, else None: never waits, never fetches."""
    def secret(self, name: str, *, timeout: _Length | None = None) -> Secret:
        """The secret `name` of any type, from the cache if it was fetched before.

        Waits and raises as credentials does, but for the type.
        """
    def secret_at_stage(self, name: str, version_stage: str, *, timeout: _Length | None = None) -> Secret:
        """The version of the secret `name` with the stage label `version_stage`, such as ACSPrevious.

        Asked of KMS each time, never cached. Waits and raises as secret does.
        """
    def renew(self, name: str, rejected_id: str, *, timeout: _Length | None = None) -> Credentials:
        """An AccessKey other than `rejected_id`, which a cloud service has just refused.

        If the cache holds another one already, it is given at once; otherwise KMS is asked, once for the whole
        process however many threads call. Waits renew_deadline (15 s unless configured) or `timeout` at most, with the
        GIL released.

        Raises a KmsakError if KMS has no other AccessKey or cannot be reached, ThrottledError if the secret
        was renewed too often.
        """
    def refresh(self, name: str, *, timeout: _Length | None = None) -> Secret:
        """Fetches the secret `name` from KMS now, whatever the cache holds, and caches it.

        Waits and raises as secret does; a cached value stays in use when it fails.
        """
    def is_rejection(self, code: str, message: str | None = None) -> bool:
        """Whether a service's error means that it does not know an AccessKey, by its `code` and `message`, if any.

        What counts is what rejection_codes names, or else what kmsak.is_rejection says.
        """
    def subscribe(self, listener: Callable[[Event], object]) -> Subscription:
        """Calls `listener` with each event until the Subscription that this returns is unsubscribed.

        The Subscription need not be kept: the provider keeps it until it is closed. The calls come from another thread,
        one at a time. An exception in the listener goes to sys.unraisablehook and harms nothing else. Of more than 1024
        events that wait for a slow listener the oldest are dropped.
        """
    def stats(self) -> Stats:
        """What goes on inside. Without secrets."""
    def close(self) -> None: ...
    @property
    def _warnings(self) -> list[str]: ...
    def _listen(self, listener: Callable[[Event], object]) -> Subscription: ...
    def _begin_credentials(self, name: str) -> Credentials | _Pending: ...
    def _begin_secret(self, name: str) -> Secret | _Pending: ...
    def _begin_secret_at_stage(self, name: str, version_stage: str) -> Secret | _Pending: ...
    def _begin_renew(self, name: str, rejected_id: str) -> Credentials | _Pending: ...
    def _begin_refresh(self, name: str) -> Secret | _Pending: ...

@final
class _Messages:
    """What one thread is to call, as an iterator of functions and their arguments."""

    def __init__(self, _made_by_kmsak_alone: Never, /) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> tuple[Callable[..., object], tuple[Any, ...]]: ...
    def failed(self, error: BaseException, function: object) -> None:
        """Tells of what `function` raised."""

@final
class _Pending:
    """An answer that is still on its way."""

    def __init__(self, _made_by_kmsak_alone: Never, /) -> None: ...
    def then(self, settle: Callable[[Any, BaseException | None], None]) -> None:
        """Calls `settle(value, error)` on another thread once the answer is there. To be called once."""
