"""An instance is shared within a resource directory and bound to another account's VPC, by the official clients."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from alibabacloud_kms20160120 import models as kms_models
from alibabacloud_kms20160120.client import Client as Kms
from alibabacloud_resourcedirectorymaster20220419 import models as directory_models
from alibabacloud_resourcedirectorymaster20220419.client import Client as Directory
from alibabacloud_resourcesharing20200110 import models
from alibabacloud_resourcesharing20200110.client import Client
from alibabacloud_vpc20160428 import models as vpc_models
from alibabacloud_vpc20160428.client import Client as Vpc
from clients import account_id, client, refused


def vswitch(emulator: Any, account: str) -> Any:
    region = emulator.ready["region"]
    request = vpc_models.DescribeVSwitchesRequest(region_id=region)
    return client(Vpc, emulator, account).describe_vswitches(request).body.v_switches.v_switch[0]


def wait_for(sharing: Client, kind: str, status: str, **which: Any) -> Any:
    deadline = time.monotonic() + 60
    request = models.ListResourceShareAssociationsRequest(association_type=kind, **which)
    while True:
        [one] = sharing.list_resource_share_associations(request).body.resource_share_associations
        if one.association_status == status:
            return one
        assert one.association_status in ("Associating", "Disassociating")
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module", autouse=True)
def enabled(emulator: Any) -> None:
    sharing = client(Client, emulator)
    target = account_id(emulator, "member")
    early = models.CreateResourceShareRequest(resource_share_name="early", targets=[target])
    refused("NotEnableSharingWithResourceDirectory", 409, sharing.create_resource_share, early)
    member = client(Client, emulator, "member")
    refused("NotManagementAccount", 409, member.enable_sharing_with_resource_directory)
    sharing.enable_sharing_with_resource_directory()
    refused("AlreadyEnabled", 409, sharing.enable_sharing_with_resource_directory)
    assert sharing.check_sharing_with_resource_directory_status().body.enable_sharing_with_rd


def test_instance_and_vpc_of_two_accounts(emulator: Any) -> None:
    instance, owner = emulator.ready["instanceId"], account_id(emulator, "default")
    application = account_id(emulator, "member")
    kms, member_kms = client(Kms, emulator), client(Kms, emulator, "member")
    sharing, member_sharing = client(Client, emulator), client(Client, emulator, "member")
    foreign = vswitch(emulator, "member")
    binding = kms_models.UpdateKmsInstanceBindVpcRequest(
        kms_instance_id=instance,
        bind_vpcs=json.dumps(
            [
                {
                    "VpcId": foreign.vpc_id,
                    "VSwitchId": foreign.v_switch_id,
                    "RegionId": emulator.ready["region"],
                    "VpcOwnerId": int(application),
                }
            ]
        ),
    )
    refused("InvalidParameter", 400, kms.update_kms_instance_bind_vpc, binding)
    # The application's account shares its vSwitch with the account of the instance.
    created = member_sharing.create_resource_share(
        models.CreateResourceShareRequest(
            resource_share_name="vswitch",
            resources=[
                models.CreateResourceShareRequestResources(resource_id=foreign.v_switch_id, resource_type="VSwitch")
            ],
            targets=[owner],
        )
    ).body.resource_share
    assert (created.resource_share_status, created.resource_share_owner) == ("Active", application)
    wait_for(member_sharing, "Resource", "Associated", resource_id=foreign.v_switch_id)
    wait_for(member_sharing, "Target", "Associated", target=owner)
    kms.update_kms_instance_bind_vpc(binding)
    [bound] = kms.get_kms_instance(
        kms_models.GetKmsInstanceRequest(kms_instance_id=instance)
    ).body.kms_instance.bind_vpcs.bind_vpc
    assert (bound.vpc_id, bound.vpc_owner_id) == (foreign.vpc_id, application)

    # The account of the instance shares it with the folder of the application's account.
    refused(
        "Forbidden.DKMSInstanceNotFound",
        403,
        member_kms.get_kms_instance,
        kms_models.GetKmsInstanceRequest(kms_instance_id=instance),
    )
    [folder] = (
        client(Directory, emulator)
        .list_folders_for_parent(directory_models.ListFoldersForParentRequest())
        .body.folders.folder
    )
    share = sharing.create_resource_share(
        models.CreateResourceShareRequest(resource_share_name="kms", targets=[folder.folder_id])
    ).body.resource_share.resource_share_id
    [association] = sharing.associate_resource_share(
        models.AssociateResourceShareRequest(
            resource_share_id=share,
            resources=[
                models.AssociateResourceShareRequestResources(resource_id=instance, resource_type="KMSInstance")
            ],
        )
    ).body.resource_share_associations
    assert association.association_status == "Associating"
    wait_for(sharing, "Resource", "Associated", resource_share_ids=[share])
    wait_for(sharing, "Target", "Associated", resource_share_ids=[share])
    [seen] = member_sharing.list_shared_resources(
        models.ListSharedResourcesRequest(resource_owner="OtherAccounts")
    ).body.shared_resources
    assert (seen.resource_id, seen.resource_status) == (instance, "Available")
    [quota] = kms.get_kms_instance_quota_infos(
        kms_models.GetKmsInstanceQuotaInfosRequest(kms_instance_id=instance, resource_type="vpc")
    ).body.kms_instance_quota_infos
    assert (quota.resource_quota, quota.used_quantity) == (5, 2)

    # There the application's account makes a key, which must go before the sharing ends.
    key = member_kms.create_key(kms_models.CreateKeyRequest(dkmsinstance_id=instance)).body.key_metadata
    disassociation = models.DisassociateResourceShareRequest(resource_share_id=share, targets=[folder.folder_id])
    refused("OperationNotPermitted", 409, sharing.disassociate_resource_share, disassociation)
    member_kms.schedule_key_deletion(kms_models.ScheduleKeyDeletionRequest(key_id=key.key_id, pending_window_in_days=7))
    emulator.admin("POST", "/clock", {"advanceSeconds": 8 * 86400})
    emulator.admin("POST", "/clock", {"reset": True})
    sharing.disassociate_resource_share(disassociation)
    wait_for(sharing, "Target", "Disassociated", resource_share_ids=[share])


def test_who_cannot_be_shared_with(emulator: Any) -> None:
    sharing = client(Client, emulator)

    def create(**fields: Any) -> models.CreateResourceShareRequest:
        return models.CreateResourceShareRequest(**{"resource_share_name": "other", **fields})

    cases: list[tuple[str, int, dict[str, Any]]] = [
        ("ShareWithYourself", 409, {"targets": [account_id(emulator, "default")]}),
        ("AccountNotInResourceDirectory", 409, {"targets": ["1999999999999999"]}),
        ("InvalidTarget", 400, {"targets": ["fd-none"]}),
        ("InvalidParameter.ResourceShareName.Length", 400, {"resource_share_name": "a" * 51}),
    ]
    for code, status, fields in cases:
        refused(code, status, sharing.create_resource_share, create(**fields))
    request = models.ListResourceSharesRequest(resource_owner="Somebody")
    refused("InvalidParameter.ResourceOwner", 400, sharing.list_resource_shares, request)
    gone = models.DeleteResourceShareRequest(resource_share_id="rs-none")
    refused("EntityNotExists.ResourceShare", 404, sharing.delete_resource_share, gone)


def test_an_instance_that_is_full(emulator: Any) -> None:
    kms, sharing = client(Kms, emulator), client(Client, emulator)
    instance = emulator.ready["instanceId"]
    emulator.admin("PUT", f"/instances?id={instance}", {"accessQuota": 0})
    share = sharing.create_resource_share(
        models.CreateResourceShareRequest(
            resource_share_name="full",
            resources=[models.CreateResourceShareRequestResources(resource_id=instance, resource_type="KMSInstance")],
            targets=[account_id(emulator, "member")],
        )
    ).body.resource_share.resource_share_id
    failed = wait_for(sharing, "Target", "Failed", resource_share_ids=[share])
    assert failed.association_failed_details[0].failure_reason == "LimitExceeded"
    own = vswitch(emulator, "default")
    binding = kms_models.UpdateKmsInstanceBindVpcRequest(
        kms_instance_id=instance,
        bind_vpcs=json.dumps(
            [
                {
                    "VpcId": own.vpc_id,
                    "VSwitchId": own.v_switch_id,
                    "RegionId": emulator.ready["region"],
                    "VpcOwnerId": own.owner_id,
                }
            ]
        ),
    )
    refused("Rejected.LimitExceeded", 400, kms.update_kms_instance_bind_vpc, binding)
