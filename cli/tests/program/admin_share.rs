//! `kmsak admin instance bind-vpc`, `share` and `dns`, in the emulator's two accounts.

use serde_json::Value;

use crate::operator::Operator;
use crate::support::{stderr, stdout};

const MEMBER: &str = "1654321098765432";
const OWNER: &str = "1234567890123456";
/// Each account of the emulator has a VPC, whose id ends in the account's first digits.
const VPC: &str = "vpc-hzz000000000000001654";
const VSWITCH: &str = "vsw-hzz0000000000000h1654";

fn of_member(operator: &Operator, arguments: &[&str]) -> String {
    let output = operator.of_member(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

fn bind(operator: &Operator) -> Vec<String> {
    let instance = operator.instance();
    ["admin", "instance", "bind-vpc", &instance, "--vpc", VPC, "--vswitch", VSWITCH, "--owner", MEMBER]
        .map(str::to_owned)
        .to_vec()
}

fn words(arguments: &[String]) -> Vec<&str> {
    crate::operator::words(arguments)
}

#[test]
fn a_vpc_of_another_account_is_bound_once_its_vswitch_is_shared() {
    let operator = Operator::start();
    let output = operator.run(&words(&bind(&operator)));
    assert!(!output.status.success(), "{}", stdout(&output));
    let output =
        operator.of_member(&["admin", "share", "vswitch", VSWITCH, "--with", OWNER]).output().unwrap();
    assert!(
        stderr(&output).contains("its management account runs kmsak admin share enable"),
        "{}",
        stderr(&output)
    );
    operator.told(&["admin", "share", "enable"]);
    assert!(operator.told(&["admin", "share", "enable"]).contains("already so"));
    let told = of_member(&operator, &["admin", "share", "vswitch", VSWITCH, "--with", OWNER]);
    assert!(told.contains(&format!("{VSWITCH} is shared with {OWNER}")), "{told}");
    let again = of_member(&operator, &["admin", "share", "vswitch", VSWITCH, "--with", OWNER]);
    assert!(again.contains("already so") && !again.contains("changed:"), "{again}");

    assert!(operator.told(&words(&bind(&operator))).contains("changed: VPC"));
    assert!(operator.told(&words(&bind(&operator))).contains("already so: VPC"));
    let shown = operator.json(&["admin", "instance", "show", &operator.instance()]);
    assert_eq!(shown["instance"]["vpcs"][0]["vpc"], VPC);
    assert_eq!(shown["instance"]["accessManagement"]["used"], 1);
}

#[test]
fn an_instance_is_shared_and_unshared() {
    let operator = Operator::start();
    operator.told(&["admin", "share", "enable"]);
    let instance = operator.instance();
    let share = ["admin", "share", "instance", &instance, "--with", MEMBER];
    assert!(operator.told(&share).contains(&format!("{instance} is shared with {MEMBER}")));
    assert!(operator.told(&share).contains("already so"));
    let shown = of_member(&operator, &["admin", "instance", "ca", &instance]);
    assert!(shown.starts_with("-----BEGIN CERTIFICATE-----"), "{shown}");
    let listed = operator.told(&["admin", "share", "list"]);
    assert!(listed.contains(&format!("kmsak-{instance}")), "{listed}");
    let delete = ["admin", "share", "delete", &format!("kmsak-{instance}"), "--with", MEMBER, "--yes"];
    assert!(operator.told(&delete).contains("deleted: share"));
    assert!(operator.told(&delete).contains("already so"));
    let told = operator.refused(&["admin", "share", "instance", &instance, "--with", OWNER], 1);
    assert!(
        told.contains("the account owns it already: name another with --with [code ShareWithYourself]"),
        "{told}"
    );
}

#[test]
fn a_zone_is_made_for_vpcs_and_keeps_those_that_it_has() {
    let operator = Operator::start();
    let instance = operator.instance();
    let create = |vpc: &str, address: &str| {
        operator.told(&[
            "admin",
            "dns",
            "create",
            &instance,
            "--address",
            address,
            "--vpc",
            vpc,
            "--vpc-region",
            "cn-hangzhou",
            "--yes",
        ])
    };
    let own = "vpc-hzz000000000000001234";
    let told = create(own, "10.1.2.3");
    assert!(told.contains(&format!("made: zone {instance}.cryptoservice.kms.aliyuncs.com")), "{told}");
    assert!(create(own, "10.1.2.3").lines().all(|line| line.starts_with("already so: ")));
    let told = create(own, "10.1.2.4");
    assert!(told.contains("made: record") && told.contains("deleted: record"), "{told}");
    let shown: Value = operator.json(&["admin", "dns", "show", &instance]);
    assert_eq!(shown["zone"]["addresses"], serde_json::json!(["10.1.2.4"]));
    assert_eq!(shown["zone"]["vpcs"], serde_json::json!([own]));
    assert!(operator.told(&["admin", "dns", "delete", &instance, "--yes"]).contains("deleted: zone"));
    assert!(operator.told(&["admin", "dns", "delete", &instance, "--yes"]).contains("already so: zone"));
}
