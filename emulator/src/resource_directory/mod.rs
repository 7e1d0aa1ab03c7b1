//! Resource Directory, version 2022-04-19: a tree of folders with accounts in it, seen by the account that manages it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::clock::iso8601;
use crate::cloud::{FIRST_ACCOUNT, SECOND_ACCOUNT};
use crate::random_text;
use crate::refusal::Refusal;
use crate::request::{Answer, Request};
use crate::rpc::no_such_action;

const ID: &str = "rd-hzz000";
const ROOT: &str = "r-hzz000";
const FOLDER: &str = "fd-hzz0000001";

/// A folder of the directory.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Folder {
    id: String,
    name: String,
    parent: String,
    created: OffsetDateTime,
}

/// An account in the directory that does not manage it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Member {
    account: String,
    name: String,
    folder: String,
    joined: OffsetDateTime,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Directory {
    pub(crate) manager: String,
    created: OffsetDateTime,
    folders: Vec<Folder>,
    members: Vec<Member>,
    /// Whether resources can be shared within it.
    pub(crate) sharing: bool,
}

impl Directory {
    /// The first account manages it; the second is in a folder.
    pub(crate) fn at_start(now: OffsetDateTime) -> Self {
        let folder = Folder {
            id: FOLDER.to_owned(),
            name: "Applications".to_owned(),
            parent: ROOT.to_owned(),
            created: now,
        };
        let member = Member {
            account: SECOND_ACCOUNT.to_owned(),
            name: "application".to_owned(),
            folder: FOLDER.to_owned(),
            joined: now,
        };
        Self {
            manager: FIRST_ACCOUNT.to_owned(),
            created: now,
            folders: vec![folder],
            members: vec![member],
            sharing: false,
        }
    }

    pub(crate) fn has_account(&self, id: &str) -> bool {
        self.manager == id || self.members.iter().any(|member| member.account == id)
    }

    pub(crate) fn member_ids(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.account.as_str())
    }

    /// The accounts that an id stands for: an account's own, a folder's or the directory's; none if it is no such id.
    pub(crate) fn accounts_of(&self, id: &str) -> Option<Vec<&str>> {
        if self.has_account(id) {
            return Some(
                std::iter::once(self.manager.as_str())
                    .chain(self.member_ids())
                    .filter(|one| *one == id)
                    .collect(),
            );
        }
        if id == ID || id == ROOT {
            return Some(std::iter::once(self.manager.as_str()).chain(self.member_ids()).collect());
        }
        self.folder(id)?;
        let within = |folder: &str| self.ancestors(folder).contains(&id);
        Some(
            self.members
                .iter()
                .filter(|member| within(&member.folder))
                .map(|member| member.account.as_str())
                .collect(),
        )
    }

    fn folder(&self, id: &str) -> Option<&Folder> {
        self.folders.iter().find(|folder| folder.id == id)
    }

    fn is_parent(&self, id: &str) -> bool {
        id == ROOT || self.folder(id).is_some()
    }

    /// A folder and those above it, up to the root.
    fn ancestors<'a>(&'a self, id: &'a str) -> Vec<&'a str> {
        let mut chain = vec![id];
        while let Some(folder) = chain.last().and_then(|last| self.folder(last)) {
            chain.push(&folder.parent);
        }
        chain
    }

    fn path(&self, folder: &str, account: Option<&str>) -> String {
        let mut parts = self.ancestors(folder);
        parts.reverse();
        parts.insert(0, ID);
        parts.extend(account);
        parts.join("/")
    }

    fn written(&self, member: &Member) -> Value {
        json!({
            "AccountId": member.account,
            "AccountName": format!("{}@{ID}.aliyunid.com", member.name),
            "DisplayName": member.name,
            "FolderId": member.folder,
            "JoinMethod": "created",
            "JoinTime": iso8601(member.joined),
            "ModifyTime": iso8601(member.joined),
            "ResourceDirectoryId": ID,
            "ResourceDirectoryPath": self.path(&member.folder, Some(&member.account)),
            "Status": "CreateSuccess",
            "Type": "ResourceAccount",
        })
    }
}

fn written_folder(folder: &Folder) -> Value {
    json!({"FolderId": folder.id, "FolderName": folder.name, "CreateTime": iso8601(folder.created)})
}

type Handler = fn(&mut Request<'_>) -> Answer;

fn handler(action: &str) -> Option<Handler> {
    Some(match action {
        "GetResourceDirectory" => directory,
        "ListAccounts" => accounts,
        "GetAccount" => account,
        "ListAccountsForParent" => accounts_of_parent,
        "ListFoldersForParent" => folders,
        "GetFolder" => folder,
        "CreateFolder" => create_folder,
        "ListAncestors" => ancestors,
        "MoveAccount" => move_account,
        _ => return None,
    })
}

pub(crate) fn knows(action: &str) -> bool {
    handler(action).is_some()
}

pub(crate) fn act(request: &mut Request<'_>) -> Answer {
    let known = handler(request.action()).ok_or_else(no_such_action)?;
    request.authorize("resourcemanager")?;
    if request.state().account_id != request.cloud.directory.manager
        && request.action() != "GetResourceDirectory"
    {
        return Err(Refusal::front(
            403,
            "NoPermission.ResourceDirectoryMember",
            "Only the account that manages the resource directory may do this.",
        ));
    }
    known(request)
}

fn not_exist(kind: &str) -> Refusal {
    Refusal::front(404, &format!("EntityNotExists.{kind}"), format!("The specified {kind} does not exist."))
}

fn wrong(name: &str) -> Refusal {
    Refusal::front(400, "InvalidParameter", format!("The parameter {name} is not valid."))
}

fn page(request: &Request<'_>, items: Vec<Value>, list: [&str; 2]) -> Answer {
    request.numbered_page(items, list, 10, 100, wrong)
}

fn directory(request: &mut Request<'_>) -> Answer {
    let directory = &request.cloud.directory;
    Ok(json!({"ResourceDirectory": {
        "ResourceDirectoryId": ID,
        "RootFolderId": ROOT,
        "MasterAccountId": directory.manager,
        "MasterAccountName": directory.manager,
        "CreateTime": iso8601(directory.created),
    }}))
}

fn accounts(request: &mut Request<'_>) -> Answer {
    let directory = &request.cloud.directory;
    let all = directory.members.iter().map(|member| directory.written(member)).collect();
    page(request, all, ["Accounts", "Account"])
}

fn account(request: &mut Request<'_>) -> Answer {
    let id = request.mandatory("AccountId")?;
    let directory = &request.cloud.directory;
    let member = directory.members.iter().find(|member| member.account == id);
    Ok(json!({"Account": directory.written(member.ok_or_else(|| not_exist("Account"))?)}))
}

/// The folder that a request names; the root if it names none.
fn parent<'a>(request: &Request<'a>, name: &str) -> Result<&'a str, Refusal> {
    let id = request.given(name).unwrap_or(ROOT);
    if request.cloud.directory.is_parent(id) { Ok(id) } else { Err(not_exist("ResourceDirectory.Folder")) }
}

fn accounts_of_parent(request: &mut Request<'_>) -> Answer {
    let parent = parent(request, "ParentFolderId")?;
    let directory = &request.cloud.directory;
    let members = directory.members.iter().filter(|member| member.folder == parent);
    page(request, members.map(|member| directory.written(member)).collect(), ["Accounts", "Account"])
}

fn folders(request: &mut Request<'_>) -> Answer {
    let parent = parent(request, "ParentFolderId")?;
    let folders = request.cloud.directory.folders.iter().filter(|folder| folder.parent == parent);
    page(request, folders.map(written_folder).collect(), ["Folders", "Folder"])
}

fn folder(request: &mut Request<'_>) -> Answer {
    let id = request.mandatory("FolderId")?;
    let directory = &request.cloud.directory;
    if id == ROOT {
        let created = iso8601(directory.created);
        return Ok(json!({"Folder": {"FolderId": ROOT, "FolderName": "root", "CreateTime": created}}));
    }
    let folder = directory.folder(id).ok_or_else(|| not_exist("ResourceDirectory.Folder"))?;
    let mut fields = written_folder(folder);
    fields["ParentFolderId"] = json!(folder.parent);
    fields["ResourceDirectoryPath"] = json!(directory.path(id, None));
    Ok(json!({"Folder": fields}))
}

fn create_folder(request: &mut Request<'_>) -> Answer {
    let name = request.mandatory("FolderName")?;
    let parent = parent(request, "ParentFolderId")?;
    if name.chars().count() > 24 {
        return Err(wrong("FolderName"));
    }
    let now = request.now;
    let folders = &mut request.cloud.directory.folders;
    if folders.iter().any(|folder| folder.parent == parent && folder.name == name) {
        return Err(Refusal::front(
            409,
            "EntityAlreadyExists.ResourceDirectory.Folder",
            "The specified folder exists already.",
        ));
    }
    let id = format!("fd-{}", random_text(b"0123456789abcdefghijklmnopqrstuvwxyz", 10));
    let folder = Folder { id, name: name.to_owned(), parent: parent.to_owned(), created: now };
    let mut fields = written_folder(&folder);
    fields["ParentFolderId"] = json!(parent);
    folders.push(folder);
    Ok(json!({"Folder": fields}))
}

fn ancestors(request: &mut Request<'_>) -> Answer {
    let child = request.mandatory("ChildId")?;
    let directory = &request.cloud.directory;
    let start = directory
        .members
        .iter()
        .find(|member| member.account == child)
        .map(|member| member.folder.as_str())
        .or_else(|| directory.folder(child).map(|folder| folder.parent.as_str()));
    let start = start.ok_or_else(|| not_exist("ResourceDirectory.Folder"))?;
    let chain = directory.ancestors(start);
    let folders: Vec<Value> = chain
        .iter()
        .rev()
        .map(|id| match directory.folder(id) {
            Some(folder) => written_folder(folder),
            None => json!({"FolderId": id, "FolderName": "root", "CreateTime": iso8601(directory.created)}),
        })
        .collect();
    Ok(json!({"Folders": {"Folder": folders}}))
}

fn move_account(request: &mut Request<'_>) -> Answer {
    let id = request.mandatory("AccountId")?;
    request.mandatory("DestinationFolderId")?;
    let to = parent(request, "DestinationFolderId")?;
    let member = request.cloud.directory.members.iter_mut().find(|member| member.account == id);
    to.clone_into(&mut member.ok_or_else(|| not_exist("Account"))?.folder);
    Ok(json!({}))
}
