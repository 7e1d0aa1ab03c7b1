"""A secret as text: KMS's own fields as JSON, or the lines of an environment."""

from __future__ import annotations

import base64
import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

import kmsak

# What the SDKs' credential chains, the aliyun CLI, ossutil, the OSS SDKs and Terraform's alicloud provider read.
_ACCESS_KEY_VARIABLES = (
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    ("ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET"),
    ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY"),
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"),
)


class _Number(str):
    """A number as it is written: 1.10 is not 1.1, and a long one is no float."""

    __slots__ = ()


class CommandError(Exception):
    """Why the command failed, in one sentence, and its exit code."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def as_json(secret: kmsak.Secret, indent: int | None) -> str:
    """Give the fields of KMS's GetSecretValue, the AccessKey of a managed RAM secret spelt out."""
    fields: dict[str, object] = {"SecretName": secret.name, "SecretType": secret.secret_type}
    if _is_ram(secret):
        fields["AccessKeyId"], fields["AccessKeySecret"] = _access_key(secret)
    elif secret.text is not None and not secret.is_binary:
        fields.update(SecretData=secret.text, SecretDataType="text")
    else:
        fields.update(SecretData=base64.b64encode(secret.bytes).decode(), SecretDataType="binary")
    interval = secret.rotation_interval
    told = {
        "VersionId": secret.version_id,
        "CreateTime": _moment(secret.create_time),
        "LastRotationDate": _moment(secret.last_rotation_date),
        "NextRotationDate": _moment(secret.next_rotation_date),
        "RotationInterval": None if interval is None else f"{int(interval.total_seconds())}s",
        "AutomaticRotation": secret.automatic_rotation,
        "ExtendedConfig": secret.extended_config,
        "VersionStages": secret.version_stages,
    }
    fields.update((name, value) for name, value in told.items() if value is not None)
    separators = (",", ":") if indent is None else None
    return json.dumps(fields, indent=indent, separators=separators, ensure_ascii=False, sort_keys=True)


def variables(secret: kmsak.Secret) -> Iterator[tuple[str, str]]:
    """Give the AccessKey under the names that everybody reads, or the fields of a value that is a flat JSON object."""
    if _is_ram(secret):
        access_key_id, access_key_secret = _access_key(secret)
        for id_name, secret_name in _ACCESS_KEY_VARIABLES:
            yield id_name, access_key_id
            yield secret_name, access_key_secret
        return
    fields = _parsed(secret)
    if not isinstance(fields, dict):
        raise CommandError(
            f"the value of {secret.name} is not a JSON object, so its fields have no names: use --format value or json"
        )
    for name, value in sorted(fields.items()):
        shown = json.dumps(name)
        text = _plain(value)
        if text is None:
            raise CommandError(f"the field {shown} of {secret.name} is not plain text: use --format value or json")
        if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
            raise CommandError(
                f"the field {shown} of {secret.name} cannot be the name of a variable: use --format value or json"
            )
        if "\0" in text:
            raise CommandError(
                f"the field {shown} of {secret.name} holds a NUL, which no variable can: use --format value or json"
            )
        yield name, text


def shell_line(name: str, value: str) -> str:
    """Give a line that is safe in any POSIX shell."""
    quoted = value.replace("'", r"'\''")
    return f"export {name}='{quoted}'\n"


def dotenv_line(name: str, value: str) -> str:
    """Give a line of a .env file: single quotes take everything literally, double quotes know escapes."""
    if not re.search(r"['\n\r]", value):
        return f"{name}='{value}'\n"
    if "$" in value or "`" in value:
        raise CommandError(
            "a value holds both quotes or line ends and $ or `, which readers of .env files take differently: "
            "use --format env or json"
        )
    for plain, escaped in (("\\", r"\\"), ('"', r"\""), ("\n", r"\n"), ("\r", r"\r")):
        value = value.replace(plain, escaped)
    return f'{name}="{value}"\n'


def _is_ram(secret: kmsak.Secret) -> bool:
    return secret.secret_type.lower() == "ramcredentials"


def _access_key(secret: kmsak.Secret) -> tuple[str, str]:
    fields = _parsed(secret)
    if isinstance(fields, dict):
        access_key_id, access_key_secret = fields.get("AccessKeyId"), fields.get("AccessKeySecret")
        # A number is none.
        if type(access_key_id) is str and type(access_key_secret) is str:
            return access_key_id, access_key_secret
    raise CommandError(
        f"version {secret.version_id} of {secret.name} is not the JSON of an AccessKey: rotate the secret in the KMS "
        "console",
        10,
    )


def _parsed(secret: kmsak.Secret) -> Any:
    """Give the value as JSON, or None."""
    try:
        text = secret.bytes.decode()
        parsed = json.loads(text, parse_constant=_no_json, parse_float=_Number, parse_int=_Number)
        # Half of a surrogate pair is no text.
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return parsed


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _plain(value: object) -> str | None:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return None


def _moment(at: datetime.datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
