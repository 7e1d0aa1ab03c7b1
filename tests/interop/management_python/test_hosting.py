"""A RAM user's AccessKey is put into KMS and rotated, by the official clients of RAM and KMS."""

from __future__ import annotations

import json
from typing import Any

from alibabacloud_kms20160120 import models
from alibabacloud_kms20160120.client import Client as Kms
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_ram20150501.client import Client as Ram
from clients import client, refused

ROLE = "AliyunKMSManagedRAMCrendentialsRole"
POLICY = "AliyunKMSManagedRAMCrendentialsRolePolicy"
TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["kms.aliyuncs.com"]}}],
    }
)


def access_keys(ram: Ram, user: str) -> list[str]:
    listed = ram.list_access_keys(ram_models.ListAccessKeysRequest(user_name=user)).body
    return [one.access_key_id for one in listed.access_keys.access_key]


def creation(emulator: Any, key: Any, **more: Any) -> models.CreateSecretRequest:
    fields: dict[str, Any] = {
        "secret_name": "$Auto",
        "version_id": "v1",
        "secret_type": "RAMCredentials",
        "secret_data": json.dumps(
            {"AccessKeys": [{"AccessKeyId": key.access_key_id, "AccessKeySecret": key.access_key_secret}]}
        ),
        "extended_config": {"SecretSubType": "RamUserAccessKey", "UserName": "web"},
        "dkmsinstance_id": emulator.ready["instanceId"],
    }
    return models.CreateSecretRequest(**{**fields, **more})


def test_from_user_to_rotation(emulator: Any) -> None:
    kms, ram = client(Kms, emulator), client(Ram, emulator)
    ram.create_user(ram_models.CreateUserRequest(user_name="web", display_name="Web"))
    key = ram.create_access_key(ram_models.CreateAccessKeyRequest(user_name="web")).body.access_key
    new_key = kms.create_key(
        models.CreateKeyRequest(dkmsinstance_id=emulator.ready["instanceId"], key_spec="Aliyun_AES_256")
    ).body.key_metadata
    assert new_key.key_state == "Enabled"

    wrong = ("InvalidParameter", 400, kms.create_secret)
    refused(*wrong, creation(emulator, key, secret_name="web"))
    refused(*wrong, creation(emulator, key, secret_data='{"AccessKeys":[]}x'))
    refused(*wrong, creation(emulator, key, extended_config={"SecretSubType": "RamUserAccessKey", "UserName": "none"}))
    refused("MissingParameter", 400, kms.create_secret, creation(emulator, key, enable_automatic_rotation=True))
    refused("Forbidden.KeyNotFound", 404, kms.create_secret, creation(emulator, key, encryption_key_id="key-none"))
    # All AccessKeys of the user must be given.
    second = ram.create_access_key(ram_models.CreateAccessKeyRequest(user_name="web")).body.access_key
    refused(*wrong, creation(emulator, key))
    more = ram_models.CreateAccessKeyRequest(user_name="web")
    refused("LimitExceeded.User.AccessKey", 409, ram.create_access_key, more)
    ram.delete_access_key(ram_models.DeleteAccessKeyRequest(user_name="web", user_access_key_id=second.access_key_id))

    request = creation(
        emulator,
        key,
        encryption_key_id=new_key.key_id,
        enable_automatic_rotation=True,
        rotation_interval="7d",
    )
    created = kms.create_secret(request).body
    assert created.secret_name == "acs/ram/user/web"
    assert (created.automatic_rotation, created.rotation_interval) == ("Enabled", "604800s")
    refused("Rejected.ResourceExist", 409, kms.create_secret, request)
    named = models.DescribeSecretRequest(secret_name="acs/ram/user/web", fetch_tags="true")
    described = kms.describe_secret(named).body
    assert described.encryption_key_id == new_key.key_id
    assert described.next_rotation_date == created.next_rotation_date
    assert described.last_rotation_date is None

    # One AccessKey, two, one.
    emulator.admin("PUT", "/overlaps", {"scheduledSeconds": 300, "immediateSeconds": 300})
    rotation = models.RotateSecretRequest(secret_name="acs/ram/user/web", version_id="v2")
    assert kms.rotate_secret(rotation).body.version_id == "v2"
    assert len(access_keys(ram, "web")) == 2
    assert kms.rotate_secret(rotation).body.version_id == "v2"
    emulator.admin("POST", "/clock", {"advanceSeconds": 301})
    assert len(access_keys(ram, "web")) == 1
    value = kms.get_secret_value(models.GetSecretValueRequest(secret_name="acs/ram/user/web")).body
    assert access_keys(ram, "web") == [json.loads(value.secret_data)["AccessKeyId"]] != [key.access_key_id]
    assert kms.describe_secret(named).body.last_rotation_date is not None

    versions = kms.list_secret_version_ids(
        models.ListSecretVersionIdsRequest(secret_name="acs/ram/user/web")
    ).body.version_ids.version_id
    assert [one.version_id for one in versions] == ["v2", "v1"]
    assert versions[0].version_stages.version_stage == ["ACSCurrent"]

    # Without the role by which KMS rotates, there is no rotation.
    ram.detach_policy_from_role(
        ram_models.DetachPolicyFromRoleRequest(policy_type="System", policy_name=POLICY, role_name=ROLE)
    )
    ram.delete_role(ram_models.DeleteRoleRequest(role_name=ROLE))
    assert kms.describe_secret(named).body.automatic_rotation == "Invalid"
    ram.create_role(ram_models.CreateRoleRequest(role_name=ROLE, assume_role_policy_document=TRUST))
    attachment = ram_models.AttachPolicyToRoleRequest(policy_type="System", policy_name=POLICY, role_name=ROLE)
    ram.attach_policy_to_role(attachment)
    refused("EntityAlreadyExists.Role.Policy", 409, ram.attach_policy_to_role, attachment)
    assert kms.describe_secret(named).body.automatic_rotation == "Enabled"

    deletion = models.DeleteSecretRequest(secret_name="acs/ram/user/web", recovery_window_in_days="7")
    assert kms.delete_secret(deletion).body.planned_delete_time
    refused("Rejected.ResourceInDeleteWindow", 409, kms.delete_secret, deletion)
    restoration = models.RestoreSecretRequest(secret_name="acs/ram/user/web")
    kms.restore_secret(restoration)
    refused("Rejected.ResourceInUse", 409, kms.restore_secret, restoration)
    force = models.DeleteSecretRequest(secret_name="acs/ram/user/web", force_delete_without_recovery="true")
    kms.delete_secret(force)
    refused("Forbidden.ResourceNotFound", 404, kms.describe_secret, named)
    # The AccessKey stays.
    assert len(access_keys(ram, "web")) == 1


def test_generic_secrets(emulator: Any) -> None:
    kms = client(Kms, emulator)
    creation = models.CreateSecretRequest(
        secret_name="db/main",
        version_id="1",
        secret_data="first",
        dkmsinstance_id=emulator.ready["instanceId"],
        tags='[{"TagKey":"team","TagValue":"web"}]',
    )
    assert kms.create_secret(creation).body.automatic_rotation == "Disabled"
    new = models.PutSecretValueRequest(secret_name="db/main", version_id="2", secret_data="second")
    kms.put_secret_value(new)
    kms.put_secret_value(new)
    other = models.PutSecretValueRequest(secret_name="db/main", version_id="2", secret_data="other")
    refused("Rejected.ResourceExist", 409, kms.put_secret_value, other)
    kms.put_secret_value(models.PutSecretValueRequest(secret_name="db/main", version_id="3", secret_data="third"))

    def versions(**more: str) -> list[str]:
        request = models.ListSecretVersionIdsRequest(secret_name="db/main", **more)
        return [one.version_id for one in kms.list_secret_version_ids(request).body.version_ids.version_id]

    assert versions() == ["3", "2"]
    assert versions(include_deprecated="true") == ["3", "2", "1"]

    def listed(*filters: tuple[str, str]) -> list[str]:
        text = json.dumps([{"Key": key, "Values": [value]} for key, value in filters])
        request = models.ListSecretsRequest(filters=text, fetch_tags="true")
        return [one.secret_name for one in kms.list_secrets(request).body.secret_list.secret]

    assert listed(("TagKey", "team"), ("TagValue", "web")) == ["db/main"]
    assert listed(("SecretType", "Generic"), ("SecretName", "db/")) == ["db/main"]
    assert listed(("SecretName", "none")) == []
    kms.tag_resources(
        models.TagResourcesRequest(
            resource_type="secret",
            resource_id=["db/main"],
            tag=[models.TagResourcesRequestTag(key="stage", value="test")],
        )
    )
    tagged = kms.list_tag_resources(
        models.ListTagResourcesRequest(
            resource_type="secret", tag=[models.ListTagResourcesRequestTag(key="stage", value="test")]
        )
    ).body.tag_resources.tag_resource
    assert {(one.resource_id, one.tag_key) for one in tagged} == {("db/main", "team"), ("db/main", "stage")}
    gone = models.UntagResourcesRequest(resource_type="secret", resource_id=["db/none"], tag_key=["stage"])
    refused("InvalidResourceId.NotFound", 404, kms.untag_resources, gone)
    batch = kms.batch_get_secret_value(
        models.BatchGetSecretValueRequest(
            secrets_list=[
                models.BatchGetSecretValueRequestSecretsList(secret_name=name) for name in ("db/main", "db/none")
            ]
        )
    ).body
    assert [one.secret_data for one in batch.secret_values] == ["third"]
    assert [(one.secret_name, one.code) for one in batch.errors] == [("db/none", "Forbidden.ResourceNotFound")]
    dry = models.GetSecretValueRequest(secret_name="db/main", dry_run="true")
    refused("DryRunOperationError", 400, kms.get_secret_value, dry)
    dry = models.GetSecretValueRequest(secret_name="none", dry_run="true")
    refused("ValidationError", 400, kms.get_secret_value, dry)


def test_keys_that_cannot_be_used(emulator: Any) -> None:
    kms = client(Kms, emulator)
    read = models.GetSecretValueRequest(secret_name="acs/ram/user/app")
    key = kms.describe_secret(models.DescribeSecretRequest(secret_name="acs/ram/user/app")).body.encryption_key_id
    kms.disable_key(models.DisableKeyRequest(key_id=key))
    refused("Rejected.Disabled", 409, kms.get_secret_value, read)
    kms.enable_key(models.EnableKeyRequest(key_id=key))
    deletion = models.ScheduleKeyDeletionRequest(key_id=key, pending_window_in_days=7)
    kms.schedule_key_deletion(deletion)
    refused("Rejected.PendingDeletion", 409, kms.get_secret_value, read)
    assert kms.describe_key(models.DescribeKeyRequest(key_id=key)).body.key_metadata.delete_date
    kms.cancel_key_deletion(models.CancelKeyDeletionRequest(key_id=key))
    kms.set_deletion_protection(
        models.SetDeletionProtectionRequest(
            protected_resource_arn=kms.describe_key(models.DescribeKeyRequest(key_id=key)).body.key_metadata.arn,
            enable_deletion_protection=True,
        )
    )
    refused("Rejected.DeletionProtection", 409, kms.schedule_key_deletion, deletion)
    assert kms.get_secret_value(read).body.secret_data
