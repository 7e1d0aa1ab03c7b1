"""Programs that nobody may change follow a rotation through the agent, or through `kmsak credential-process`.

The STS of the emulator deletes the old AccessKey at the rotation: a judge that went on with it would fail.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

SECRET = "acs/ram/user/app"
KMSAK = os.environ["KMSAK_BIN"]
JUDGES = pathlib.Path(os.environ["JUDGES"])
HERE = pathlib.Path(__file__).parent

COMMANDS = {
    "python": [str(JUDGES / "python/bin/python"), str(HERE / "judge.py")],
    "node": ["node", str(JUDGES / "node/judge.cjs")],
    "java": [
        "java",
        "-cp",
        f"{JUDGES}/java/target/classes:{(JUDGES / 'java/classpath').read_text().strip()}",
        "Judge",
    ],
    "go": [str(JUDGES / "judge-go")],
}

# No proxy between programs on this machine.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Agent:
    """A running agent that asks KMS each 200 ms, and whose answers are believed for no time at all."""

    def __init__(self, folder: pathlib.Path, emulator: Any) -> None:
        properties = folder / "agent.properties"
        text = (emulator.directory / "on_the_cloud.properties").read_text()
        properties.write_text(text + f"rotation_interval=200\njitter_interval=0\nsecret_names={SECRET}\n")
        for name in ("clientKey.json", "clientKey_Password.txt", "ca.pem"):
            (folder / name).write_bytes((emulator.directory / name).read_bytes())
        token = folder / "token"
        self.process = subprocess.Popen(
            # The SDKs ask again a quarter of an hour before the expiration, Go's three minutes before.
            [
                KMSAK,
                "serve",
                "--config",
                properties,
                "--token-file",
                token,
                "--listen",
                "127.0.0.1:0",
                "--lifetime",
                "180",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        address = json.loads(self.process.stdout.readline())["listening"]
        self.uri = f"{address}/token/{token.read_text().strip()}/credentials/{SECRET}"

    def wait_for_other_than(self, access_key_id: str) -> None:
        while True:
            with DIRECT.open(self.uri) as answer:
                if json.load(answer)["AccessKeyId"] != access_key_id:
                    return


class Judge:
    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**kept, "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true", **environment},
        )

    def ask(self) -> dict[str, str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        # The Java library logs on standard output too.
        for line in self.process.stdout:
            if line.startswith("{"):
                return dict(json.loads(line))
        raise AssertionError(f"the judge ended with {self.process.wait()}")

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)


@pytest.fixture
def judge(emulator: Any) -> Iterator[Callable[..., Judge]]:
    started: list[Judge] = []

    def start(name: str, **environment: str) -> Judge:
        sts = emulator.ready["endpoints"]["sts"].removeprefix("http://")
        started.append(Judge(COMMANDS[name], {"STS": sts, **environment}))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def agent(emulator: Any, tmp_path: pathlib.Path) -> Iterator[Agent]:
    running = Agent(tmp_path, emulator)
    yield running
    running.process.terminate()
    assert running.process.wait(timeout=60) == 0


@pytest.mark.parametrize("name", ["python", "java", "go"])
def test_default_chain_through_the_agent(
    emulator: Any, agent: Agent, judge: Callable[..., Judge], tmp_path: pathlib.Path, name: str
) -> None:
    running = judge(name, HOME=str(tmp_path), ALIBABA_CLOUD_CREDENTIALS_URI=agent.uri)
    first = running.ask()
    assert first.get("arn", "").endswith("user/app"), first
    old = emulator.current()["AccessKeyId"]
    emulator.admin("POST", "/rotations", {"secret": SECRET})
    agent.wait_for_other_than(old)
    second = running.ask()
    assert second.get("arn", "").endswith("user/app"), second


def test_node_wants_a_security_token_from_a_credentials_uri(
    agent: Agent, judge: Callable[..., Judge], tmp_path: pathlib.Path
) -> None:
    """An AccessKey of a RAM user has none; docs/cli.md says what to use instead."""
    answer = judge("node", HOME=str(tmp_path), ALIBABA_CLOUD_CREDENTIALS_URI=agent.uri).ask()
    assert "error retrieving credentials from credentialsURI" in answer["error"]


def external_profile(emulator: Any, home: pathlib.Path) -> dict[str, str]:
    folder = home / ".aliyun"
    folder.mkdir()
    config = emulator.directory / "on_the_cloud.properties"
    profile = {
        "name": "kms",
        "mode": "External",
        "region_id": "cn-hangzhou",
        "process_command": f"{KMSAK} credential-process --config {config} {SECRET}",
    }
    (folder / "config.json").write_text(json.dumps({"current": "kms", "profiles": [profile]}))
    # The JVM asks the system, not HOME, for the home folder.
    return {"HOME": str(home), "JAVA_TOOL_OPTIONS": f"-Duser.home={home}"}


@pytest.mark.parametrize("name", ["python", "node", "go"])
def test_default_chain_through_a_credential_process(
    emulator: Any, judge: Callable[..., Judge], tmp_path: pathlib.Path, name: str
) -> None:
    running = judge(name, **external_profile(emulator, tmp_path))
    first = running.ask()
    assert first.get("arn", "").endswith("user/app"), first
    emulator.admin("POST", "/rotations", {"secret": SECRET})
    second = running.ask()
    assert second.get("arn", "").endswith("user/app"), second


def test_java_knows_no_external_profiles(emulator: Any, judge: Callable[..., Judge], tmp_path: pathlib.Path) -> None:
    """As of 1.0.3; docs/cli.md says what to use instead."""
    answer = judge("java", **external_profile(emulator, tmp_path)).ask()
    assert "Unsupported profile mode 'External'" in answer["error"]
