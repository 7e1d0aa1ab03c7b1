//! What an operator in a hurry does: the wrong account, the wrong folder, options forgotten, a full disk, two at once.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use kmsak_emulator::Fault;
use serde_json::Value;

use crate::operator::{Operator, words};
use crate::support::{stderr, stdout};

const MEMBER: &str = "1654321098765432";
const SECRET: &str = "acs/ram/user/app";

fn create(operator: &Operator, name: &str, more: &[&str]) -> Vec<String> {
    let (instance, endpoint) = (operator.instance(), operator.emulator().instance_endpoint());
    let mut arguments = vec!["admin", "app", "create", name, "--instance", &instance, "--secret", SECRET];
    arguments.extend(["--out", name, "--instance-endpoint", &endpoint]);
    arguments.extend_from_slice(more);
    arguments.into_iter().map(str::to_owned).collect()
}

fn of_member(operator: &Operator, arguments: &[&str]) -> Output {
    operator.of_member(arguments).output().unwrap()
}

/// The same user is hosted in both accounts, and in the same instance.
fn host_in_the_member(operator: &Operator) {
    operator.told(&["admin", "share", "enable"]);
    operator.told(&["admin", "share", "instance", &operator.instance(), "--with", MEMBER]);
    let instance = operator.instance();
    let host = ["admin", "secret", "host", "app", "--instance", &instance, "--make-key", "--make-user"];
    let output = of_member(operator, &host);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
}

fn key_id(operator: &Operator, file: &str) -> String {
    let key: Value = serde_json::from_slice(&std::fs::read(operator.path(file)).unwrap()).unwrap();
    key["KeyId"].as_str().unwrap().to_owned()
}

#[test]
fn a_rotation_in_one_account_is_not_taken_for_that_in_another() {
    let operator = Operator::start();
    host_in_the_member(&operator);
    let rotate = ["admin", "secret", "rotate", SECRET, "--wait", "--patience", "1s"];
    let told = operator.refused(&rotate, 1);
    assert!(told.contains(" yet: it does when the overlap ends"), "{told}");
    let output = of_member(&operator, &rotate);
    assert!(!stdout(&output).contains("RAM has deleted"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));

    // The second run goes on with the first one's rotation, and does not claim another.
    let output = operator.run(&rotate);
    let told = stdout(&output);
    assert!(told.contains(&format!("already so: {SECRET} is rotated")), "{told}");
    assert!(!told.contains("changed:"), "{told}");
}

#[test]
fn what_is_kept_of_one_account_outlives_the_same_user_in_another() {
    let operator = Operator::start();
    operator.emulator().create_user("ci", &[]).unwrap();
    let instance = operator.instance();
    let host = ["admin", "secret", "host", "ci", "--instance", &instance, "--make-key", "--make-user"];
    // The AccessKey is made, and not hosted: its secret is in the note alone.
    operator
        .emulator()
        .inject(Fault::error(403, "Forbidden.InDebt").action("CreateSecret").times(1))
        .unwrap();
    operator.refused(&host, 7);
    operator.told(&["admin", "share", "enable"]);
    operator.told(&["admin", "share", "instance", &instance, "--with", MEMBER]);
    let output = of_member(&operator, &host);
    assert!(output.status.success(), "{}", stderr(&output));
    let told = operator.told(&host);
    assert!(told.contains("made: secret acs/ram/user/ci") && !told.contains("made: AccessKey"), "{told}");
}

#[test]
fn the_files_of_another_client_key_are_kept() {
    let operator = Operator::start();
    operator.told(&words(&create(&operator, "web", &[])));
    let old = key_id(&operator, "web/clientKey.json");
    let file = std::fs::read(operator.path("web/clientKey.json")).unwrap();
    let password = std::fs::read(operator.path("web/clientKey_Password.txt")).unwrap();
    operator.emulator().revoke_client_key(&old).unwrap();
    let told = operator.told(&words(&create(&operator, "web", &[])));
    assert!(told.contains(&format!("its files are kept as clientKey_{old}.json")), "{told}");
    for (name, content) in
        [(format!("web/clientKey_{old}.json"), file), (format!("web/clientKey_{old}_Password.txt"), password)]
    {
        let path = operator.path(&name);
        assert_eq!(std::fs::read(&path).unwrap(), content, "{name}");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert_ne!(key_id(&operator, "web/clientKey.json"), old);
}

#[test]
fn two_at_once_do_not_work_in_one_folder() {
    let operator = Operator::start();
    let arguments = create(&operator, "web", &[]);
    let mark = operator.emulator().mark();
    let hang = operator.emulator().inject(Fault::hang().action("CreateClientKey")).unwrap();
    let first = operator.command(&words(&arguments)).stdout(Stdio::null()).spawn().unwrap();
    operator
        .emulator()
        .wait_for(mark, Duration::from_secs(60), |event| {
            event.request().is_some_and(|request| request.action == "CreateApplicationAccessPoint")
        })
        .unwrap();
    // It is about to ask for the ClientKey.
    let plan = operator.path("web/.clientKey.plan");
    let started = Instant::now();
    while !plan.exists() {
        assert!(started.elapsed() < Duration::from_secs(60), "it plans a ClientKey");
        std::thread::sleep(Duration::from_millis(5));
    }
    let told = operator.refused(&words(&arguments), 1);
    assert!(told.contains("another kmsak works in web at this moment: wait for it to end"), "{told}");
    operator.emulator().clear_fault(hang);
    assert!(first.wait_with_output().unwrap().status.success());
    assert!(operator.told(&words(&arguments)).contains("already so: ClientKey KAAP."));
}

#[test]
fn kubernetes_gets_the_new_client_key() {
    use saphyr::LoadableYamlNode as _;
    let operator = Operator::start();
    operator.told(&words(&create(&operator, "web", &["--kubernetes"])));
    operator.told(&["admin", "client-key", "replace", "web", "--out", "web"]);
    let text = std::fs::read_to_string(operator.path("web/kubernetes.yaml")).unwrap();
    let objects = saphyr::Yaml::load_from_str(&text).unwrap();
    for name in ["clientKey.json", "clientKey_Password.txt", "ca.pem"] {
        let file = std::fs::read_to_string(operator.path("web").join(name)).unwrap();
        assert_eq!(objects[0]["stringData"][name].as_str().unwrap(), file, "{name}");
    }
    assert_eq!(objects[1]["metadata"]["name"].as_str(), Some("kmsak"));
}

#[test]
fn an_option_that_is_forgotten_neither_widens_access_nor_takes_it_away() {
    let operator = Operator::start();
    let narrow = ["--allow", "127.0.0.0/8", "--allow-public", "127.0.0.1/32"];
    operator.told(&words(&create(&operator, "web", &narrow)));
    let again = operator.told(&words(&create(&operator, "web", &[])));
    assert!(!again.contains("changed:"), "{again}");
    let shown = operator.told(&["admin", "app", "show", "web"]);
    assert!(shown.contains("from 127.0.0.0/8 ") && shown.contains("from 127.0.0.1/32 "), "{shown}");
    assert!(operator.path("web/off_the_cloud.properties").exists());
}

#[test]
fn policies_that_others_gave_an_access_point_stay() {
    let operator = Operator::start();
    let told = operator.told(&words(&create(&operator, "app", &[])));
    assert!(told.contains("changed: access point app with app-1, app-2, app-instance"), "{told}");
    let told = operator.refused(&words(&create(&operator, "app", &["--allow-public", "127.0.0.1"])), 1);
    assert!(told.contains("the access point app would have 4 policies, and KMS takes 3"), "{told}");
}

#[test]
fn what_cannot_be_printed_is_told() {
    let operator = Operator::start();
    let instance = operator.instance();
    let full = |arguments: &[&str]| {
        let mut command = operator.command(arguments);
        let output = command.stdout(File::create("/dev/full").unwrap()).output().unwrap();
        (output.status.code(), stderr(&output))
    };
    for arguments in [
        &["admin", "instance", "ca", &instance][..],
        &["admin", "app", "list", "--json"],
        &["admin", "permissions", "audit"],
        &["audit", "--csv"],
    ] {
        let (code, told) = full(arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {told}");
        assert!(told.contains("cannot write to standard output"), "{arguments:?}: {told}");
    }
    // What the command was for is the more important.
    let (code, told) = full(&["admin", "app", "show", "nobody", "--json"]);
    assert_eq!(code, Some(8), "{told}");
    assert!(told.contains("there is no access point nobody"), "{told}");
}

/// A pipe whose reader is gone, as that of `| head -1` is.
#[test]
fn a_reader_that_went_away_changes_no_outcome() {
    let operator = Operator::start();
    for (arguments, code) in [
        (&["admin", "app", "list"][..], 0),
        (&["admin", "app", "list", "--json"], 0),
        (&["admin", "app", "show", "nobody", "--json"], 8),
        (&["audit", "--json"], 11),
        (&["audit", "--csv"], 11),
        (&["doctor", "--json", "nobody", "-c", operator.kms.config().to_str().unwrap()], 8),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = operator.command(arguments).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("roken pipe"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_vpc_that_somebody_binds_meanwhile_stays_bound() {
    let operator = Operator::start();
    let instance = operator.instance();
    let bind = |vpc: &str, vswitch: &str, owner: &str| {
        let begin = ["admin", "instance", "bind-vpc", &instance, "--vpc", vpc];
        let arguments = [&begin[..], &["--vswitch", vswitch, "--owner", owner]].concat();
        operator.command(&arguments)
    };
    operator.told(&["admin", "share", "enable"]);
    let vswitch = "vsw-hzz0000000000000h1654";
    let output = of_member(&operator, &["admin", "share", "vswitch", vswitch, "--with", "1234567890123456"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let mark = operator.emulator().mark();
    let busy =
        Fault::error(403, "Forbidden.KMSInstanceInUpgrade").action("UpdateKmsInstanceBindVpc").times(1);
    operator.emulator().inject(busy).unwrap();
    let own = bind("vpc-hzz000000000000001234", "vsw-hzz0000000000000h1234", "1234567890123456")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    operator
        .emulator()
        .wait_for(mark, Duration::from_secs(20), |event| {
            event.request().is_some_and(|request| request.action == "UpdateKmsInstanceBindVpc")
        })
        .unwrap();
    assert!(bind("vpc-hzz000000000000001654", vswitch, MEMBER).status().unwrap().success());
    assert!(own.wait_with_output().unwrap().status.success());
    let shown = operator.json(&["admin", "instance", "show", &instance]);
    assert_eq!(shown["instance"]["vpcs"].as_array().unwrap().len(), 2, "{shown}");
}

#[test]
fn hosted_elsewhere_is_not_hosted_here() {
    let operator = Operator::start();
    let host = ["admin", "secret", "host", "app", "--instance"];
    let told = operator.refused(&[&host[..], &["kst-other"]].concat(), 1);
    assert!(told.contains("is in the KMS instance kst-") && told.contains(", not in kst-other"), "{told}");
    let key = operator.emulator().create_key().unwrap();
    let instance = operator.instance();
    let told = operator.refused(&[&host[..], &[&instance, "--key", &key]].concat(), 1);
    assert!(told.contains(&format!(", not with {key}")), "{told}");
}

#[test]
fn a_rotation_that_kms_cannot_carry_out_is_not_called_so() {
    let operator = Operator::start();
    let rotation = ["admin", "secret", "rotation", SECRET, "--every", "30d"];
    operator.told(&rotation);
    operator.emulator().break_rotation(SECRET).unwrap();
    let told = operator.refused(&rotation, 1);
    assert!(told.contains("KMS cannot rotate acs/ram/user/app (AutomaticRotation: Invalid)"), "{told}");
}

#[test]
fn a_rule_for_all_of_the_internet_is_none() {
    let operator = Operator::start();
    for (name, network) in [("web", "0.0.0.0/0"), ("narrow", "127.0.0.1/32")] {
        operator.told(&words(&create(&operator, name, &["--allow-public", network])));
    }
    let output = operator.run(&["audit", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let open = |name: &str| {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().any(|one| one["kind"] == "open_to_internet" && one["subject"] == name)
    };
    assert!(open("web") && !open("narrow"), "{}", report["findings"]);
}

#[test]
fn a_ca_that_is_there_is_left_alone() {
    let operator = Operator::start();
    let ca = ["admin", "instance", "ca", &operator.instance(), "--out", "ca.pem"];
    assert!(operator.told(&ca).starts_with("made: ca.pem"));
    assert!(operator.told(&ca).starts_with("already so: ca.pem"));
    std::fs::write(operator.path("ca.pem"), "old").unwrap();
    assert!(operator.told(&ca).starts_with("changed: ca.pem"));
}

#[test]
fn a_token_in_a_url_is_not_repeated() {
    let operator = Operator::start();
    for url in ["http://10.0.0.7:9390/token/hush/metrics", "http://u:hush@10.0.0.7:9390", "hush"] {
        let told = operator.refused(&["status", "--url", url], 2);
        assert!(!told.contains("hush"), "{told}");
        assert!(told.contains("expected http://HOST:PORT or https://HOST:PORT"), "{told}");
    }
}

#[test]
fn permissions_are_told_for_a_command_as_it_is_typed() {
    let operator = Operator::start();
    let rules = operator.told(&["admin", "permissions", "audit", "rules"]);
    for command in ["audit rules enable", "audit rules show", "admin app create"] {
        let arguments: Vec<&str> = ["admin", "permissions"].into_iter().chain(command.split(' ')).collect();
        let told = operator.told(&arguments);
        assert_eq!(told == rules, command.starts_with("audit"), "{command}");
    }
}

#[test]
fn where_an_audit_looked_is_told() {
    let operator = Operator::start();
    let output = operator.run(&["audit", "--region", "cn-hangzhou"]);
    assert!(
        stdout(&output).contains("note: KMS was looked at in cn-hangzhou alone: "),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_rotation_during_another_is_not_claimed() {
    let operator = Operator::start();
    let rotate = ["admin", "secret", "rotate", SECRET];
    let first = operator.json(&rotate);
    assert_eq!(first["steps"][0]["state"], "changed");
    let second = operator.json(&rotate);
    assert_eq!(second["versionId"], first["versionId"]);
    assert_eq!(second["steps"][0]["state"], "already so");
}

#[test]
fn an_interval_that_kms_does_not_change_to_is_told() {
    let operator = Operator::start();
    let told = operator.refused(&["admin", "secret", "rotation", SECRET, "--every", "6h"], 2);
    assert!(told.contains("KMS changes its rotation to 7d to 365d only"), "{told}");
    let told = operator.refused(&["admin", "secret", "host", "app", "--rotation", "6h"], 2);
    assert!(told.contains("KMS changes its rotation to 7d to 365d only"), "{told}");
    operator.emulator().create_user("ci", &[]).unwrap();
    for _ in 0..2 {
        operator.told(&["admin", "secret", "host", "ci", "--make-key", "--rotation", "6h"]);
    }
}

#[test]
fn what_was_unshared_is_shared_again() {
    let operator = Operator::start();
    operator.told(&["admin", "share", "enable"]);
    let instance = operator.instance();
    let share = ["admin", "share", "instance", &instance, "--with", MEMBER, "--patience", "10s"];
    operator.told(&share);
    let name = format!("kmsak-{instance}");
    operator.told(&["admin", "share", "delete", &name, "--with", MEMBER, "--yes"]);
    assert!(operator.told(&share).contains("changed: "));
}

#[test]
fn a_client_key_of_another_account_or_application_is_not_replaced() {
    let operator = Operator::start();
    operator.told(&words(&create(&operator, "web", &[])));
    operator.told(&words(&create(&operator, "ci", &[])));
    let told = operator.refused(&["admin", "client-key", "replace", "ci", "--out", "web"], 2);
    assert!(told.contains("web holds a ClientKey of the access point web"), "{told}");
    host_in_the_member(&operator);
    // The same name there, and a folder of its own.
    let in_member: Vec<String> = create(&operator, "ci", &[])
        .into_iter()
        .scan(String::new(), |before, word| {
            let word = if before == "--out" { "member".to_owned() } else { word };
            word.clone_into(before);
            Some(word)
        })
        .collect();
    let output = of_member(&operator, &words(&in_member));
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let before = std::fs::read(operator.path("ci/clientKey.json")).unwrap();
    let output = of_member(&operator, &["admin", "client-key", "replace", "ci", "--out", "ci"]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("is not known in this account"), "{}", stderr(&output));
    assert_eq!(std::fs::read(operator.path("ci/clientKey.json")).unwrap(), before);
}

#[test]
fn a_list_says_how_old_it_is() {
    let operator = Operator::start();
    let told = stdout(&operator.run(&["audit"]));
    assert!(told.contains("note: the AccessKeys are those of the credential report of 20"), "{told}");
}

#[test]
fn two_at_once_host_a_user_with_one_access_key() {
    let operator = Operator::start();
    operator.emulator().create_user("ci", &[]).unwrap();
    let instance = operator.instance();
    let host =
        ["admin", "secret", "host", "ci", "--instance", &instance, "--key", &operator.emulator().keys()[0]];
    operator.emulator().inject(Fault::latency(Duration::from_millis(200))).unwrap();
    let runs: Vec<_> =
        (0..2).map(|_| operator.command(&host).stdout(Stdio::null()).spawn().unwrap()).collect();
    for run in runs {
        assert!(run.wait_with_output().unwrap().status.success());
    }
    operator.emulator().clear_faults();
    let shown = operator.json(&["admin", "secret", "show", "acs/ram/user/ci"]);
    assert_eq!(shown["accessKeys"].as_array().unwrap().len(), 1, "{shown}");
}

#[test]
fn what_only_the_owner_of_an_instance_sees_is_not_called_nothing() {
    let operator = Operator::start();
    host_in_the_member(&operator);
    let show = ["admin", "instance", "show", &operator.instance()];
    assert!(operator.told(&show).contains("access management: 1 of 5 used"));
    let shown = stdout(&of_member(&operator, &show));
    assert!(shown.contains("it belongs to account 1234567890123456, which alone sees"), "{shown}");
    assert!(!shown.contains("0 of 5"), "{shown}");
}

#[test]
fn a_file_that_still_holds_access_keys_is_named() {
    let operator = Operator::start();
    operator.emulator().create_user("ci", &[]).unwrap();
    let key = operator.emulator().create_access_key("ci").unwrap();
    std::fs::write(operator.path("AccessKey.csv"), format!("{},{}", key.id, key.secret)).unwrap();
    let host = ["admin", "secret", "host", "ci", "--make-key", "--access-keys", "AccessKey.csv"];
    assert!(operator.told(&host).contains("note: AccessKey.csv still holds AccessKeys"));
}

#[test]
fn what_is_in_use_is_said_to_be() {
    let operator = Operator::start();
    let told = operator.told(&["admin", "secret", "rotation", SECRET, "--every", "30d"]);
    assert!(told.contains("changed: "), "{told}");
    operator.told(&["admin", "secret", "rotate", SECRET]);
    let told = operator.refused(&["admin", "secret", "rotation", SECRET, "--off"], 1);
    assert!(told.contains("it is in use: by a rotation, which has to end first"), "{told}");
    let output = of_member(&operator, &["audit", "--all-accounts"]);
    assert!(stderr(&output).contains("run it there, or without --all-accounts"), "{}", stderr(&output));
}

#[test]
fn whether_the_old_may_be_deleted_is_known_before_there_is_a_new_one() {
    let operator = Operator::start();
    operator.told(&words(&create(&operator, "web", &[])));
    let old = key_id(&operator, "web/clientKey.json");
    let url = "http://127.0.0.1:9/token/hush/metrics";
    let replace = ["admin", "client-key", "replace", "web", "--out", "web", "--until-used-by", url];
    let told = operator.refused(&replace, 2);
    assert!(told.contains("say --yes if so") && !told.contains("hush"), "{told}");
    assert_eq!(key_id(&operator, "web/clientKey.json"), old);
    // An agent that does not answer keeps the old one alive.
    let told = operator.refused(&[&replace[..], &["--yes", "--patience", "1s"]].concat(), 1);
    assert!(told.contains(&format!("the old ClientKey {old} stays")) && !told.contains("hush"), "{told}");
    let keys = operator.json(&["admin", "client-key", "list", "web"])["clientKeys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 2, "{keys}");
}
