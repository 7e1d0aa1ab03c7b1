"""The SDKs that an AccessKey is used with: each works until RAM deletes it, then says with which code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import alibabacloud_oss_v2
import oss2
import pytest
from alibabacloud_sts20150401 import models as sts_models
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


def sts_client(emulator: Any, **credentials: str) -> StsClient:
    return StsClient(
        Config(
            **credentials,
            endpoint=emulator.ready["endpoints"]["sts-https"].removeprefix("https://"),
            ca=str(emulator.directory / "ca.pem"),
        )
    )


def properties(emulator: Any, name: str) -> dict[str, str]:
    lines = (emulator.directory / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def session_of(emulator: Any, credentials: Any) -> str:
    client = sts_client(
        emulator,
        access_key_id=credentials.access_key_id,
        access_key_secret=credentials.access_key_secret,
        security_token=credentials.security_token,
    )
    return str(client.get_caller_identity().body.arn.split(":")[-1])


def test_a_user_assumes_a_role(emulator: Any) -> None:
    given = properties(emulator, "with_ram_role.properties")
    client = sts_client(
        emulator,
        access_key_id=given["credentials_access_key_id"],
        access_key_secret=given["credentials_access_secret"],
    )
    request = sts_models.AssumeRoleRequest(
        role_arn=given["credentials_role_arn"], role_session_name="judge", duration_seconds=900
    )
    answer = client.assume_role(request).body
    assert answer.assumed_role_user.arn.endswith(":role/ram-reader/judge")
    assert session_of(emulator, answer.credentials) == "assumed-role/ram-reader/judge"
    request.role_arn += "-nobody"
    with pytest.raises(Exception) as failure:
        client.assume_role(request)
    assert code_of(failure.value) == "EntityNotExist.Role"


def test_an_oidc_token_is_worth_a_role(emulator: Any) -> None:
    given = properties(emulator, "with_oidc_role.properties")
    request = sts_models.AssumeRoleWithOIDCRequest(
        role_arn=given["credentials_role_arn"],
        role_session_name="judge",
        oidcprovider_arn=given["credentials_oidc_provider_arn"],
        oidctoken=(emulator.directory / given["credentials_oidc_token_file_path"]).read_text(),
    )
    client = sts_client(emulator)
    answer = client.assume_role_with_oidc(request).body
    assert answer.oidctoken_info.subject == "system:serviceaccount:default:app"
    assert session_of(emulator, answer.credentials) == "assumed-role/oidc-reader/judge"
    request.oidctoken = emulator.admin("POST", "/oidc-tokens", {"lifetimeSeconds": -1})["token"]
    with pytest.raises(Exception) as failure:
        client.assume_role_with_oidc(request)
    assert code_of(failure.value) == "AuthenticationFail.OIDCToken.Expired"
