"""A private zone for VPCs that reach the instance from afar, by alibabacloud-pvtz20180101."""

from __future__ import annotations

from typing import Any

from alibabacloud_pvtz20180101 import models
from alibabacloud_pvtz20180101.client import Client
from alibabacloud_vpc20160428 import models as vpc_models
from alibabacloud_vpc20160428.client import Client as Vpc
from clients import client, refused


def test_zone_record_and_binding(emulator: Any) -> None:
    zones = client(Client, emulator)
    name = f"{emulator.ready['instanceId']}.cryptoservice.kms.aliyuncs.com"
    zone = zones.add_zone(models.AddZoneRequest(zone_name=name)).body.zone_id
    refused("Zone.Invalid.Name", 400, zones.add_zone, models.AddZoneRequest(zone_name="kms"))
    record = models.AddZoneRecordRequest(zone_id=zone, rr="@", type="A", value="172.16.1.10")
    added = zones.add_zone_record(record).body
    assert added.success
    refused("Record.Invalid.Conflict", 400, zones.add_zone_record, record)
    record.value = "kms"
    refused("Record.Invalid.Value", 400, zones.add_zone_record, record)
    [listed] = zones.describe_zone_records(models.DescribeZoneRecordsRequest(zone_id=zone)).body.records.record
    assert (listed.record_id, listed.rr, listed.ttl, listed.status) == (added.record_id, "@", 60, "ENABLE")

    region = emulator.ready["region"]
    own, foreign = (
        client(Vpc, emulator, account)
        .describe_vpcs(vpc_models.DescribeVpcsRequest(region_id=region))
        .body.vpcs.vpc[0]
        .vpc_id
        for account in ("default", "member")
    )

    def binding(zone: str, *vpcs: str) -> models.BindZoneVpcRequest:
        listed = [models.BindZoneVpcRequestVpcs(region_id=region, vpc_id=vpc) for vpc in vpcs]
        return models.BindZoneVpcRequest(zone_id=zone, vpcs=listed)

    refused("ZoneVpc.NotExists.VpcId", 400, zones.bind_zone_vpc, binding(zone, "vpc-none"))
    refused("ZoneVpc.Auth.NotExists", 400, zones.bind_zone_vpc, binding(zone, foreign))
    zones.bind_zone_vpc(binding(zone, own))
    info = zones.describe_zone_info(models.DescribeZoneInfoRequest(zone_id=zone)).body
    assert [vpc.vpc_id for vpc in info.bind_vpcs.vpc] == [own]
    assert info.record_count == 1
    second = zones.add_zone(models.AddZoneRequest(zone_name=name)).body.zone_id
    refused("ZoneVpc.Zone.Repeated", 400, zones.bind_zone_vpc, binding(second, own))
    found = zones.describe_zones(models.DescribeZonesRequest(keyword="CRYPTOSERVICE", query_vpc_id=own)).body
    assert [one.zone_id for one in found.zones.zone] == [zone]

    deletion = models.DeleteZoneRequest(zone_id=zone)
    refused("Zone.VpcExists", 400, zones.delete_zone, deletion)
    # No VPC in the list: none is bound any more.
    zones.bind_zone_vpc(binding(zone))
    zones.delete_zone(deletion)
    refused("Zone.NotExists", 400, zones.delete_zone, deletion)
