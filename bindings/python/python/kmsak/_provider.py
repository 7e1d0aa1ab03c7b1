"""The provider as Python programs see it."""

from __future__ import annotations

from kmsak import _kmsak
from kmsak._service_error import because, service_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    import weakref
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import timedelta
    from types import TracebackType
    from typing import Any, Concatenate, NoReturn, ParamSpec, Protocol, TypeVar, overload

    from typing_extensions import Self

    from kmsak._event_stream import EventStream
    from kmsak._kmsak import Credentials, Secret, _Version

    _P = ParamSpec("_P")
    _R = TypeVar("_R")
    _S = TypeVar("_S")
    _T = TypeVar("_T")

    class _Decorator(Protocol):
        @overload
        def __call__(self, function: Callable[Concatenate[Credentials, _P], _R], /) -> Callable[_P, _R]: ...
        @overload
        def __call__(
            self, function: Callable[Concatenate[_S, Credentials, _P], _R], /
        ) -> Callable[Concatenate[_S, _P], _R]: ...


class Provider(_kmsak.Provider):
    """Hands out managed AccessKeys and other secrets, and keeps them current.

    Safe to use from any thread, and in a child after a fork. Once a value has been fetched, reading it never waits
    for the network: a thread in the background, one for the process, refreshes what is cached. A provider closes
    itself when nothing refers to it (where its own listeners do, when the garbage collector finds that); ``with`` and
    ``async with`` close it sooner.

    All arguments are optional and have the meaning of the key of that name in a properties file; what is given here
    wins over the environment, and the environment over files. Lengths of time are ``timedelta`` or seconds.

    Args:
        properties_file: A properties file to read.
        properties_text: The text of a properties file; relative paths in it are seen from the working directory.
        properties: Any settings as the text that would stand in a properties file.
        environment: Whether to read the environment variables that have the names of the keys.
        usual_places: As from_env() does.
        gateways: Where to ask, in order of preference: Gateway objects.
        client_key_file: The ClientKey file, ``clientKey_****.json``.
        client_key: The content of that file.
        client_key_password_file: The file with the ClientKey's password.
        client_key_password_env: The name of the environment variable with the password.
        client_key_password: The password.
        credentials_type: Who asks the gateways that have no ClientKey of their own: ``client_key``, or in its place
            ``ak``, ``sts``, ``ram_role``, ``ecs_ram_role``, ``oidc_role_arn`` or ``default``, the official SDKs' chain.
        access_key_id: The id of the AccessKey that asks (``ak``, ``sts``), or that assumes the role (``ram_role``).
        access_key_secret: The secret of that AccessKey.
        security_token: The security token that belongs to it, for ``sts``.
        role_name: The ECS instance's RAM role, for ``ecs_ram_role``; the metadata service names it where this does not.
        role_arn: The ARN of the role to assume, for ``ram_role`` and ``oidc_role_arn``.
        role_session_name: What the role's session is called in the audit trail.
        role_session_duration: How long an assumed role's token lasts: an hour by default, 15 min to 12 h.
        role_policy: A RAM policy, as JSON, that narrows what an assumed role may do.
        role_external_id: The external id that the role's trust policy asks for, for ``ram_role``.
        role_source_type: Who assumes the role, for ``ram_role``: ``ak`` by default, ``ecs_ram_role``,
            ``oidc_role_arn`` or ``default``.
        oidc_provider_arn: The ARN of the OIDC identity provider, for ``oidc_role_arn``; else the environment's.
        oidc_token_file: The file with the OIDC token, for ``oidc_role_arn``; else the environment's. It is read anew
            each time.
        ecs_metadata_endpoint: Where an ECS instance asks for its role: ``http://100.100.100.200`` by default.
        sts_region_id: The region whose STS is asked for a role.
        sts_endpoint: The STS to ask for a role; it wins over the region.
        sts_ca_file: A file of PEM certificates to trust instead of the public CAs where STS is asked.
        secret_names: Secrets to fetch at start, side by side.
        rotation_interval: How often a secret without a rotation date in sight is fetched again: 6 h by default.
        delay_interval: How long after its rotation date a secret is fetched: 5 min by default.
        jitter_interval: The most that is added to each refresh at random: 30 min by default.
        fleet_size: How many processes share the account's quota of KMS; the secret's CustomData may say it instead.
        connect_timeout: How long a connection may take to be made: 3 s by default.
        read_timeout: How long the answer may take once the request is sent: 10 s by default.
        http_proxy: Has no effect: it is for plain HTTP, which KMS does not speak.
        https_proxy: The proxy to reach KMS through.
        no_proxy: Hosts, domains and networks, separated by commas, that are reached without a proxy.
        fetch_deadline: How long a call may wait for a fetch with all its retries: 20 s by default.
        renew_deadline: How long a renewal goes on while KMS answers with the rejected AccessKey: 15 s by default.
        renew_tokens: How many renewals in a row a secret is given: 5 by default.
        renew_refill_interval: After which time a secret is given one renewal more: 10 min by default.
        rejection_codes: The codes by which a cloud service says that it does not know an AccessKey, instead of those of
            kmsak.is_rejection; ``Code:words`` counts only where the message has the words.
        max_stale: The age from which a cached value is no longer handed out while KMS cannot be reached. Off by
            default: stale is better than nothing.
        cache_file: The encrypted file in which secrets survive a restart. Off by default.

    Raises:
        ConfigurationError: With the key, what stood there unless it may be secret, and what is expected.
        ClientKeyError: The ClientKey cannot be used, and why.

    """

    __slots__ = ("_streams",)

    _streams: weakref.WeakSet[EventStream]

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Open a provider as the properties file at `path` says.

        An environment variable of the same setting wins over the file. Secrets named in ``secret_names`` begin
        to be fetched; nobody waits for them here. Raises ConfigurationError or ClientKeyError, with what to mend.
        """
        if path is None:
            # To the constructor that is no file at all.
            raise TypeError("from_file takes the path of a properties file, not None: without one use from_env()")
        return cls(properties_file=path, environment=True)

    @classmethod
    def from_env(cls) -> Self:
        """Open a provider as the environment says.

        Environment variables named like the properties count, then the file that ``KMSAK_CONFIG`` names or else
        ``managed_credentials_providers.properties`` in the working directory. Raises as from_file() does.
        """
        return cls(usual_places=True)

    @classmethod
    def fixed(cls, secrets: Mapping[str, _Version | Sequence[_Version]]) -> Self:
        """Open a provider for tests, which hands out what it is given: no network, no files, no environment.

        `secrets` has the versions of each secret by its name: a tuple ``(access_key_id, access_key_secret)`` for a
        managed RAM secret, ``str`` or ``bytes`` for a generic one, or a list of these. The first fetch gets the first
        version; each refresh(), and each renew() of the AccessKey in use, gets the next, as if KMS had just rotated the
        secret; the last one stays. Events and all else are a real provider's::

            provider = kmsak.Provider.fixed({"acs/ram/user/app": [("LTAI1", "one"), ("LTAI2", "two")]})

        Raises ConfigurationError for a name that no secret can have and for an AccessKey that is none; names that are
        not in `secrets` are not found.
        """
        if secrets is None:
            # To the constructor that is no script at all.
            raise TypeError("secrets: expected a mapping from names of secrets to their versions, not None")
        return cls(_fixed=secrets)

    def call(
        self,
        name: str,
        function: Callable[Concatenate[Credentials, _P], _R],
        /,
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _R:
        """Run ``function(credentials, *args, **kwargs)`` with the AccessKey in the secret `name`, and give its result.

        When it raises an SDK's exception that says that the service does not know the AccessKey (see
        is_rejection), the AccessKey is renewed and the function is run once more. When the renewal fails, the
        service's exception is raised, with the renewal's KmsakError as its ``__cause__`` unless it has one.

        The function must be done when it returns: TypeError for what only begins then, such as a coroutine or a
        generator, since nobody would hear of a rejection in it.
        """
        return self._call(name, None, function, args, kwargs)

    def call_within(
        self,
        timeout: timedelta | float,
        name: str,
        function: Callable[Concatenate[Credentials, _P], _R],
        /,
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _R:
        """As call(), but waits for an AccessKey no longer than `timeout`, and no longer for a newer one.

        Raises TimedOutError where there is no AccessKey by then; where there is no newer one, the service's exception.
        How long the function itself may take is its own affair.
        """
        return self._call(name, timeout, function, args, kwargs)

    def _call(
        self,
        name: str,
        timeout: timedelta | float | None,
        function: Callable[..., _R],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> _R:
        credentials = self.credentials(name, timeout=timeout)
        try:
            return _done(function(credentials, *args, **kwargs))
        except Exception as error:
            if not self._rejected(error):
                raise
            try:
                renewed = self.renew(name, credentials.access_key_id, timeout=timeout)
            except _kmsak_errors() as reason:
                because(error, reason)
                renewed = None
            if renewed is None:
                raise
        return function(renewed, *args, **kwargs)

    async def call_async(
        self,
        name: str,
        function: Callable[Concatenate[Credentials, _P], Awaitable[_R]],
        /,
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _R:
        """As call(), for a function that is awaited."""
        return await self._call_async(name, None, function, args, kwargs)

    async def call_within_async(
        self,
        timeout: timedelta | float,
        name: str,
        function: Callable[Concatenate[Credentials, _P], Awaitable[_R]],
        /,
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _R:
        """As call_within(), for a function that is awaited."""
        return await self._call_async(name, timeout, function, args, kwargs)

    async def _call_async(
        self,
        name: str,
        timeout: timedelta | float | None,
        function: Callable[..., Awaitable[_R]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> _R:
        credentials = await self.credentials_async(name, timeout=timeout)
        try:
            return await function(credentials, *args, **kwargs)
        except Exception as error:
            if not self._rejected(error):
                raise
            try:
                renewed = await self.renew_async(name, credentials.access_key_id, timeout=timeout)
            except _kmsak_errors() as reason:
                because(error, reason)
                renewed = None
            if renewed is None:
                raise
        return await function(renewed, *args, **kwargs)

    def with_credentials(self, name: str, *, timeout: timedelta | float | None = None) -> _Decorator:
        """Decorate a function so that each run of it is a call() with the AccessKey in the secret `name`.

        With `timeout` each run is a call_within() that time.

        The function gets the credentials as its first argument, and its callers leave that out; a method gets them
        after ``self``. It may be an ``async def``::

            @provider.with_credentials("acs/ram/user/app")
            def list_buckets(credentials, prefix=""):
                ...

            list_buckets(prefix="logs-")

        ``@staticmethod`` and ``@classmethod`` may stand above or below it. Raises TypeError for a generator, whose
        rejections nobody would hear of.
        """
        from kmsak._decorator import decorator

        return decorator(self, name, timeout)

    async def credentials_async(self, name: str, *, timeout: timedelta | float | None = None) -> Credentials:
        """As credentials(), without blocking the event loop. A cached value is given without a task switch.

        Cancelling the task ends the wait; the fetch itself goes on.
        """
        time_out = _checked(timeout)
        credentials = self.cached_credentials(name)
        if credentials is not None:
            return credentials
        return await _answer(self._begin_credentials(name), time_out)

    async def secret_async(self, name: str, *, timeout: timedelta | float | None = None) -> Secret:
        """As secret(), without blocking the event loop. A cached value is given without a task switch."""
        time_out = _checked(timeout)
        return await _answer(self._begin_secret(name), time_out)

    async def secret_at_stage_async(
        self, name: str, version_stage: str, *, timeout: timedelta | float | None = None
    ) -> Secret:
        """As secret_at_stage(), without blocking the event loop."""
        time_out = _checked(timeout)
        return await _answer(self._begin_secret_at_stage(name, version_stage), time_out)

    async def renew_async(
        self, name: str, rejected_id: str, *, timeout: timedelta | float | None = None
    ) -> Credentials:
        """As renew(), without blocking the event loop. What is in the cache is given without a task switch."""
        time_out = _checked(timeout)
        return await _answer(self._begin_renew(name, rejected_id), time_out)

    async def refresh_async(self, name: str, *, timeout: timedelta | float | None = None) -> Secret:
        """As refresh(), without blocking the event loop."""
        time_out = _checked(timeout)
        return await _answer(self._begin_refresh(name), time_out)

    def events(self) -> EventStream:
        """Give the events from now on to ``async for``, in the running event loop.

        The stream ends when it or the provider is closed; as long as something refers to it, the provider stays open.
        Of more than 1024 events that wait the oldest are dropped.
        """
        from kmsak._event_stream import EventStream

        stream = EventStream(self)
        try:
            streams = self._streams
        except AttributeError:
            import weakref

            self._streams = streams = weakref.WeakSet()
        streams.add(stream)
        return stream

    def close(self) -> None:
        """End all refreshing and forget every value; whoever waits, and every later call, gets ClosedError.

        Closing again does nothing.
        """
        super().close()
        for stream in list(getattr(self, "_streams", ())):
            stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Ending kmsak's thread may take a moment.
        import asyncio

        await asyncio.get_running_loop().run_in_executor(None, self.close)

    def __repr__(self) -> str:
        return f"<kmsak.Provider {'closed' if self.closed else 'open'}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            "a kmsak.Provider cannot be pickled: open one in each process that is started with spawn, or use the "
            "same one in processes that are forked"
        )

    def __copy__(self) -> NoReturn:
        raise TypeError("a kmsak.Provider cannot be copied: use the same one everywhere, from any thread")

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__copy__()

    def _rejected(self, error: Exception) -> bool:
        found = service_error(error)
        return found is not None and self.is_rejection(*found)


# So that help() and tracebacks name what a caller can import.
Provider.__module__ = "kmsak"


def _kmsak_errors() -> type[Exception]:
    from kmsak._errors import KmsakError

    return KmsakError


def _checked(timeout: timedelta | float | None) -> tuple[float, BaseException] | None:
    return None if timeout is None else _kmsak._time_out(timeout)


async def _answer(begun: _T | _kmsak._Pending, time_out: tuple[float, BaseException] | None) -> _T:
    if not isinstance(begun, _kmsak._Pending):
        return begun
    from kmsak._asyncio import answer

    return await answer(begun.then, time_out)


def _done(result: _R) -> _R:
    kind = type(result)
    if hasattr(kind, "__await__"):
        if hasattr(kind, "close"):
            # Or else Python complains of a coroutine that was never awaited.
            result.close()  # type: ignore[attr-defined]
        raise TypeError("the function gives an awaitable, which call() cannot renew and run again: use call_async()")
    if hasattr(kind, "gi_frame") or hasattr(kind, "ag_frame"):
        raise TypeError(
            "the function gives a generator, which call() cannot renew and run again: make it return a list, or use "
            "call() for each request inside it"
        )
    return result
