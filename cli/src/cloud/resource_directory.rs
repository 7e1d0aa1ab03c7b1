//! ResourceDirectoryMaster 2022-04-19: the accounts of a resource directory.

use serde::Deserialize;

use super::Product::ResourceDirectory;
use super::answers::{listed, number, text};
use super::{Action, Request, actions};

actions! {
    LIST_ACCOUNTS = Action::read(ResourceDirectory, "ListAccounts", &["PageNumber*", "PageSize*"]);
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Accounts {
    #[serde(default, deserialize_with = "listed")]
    accounts: Vec<Account>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_count: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Account {
    #[serde(deserialize_with = "text")]
    pub(crate) account_id: String,
    #[serde(default)]
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) status: String,
}

impl Accounts {
    pub(crate) fn all(&self) -> Vec<Account> {
        self.accounts.clone()
    }
}

pub(crate) fn list_accounts(page: usize) -> Request<Accounts> {
    Request::of(&LIST_ACCOUNTS).with("PageNumber", page).with("PageSize", 100)
}
