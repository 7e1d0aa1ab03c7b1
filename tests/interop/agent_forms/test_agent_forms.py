"""Clients of Vault, AWS Secrets Manager and KMS Agent read a managed AccessKey and its successor through the agent."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import hvac
import pytest
from botocore.exceptions import ClientError

SECRET = "acs/ram/user/app"
JUDGES = pathlib.Path(os.environ["JUDGES"])
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Agent:
    """`kmsak serve --kms-agent` with one form of answers; it asks KMS each 200 ms."""

    def __init__(self, folder: pathlib.Path, emulator: Any, response_type: int) -> None:
        properties = folder / "agent.properties"
        text = (emulator.directory / "on_the_cloud.properties").read_text()
        properties.write_text(text + f"rotation_interval=200\njitter_interval=0\nsecret_names={SECRET}\n")
        for name in ("clientKey.json", "clientKey_Password.txt", "ca.pem"):
            (folder / name).write_bytes((emulator.directory / name).read_bytes())
        (folder / "agent.toml").write_text(f"[Server]\nResponseType = {response_type}\n")
        token = folder / "kmstoken"
        as_kms_agent = ["--kms-agent", "--kms-agent-config", str(folder / "agent.toml")]
        self.process = subprocess.Popen(
            [os.environ["KMSAK_BIN"], "serve", "--config", properties, "--listen", "127.0.0.1:0", *as_kms_agent],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "KMS_TOKEN": f"file://{token}"},
        )
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["listening"]
        self.token_file = token
        self.token = token.read_text().strip()

    def wait_for_other_than(self, access_key_id: str) -> None:
        request = urllib.request.Request(f"{self.url}/credentials/{SECRET}", headers={"X-KMS-Token": self.token})
        while True:
            with DIRECT.open(request) as answer:
                if json.load(answer)["AccessKeyId"] != access_key_id:
                    return

    def judged_by(self, *command: str) -> set[str]:
        """The ids that the judge has read."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        environment = {**kept, "AGENT": self.url, "TOKEN": self.token, "SECRET": SECRET}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return set(done.stdout.split())

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0


@pytest.fixture
def agent(emulator: Any, tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> Iterator[Agent]:
    running = Agent(tmp_path, emulator, request.param)
    running.wait_for_other_than("")
    yield running
    running.stop()


def java(what: str) -> list[str]:
    classpath = (JUDGES / "java/classpath").read_text().strip()
    return ["java", "-cp", f"{JUDGES}/java/target/classes:{classpath}", "Judge", what]


kms_form = pytest.mark.parametrize("agent", [0], indirect=True)
aws_form = pytest.mark.parametrize("agent", [1], indirect=True)
vault_form = pytest.mark.parametrize("agent", [2], indirect=True)


@kms_form
def test_plain_clients_as_the_official_page_has_them(emulator: Any, agent: Agent) -> None:
    current = {emulator.current()["AccessKeyId"]}
    for path in (f"/v1/{SECRET}", f"/secretsmanager/get?secretId={SECRET}"):
        script = f'curl --silent --noproxy "*" -H "X-KMS-Token: $(cat {agent.token_file})" "{agent.url}{path}"'
        answer = json.loads(subprocess.check_output(["bash", "-c", script]))
        assert {json.loads(answer["SecretData"])["AccessKeyId"]} == current
    request = urllib.request.Request(f"{agent.url}/v1/{SECRET}", headers={"X-KMS-Token": agent.token})
    with DIRECT.open(request) as read:
        assert {json.loads(json.load(read)["SecretData"])["AccessKeyId"]} == current
    assert agent.judged_by(*java("plain")) == current
    assert agent.judged_by(str(JUDGES / "judge-go"), "plain") == current


@aws_form
def test_boto3(emulator: Any, agent: Agent) -> None:
    client = boto3.client(
        "secretsmanager",
        endpoint_url=agent.url,
        region_name="any",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        aws_session_token=agent.token,
    )
    first = client.get_secret_value(SecretId=SECRET)
    assert json.loads(first["SecretString"])["AccessKeyId"] == emulator.current()["AccessKeyId"]
    assert client.get_secret_value(SecretId=first["ARN"], VersionStage="AWSCURRENT")["VersionId"] == first["VersionId"]
    assert first["CreatedDate"].year >= 2024
    old = emulator.current()["AccessKeyId"]
    emulator.admin("POST", "/rotations", {"secret": SECRET})
    agent.wait_for_other_than(old)
    second = client.get_secret_value(SecretId=SECRET)
    assert json.loads(second["SecretString"])["AccessKeyId"] == emulator.current()["AccessKeyId"]
    previous = client.get_secret_value(SecretId=SECRET, VersionStage="AWSPREVIOUS")
    assert json.loads(previous["SecretString"])["AccessKeyId"] == old
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId="missing")
    with pytest.raises(ClientError, match="GetSecretValue alone"):
        client.put_secret_value(SecretId=SECRET, SecretString="x")


@vault_form
def test_hvac(emulator: Any, agent: Agent) -> None:
    client = hvac.Client(url=agent.url, token=agent.token)
    assert client.is_authenticated()
    for _ in range(2):
        current = emulator.current()["AccessKeyId"]
        second = client.secrets.kv.v2.read_secret_version(path=SECRET, raise_on_deleted_version=True)
        assert second["data"]["data"]["AccessKeyId"] == current
        assert client.secrets.kv.v1.read_secret(path=SECRET)["data"]["AccessKeyId"] == current
        emulator.admin("POST", "/rotations", {"secret": SECRET})
        agent.wait_for_other_than(current)
    with pytest.raises(hvac.exceptions.InvalidPath):
        client.secrets.kv.v2.read_secret_version(path="missing", raise_on_deleted_version=True)
    with pytest.raises(hvac.exceptions.Unauthorized):
        hvac.Client(url=agent.url, token="wrong").secrets.kv.v1.read_secret(path=SECRET)


@vault_form
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["node", str(JUDGES / "node/judge.cjs")], id="node-vault"),
        pytest.param([str(JUDGES / "judge-go"), "kv1", "kv2", "lookup"], id="vault/api"),
        pytest.param(java("vault"), id="spring-cloud-vault"),
    ],
)
def test_clients_of_vault(emulator: Any, agent: Agent, command: list[str]) -> None:
    old = emulator.current()["AccessKeyId"]
    assert agent.judged_by(*command) == {old}
    emulator.admin("POST", "/rotations", {"secret": SECRET})
    agent.wait_for_other_than(old)
    assert agent.judged_by(*command) == {emulator.current()["AccessKeyId"]}
