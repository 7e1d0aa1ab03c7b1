//! `kmsak admin app create`: all that an application needs, from the network rule to the files.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::app_check;
use super::app_folder::{Folder, Properties};
use super::client_key_issue;
use super::permissions::APP_CREATE;
use super::run::{Run, RunArguments};
use super::{instance_id, network, short_name};
use crate::cloud::answers::Done;
use crate::cloud::kms::{self, Policy, PolicyText};
use crate::cloud::kms_instance;
use crate::cloud::kms_secret;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  kmsak admin app create web --instance kst-hzz... --secret acs/ram/user/app --allow 10.0.0.0/8 --out web
  kmsak admin app create ci --instance kst-hzz... --secret acs/ram/user/ci --allow-public 203.0.113.7/32 --out ci
  kmsak admin app create web --instance kst-hzz... --secret acs/ram/user/app --out web --kubernetes";

/// An access point has no more.
const MOST_POLICIES: usize = 3;

/// Give an application access to a secret, and write the files that it needs
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Create {
    /// The application's name, which its access point and all that belongs to it gets
    #[arg(value_parser = short_name)]
    name: String,
    /// The KMS instance
    #[arg(long, value_parser = instance_id)]
    instance: String,
    /// The secret that it may read, such as acs/ram/user/app
    #[arg(long)]
    secret: String,
    /// The key that the secret is encrypted with [default: what KMS says]
    #[arg(long)]
    key: Option<String>,
    /// A network in the VPC from which it may ask the instance [default: anywhere there, or as it is]
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    allow: Vec<String>,
    /// A network on the Internet from which it may ask the shared gateway [default: none, or as it is]
    #[arg(long, value_name = "NETWORK", value_parser = network)]
    allow_public: Vec<String>,
    /// The folder for the files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many days the ClientKey is good for
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=1825))]
    days: u32,
    /// Write kubernetes.yaml as well: the Secret and the ConfigMap
    #[arg(long)]
    kubernetes: bool,
    /// Where the application finds the instance, if not at its own name
    #[arg(long, value_name = "HOST")]
    instance_endpoint: Option<String>,
}

impl Create {
    pub(super) fn run(&self, arguments: &RunArguments) -> Result<ExitCode, Failure> {
        Run::of(arguments, APP_CREATE, |run| self.create(run))
    }

    fn create(&self, run: &Run) -> Result<(), Failure> {
        let instance = run.look(&kms_instance::get_instance(&self.instance))?.kms_instance;
        if instance.status != "Connected" {
            return Err(Failure::new(format!(
                "the KMS instance {} is {}: it has to be connected before applications can use it",
                self.instance, instance.status
            )));
        }
        let secret = run.find(&kms_secret::describe_secret(&self.secret))?.ok_or_else(|| {
            Failure::new(format!(
                "there is no secret {}: host the RAM user first, with kmsak admin secret host",
                self.secret
            ))
            .with_code(8)
        })?;
        if secret.is_being_deleted() {
            return Err(Failure::new(format!(
                "the secret {} waits for its deletion: kmsak admin secret restore takes it back",
                self.secret
            )));
        }
        if let Some(other) = secret.instance_id.as_deref().filter(|other| *other != self.instance) {
            return Err(Failure::new(format!(
                "the secret {} is in the KMS instance {other}, not in {}: name that one",
                self.secret, self.instance
            )));
        }
        let key = self.key.clone().or_else(|| secret.encryption_key_id.clone()).ok_or_else(|| {
            Failure::usage(format!(
                "KMS does not say which key {} is encrypted with: name it with --key",
                self.secret
            ))
        })?;

        let folder = Folder::new(&self.out);
        let _held = if run.is_dry() { None } else { Some(folder.hold()?) };
        // Before anything is made: whether there is room for a ClientKey.
        client_key_issue::key_id_in(&folder.client_key())?;
        let point = run.find(&kms::describe_access_point(&self.name))?;
        let has = point.map(|point| point.policies);
        let policies = self.policies(run, &key, has.as_deref().unwrap_or_default())?;
        let shared = policies.contains(&policy_names(&self.name)[1]);
        self.access_point(run, has.as_deref(), &policies)?;

        let key_id = client_key_issue::ensure(run, &self.name, &folder, self.days)?;
        let properties = Properties {
            region: secret.region().or(run.client.services.region()).unwrap_or_default().to_owned(),
            instance_endpoint: self
                .instance_endpoint
                .clone()
                .unwrap_or_else(|| instance_host(&self.instance)),
            shared_endpoint: run.client.services.authority()?.map(str::to_owned),
            shared_ca_file: run.client.services.api_ca_file().cloned(),
            secret: self.secret.clone(),
            shared,
        };
        if !run.is_dry() {
            folder.write(&properties, instance.ca_certificate_chain_pem.as_deref().unwrap_or_default())?;
            if self.kubernetes {
                folder.write_kubernetes(&properties)?;
            } else {
                folder.renew_kubernetes()?;
            }
        }
        run.tell("clientKeyId", key_id);
        run.tell("folder", self.out.display().to_string());
        let public_rule = &rule_names(&self.name)[1];
        app_check::fetch(run, &folder, &self.secret, properties.shared.then_some(public_rule))
    }

    /// The network rules and policies, as they should be; the names of the policies. `has` is what the access point has: what an
    /// option says nothing of stays as it is.
    fn policies(&self, run: &Run, key: &str, has: &[String]) -> Result<Vec<String>, Failure> {
        let secret = format!("secret/{}", self.secret);
        let [instance, shared] = policy_names(&self.name);
        let [private, public] = rule_names(&self.name);
        let is_shared = !self.allow_public.is_empty() || has.contains(&shared);
        let others = has.iter().filter(|name| **name != instance && **name != shared).count();
        let count = others + 1 + usize::from(is_shared);
        if count > MOST_POLICIES {
            return Err(Failure::new(format!(
                "the access point {} would have {count} policies, and KMS takes {MOST_POLICIES}: choose another name for the application, or take a policy away in the KMS console",
                self.name
            )));
        }
        let in_the_instance = PolicyText {
            name: instance.clone(),
            scope: self.instance.clone(),
            permissions: vec![kms::KEY_USER, kms::INSTANCE_SECRET_USER],
            resources: vec![secret.clone(), format!("key/{key}")],
            rules: Vec::new(),
        };
        self.policy(run, in_the_instance, &private, &self.allow)?;
        if !is_shared {
            return Ok(vec![instance]);
        }
        let at_the_shared_gateway = PolicyText {
            name: shared.clone(),
            scope: kms::SHARED.to_owned(),
            permissions: vec![kms::SHARED_SECRET_USER],
            resources: vec![secret],
            rules: Vec::new(),
        };
        self.policy(run, at_the_shared_gateway, &public, &self.allow_public)?;
        Ok(vec![instance, shared])
    }

    /// The policy as it should be, and the network rule `rule` for `sources` before it.
    fn policy(
        &self,
        run: &Run,
        mut policy: PolicyText,
        rule: &str,
        sources: &[String],
    ) -> Result<(), Failure> {
        let there = run.find(&kms::describe_policy(&policy.name))?;
        policy.rules = self.rule(run, there.as_ref(), rule, sources)?;
        ensure_policy(run, there.as_ref(), &policy)
    }

    /// The network rule of this name, if there is anything for it to say; else those that the policy has.
    fn rule(
        &self,
        run: &Run,
        policy: Option<&Policy>,
        name: &str,
        sources: &[String],
    ) -> Result<Vec<String>, Failure> {
        if sources.is_empty() {
            return Ok(policy.map(Policy::network_rules).unwrap_or_default());
        }
        let title = format!("network rule {name}: {}", sources.join(", "));
        match run.find(&kms::describe_network_rule(name))? {
            None => {
                run.change(&kms::create_network_rule(name, sources, "made by kmsak"), || Done {})?;
                run.made(&title);
            }
            Some(there) if same(&there.source_private_ip, sources) => run.already(&title),
            Some(_) => {
                run.change(&kms::update_network_rule(name, sources), || Done {})?;
                run.changed(&title);
            }
        }
        Ok(vec![name.to_owned()])
    }

    /// With these policies, and with those that others gave it.
    fn access_point(&self, run: &Run, has: Option<&[String]>, policies: &[String]) -> Result<(), Failure> {
        let others = has.unwrap_or_default().iter().filter(|name| !policies.contains(name));
        let all: Vec<String> = others.chain(policies).cloned().collect();
        let title = format!("access point {} with {}", self.name, all.join(", "));
        match has {
            None => {
                run.change(&kms::create_access_point(&self.name, &all, "made by kmsak"), || Done {})?;
                run.made(&title);
            }
            Some(has) if same(has, &all) => run.already(&title),
            Some(_) => {
                run.change(&kms::update_access_point(&self.name, &all), || Done {})?;
                run.changed(&title);
            }
        }
        Ok(())
    }
}

fn ensure_policy(run: &Run, there: Option<&Policy>, policy: &PolicyText) -> Result<(), Failure> {
    let title = format!("policy {} in {}", policy.name, policy.scope);
    let Some(there) = there else {
        run.change(&kms::create_policy(policy, "made by kmsak"), || Done {})?;
        run.made(&title);
        return Ok(());
    };
    if !there.kms_instance.is_empty() && there.kms_instance != policy.scope {
        return Err(Failure::new(format!(
            "the policy {} is for {}, which cannot be changed: choose another name for the application, or delete it (kmsak admin app delete)",
            policy.name, there.kms_instance
        )));
    }
    if same(&there.permissions, &policy.permissions)
        && same(&there.resources, &policy.resources)
        && same(&there.network_rules(), &policy.rules)
    {
        run.already(&title);
    } else {
        run.change(&kms::update_policy(policy), || Done {})?;
        run.changed(&title);
    }
    Ok(())
}

/// Whether both lists say the same, in whatever order.
fn same<A: AsRef<str>, B: AsRef<str>>(ours: &[A], theirs: &[B]) -> bool {
    let sorted = |mut list: Vec<String>| {
        list.sort_unstable();
        list
    };
    sorted(ours.iter().map(|one| one.as_ref().to_owned()).collect())
        == sorted(theirs.iter().map(|one| one.as_ref().to_owned()).collect())
}

/// For the instance, and for the shared gateway.
pub(super) fn policy_names(app: &str) -> [String; 2] {
    [format!("{app}-instance"), format!("{app}-shared")]
}

pub(super) fn rule_names(app: &str) -> [String; 2] {
    [format!("{app}-private"), format!("{app}-public")]
}

/// Where an instance is found in its VPCs.
pub(super) fn instance_host(instance: &str) -> String {
    format!("{instance}.cryptoservice.kms.aliyuncs.com")
}
