//! The credential report of IMS: a line a user, with up to five AccessKeys. It does not tell their ids.

use std::time::SystemTime;

use super::findings::AuditedKey;
use crate::admin::moment;
use crate::failure::Failure;

/// What the columns of an AccessKey begin with.
const SLOTS: [&str; 5] = [
    "access_key_1",
    "access_key_2",
    "additional_access_key_1",
    "additional_access_key_2",
    "additional_access_key_3",
];

pub(super) fn read(text: &str, account: &str) -> Result<Vec<AuditedKey>, Failure> {
    let wrong = |what: &str| {
        Failure::new(format!("the credential report is not as IMS describes it: {what}")).with_code(10)
    };
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| wrong(&error.to_string()))?.clone();
    let column = |name: &str| head.iter().position(|known| known.trim_start_matches('\u{feff}') == name);
    let user_column = column("user").ok_or_else(|| wrong("it has no column user"))?;
    let mut keys = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error.to_string()))?;
        let field = |name: &str| column(name).and_then(|at| record.get(at)).unwrap_or_default();
        let user = record.get(user_column).unwrap_or_default();
        for slot in SLOTS {
            if !is_true(field(&format!("{slot}_exist"))) {
                continue;
            }
            keys.push(AuditedKey {
                account: account.to_owned(),
                user: without_domain(user).to_owned(),
                id: None,
                active: is_true(field(&format!("{slot}_active"))),
                created: moment(field(&format!("{slot}_last_rotated"))),
                last_used: moment(field(&format!("{slot}_last_used"))),
                hosted: false,
            });
        }
    }
    Ok(keys)
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

/// Empty ones are written `-` or `N/A`.
fn moment(text: &str) -> Option<SystemTime> {
    moment::read(text)
}

/// Some write the whole `name@account.onaliyun.com`.
fn without_domain(user: &str) -> &str {
    user.split_once('@').map_or(user, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_access_key_of_each_user_is_told() {
        let text = "user,user_creation_time,access_key_1_exist,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used,access_key_2_exist,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used\n\
                    <root>,2020-01-01T00:00:00Z,true,true,2020-01-01T00:00:00Z,N/A,false,-,-,-\n\
                    \"app\",2026-01-01T00:00:00Z,TRUE,false,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,true,true,2026-03-01T00:00:00Z,-\n\
                    idle@1.onaliyun.com,2026-01-01T00:00:00Z,false,-,-,-,false,-,-,-\n";
        let keys = read(text, "1").unwrap();
        let told: Vec<_> =
            keys.iter().map(|key| (key.user.as_str(), key.active, key.last_used.is_some())).collect();
        assert_eq!(told, [("<root>", true, false), ("app", false, true), ("app", true, false)]);
        assert_eq!(keys[2].created, moment::read("2026-03-01T00:00:00Z"));
    }

    #[test]
    fn what_is_no_report_is_told() {
        assert!(read("name,age\na,1\n", "").unwrap_err().message().contains("no column user"));
        assert!(read("", "").is_err());
    }
}
