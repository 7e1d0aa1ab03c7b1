//! AccessKeys as RAM tells them, user by user.

use super::findings::AuditedKey;
use crate::admin::moment;
use crate::admin::run::{Run, every_part};
use crate::cloud::ram;
use crate::failure::Failure;

pub(super) fn all(run: &Run, account: &str) -> Result<Vec<AuditedKey>, Failure> {
    let users = every_part(|next| {
        let users = run.look(&ram::list_users(next))?;
        Ok((users.all(), users.next()))
    })?;
    let mut all = Vec::new();
    for user in users {
        let name = &user.user_name;
        // The user may have been deleted meanwhile.
        let keys = run.find(&ram::list_access_keys(name))?.map(|keys| keys.all()).unwrap_or_default();
        for key in keys {
            let used = run.find(&ram::access_key_last_used(name, &key.access_key_id))?;
            all.push(AuditedKey {
                account: account.to_owned(),
                user: name.clone(),
                active: key.status != "Inactive",
                created: moment::read(&key.create_date),
                last_used: used.and_then(|used| used.date()).as_deref().and_then(moment::read),
                id: Some(key.access_key_id),
                hosted: false,
            });
        }
    }
    Ok(all)
}
