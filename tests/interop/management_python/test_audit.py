"""Who has which AccessKey, how old it is and who uses it still, by the official clients of RAM, IMS and ActionTrail."""

from __future__ import annotations

import base64
import configparser
import csv
import io
import json
import time
from typing import Any

from alibabacloud_actiontrail20200706 import models as trail_models
from alibabacloud_actiontrail20200706.client import Client as ActionTrail
from alibabacloud_ims20190815 import models as ims_models
from alibabacloud_ims20190815.client import Client as Ims
from alibabacloud_kms20160120 import models as kms_models
from alibabacloud_kms20160120.client import Client as Kms
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_ram20150501.client import Client as Ram
from alibabacloud_tea_openapi.models import Config
from clients import account_id, client, refused


def reader(emulator: Any) -> Any:
    """The AccessKey of a user who may read secrets."""
    [user] = [one for one in emulator.admin("GET", "/users")["users"] if one["name"] == "reader"]
    profile = configparser.ConfigParser()
    profile.read_string("[reader]\n" + (emulator.directory / "with_access_key.properties").read_text())
    secret = profile["reader"]["credentials_access_secret"]
    return user["accessKeys"][0]["id"], secret


def read_a_secret(emulator: Any) -> str:
    key, secret = reader(emulator)
    kms = Kms(
        Config(
            access_key_id=key,
            access_key_secret=secret,
            endpoint=emulator.ready["endpoints"]["shared"].removeprefix("https://"),
            ca=str(emulator.directory / "ca.pem"),
        )
    )
    assert kms.get_secret_value(kms_models.GetSecretValueRequest(secret_name="acs/ram/user/app")).body
    return str(key)


def test_last_use_is_what_the_services_saw(emulator: Any) -> None:
    ram, trail = client(Ram, emulator), client(ActionTrail, emulator)
    key, _ = reader(emulator)
    of_reader = ram_models.GetAccessKeyLastUsedRequest(user_name="reader", user_access_key_id=key)
    assert not ram.get_access_key_last_used(of_reader).body.access_key_last_used.last_used_date
    products = trail_models.GetAccessKeyLastUsedProductsRequest(access_key=key)
    assert trail.get_access_key_last_used_products(products).body.products == []

    read_a_secret(emulator)
    assert ram.get_access_key_last_used(of_reader).body.access_key_last_used.last_used_date
    used = client(Ims, emulator).get_access_key_last_used(
        ims_models.GetAccessKeyLastUsedRequest(
            user_principal_name=f"reader@{account_id(emulator, 'default')}.onaliyun.com",
            user_access_key_id=key,
        )
    )
    assert used.body.access_key_last_used.service_name == "Kms"
    info = trail.get_access_key_last_used_info(trail_models.GetAccessKeyLastUsedInfoRequest(access_key=key)).body
    assert (info.user_name, info.account_type, info.service_name) == ("reader", "ram-user", "Kms")
    assert abs(info.used_timestamp / 1000 - time.time()) < 60
    [product] = trail.get_access_key_last_used_products(products).body.products
    assert product.service_name == "Kms"
    [ip] = trail.get_access_key_last_used_ips(
        trail_models.GetAccessKeyLastUsedIpsRequest(access_key=key, service_name="Kms")
    ).body.ips
    assert ip.ip == "127.0.0.1"
    [resource] = trail.get_access_key_last_used_resources(
        trail_models.GetAccessKeyLastUsedResourcesRequest(access_key=key, service_name="Kms")
    ).body.resources
    assert resource.resource_name == "acs/ram/user/app"

    def lookup(**fields: Any) -> trail_models.LookupEventsRequest:
        return trail_models.LookupEventsRequest(**fields)

    by_key = [trail_models.LookupEventsRequestLookupAttribute(key="EventAccessKeyId", value=key)]
    [event] = trail.lookup_events(lookup(lookup_attribute=by_key)).body.events
    assert (event["eventName"], event["userIdentity"]["userName"]) == ("GetSecretValue", "reader")
    two = [*by_key, trail_models.LookupEventsRequestLookupAttribute(key="EventRW", value="Read")]
    refused("InvalidParameterCombination", 400, trail.lookup_events, lookup(lookup_attribute=two))
    refused("InvalidParameterStartTime", 400, trail.lookup_events, lookup(start_time="yesterday"))
    refused(
        "InvalidQueryParameter",
        400,
        trail.get_access_key_last_used_info,
        trail_models.GetAccessKeyLastUsedInfoRequest(access_key="LTAI5tnobody"),
    )


def test_credential_report(emulator: Any) -> None:
    ims = client(Ims, emulator)
    key = read_a_secret(emulator)
    early = ims_models.GetCredentialReportRequest()
    refused("EntityNotExist.CredentialReport", 404, ims.get_credential_report, early)
    assert ims.generate_credential_report().body.state == "STARTED"
    deadline = time.monotonic() + 60
    while ims.generate_credential_report().body.state != "COMPLETED":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    whole = ims.get_credential_report(early).body
    assert whole.is_truncated == "false"
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(whole.content).decode())))
    assert rows[0]["user"] == "<root>"
    users = {row["user"]: row for row in rows}
    of_reader = users["reader"]
    assert of_reader["access_key_1_exist"] == of_reader["access_key_1_active"] == "true"
    assert of_reader["access_key_2_exist"] == "false"
    assert of_reader["access_key_1_last_used"].endswith("Z"), key
    assert users["assumer"]["access_key_1_last_used"] == "-"
    assert "additional_access_key_3_last_used" in of_reader
    first = ims.get_credential_report(ims_models.GetCredentialReportRequest(max_items="2")).body
    assert first.is_truncated == "true"
    rest = ims.get_credential_report(ims_models.GetCredentialReportRequest(next_token=first.next_token)).body
    parts = [list(csv.DictReader(io.StringIO(base64.b64decode(one.content).decode()))) for one in (first, rest)]
    assert [row["user"] for part in parts for row in part] == [row["user"] for row in rows]


def test_an_access_key_that_is_bound_to_addresses(emulator: Any) -> None:
    ims = client(Ims, emulator)
    key, _ = reader(emulator)
    of_reader = {
        "user_principal_name": f"reader@{account_id(emulator, 'default')}.onaliyun.com",
        "user_access_key_id": key,
    }
    absent = ims_models.GetAccessKeyPolicyRequest(**of_reader)
    refused("EntityNotExist.AccessKeyPolicy", 404, ims.get_access_key_policy, absent)

    def policy(*networks: str) -> ims_models.SetAccessKeyPolicyRequest:
        statement = {"Type": "ClassicWhiteList", "IPList": networks}
        text = json.dumps({"Version": 1, "Status": "Active", "Statements": [statement]})
        return ims_models.SetAccessKeyPolicyRequest(**of_reader, access_key_policy=text)

    refused("InvalidParameter.AccessKeyPolicy", 400, ims.set_access_key_policy, policy("home"))
    ims.set_access_key_policy(policy("10.0.0.0/8"))
    refused("Forbidden.AccessKey", 403, read_a_secret, emulator)
    ims.set_access_key_policy(policy("127.0.0.1"))
    assert read_a_secret(emulator) == key
    got = ims.get_access_key_policy(absent).body
    assert json.loads(got.access_key_policy)["Status"] == "Active"


def test_the_recycle_bin(emulator: Any) -> None:
    ims, ram = client(Ims, emulator), client(Ram, emulator)
    user = ram.create_user(ram_models.CreateUserRequest(user_name="gone")).body.user
    made = ram.create_access_key(ram_models.CreateAccessKeyRequest(user_name="gone")).body.access_key
    deletion = ram_models.DeleteAccessKeyRequest(user_name="gone", user_access_key_id=made.access_key_id)
    ram.delete_access_key(deletion)
    refused("EntityNotExist.User.AccessKey", 404, ram.delete_access_key, deletion)
    listing = ims_models.ListAccessKeysInRecycleBinRequest(user_id=user.user_id)
    [binned] = ims.list_access_keys_in_recycle_bin(listing).body.access_keys.access_key
    assert binned.access_key_id == made.access_key_id
    restoration = ims_models.RestoreAccessKeyFromRecycleBinRequest(
        user_id=user.user_id, user_access_key_id=made.access_key_id
    )
    ims.restore_access_key_from_recycle_bin(restoration)
    listed = ram.list_access_keys(ram_models.ListAccessKeysRequest(user_name="gone")).body
    assert [one.access_key_id for one in listed.access_keys.access_key] == [made.access_key_id]
    refused("EntityNotExist.User.AccessKey", 404, ims.restore_access_key_from_recycle_bin, restoration)
