//! The deployment files: they parse, fit together, and call the program as it is.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::kubernetes::{ConfigMap, Deployment, Secret, object, objects};
use crate::support::{kmsak, stderr};

fn read(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn secrets() -> Vec<Secret> {
    objects(&read("kubernetes/secrets.yaml.example"))
}

/// The last object of the file: another kind may stand before it.
fn deployment(file: &str) -> Deployment {
    let text = read(file);
    object(text.rsplit("\n---\n").next().unwrap())
}

#[test]
fn every_reference_leads_to_an_object_that_is_there() {
    let configuration: ConfigMap = object(&read("kubernetes/configuration.yaml"));
    assert_eq!((configuration.api_version.as_str(), configuration.kind.as_str()), ("v1", "ConfigMap"));
    let secrets = secrets();
    let secret = |name: &str| {
        let found = secrets.iter().find(|secret| secret.metadata.name == name);
        found.unwrap_or_else(|| panic!("no Secret {name}"))
    };
    let files = ["deployment.yaml", "sidecar.yaml", "node-socket.yaml", "secret-provider-class.yaml"];
    for file in files.map(|file| format!("kubernetes/{file}")) {
        let deployment = deployment(&file);
        assert_eq!((deployment.api_version.as_str(), deployment.kind.as_str()), ("apps/v1", "Deployment"));
        let template = &deployment.spec.template;
        assert_eq!(deployment.spec.selector.match_labels, template.metadata.labels);
        let pod = &template.spec;
        for volume in &pod.volumes {
            match (&volume.secret, &volume.config_map, &volume.csi, &volume.host_path) {
                (Some(of), None, None, None) => drop(secret(&of.secret_name)),
                (None, Some(of), None, None) => assert_eq!(of.name, configuration.metadata.name),
                (None, None, Some(of), None) => drop(secret(&of.node_publish_secret_ref.name)),
                (None, None, None, Some(of)) => assert_eq!(of.path, "/run/kmsak", "as in the chart's values"),
                _ => panic!("{file}: what is the volume {}?", volume.name),
            }
        }
        for container in pod.containers.iter().chain(&pod.init_containers) {
            for mount in &container.volume_mounts {
                assert!(pod.volumes.iter().any(|volume| volume.name == mount.name), "{file}: {}", mount.name);
            }
            for from in container.env.iter().filter_map(|variable| variable.value_from.as_ref()) {
                let key = &from.secret_key_ref;
                assert!(secret(&key.name).string_data.contains_key(&key.key), "{file}: {}", key.key);
            }
        }
    }
    // The files that the configuration names are those that the Secret holds, where they are mounted.
    let properties = &configuration.data["managed_credentials_providers.properties"];
    for name in secret("kmsak-client-key").string_data.keys() {
        assert!(properties.contains(&format!("\"/etc/kmsak/client-key/{name}\"")), "{name}");
    }
}

#[test]
fn a_misspelt_field_is_found() {
    let text = read("kubernetes/sidecar.yaml");
    for (right, wrong) in [
        ("readOnlyRootFilesystem", "readOnlyRootfilesystem"),
        ("replicas: 2", "replicas: two"),
        ("readOnly: true", "readonly: true"),
    ] {
        let text = text.replacen(right, wrong, 1);
        std::panic::catch_unwind(|| object::<Deployment>(&text)).err().expect(wrong);
    }
}

#[test]
fn placeholders_are_refused() {
    let secrets = secrets();
    let token = secrets.iter().find_map(|secret| secret.string_data.get("token")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, token).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let kms = crate::support::Kms::start();
    let mut serve = kmsak(&["serve", "--secret", "s", "--listen", "127.0.0.1:0", "--token-file"]);
    let output = serve.arg(&path).arg("--config").arg(kms.config()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("does not hold a token"), "{}", stderr(&output));
    // kubectl takes a folder's .yaml, .yml and .json files: none of them may put a placeholder over a Secret.
    for file in
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/deploy/kubernetes")).unwrap()
    {
        let path = file.unwrap().path();
        let applied = path.extension().is_some_and(|kind| kind != "example");
        assert!(
            !applied || !std::fs::read_to_string(&path).unwrap().contains("kind: Secret\n"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_sidecar_is_called_as_the_program_wants() {
    let sidecar = deployment("kubernetes/sidecar.yaml");
    let agent = &sidecar.spec.template.spec.init_containers[0];
    accepted(&agent.args);
    let probe = &agent.startup_probe.as_ref().unwrap().exec.command;
    assert_eq!(probe[0], "kmsak");
    accepted(&probe[1..]);
}

#[test]
fn the_unit_calls_the_program_as_it_wants() {
    let unit = read("systemd/kmsak.service");
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=/bin/sh -c 'exec /usr/local/bin/kmsak "))
        .unwrap();
    let start = start.strip_suffix('\'').unwrap();
    accepted(&start.split(' ').map(|word| word.replace('"', "")).collect::<Vec<_>>());
    for line in unit.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '['])) {
        assert!(line.contains('='), "{line}");
    }
    assert!(unit.contains("Type=notify\n") && unit.contains("NoNewPrivileges=yes\n"));
}

/// Whatever else is wrong here, the command line is not: that would be 2.
fn accepted(arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = kmsak(&arguments).output().unwrap();
    assert_ne!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
}
