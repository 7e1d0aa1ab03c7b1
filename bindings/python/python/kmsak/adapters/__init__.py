"""Plug a provider into Alibaba Cloud's SDKs, one module an SDK, each imported only by whoever has the SDK.

- ``kmsak.adapters.alibabacloud_credentials``: all V2.0 SDKs, through ``alibabacloud-credentials``.
- ``kmsak.adapters.aliyunsdkcore``: the V1.0 SDK, ``aliyun-python-sdk-core``.
- ``kmsak.adapters.oss2``: ``oss2``.
- ``kmsak.adapters.alibabacloud_oss_v2``: ``alibabacloud-oss-v2``.
"""
