"""Fetching, renewing, calling: the contract in Python's words."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import datetime
import gc
import json
import pathlib
import pickle
import queue
import threading
import traceback
import types
import weakref
from collections.abc import AsyncIterator, Callable, Iterator

import kmsak
import pytest
from conftest import Emulator, refusal


class ServiceError(Exception):
    """As an Alibaba Cloud SDK raises it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@pytest.mark.parametrize("gateway", ["on_the_cloud", "off_the_cloud"])
def test_gives_the_access_key(emulator: Emulator, secret: str, gateway: str) -> None:
    config = emulator.config if gateway == "on_the_cloud" else emulator.config_off_the_cloud
    with kmsak.Provider.from_file(pathlib.Path(config)) as provider:
        assert provider.cached_credentials(secret) is None
        credentials = provider.credentials(name=secret)
        assert provider.cached_credentials(secret) == credentials
    current = emulator.current(secret)
    assert credentials.access_key_id == current["AccessKeyId"]
    assert credentials.access_key_secret == current["AccessKeySecret"]
    assert credentials.version_id == current["VersionId"]
    assert credentials.secret.name == secret


def test_from_the_usual_places(
    emulator: Emulator, secret: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in emulator.directory.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "on_the_cloud.properties").rename(tmp_path / "managed_credentials_providers.properties")
    monkeypatch.chdir(tmp_path)
    with kmsak.Provider.from_env() as provider:
        assert provider.credentials(secret).access_key_id == emulator.current(secret)["AccessKeyId"]


def test_from_code(emulator: Emulator, secret: str) -> None:
    folder = emulator.directory
    gateway = kmsak.Gateway.instance(
        endpoint=emulator.endpoint("instance"),
        ca=(folder / "ca.pem").read_bytes(),
        connect_timeout=datetime.timedelta(seconds=60),
        read_timeout=67.5,
    )
    with kmsak.Provider(
        gateways=[gateway],
        client_key=(folder / "clientKey.json").read_text(),
        client_key_password=(folder / "clientKey_Password.txt").read_bytes(),
        secret_names=[secret],
        rotation_interval=datetime.timedelta(hours=1),
        properties={"delay_interval": "1000"},
    ) as provider:
        assert provider.credentials(secret).access_key_id == emulator.current(secret)["AccessKeyId"]


def test_the_environment_wins_over_a_file(
    emulator: Emulator, secret: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("rotation_interval", "nonsense")
    with pytest.raises(kmsak.ConfigurationError, match="rotation_interval"):
        kmsak.Provider.from_file(emulator.config)


def test_settings_from_any_mapping(emulator: Emulator, secret: str) -> None:
    settings = types.MappingProxyType({"cache_client_dkms_config_info": "", "rotation_interval": "nonsense"})
    with pytest.raises(kmsak.ConfigurationError, match="rotation_interval"):
        kmsak.Provider(properties_file=emulator.config, properties=settings)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"properties_file": "/nowhere/at.all"}, kmsak.ConfigurationError, "/nowhere/at.all"),
        ({"properties": {"rotation_intervall": "1"}}, kmsak.ConfigurationError, "rotation_interval"),
        ({}, kmsak.ConfigurationError, "no KMS gateway"),
        ({"rotation_interval": -1}, ValueError, "^rotation_interval: .*0 seconds or more"),
        ({"rotation_interval": float("nan")}, ValueError, "0 seconds or more"),
        ({"rotation_interval": "6h"}, TypeError, "^rotation_interval: .*timedelta"),
        ({"rotation_interval": True}, TypeError, "timedelta"),
        ({"client_key": 17}, TypeError, "^client_key: .*str or bytes"),
        ({"gateways": "cn-hangzhou"}, TypeError, "^gateways: expected a list of Gateway objects, not str"),
        ({"gateways": ["cn-hangzhou"]}, TypeError, "^gateways: .*Gateway objects, but there is str in it"),
        ({"gateways": kmsak.Gateway.instance()}, TypeError, "^gateways: .*list of Gateway objects, not Gateway"),
        ({"secret_names": "app"}, TypeError, "^secret_names: expected a list of str, not str"),
        ({"secret_names": {"app"}}, TypeError, "^secret_names: expected a list of str, not set"),
        ({"rejection_codes": ["x", 1]}, TypeError, "^rejection_codes: .*list of str, but there is int in it"),
        ({"rejection_codes": ["\ud800"]}, UnicodeEncodeError, "surrogates"),
        ({"https_proxy": 1}, TypeError, "^https_proxy: "),
        ({"cache_file": 1}, TypeError, "^cache_file: .*PathLike"),
        ({"regoin": "cn-hangzhou"}, TypeError, "regoin"),
        ({"renew_tokens": -1}, ValueError, "whole number from 0"),
        ({"renew_tokens": 2**32}, ValueError, "not 4294967296"),
        ({"renew_tokens": 1.5}, TypeError, "not float"),
        ({"renew_tokens": True}, TypeError, "not bool"),
        ({"properties": [("rotation_interval", "1")]}, TypeError, "mapping from str to str, not list"),
        ({"properties": {"rotation_interval": 1}}, TypeError, "expected a str for rotation_interval"),
        ({"properties": {1: "1"}}, TypeError, "a key is no str"),
    ],
)
def test_a_wrong_configuration_is_told(arguments: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        kmsak.Provider(**arguments)  # type: ignore[arg-type]


def test_no_file_is_not_any_file() -> None:
    with pytest.raises(TypeError, match="use from_env"):
        kmsak.Provider.from_file(None)  # type: ignore[arg-type]


def test_a_gateways_argument_is_named() -> None:
    with pytest.raises(TypeError, match=r"^connect_timeout: .*timedelta"):
        kmsak.Gateway.instance(connect_timeout="3s")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^region_id: "):
        kmsak.Gateway.shared(None)  # type: ignore[arg-type]


def test_an_error_of_a_path_of_ones_own_is_raised_as_it_is() -> None:
    class MyError(TypeError):
        pass

    class Path:
        def __fspath__(self) -> str:
            raise MyError("as it is")

    with pytest.raises(MyError, match=r"^as it is$"):
        kmsak.Provider(client_key_file=Path())


def test_a_wrong_password_is_told_and_not_shown(emulator: Emulator) -> None:
    with pytest.raises(kmsak.ClientKeyError) as caught:
        kmsak.Provider(
            gateways=[kmsak.Gateway.instance(endpoint="127.0.0.1:1")],
            client_key_file=emulator.directory / "clientKey.json",
            client_key_password="Wr0ng!Passw0rd",
        )
    assert "Wr0ng" not in str(caught.value)
    assert caught.value.kind == "client_key"


def test_errors_have_all_parts(emulator: Emulator, provider: kmsak.Provider) -> None:
    with pytest.raises(kmsak.NotFoundError) as caught:
        provider.credentials("acs/ram/user/nobody")
    error = caught.value
    assert isinstance(error, kmsak.KmsakError)
    assert error.kind == "not_found"
    assert error.code == "Forbidden.ResourceNotFound"
    assert error.request_id
    assert error.http_status == 404
    assert error.retryable is False
    assert error.message == str(error)
    assert type(error).__module__ == "kmsak"
    same = pickle.loads(pickle.dumps(error))
    assert (type(same), str(same), vars(same)) == (type(error), str(error), vars(error))


def test_each_kind_has_its_class(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    with (
        emulator.fault(kind="error", status=403, code="Forbidden.NoPermission", secret=secret),
        pytest.raises(kmsak.DeniedError),
    ):
        provider.secret(secret)
    deadline = {"fetch_deadline": "1000"}
    with (
        emulator.fault(kind="throttle", perSecond=0, secret=secret),
        kmsak.Provider(properties_file=emulator.config, properties=deadline) as hurried,
    ):
        assert refusal(kmsak.ThrottledError, lambda: hurried.secret(secret)).retryable
    with (
        emulator.fault(kind="hang", secret=secret),
        kmsak.Provider(properties_file=emulator.config, properties=deadline) as hurried,
        pytest.raises(kmsak.NetworkError) as failed,
    ):
        hurried.secret(secret)
    assert failed.value.code is None


def test_any_secret(emulator: Emulator, provider: kmsak.Provider) -> None:
    emulator.admin("POST", "/secrets", {"name": "py/text", "text": '{"password": "p\\u00e4ss"}'})
    emulator.admin("POST", "/secrets", {"name": "py/binary", "binary": "AP+A"})
    text = provider.secret("py/text")
    assert (text.name, text.secret_type, text.is_binary) == ("py/text", "Generic", False)
    assert text.text == text.bytes.decode()
    assert text.json() == {"password": "päss"}
    assert text.version_stages == ("ACSCurrent",)
    binary = provider.secret("py/binary")
    assert (binary.bytes, binary.text, binary.is_binary) == (b"\x00\xff\x80", None, True)
    with pytest.raises(ValueError, match="not JSON") as caught:
        binary.json()
    assert "\\xff" not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(kmsak.ConfigurationError, match="holds no AccessKey"):
        provider.credentials("py/text")


def test_a_secret_that_is_not_json_does_not_leak_through_the_parser(
    emulator: Emulator, provider: kmsak.Provider
) -> None:
    emulator.admin("POST", "/secrets", {"name": "py/odd", "text": "{hush-hush"})
    with pytest.raises(ValueError, match="not JSON") as caught:
        provider.secret("py/odd").json()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_stages_and_refresh(emulator: Emulator, provider: kmsak.Provider) -> None:
    emulator.admin("POST", "/secrets", {"name": "py/stages", "text": "one"})
    assert provider.secret("py/stages").text == "one"
    emulator.admin("POST", "/secrets/versions", {"name": "py/stages", "text": "two"})
    assert provider.secret("py/stages").text == "one"
    assert provider.refresh("py/stages").text == "two"
    assert provider.secret("py/stages").text == "two"
    assert provider.secret_at_stage("py/stages", "ACSPrevious").text == "one"


def test_times_are_datetimes(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    emulator.admin("POST", "/secrets/schedule", {"name": secret, "intervalSeconds": 604800})
    found = provider.secret(secret)
    assert found.rotation_interval == datetime.timedelta(days=7)
    assert found.next_rotation_date is not None
    now = datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(days=6) < found.next_rotation_date - now <= datetime.timedelta(days=7, minutes=1)
    credentials = provider.credentials(secret)
    for made in (found.create_time, credentials.generate_timestamp):
        assert made is not None
        assert datetime.timedelta(minutes=-1) < now - made < datetime.timedelta(minutes=10)


@pytest.mark.parametrize(
    ("kms_wrote", "expected"),
    [
        ("2026-12-01T00:00:00Z", datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc)),
        (1_796_083_200, datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc)),
        ("next week", None),
        (2**62, None),
    ],
)
def test_times_in_older_secrets(
    emulator: Emulator, provider: kmsak.Provider, secret: str, kms_wrote: object, expected: datetime.datetime | None
) -> None:
    current = emulator.current(secret)
    value = {
        "AccessKeyId": current["AccessKeyId"],
        "AccessKeySecret": current["AccessKeySecret"],
        "GenerateTimestamp": kms_wrote,
        "ExpireTimestamp": kms_wrote,
        "ScheduleRotateTimestamp": kms_wrote,
    }
    emulator.admin("POST", "/secrets/versions", {"name": secret, "text": json.dumps(value)})
    credentials = provider.credentials(secret)
    assert credentials.generate_timestamp == expected
    assert credentials.expire_timestamp == expected
    # That one was always a number.
    assert credentials.schedule_rotate_timestamp == (expected if isinstance(kms_wrote, int) else None)


def test_renew(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    old = provider.credentials(secret)
    new_id = emulator.rotate(secret)
    new = provider.renew(secret, old.access_key_id)
    assert new.access_key_id == new_id == provider.credentials(secret).access_key_id
    assert new != old


def test_call_renews_once(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    first = provider.credentials(secret).access_key_id
    second = emulator.rotate(secret)
    seen = []

    def service(credentials: kmsak.Credentials, argument: int, *, keyword: str) -> tuple[int, str]:
        seen.append(credentials.access_key_id)
        if credentials.access_key_id == first:
            raise ServiceError("InvalidAccessKeyId.NotFound")
        return argument, keyword

    assert provider.call(secret, service, 17, keyword="x") == (17, "x")
    assert seen == [first, second]


def test_call_passes_other_errors(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    runs = []

    def service(credentials: kmsak.Credentials) -> None:
        runs.append(credentials)
        raise ServiceError("Throttling.User")

    with pytest.raises(ServiceError, match=r"Throttling\.User"):
        provider.call(secret, service)
    assert len(runs) == 1


def test_call_raises_the_services_error_when_renewal_fails(emulator: Emulator, secret: str) -> None:
    def service(credentials: kmsak.Credentials) -> None:
        raise ServiceError("InvalidAccessKeyId")

    with kmsak.Provider(properties_file=emulator.config) as provider:
        provider.credentials(secret)
        with (
            emulator.fault(kind="error", status=403, code="Forbidden.NoPermission", secret=secret),
            pytest.raises(ServiceError),
        ):
            provider.call(secret, service)


def test_a_failed_renewal_is_the_cause_of_the_services_error(emulator: Emulator, secret: str) -> None:
    @dataclasses.dataclass(frozen=True)
    class FrozenError(Exception):
        code: str

    def service(credentials: kmsak.Credentials, error: Exception) -> None:
        try:
            raise KeyError("what the SDK was at")
        finally:
            raise error

    async def service_async(credentials: kmsak.Credentials, error: Exception) -> None:
        service(credentials, error)

    with kmsak.Provider(properties_file=emulator.config, renew_tokens=8) as provider:
        provider.credentials(secret)
        decorated = provider.with_credentials(secret)
        runs: list[Callable[[Exception], object]] = [
            lambda error: provider.call(secret, service, error),
            lambda error: asyncio.run(provider.call_async(secret, service_async, error)),
            decorated(service),
            lambda error: asyncio.run(decorated(service_async)(error)),
        ]
        with emulator.fault(kind="error", status=403, code="Forbidden.NoPermission", secret=secret):
            for run in runs:
                for error in (ServiceError("InvalidAccessKeyId"), FrozenError("InvalidAccessKeyId")):
                    with pytest.raises(type(error)) as caught:
                        run(error)
                    assert caught.value is error
                    reason = error.__cause__
                    assert isinstance(reason, kmsak.DeniedError)
                    assert reason.code == "Forbidden.NoPermission"
                    # Neither a way back to the error, nor anything that the SDK said lost.
                    assert reason.__context__ is None
                    assert isinstance(error.__context__, KeyError)


def test_a_failed_renewal_leaves_the_services_error_as_it_was(emulator: Emulator, secret: str) -> None:
    def service(credentials: kmsak.Credentials) -> None:
        try:
            raise KeyError("the cause")
        except KeyError as error:
            raise ServiceError("InvalidAccessKeyId") from error

    async def service_async(credentials: kmsak.Credentials) -> None:
        service(credentials)

    with kmsak.Provider(properties_file=emulator.config) as provider:
        provider.credentials(secret)
        with emulator.fault(kind="error", status=403, code="Forbidden.NoPermission", secret=secret):
            with pytest.raises(ServiceError) as caught:
                provider.call(secret, service)
            assert isinstance(caught.value.__cause__, KeyError)
            with pytest.raises(ServiceError) as caught:
                asyncio.run(provider.call_async(secret, service_async))
            assert isinstance(caught.value.__cause__, KeyError)


def test_call_refuses_what_is_not_done_when_it_returns(provider: kmsak.Provider, secret: str) -> None:
    async def coroutine(credentials: kmsak.Credentials) -> None:
        raise AssertionError("it runs")

    def generator(credentials: kmsak.Credentials) -> Iterator[int]:
        yield 1

    async def asynchronous_generator(credentials: kmsak.Credentials) -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match="use call_async"):
        provider.call(secret, coroutine)  # type: ignore[unused-coroutine]
    for lazy in (generator, asynchronous_generator):
        with pytest.raises(TypeError, match="a generator"):
            provider.call(secret, lazy)


def test_rejection_codes(emulator: Emulator) -> None:
    assert kmsak.is_rejection("InvalidAccessKeyId.NotFound")
    assert not kmsak.is_rejection("SignatureDoesNotMatch")
    assert kmsak.is_rejection("Unauthorized", "AccessKeyId not found: LTAI5t")
    assert not kmsak.is_rejection("Unauthorized", "denied by sts or ram")
    assert not kmsak.is_rejection("Unauthorized")
    with kmsak.Provider(properties_file=emulator.config, rejection_codes=["Gone"]) as provider:
        assert provider.is_rejection("Gone")
        assert not provider.is_rejection("InvalidAccessKeyId")


def test_codes_in_exceptions() -> None:
    class WrappingError(Exception):
        def unwrap(self) -> Exception:
            return ServiceError("InvalidAccessKeyId")

    class V1Error(Exception):
        error_code = "InvalidAccessKeyId.NotFound"

    class LoopError(Exception):
        def unwrap(self) -> Exception:
            return self

    assert kmsak.service_error_code(WrappingError()) == "InvalidAccessKeyId"
    assert kmsak.service_error_code(V1Error()) == "InvalidAccessKeyId.NotFound"
    assert kmsak.service_error_code(LoopError()) is None
    assert kmsak.service_error_code(ValueError("x")) is None
    number = ServiceError("")
    number.code = 404  # type: ignore[assignment]
    assert kmsak.service_error_code(number) is None

    class OptionError(Exception):
        """Of a library that has another meaning for the word."""

        def unwrap(self, expected: type) -> Exception:
            raise AssertionError("it cannot be called without an argument")

    assert kmsak.service_error_code(OptionError()) is None


def test_events(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    events: queue.Queue[kmsak.Event] = queue.Queue()
    subscription = provider.subscribe(events.put)
    old = provider.credentials(secret)
    fetched = events.get(timeout=60)
    assert fetched == kmsak.Fetched(secret, old.version_id)
    assert fetched.name == "fetched"
    new_id = emulator.rotate(secret)
    provider.refresh(secret)
    arrived = {event.name: event for event in (events.get(timeout=60), events.get(timeout=60))}
    assert arrived["rotated"] == kmsak.Rotated(secret, old.access_key_id, new_id)
    # Another one, as a refusal is remembered for a while.
    refused = emulator.new_secret()
    with (
        emulator.fault(kind="error", status=403, code="Forbidden.NoPermission", secret=refused),
        pytest.raises(kmsak.DeniedError),
    ):
        provider.refresh(refused)
    failed = events.get(timeout=60)
    assert isinstance(failed, kmsak.RefreshFailed)
    assert isinstance(failed.error, kmsak.DeniedError)
    assert isinstance(failed.stale_for, datetime.timedelta)
    subscription.unsubscribe()
    subscription.unsubscribe()
    provider.refresh(secret)
    with provider.subscribe(events.put):
        provider.refresh(secret)
        assert events.get(timeout=60).name == "fetched"
    assert events.empty()
    with pytest.raises(TypeError, match="not callable"):
        provider.subscribe(None)  # type: ignore[arg-type]


def test_a_subscription_need_not_be_kept(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    events: queue.Queue[kmsak.Event] = queue.Queue()
    provider.subscribe(events.put)
    gc.collect()
    provider.refresh(secret)
    assert events.get(timeout=60).name == "fetched"


def test_closing_lets_go_of_listeners(emulator: Emulator) -> None:
    class Listener:
        def __call__(self, event: kmsak.Event) -> None: ...

    def subscribed(*, keep: bool) -> weakref.ref[Listener]:
        listener = Listener()
        subscription = provider.subscribe(listener)
        if not keep:
            subscription.unsubscribe()
        return weakref.ref(listener)

    provider = kmsak.Provider.from_file(emulator.config)
    assert subscribed(keep=False)() is None
    kept = subscribed(keep=True)
    assert kept() is not None
    provider.close()
    assert kept() is None


def test_a_listener_that_refers_to_its_provider_is_collected(emulator: Emulator) -> None:
    class Application:
        def __init__(self) -> None:
            self.provider = kmsak.Provider.from_file(emulator.config)
            self.subscription = self.provider.subscribe(self.on_event)
            self.provider.subscribe(self.on_event)

        def on_event(self, event: kmsak.Event) -> None: ...

    applications = [weakref.ref(Application()) for _ in range(5)]
    providers = [weakref.ref(application.provider) for one in applications if (application := one())]
    del application
    gc.collect()
    assert [one() for one in applications + providers] == [None] * (5 + len(providers))


def test_a_listener_that_raises_harms_nobody(
    emulator: Emulator, provider: kmsak.Provider, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: queue.Queue[BaseException | None] = queue.Queue()
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: told.put(unraisable.exc_value))
    calls = []

    def listener(event: kmsak.Event) -> None:
        calls.append(event)
        raise RuntimeError("boom")

    with provider.subscribe(listener):
        provider.refresh(secret)
        assert str(told.get(timeout=60)) == "boom"
        provider.refresh(secret)
        assert str(told.get(timeout=60)) == "boom"
    assert len(calls) == 2


def test_a_listener_may_use_and_close_the_provider(emulator: Emulator, secret: str) -> None:
    provider = kmsak.Provider.from_file(emulator.config)
    seen: queue.Queue[str] = queue.Queue()

    def listener(event: kmsak.Event) -> None:
        seen.put(provider.credentials(secret).access_key_id)
        provider.close()
        seen.put("closed")

    subscription = provider.subscribe(listener)
    first = provider.credentials(secret)
    assert seen.get(timeout=60) == first.access_key_id
    assert seen.get(timeout=60) == "closed"
    assert provider.closed
    subscription.unsubscribe()


def test_stats(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    credentials = provider.credentials(secret)
    stats = provider.stats()
    [one] = stats.secrets
    assert (one.name, one.version_id, one.access_key_id) == (
        secret,
        credentials.version_id,
        credentials.access_key_id,
    )
    assert (one.fetches, one.failures, one.renewals, one.last_error) == (1, 0, 0, None)
    assert one.age is not None
    assert one.age < datetime.timedelta(minutes=1)
    [endpoint] = stats.endpoints
    assert endpoint.endpoint == emulator.endpoint("instance")
    [client_key] = stats.client_keys
    assert client_key.key_id == emulator.ready["clientKeyId"]
    assert client_key.days_left > 1800
    assert client_key.not_after.tzinfo == datetime.timezone.utc
    assert credentials.access_key_secret not in repr(stats)


def test_closed(emulator: Emulator, secret: str) -> None:
    provider = kmsak.Provider.from_file(emulator.config)
    credentials = provider.credentials(secret)
    provider.close()
    provider.close()
    assert provider.closed
    with pytest.raises(kmsak.ClosedError):
        provider.credentials(secret)
    with pytest.raises(kmsak.ClosedError):
        provider.renew(secret, credentials.access_key_id)
    with pytest.raises(kmsak.ClosedError):
        provider.subscribe(print)
    assert provider.cached_credentials(secret) is None
    assert provider.stats().secrets == ()
    assert len(credentials.access_key_secret) > 10


def test_nothing_shows_a_secret(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    credentials = provider.credentials(secret)
    for shown in (credentials, credentials.secret, provider, provider.stats(), [credentials]):
        for text in (repr(shown), str(shown), f"{shown}"):
            assert credentials.access_key_secret not in text
    assert credentials.access_key_id in repr(credentials)
    assert secret in repr(credentials.secret)
    assert repr(provider) == "<kmsak.Provider open>"
    with pytest.raises(TypeError):
        vars(credentials)
    with pytest.raises(TypeError):
        json.dumps(credentials)


def test_values_are_immutable(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    credentials = provider.credentials(secret)
    with pytest.raises(AttributeError):
        credentials.access_key_id = "x"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        credentials.other = "x"  # type: ignore[attr-defined]
    assert copy.copy(credentials) is credentials
    assert copy.deepcopy([credentials])[0] is credentials
    assert {credentials: 1}[provider.credentials(secret)] == 1
    assert credentials != "x"
    with pytest.raises(TypeError, match="cannot create"):
        kmsak.Credentials()  # type: ignore[call-arg]


def test_pickling_and_copying_are_refused(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    for value in (provider, provider.credentials(secret), provider.secret(secret)):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot be pickled"):
                pickle.dumps(value, protocol)
    for duplicate in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be copied"):
            duplicate(provider)


def test_bad_names(provider: kmsak.Provider) -> None:
    for name in ("", "x" * 100_000, "nul\0", "new\nline"):
        with pytest.raises(kmsak.KmsakError):
            provider.credentials(name)
    with pytest.raises(TypeError):
        provider.credentials(17)  # type: ignore[arg-type]
    with pytest.raises(UnicodeEncodeError):
        provider.credentials("\ud800")


def test_subclassing(emulator: Emulator, secret: str) -> None:
    class MyError(kmsak.Provider):
        extra = 1

    with MyError.from_file(emulator.config) as provider:
        assert isinstance(provider, MyError)
        assert provider.credentials(secret).access_key_id


def test_many_threads_cause_one_fetch(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    gate = threading.Barrier(16)
    answers = []

    def run() -> None:
        gate.wait()
        answers.append(provider.credentials(secret).access_key_id)

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [emulator.current(secret)["AccessKeyId"]] * 16
    assert [(one.name, one.fetches) for one in provider.stats().secrets] == [(secret, 1)]


def test_a_keyword_that_is_none() -> None:
    with pytest.raises(TypeError, match=r"Provider\(\) got an unexpected keyword argument 'rotation_intervall'"):
        kmsak.Provider(rotation_intervall=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"shared\(\) got an unexpected keyword argument 'regionid'"):
        kmsak.Gateway.shared("cn-hangzhou", regionid="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"instance\(\) got an unexpected keyword argument 'vpc'"):
        kmsak.Gateway.instance(vpc=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^environment: "):
        kmsak.Provider(environment="yes")  # type: ignore[arg-type]
