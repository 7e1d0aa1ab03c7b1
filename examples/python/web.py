"""A Flask application whose provider is opened before gunicorn forks its workers.

KMSAK_CONFIG=managed_credentials_providers.properties KMSAK_SECRET=acs/ram/user/app \
    gunicorn --preload --workers 4 web:app

STS_ENDPOINT and STS_PROTOCOL name another STS than the real one.
"""

import os

import kmsak
from alibabacloud_credentials.client import Client as CredentialClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.models import Config
from flask import Flask
from kmsak.adapters.alibabacloud_credentials import CredentialsProvider

SECRET = os.environ["KMSAK_SECRET"]

provider = kmsak.Provider.from_file(os.environ["KMSAK_CONFIG"])
# Fetched once, here: every worker starts with the AccessKey at hand.
provider.credentials(SECRET)

managed = CredentialsProvider(provider, SECRET)
sts = StsClient(
    Config(
        credential=CredentialClient(provider=managed),
        endpoint=os.environ.get("STS_ENDPOINT", "sts.cn-hangzhou.aliyuncs.com"),
        protocol=os.environ.get("STS_PROTOCOL", "https"),
    )
)
app = Flask(__name__)


@app.get("/")
def whoami() -> dict[str, str]:
    """Say as whom the application calls the cloud; a rotation in between does no harm."""
    identity = managed.call(sts.get_caller_identity).body
    return {"arn": identity.arn}


@app.get("/health")
def health() -> dict[str, object]:
    """Say how old the AccessKey is."""
    return {
        secret.name: {"stale_for": secret.stale_for.total_seconds(), "failures": secret.failures}
        for secret in provider.stats().secrets
    }
