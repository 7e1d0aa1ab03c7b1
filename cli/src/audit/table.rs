//! The audit's outcome, for people, for programs and for spreadsheets.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::Limits;
use super::findings::{AuditedKey, Finding, Kind};
use crate::admin::moment;
use crate::admin::run::Run;
use crate::admin::secret;
use crate::cloud::kms_secret::Secret;
use crate::failure::Failure;
use crate::output::print_line;

#[derive(Default)]
pub(super) struct Table {
    keys: Vec<Row>,
    others: Vec<Finding>,
    secrets: Vec<Value>,
}

struct Row {
    key: AuditedKey,
    age_days: Option<u64>,
    idle_days: Option<u64>,
    findings: Vec<Finding>,
}

impl Table {
    pub(super) fn add(&mut self, finding: Finding) {
        self.others.push(finding);
    }

    pub(super) fn add_secret(&mut self, account: &str, secret: &Secret) {
        let mut facts = secret::facts(secret);
        facts["account"] = json!(account);
        self.secrets.push(facts);
    }

    /// One that is disabled can hurt nobody.
    pub(super) fn add_key(&mut self, key: AuditedKey, limits: &Limits, now: SystemTime) {
        let since = |at: SystemTime| now.duration_since(at).unwrap_or_default();
        let mut findings = Vec::new();
        let mut find = |kind, what| {
            findings.push(Finding { kind, account: key.account.clone(), subject: key.user.clone(), what });
        };
        if let Some(created) = key.created.filter(|at| key.active && since(*at) > limits.max_age) {
            let advice = if key.is_of_the_account() {
                "delete it, as KMS cannot host what is the account's own, and give each program a RAM user"
            } else if key.hosted {
                "look at its secret's rotation with kmsak admin secret show"
            } else {
                "host it in KMS with kmsak admin secret host"
            };
            find(
                Kind::Unrotated,
                format!("{} is {} days old: {advice}", key.title(), moment::days_since(created, now)),
            );
        }
        let unused = key.last_used.or(key.created).filter(|at| key.active && since(*at) > limits.max_idle);
        if let Some(at) = unused {
            let days = moment::days_since(at, now);
            find(
                Kind::Idle,
                match key.last_used {
                    Some(_) => format!(
                        "{} has not been used for {days} days: disable it, then delete it",
                        key.title()
                    ),
                    None => format!(
                        "{} was made {days} days ago and never used: disable it, then delete it",
                        key.title()
                    ),
                },
            );
        }
        self.keys.push(Row {
            age_days: key.created.map(|at| moment::days_since(at, now)),
            idle_days: key.last_used.map(|at| moment::days_since(at, now)),
            key,
            findings,
        });
    }

    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.keys.iter().flat_map(|row| &row.findings).chain(&self.others)
    }

    pub(super) fn print(&self, run: &Run, csv: bool) -> Result<(), Failure> {
        if csv {
            return self.print_csv();
        }
        for row in &self.keys {
            run.print(&row.line());
        }
        for finding in self.findings() {
            run.print(&format!("! {}", finding.what));
        }
        if self.findings().next().is_none() {
            run.print(&format!(
                "nothing to mend among {} AccessKeys and {} secrets",
                self.keys.len(),
                self.secrets.len()
            ));
        }
        run.tell("accessKeys", self.keys.iter().map(Row::told).collect::<Vec<_>>());
        run.tell("secrets", self.secrets.clone());
        let told = |finding: &Finding| json!({"kind": finding.kind.name(), "account": finding.account, "subject": finding.subject, "what": finding.what});
        run.tell("findings", self.findings().map(told).collect::<Vec<_>>());
        Ok(())
    }

    fn print_csv(&self) -> Result<(), Failure> {
        let failed = |error: csv::Error| Failure::new(format!("cannot write CSV: {error}"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record([
                "account",
                "subject",
                "access_key_id",
                "status",
                "created",
                "age_days",
                "last_used",
                "idle_days",
                "hosted",
                "findings",
                "sentences",
            ])
            .map_err(failed)?;
        for row in &self.keys {
            let written = |at: Option<SystemTime>| at.map(moment::written).unwrap_or_default();
            let days = |days: Option<u64>| days.map(|days| days.to_string()).unwrap_or_default();
            let joined =
                |of: fn(&Finding) -> &str| row.findings.iter().map(of).collect::<Vec<_>>().join("; ");
            writer
                .write_record([
                    row.key.account.as_str(),
                    &row.key.user,
                    row.key.id.as_deref().unwrap_or_default(),
                    row.key.status(),
                    &written(row.key.created),
                    &days(row.age_days),
                    &written(row.key.last_used),
                    &days(row.idle_days),
                    if row.key.hosted { "true" } else { "false" },
                    &joined(|finding| finding.kind.name()),
                    &joined(|finding| &finding.what),
                ])
                .map_err(failed)?;
        }
        for finding in &self.others {
            let (account, subject) = (finding.account.as_str(), finding.subject.as_str());
            let kind = finding.kind.name();
            writer
                .write_record([account, subject, "", "", "", "", "", "", "", kind, &finding.what])
                .map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(Failure::doing("cannot write CSV"))?;
        print_line(String::from_utf8_lossy(&bytes).trim_end())
    }
}

impl AuditedKey {
    fn status(&self) -> &'static str {
        if self.active { "Active" } else { "Inactive" }
    }
}

impl Row {
    fn line(&self) -> String {
        let key = &self.key;
        let days =
            |days: Option<u64>, none: &str| days.map_or(none.to_owned(), |days| format!("{days} days"));
        format!(
            "{} {} {} {}: {} old, {}, {}",
            key.account,
            key.user,
            key.id.as_deref().unwrap_or("-"),
            key.status(),
            days(self.age_days, "?"),
            match self.idle_days {
                Some(_) => format!("unused for {}", days(self.idle_days, "")),
                None => "never used".to_owned(),
            },
            if key.hosted { "hosted in KMS" } else { "not hosted in KMS" }
        )
    }

    fn told(&self) -> Value {
        json!({
            "account": self.key.account, "user": self.key.user, "id": self.key.id, "status": self.key.status(),
            "created": self.key.created.map(moment::written), "ageDays": self.age_days,
            "lastUsed": self.key.last_used.map(moment::written), "idleDays": self.idle_days,
            "hosted": self.key.hosted,
            "findings": self.findings.iter().map(|finding| finding.kind.name()).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn kinds(key: AuditedKey) -> Vec<Kind> {
        let day = Duration::from_secs(86_400);
        let limits = Limits { max_age: 90 * day, max_idle: 30 * day, client_key_days: 30 };
        let mut table = Table::default();
        table.add_key(key, &limits, moment::read("2026-11-23T00:00:00Z").unwrap());
        table.findings().map(|finding| finding.kind).collect()
    }

    #[test]
    fn age_and_idleness_are_told_of_active_access_keys() {
        let key = AuditedKey {
            account: String::new(),
            user: "app".into(),
            id: None,
            active: true,
            created: moment::read("2026-01-01T00:00:00Z"),
            last_used: moment::read("2026-11-22T00:00:00Z"),
            hosted: false,
        };
        assert_eq!(kinds(key.clone()), [Kind::Unrotated]);
        assert_eq!(kinds(AuditedKey { last_used: None, ..key.clone() }), [Kind::Unrotated, Kind::Idle]);
        let young = moment::read("2026-11-01T00:00:00Z");
        assert!(kinds(AuditedKey { created: young, last_used: None, ..key.clone() }).is_empty());
        assert!(kinds(AuditedKey { active: false, ..key }).is_empty());
    }

    #[test]
    fn nobody_is_told_to_host_the_accounts_own() {
        let day = Duration::from_secs(86_400);
        let limits = Limits { max_age: day, max_idle: 900 * day, client_key_days: 30 };
        for (user, advice) in [("<root>", ": delete it, as KMS cannot host"), ("app", ": host it in KMS")] {
            let key = AuditedKey {
                account: String::new(),
                user: user.into(),
                id: None,
                active: true,
                created: moment::read("2026-01-01T00:00:00Z"),
                last_used: None,
                hosted: false,
            };
            let mut table = Table::default();
            table.add_key(key, &limits, moment::read("2026-11-23T00:00:00Z").unwrap());
            let told = &table.findings().next().unwrap().what;
            assert!(told.contains(advice), "{told}");
        }
    }
}
