"""Alibaba Cloud's own SDKs, unmodified, through a rotation that leaves no overlap."""

from __future__ import annotations

import asyncio
import importlib
import json
import pathlib
import subprocess
import sys
import threading
from typing import Any

import alibabacloud_oss_v2
import alibabacloud_oss_v2.aio as oss_v2_aio
import kmsak
import oss2
import pytest
from alibabacloud_credentials.client import Client as CredentialClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdksts.request.v20150401.GetCallerIdentityRequest import GetCallerIdentityRequest
from conftest import Emulator
from kmsak.adapters import alibabacloud_credentials as v2_adapter
from kmsak.adapters import alibabacloud_oss_v2 as oss_v2_adapter
from kmsak.adapters import aliyunsdkcore as v1_adapter
from kmsak.adapters import oss2 as oss2_adapter


def sts_client(emulator: Emulator, managed: v2_adapter.CredentialsProvider) -> StsClient:
    return StsClient(
        Config(
            credential=CredentialClient(provider=managed),
            endpoint=emulator.endpoint("sts"),
            protocol="http",
            region_id="cn-hangzhou",
        )
    )


def user(secret: str) -> str:
    return secret.rsplit("/", 1)[1]


def test_v2_sdk(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    managed = v2_adapter.CredentialsProvider(provider, secret)
    client = sts_client(emulator, managed)
    assert client.get_caller_identity().body.arn.endswith(user(secret))
    emulator.rotate(secret)
    with pytest.raises(Exception, match="InvalidAccessKeyId"):
        client.get_caller_identity()
    identity = managed.call(client.get_caller_identity)
    assert identity.body.arn.endswith(user(secret))
    # From now on the SDK has the new one by itself.
    assert client.get_caller_identity().body.arn.endswith(user(secret))


def test_v2_sdk_async(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    managed = v2_adapter.CredentialsProvider(provider, secret)
    client = sts_client(emulator, managed)

    async def run() -> None:
        assert (await client.get_caller_identity_async()).body.arn.endswith(user(secret))
        emulator.rotate(secret)
        identity = await managed.call_async(client.get_caller_identity_async)
        assert identity.body.arn.endswith(user(secret))

    asyncio.run(run())


def test_the_credential_client_itself(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    client = CredentialClient(provider=v2_adapter.CredentialsProvider(provider, secret))
    model = client.get_credential()
    current = emulator.current(secret)
    assert (model.access_key_id, model.access_key_secret) == (
        current["AccessKeyId"],
        current["AccessKeySecret"],
    )
    assert model.security_token is None
    assert client.get_type() == "kmsak"


def v1_request(emulator: Emulator) -> Any:
    request = GetCallerIdentityRequest()
    request.set_protocol_type("http")
    request.set_endpoint(emulator.endpoint("sts").split(":")[0])
    return request


def v1_client(emulator: Emulator, secret: str, **arguments: Any) -> v1_adapter.AcsClient:
    port = int(emulator.endpoint("sts").split(":")[1])
    return v1_adapter.AcsClient(secret, region_id="cn-hangzhou", port=port, **arguments)


def test_v1_sdk(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    client = v1_client(emulator, secret, provider=provider)
    assert client.get_access_key() == emulator.current(secret)["AccessKeyId"]
    request = v1_request(emulator)
    for _ in range(2):
        identity = json.loads(client.do_action_with_exception(request))
        assert identity["Arn"].endswith(user(secret))
        emulator.rotate(secret)
    assert client.get_access_secret() != emulator.current(secret)["AccessKeySecret"]
    assert json.loads(client.do_action_with_exception(v1_request(emulator)))["Arn"].endswith(user(secret))
    client.shutdown()


def test_v1_sdk_in_many_threads(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    client = v1_client(emulator, secret, provider=provider)
    client.do_action_with_exception(v1_request(emulator))
    emulator.rotate(secret)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            client.do_action_with_exception(v1_request(emulator))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_v1_sdk_tells_why_nothing_was_renewed(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    client = v1_client(emulator, secret, provider=provider)
    client.do_action_with_exception(v1_request(emulator))
    emulator.rotate(secret)
    with (
        emulator.fault(kind="error", status=403, code="Forbidden.NoPermission", secret=secret),
        pytest.raises(ServerException) as caught,
    ):
        client.do_action_with_exception(v1_request(emulator))
    assert isinstance(caught.value.__cause__, kmsak.DeniedError)


def test_v1_sdk_with_a_handler_of_ones_own(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    class Never:
        def judge_ak_expire(self, exception: Exception) -> bool:
            return False

    client = v1_client(emulator, secret, provider=provider, ak_expire_handler=Never())
    client.do_action_with_exception(v1_request(emulator))
    emulator.rotate(secret)
    with pytest.raises(ServerException) as caught:
        client.do_action_with_exception(v1_request(emulator))
    assert kmsak.service_error_code(caught.value) == "InvalidAccessKeyId.NotFound"


def test_v1_sdk_passes_other_errors(emulator: Emulator, provider: kmsak.Provider, secret: str) -> None:
    client = v1_client(emulator, secret, provider=provider, auto_retry=False)
    request = v1_request(emulator)
    request.set_action_name("NoSuchAction")
    with pytest.raises(ServerException) as caught:
        client.do_action_with_exception(request)
    assert caught.value.get_error_code() == "InvalidAction.NotFound"


def test_v1_sdk_takes_the_official_plug_ins_arguments(
    emulator: Emulator, secret: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in emulator.directory.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "on_the_cloud.properties").rename(tmp_path / "managed_credentials_providers.properties")
    monkeypatch.chdir(tmp_path)
    port = int(emulator.endpoint("sts").split(":")[1])
    client = v1_adapter.AcsClient(
        secret, None, "ignored", "ignored", "cn-hangzhou", True, 3, "agent", port, 5, 10, verify=True
    )
    again = v1_client(emulator, secret)
    assert client._kmsak_provider is again._kmsak_provider
    assert json.loads(client.do_action_with_exception(v1_request(emulator)))["Arn"].endswith(user(secret))
    client._kmsak_provider.close()


def test_v1_sdk_without_a_provider_leaves_nothing_behind(tmp_path: pathlib.Path) -> None:
    program = """
import kmsak
from kmsak.adapters.aliyunsdkcore import AcsClient
try:
    AcsClient("acs/ram/user/app")
except kmsak.ConfigurationError:
    print("no configuration")
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("no configuration\n", "")


@pytest.mark.parametrize("version", ["V1", "V4"])
def test_oss2(emulator: Emulator, provider: kmsak.Provider, secret: str, version: str) -> None:
    managed = oss2_adapter.CredentialsProvider(provider, secret)
    auth = oss2.ProviderAuth(managed) if version == "V1" else oss2.ProviderAuthV4(managed)
    service = oss2.Service(auth, f"http://{emulator.endpoint('oss')}", region="cn-hangzhou")
    service.list_buckets()
    emulator.rotate(secret)
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        service.list_buckets()
    assert (caught.value.code, caught.value.status) == ("InvalidAccessKeyId", 403)
    managed.call(service.list_buckets)
    service.list_buckets()


@pytest.fixture
def oss_v2(emulator: Emulator, provider: kmsak.Provider, secret: str) -> tuple[oss_v2_adapter.CredentialsProvider, Any]:
    managed = oss_v2_adapter.CredentialsProvider(provider, secret)
    config = alibabacloud_oss_v2.config.load_default()
    config.region = "cn-hangzhou"
    config.endpoint = f"http://{emulator.endpoint('oss')}"
    config.use_path_style = True
    config.credentials_provider = managed
    return managed, config


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_oss_v2(
    emulator: Emulator, secret: str, oss_v2: tuple[oss_v2_adapter.CredentialsProvider, Any], version: str
) -> None:
    managed, config = oss_v2
    config.signature_version = version
    client = alibabacloud_oss_v2.Client(config)
    request = alibabacloud_oss_v2.ListBucketsRequest()
    assert client.list_buckets(request).status_code == 200
    emulator.rotate(secret)
    with pytest.raises(alibabacloud_oss_v2.exceptions.OperationError) as caught:
        client.list_buckets(request)
    assert kmsak.service_error_code(caught.value) == "InvalidAccessKeyId"
    assert managed.call(client.list_buckets, request).status_code == 200
    assert client.list_buckets(request).status_code == 200


def test_oss_v2_async(emulator: Emulator, secret: str, oss_v2: tuple[oss_v2_adapter.CredentialsProvider, Any]) -> None:
    managed, config = oss_v2

    async def run() -> None:
        async with oss_v2_aio.AsyncClient(config) as client:
            request = alibabacloud_oss_v2.ListBucketsRequest()
            with emulator.fault(kind="hang", secret=secret):
                task = asyncio.create_task(managed.call_async(client.list_buckets, request))
                # The loop goes on while the first fetch hangs, or the fault would not be ended here.
                await asyncio.to_thread(emulator.wait_until_a_fault_strikes)
            assert (await task).status_code == 200
            emulator.rotate(secret)
            with pytest.raises(alibabacloud_oss_v2.exceptions.OperationError):
                await client.list_buckets(request)
            assert (await managed.call_async(client.list_buckets, request)).status_code == 200

    asyncio.run(run())


def test_oss_v2_wraps_what_kmsak_raises(
    emulator: Emulator, secret: str, oss_v2: tuple[oss_v2_adapter.CredentialsProvider, Any]
) -> None:
    managed, config = oss_v2
    client = alibabacloud_oss_v2.Client(config)
    request = alibabacloud_oss_v2.ListBucketsRequest()
    with emulator.fault(kind="error", status=403, code="Forbidden.NoPermission", secret=secret):
        with pytest.raises(alibabacloud_oss_v2.exceptions.OperationError) as caught:
            client.list_buckets(request)
        assert isinstance(caught.value.unwrap().kwargs["error"], kmsak.DeniedError)
        with pytest.raises(kmsak.DeniedError):
            managed.call(client.list_buckets, request)


def test_kmsak_imports_no_sdk() -> None:
    program = (
        "import sys, kmsak, kmsak.adapters\n"
        "print([one for one in sys.modules if one.startswith(('ali', 'oss2', 'Tea'))])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_a_missing_sdk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "kmsak.adapters.oss2")
    monkeypatch.setitem(sys.modules, "oss2", None)
    monkeypatch.setitem(sys.modules, "oss2.credentials", None)
    with pytest.raises(ImportError, match="oss2"):
        importlib.import_module("kmsak.adapters.oss2")


def test_a_v2_sdk_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "kmsak.adapters.alibabacloud_credentials")
    # As alibabacloud-credentials 0.3 has it.
    monkeypatch.setitem(sys.modules, "alibabacloud_credentials.provider.refreshable", None)
    with pytest.raises(ImportError, match=r"alibabacloud-credentials 1\.0 or later"):
        importlib.import_module("kmsak.adapters.alibabacloud_credentials")
