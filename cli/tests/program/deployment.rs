//! The deployment files: they parse, fit together, and call the program as it is.

use std::path::PathBuf;

use saphyr::{LoadableYamlNode, Yaml};

use crate::support::{kmsak, stderr};

fn read(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text<'a>(yaml: &'a Yaml<'_>) -> &'a str {
    yaml.as_str().unwrap_or_else(|| panic!("not text: {yaml:?}"))
}

fn list<'a, 'b>(yaml: &'a Yaml<'b>) -> &'a Vec<Yaml<'b>> {
    yaml.as_sequence().unwrap_or_else(|| panic!("not a list: {yaml:?}"))
}

#[test]
fn every_volume_leads_to_an_object_that_is_there() {
    let objects_text = read("kubernetes/secret.yaml");
    let objects = Yaml::load_from_str(&objects_text).unwrap();
    let names: Vec<(&str, &str)> =
        objects.iter().map(|object| (text(&object["kind"]), text(&object["metadata"]["name"]))).collect();
    for file in ["kubernetes/deployment.yaml", "kubernetes/sidecar.yaml"] {
        let content = read(file);
        let documents = Yaml::load_from_str(&content).unwrap();
        let [deployment] = documents.as_slice() else { panic!("{file}: expected one object") };
        assert_eq!(text(&deployment["kind"]), "Deployment");
        let template = &deployment["spec"]["template"];
        assert_eq!(deployment["spec"]["selector"]["matchLabels"], template["metadata"]["labels"]);
        let pod = &template["spec"];
        let mut volumes = Vec::new();
        for volume in list(&pod["volumes"]) {
            let needed = match volume.as_mapping_get("secret") {
                Some(secret) => ("Secret", text(&secret["secretName"])),
                None => ("ConfigMap", text(&volume["configMap"]["name"])),
            };
            assert!(names.contains(&needed), "{file}: no {needed:?}");
            volumes.push(text(&volume["name"]));
        }
        let containers = ["containers", "initContainers"]
            .iter()
            .filter_map(|name| pod.as_mapping_get(name))
            .flat_map(list);
        for container in containers {
            let mounts = container.as_mapping_get("volumeMounts").into_iter().flat_map(list);
            for mount in mounts {
                assert!(volumes.contains(&text(&mount["name"])), "{file}: {mount:?}");
                assert!(mount.as_mapping_get("subPath").is_none(), "a subPath is never renewed");
            }
        }
    }
}

#[test]
fn the_sidecar_is_called_as_the_program_wants() {
    let content = read("kubernetes/sidecar.yaml");
    let documents = Yaml::load_from_str(&content).unwrap();
    let agent = &documents[0]["spec"]["template"]["spec"]["initContainers"][0];
    let arguments: Vec<&str> = list(&agent["args"]).iter().map(text).collect();
    accepted(&arguments);
    let probe: Vec<&str> = list(&agent["startupProbe"]["exec"]["command"]).iter().map(text).collect();
    assert_eq!(probe[0], "kmsak");
    accepted(&probe[1..]);
}

#[test]
fn the_unit_calls_the_program_as_it_wants() {
    let unit = read("systemd/kmsak.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/kmsak ")).unwrap();
    accepted(&start.split(' ').collect::<Vec<_>>());
    for line in unit.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '['])) {
        assert!(line.contains('='), "{line}");
    }
    assert!(unit.contains("Type=notify\n") && unit.contains("NoNewPrivileges=yes\n"));
}

/// Whatever else is wrong here, the command line is not: that would be 2.
fn accepted(arguments: &[&str]) {
    let output = kmsak(arguments).output().unwrap();
    assert_ne!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
}
