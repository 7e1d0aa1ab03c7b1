//! `kmsak admin app` and `client-key`

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kmsak_emulator::Fault;
use serde_json::Value;

use crate::operator::{Operator, words};
use crate::support::{Agent, Terminal, kmsak, stderr, stdout};

#[test]
fn an_application_gets_all_that_it_needs() {
    let operator = Operator::start();
    let create = operator.create_web();
    let told = operator.told(&words(&create));
    for line in [
        "made: network rule web-private: 127.0.0.0/8",
        "made: policy web-instance in kst-",
        "made: policy web-shared in shared",
        "made: access point web with web-instance, web-shared",
        "made: ClientKey KAAP.",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let id = operator.kms.access_key_id();
    assert!(
        told.contains(&format!("fetched acs/ram/user/app through the instance's gateway {id}")),
        "{told}"
    );
    assert!(told.contains(&format!("fetched acs/ram/user/app through the shared gateway {id}")), "{told}");

    // The application's own view.
    for file in ["on_the_cloud.properties", "off_the_cloud.properties"] {
        let output =
            kmsak(&["get", "acs/ram/user/app", "-c"]).arg(operator.path("web").join(file)).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stdout(&output).contains(&id));
    }
    for entry in std::fs::read_dir(operator.path("web")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            path.display()
        );
        assert!(!path.ends_with(".clientKey.plan"));
    }

    // A second run finds all so.
    let again = operator.told(&words(&create));
    assert!(!again.contains("made:") && !again.contains("changed:"), "{again}");
    assert!(again.contains("already so: ClientKey KAAP."), "{again}");
    assert_eq!(
        operator.json(&["admin", "client-key", "list", "web"])["clientKeys"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_change_of_mind_changes_what_is_there() {
    let operator = Operator::start();
    let mut create = operator.create_web();
    operator.told(&words(&create));
    for argument in &mut create {
        if argument == "127.0.0.0/8" {
            "127.0.0.0/16".clone_into(argument);
        }
    }
    let told = operator.told(&words(&create));
    assert!(told.contains("changed: network rule web-private: 127.0.0.0/16"), "{told}");
    assert!(told.contains("already so: policy web-instance"), "{told}");
    let shown = operator.told(&["admin", "app", "show", "web"]);
    assert!(shown.contains("from 127.0.0.0/16 (network rule web-private, Private)"), "{shown}");
    assert!(shown.contains("364 days left") || shown.contains("365 days left"), "{shown}");
}

#[test]
fn a_dry_run_says_each_call_and_makes_none() {
    let operator = Operator::start();
    let mark = operator.emulator().mark();
    let mut create = operator.create_web();
    create.push("--dry-run".into());
    let told = operator.told(&words(&create));
    for call in [
        "would call kms CreateNetworkRule Name=web-private Type=Private SourcePrivateIp='[\"127.0.0.0/8\"]'",
        "would call kms CreatePolicy Name=web-instance",
        "would call kms CreateApplicationAccessPoint Name=web",
        "would call kms CreateClientKey AapName=web Password='(not shown)'",
    ] {
        assert!(told.contains(call), "{call}: {told}");
    }
    assert!(!told.contains("made:"), "{told}");
    assert!(!operator.path("web").exists());
    for event in operator.emulator().events_since(mark) {
        let action = event.request().map(|request| request.action.clone()).unwrap_or_default();
        assert!(!action.starts_with("Create") && !action.starts_with("Update"), "{action}");
    }
    create.push("--json".into());
    let planned: Value = serde_json::from_str(&operator.told(&words(&create))).unwrap();
    assert_eq!(planned["steps"][0]["call"]["action"], "CreateNetworkRule");
    assert_eq!(planned["steps"][0]["state"], "planned");
}

#[test]
fn kubernetes_gets_a_secret_and_a_config_map() {
    use saphyr::LoadableYamlNode as _;
    let operator = Operator::start();
    let mut create = operator.create_web();
    create.push("--kubernetes".into());
    operator.told(&words(&create));
    let text = std::fs::read_to_string(operator.path("web/kubernetes.yaml")).unwrap();
    let objects = saphyr::Yaml::load_from_str(&text).unwrap();
    let field =
        |object: usize, path: [&str; 2]| objects[object][path[0]][path[1]].as_str().unwrap().to_owned();
    assert_eq!(field(0, ["metadata", "name"]), "kmsak-client-key");
    assert_eq!(field(1, ["metadata", "name"]), "kmsak");
    let key = std::fs::read_to_string(operator.path("web/clientKey.json")).unwrap();
    assert_eq!(field(0, ["stringData", "clientKey.json"]), key);
    assert!(
        field(1, ["data", "managed_credentials_providers.properties"])
            .contains("/etc/kmsak/client-key/clientKey.json")
    );
}

#[test]
fn deleting_asks_and_leaves_nothing() {
    let operator = Operator::start();
    operator.told(&words(&operator.create_web()));
    let asked = operator.refused(&["admin", "app", "delete", "web"], 2);
    assert!(
        asked.contains("nobody can be asked whether to delete the access point web with 1 ClientKey"),
        "{asked}"
    );
    let told = operator.told(&["admin", "app", "delete", "web", "--yes"]);
    for what in ["access point web", "policy web-shared", "network rule web-public"] {
        assert!(told.contains(&format!("deleted: {what}")), "{told}");
    }
    let again = operator.told(&["admin", "app", "delete", "web", "--yes"]);
    assert!(again.starts_with("already so: there is nothing of the application web"), "{again}");
    operator.refused(&["admin", "app", "show", "web"], 8);
}

#[test]
fn a_client_key_is_replaced_under_a_running_agent() {
    let operator = Operator::start();
    operator.told(&words(&operator.create_web()));
    let config = operator.path("web/on_the_cloud.properties");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text + "rotation_interval=200\njitter_interval=0\n").unwrap();
    let agent = Agent::start(&operator.kms, &config, &[]);
    let old = operator.json(&["admin", "client-key", "list", "web"])["clientKeys"][0]["id"].clone();
    let url = format!("http://{}/token/{}/metrics", agent.address, agent.token);
    let told = operator.told(&[
        "admin",
        "client-key",
        "replace",
        "web",
        "--out",
        "web",
        "--until-used-by",
        &url,
        "--patience",
        "60s",
        "--yes",
    ]);
    assert!(told.contains(&format!("deleted: ClientKey {}", old.as_str().unwrap())), "{told}");
    assert!(!told.contains(&agent.token), "{told}");
    let keys = operator.json(&["admin", "client-key", "list", "web"])["clientKeys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_ne!(keys[0]["id"], old);
    assert_eq!(agent.served_id(), operator.kms.access_key_id());

    let told =
        operator.told(&["admin", "client-key", "replace", "web", "--out", "web", "--when-days-left", "30"]);
    assert!(told.contains("already so: ClientKey"), "{told}");
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let operator = Operator::start();
    let instance = operator.instance();
    let create = |secret: &'static str, instance: &str| {
        let arguments =
            ["admin", "app", "create", "web", "--instance", instance, "--secret", secret, "--out", "web"];
        arguments.map(str::to_owned).to_vec()
    };
    let told = operator.refused(&words(&create("acs/ram/user/nobody", &instance)), 8);
    assert!(told.contains("host the RAM user first, with kmsak admin secret host"), "{told}");
    let told = operator.refused(&words(&create("acs/ram/user/app", "kst-000")), 8);
    assert!(told.contains("there is no such KMS instance"), "{told}");
    let told = operator.refused(&words(&create("acs/ram/user/app", "hello")), 2);
    assert!(told.contains("expected the id of a KMS instance"), "{told}");
    let told = operator.refused(&["admin", "client-key", "replace", "web", "--out", "none"], 8);
    assert!(told.contains("there is no access point web"), "{told}");

    let mut nobody = operator.command(&["admin", "app", "list"]);
    nobody.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tNobody").env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "x");
    let output = nobody.output().unwrap();
    assert!(stderr(&output).contains("the operator's AccessKey is not known"), "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(7));

    operator.emulator().create_user("limited", &[]).unwrap();
    let key = operator.emulator().create_access_key("limited").unwrap();
    let mut limited = operator.command(&["admin", "app", "list"]);
    limited.env("ALIBABA_CLOUD_ACCESS_KEY_ID", &key.id).env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", &key.secret);
    let output = limited.output().unwrap();
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(7), "{told}");
    assert!(told.contains(&format!("(allow kms:ListApplicationAccessPoints to {})", key.id)), "{told}");
}

#[test]
fn where_the_services_are_must_be_known() {
    let operator = Operator::start();
    let list = ["admin", "app", "list"];
    let refused = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = operator.command(&list);
        change(&mut command);
        let output = command.output().unwrap();
        (output.status.code(), stderr(&output))
    };
    let (code, told) = refused(&|command| {
        command.env_remove("KMSAK_API_ENDPOINT").env_remove("ALIBABA_CLOUD_REGION_ID");
    });
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("which region? Name it with --region"), "{told}");
    let (code, told) = refused(&|command| {
        command.arg("--api-endpoint=https://kms/path");
    });
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("expected https://host or https://host:port"), "{told}");
    let (code, told) = refused(&|command| {
        command.arg("--api-ca-file=none.pem");
    });
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("none.pem"), "{told}");
    // Verified, always: the emulator's CA is none of the system's.
    let (code, told) = refused(&|command| {
        command.env_remove("KMSAK_API_CA_FILE");
    });
    assert_eq!(code, Some(6), "{told}");
    let (code, told) = refused(&|command| {
        command.env_remove("ALIBABA_CLOUD_CREDENTIALS_FILE");
    });
    assert_eq!(code, Some(7), "{told}");
    assert!(told.contains("set ALIBABA_CLOUD_ACCESS_KEY_ID"), "{told}");
}

#[test]
fn a_terminal_shows_what_takes_its_time() {
    let operator = Operator::start();
    operator.emulator().inject(Fault::latency(Duration::from_millis(1_500)).times(1)).unwrap();
    let mut terminal = Terminal::start(&operator.command(&["admin", "app", "list"]));
    let shown = terminal.wait_for("app: app-1");
    assert!(shown.starts_with("kmsak: kms ListApplicationAccessPoints ...\r\x1b[K"), "{shown:?}");
}

#[test]
fn a_terminal_is_asked() {
    let operator = Operator::start();
    operator.told(&words(&operator.create_web()));
    for (answer, said) in [("n\n", "nothing was deleted"), ("y\n", "deleted: access point web")] {
        let mut terminal = Terminal::start(&operator.command(&["admin", "app", "delete", "web"]));
        terminal.wait_for("? [y/N] ");
        terminal.type_in(answer);
        terminal.wait_for(said);
    }
}

#[test]
fn a_busy_service_is_asked_again() {
    let operator = Operator::start();
    operator.emulator().inject(Fault::error(429, "Rejected.Throttling").times(2)).unwrap();
    operator.told(&["admin", "app", "list"]);
    operator.emulator().inject(Fault::error(503, "SerivceUnvailableTemporary").times(1)).unwrap();
    operator.told(&["admin", "app", "list"]);
    operator.emulator().inject(Fault::latency(Duration::from_millis(1)).times(1)).unwrap();
    operator.emulator().inject(Fault::error(403, "Forbidden.InDebt").times(1)).unwrap();
    let told = operator.refused(&["admin", "app", "list"], 7);
    assert!(told.contains("settle the bill [code Forbidden.InDebt]"), "{told}");
    operator.emulator().inject(Fault::garbage().times(1)).unwrap();
    let told = operator.refused(&["admin", "app", "list"], 10);
    assert!(told.contains("the answer is not what its API describes"), "{told}");
}
