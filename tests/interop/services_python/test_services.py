"""The SDKs that an AccessKey is used with: each works until RAM deletes it, then says with which code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import alibabacloud_oss_v2
import oss2
import pytest
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

SECRET = "acs/ram/user/app"
USER = "user/app"
BUCKETS = ["app-bucket"]
Key = tuple[str, str]


def sts_v3(emulator: Any, key: Key, scheme: str) -> Any:
    endpoint = emulator.ready["endpoints"]["sts" if scheme == "HTTP" else "sts-https"]
    config = Config(
        access_key_id=key[0],
        access_key_secret=key[1],
        endpoint=endpoint.split("//")[1],
        protocol=scheme,
        ca=str(emulator.directory / "ca.pem"),
    )
    return StsClient(config).get_caller_identity().body.arn.split(":")[-1]


def sts_v1(emulator: Any, key: Key, method: str) -> Any:
    request = CommonRequest(
        domain=emulator.ready["endpoints"]["sts"].split("//")[1],
        version="2015-04-01",
        action_name="GetCallerIdentity",
    )
    request.set_method(method)
    request.set_protocol_type("http")
    answer = AcsClient(*key, "cn-hangzhou").do_action_with_exception(request)
    return json.loads(answer)["Arn"].split(":")[-1]


def oss_first(emulator: Any, key: Key, auth: type[Any]) -> Any:
    service = oss2.Service(auth(*key), emulator.ready["endpoints"]["oss"], region="cn-hangzhou")
    return [one.name for one in service.list_buckets().buckets]


def oss_second(emulator: Any, key: Key, version: str) -> Any:
    config = alibabacloud_oss_v2.config.load_default()
    config.credentials_provider = alibabacloud_oss_v2.credentials.StaticCredentialsProvider(*key)
    config.region = "cn-hangzhou"
    config.endpoint = emulator.ready["endpoints"]["oss"]
    config.signature_version = version
    client = alibabacloud_oss_v2.Client(config)
    return [one.name for one in client.list_buckets(alibabacloud_oss_v2.ListBucketsRequest()).buckets]


def code_of(failure: BaseException) -> str:
    if isinstance(failure, alibabacloud_oss_v2.exceptions.OperationError):
        failure = failure.unwrap()
    if isinstance(failure, ServerException):
        return str(failure.get_error_code())
    return str(getattr(failure, "code", failure))


@pytest.mark.parametrize(
    ("call", "option", "expected", "rejection"),
    [
        (sts_v3, "HTTP", USER, "InvalidAccessKeyId.NotFound"),
        (sts_v3, "HTTPS", USER, "InvalidAccessKeyId.NotFound"),
        (sts_v1, "GET", USER, "InvalidAccessKeyId.NotFound"),
        (sts_v1, "POST", USER, "InvalidAccessKeyId.NotFound"),
        (oss_first, oss2.Auth, BUCKETS, "InvalidAccessKeyId"),
        (oss_first, oss2.AuthV4, BUCKETS, "InvalidAccessKeyId"),
        (oss_second, "v1", BUCKETS, "InvalidAccessKeyId"),
        (oss_second, "v4", BUCKETS, "InvalidAccessKeyId"),
    ],
)
def test_until_it_is_deleted(
    emulator: Any, call: Callable[[Any, Key, Any], Any], option: Any, expected: Any, rejection: str
) -> None:
    current = emulator.current()
    key = (current["AccessKeyId"], current["AccessKeySecret"])
    assert call(emulator, key, option) == expected
    emulator.admin("POST", "/rotations", {"secret": SECRET})
    with pytest.raises(Exception) as failure:
        call(emulator, key, option)
    assert code_of(failure.value) == rejection
