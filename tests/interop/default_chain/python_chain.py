"""Prints what the default chain of alibabacloud-credentials picks: the AccessKey id, or nothing where it finds none."""

import sys

from alibabacloud_credentials.provider import DefaultCredentialsProvider

try:
    print(DefaultCredentialsProvider().get_credentials().get_access_key_id())
except Exception as error:  # whatever it says, it found none
    print(error, file=sys.stderr)
