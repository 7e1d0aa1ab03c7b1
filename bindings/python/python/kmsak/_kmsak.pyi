from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from os import PathLike
from types import TracebackType
from typing import Any, NoReturn, final

from typing_extensions import Self, TypeAlias, disjoint_base

from kmsak._events import Event
from kmsak._stats import Stats

__all__ = [
    "Credentials",
    "Gateway",
    "Provider",
    "Secret",
    "Subscription",
    "_Pending",
    "__version__",
    "_stop_deliveries",
    "is_rejection",
]

__version__: str

_Path: TypeAlias = str | PathLike[str]
_Length: TypeAlias = timedelta | float

def is_rejection(code: str, /) -> bool: ...
def _stop_deliveries() -> None: ...

@final
class Gateway:
    @staticmethod
    def instance(
        *,
        endpoint: str | None = None,
        region_id: str | None = None,
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
    ) -> Gateway: ...
    @staticmethod
    def shared(
        region_id: str,
        *,
        endpoint: str | None = None,
        vpc: bool = False,
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
    ) -> Gateway: ...

@final
class Credentials:
    @property
    def access_key_id(self) -> str: ...
    @property
    def access_key_secret(self) -> str: ...
    @property
    def version_id(self) -> str: ...
    @property
    def secret(self) -> Secret: ...
    @property
    def generate_timestamp(self) -> datetime | None: ...
    @property
    def expire_timestamp(self) -> datetime | None: ...
    @property
    def refresh_interval(self) -> timedelta | None: ...
    @property
    def schedule_rotate_timestamp(self) -> datetime | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __copy__(self) -> Credentials: ...
    def __deepcopy__(self, _memo: Any) -> Credentials: ...
    def __reduce_ex__(self, _protocol: Any) -> NoReturn: ...

@final
class Secret:
    @property
    def name(self) -> str: ...
    @property
    def secret_type(self) -> str: ...
    @property
    def text(self) -> str | None: ...
    @property
    def bytes(self) -> bytes: ...
    @property
    def is_binary(self) -> bool: ...
    @property
    def version_id(self) -> str: ...
    @property
    def version_stages(self) -> tuple[str, ...]: ...
    @property
    def create_time(self) -> datetime | None: ...
    @property
    def request_id(self) -> str: ...
    @property
    def last_rotation_date(self) -> datetime | None: ...
    @property
    def next_rotation_date(self) -> datetime | None: ...
    @property
    def rotation_interval(self) -> timedelta | None: ...
    @property
    def automatic_rotation(self) -> str | None: ...
    @property
    def extended_config(self) -> str | None: ...
    def json(self) -> Any: ...
    def __copy__(self) -> Secret: ...
    def __deepcopy__(self, _memo: Any) -> Secret: ...
    def __reduce_ex__(self, _protocol: Any) -> NoReturn: ...

@final
class Subscription:
    def unsubscribe(self) -> None: ...
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
        properties: Mapping[str, str] | None = None,
        environment: bool = False,
        usual_places: bool = False,
        gateways: Sequence[Gateway] | None = None,
        client_key_file: _Path | None = None,
        client_key: str | bytes | None = None,
        client_key_password_file: _Path | None = None,
        client_key_password_env: str | None = None,
        client_key_password: str | bytes | None = None,
        secret_names: Sequence[str] | None = None,
        rotation_interval: _Length | None = None,
        delay_interval: _Length | None = None,
        jitter_interval: _Length | None = None,
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
    ) -> Self: ...
    @property
    def closed(self) -> bool: ...
    def credentials(self, name: str) -> Credentials: ...
    def cached_credentials(self, name: str) -> Credentials | None: ...
    def secret(self, name: str) -> Secret: ...
    def secret_at_stage(self, name: str, version_stage: str) -> Secret: ...
    def renew(self, name: str, rejected_id: str) -> Credentials: ...
    def refresh(self, name: str) -> Secret: ...
    def is_rejection(self, code: str) -> bool: ...
    def subscribe(self, listener: Callable[[Event], object]) -> Subscription: ...
    def stats(self) -> Stats: ...
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
class _Pending:
    def then(self, settle: Callable[[Any, BaseException | None], None]) -> None: ...
