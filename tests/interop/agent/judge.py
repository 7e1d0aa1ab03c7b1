"""Calls GetCallerIdentity with the default credential chain, once for each line on standard input."""

import json
import os
import sys

from alibabacloud_credentials.client import Client as CredentialClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.models import Config

credential = CredentialClient()
for _ in sys.stdin:
    try:
        config = Config(credential=credential, endpoint=os.environ["STS"], protocol="HTTP")
        answer = {"arn": StsClient(config).get_caller_identity().body.arn}
    except Exception as error:  # whatever it is, the test looks at it
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
