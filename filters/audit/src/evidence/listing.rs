//! [`Listing`]: what a bundle's `MANIFEST.json` lists.

use super::{Window, signed::Members};
use crate::canonical::{Number, Object, Value};

/// The member that lists the others.
pub(super) const NAME: &str = "MANIFEST.json";
/// The chain's place.
pub(super) const CHAIN: &str = "chain/proxy.jsonl";
/// The policy file's place.
pub(super) const POLICY: &str = "policy/patterns.py";
/// The public key's place.
pub(super) const KEY: &str = "pubkey.pem";

/// A file and its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) file: String,
    pub(super) sha256: String,
}

impl Listed {
    /// The last part of the file's name.
    pub(super) fn name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(&self.file)
    }

    fn of(members: &Members<'_>, default: &str) -> Self {
        Self {
            file: members.text("file").unwrap_or(default).to_owned(),
            sha256: members.text("sha256").unwrap_or_default().to_owned(),
        }
    }

    pub(super) fn to_value(&self) -> Value {
        Value::Object(self.to_object())
    }

    pub(super) fn to_object(&self) -> Object {
        Object::from([
            ("file".to_owned(), Value::String(self.file.clone())),
            ("sha256".to_owned(), Value::String(self.sha256.clone())),
        ])
    }
}

/// The chain's file and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListedChain {
    pub(super) file: Listed,
    /// As texts, to be shown as they are when they do not match: `lines`, `checkpoints`, `seq_range`.
    pub(super) stats: [(&'static str, String); 3],
}

/// The statistics of a chain, as `MANIFEST.json` has them.
pub(super) fn stats(lines: u64, checkpoints: u64, range: [Option<u64>; 2]) -> [(&'static str, Value); 3] {
    let number = |value: u64| Value::Number(Number::from(value));
    let range = range.map(|seq| seq.map_or(Value::Null, number));
    [
        ("lines", number(lines)),
        ("checkpoints", number(checkpoints)),
        ("seq_range", Value::Array(range.into())),
    ]
}

/// The members of `MANIFEST.json` that matter for checking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) chain: ListedChain,
    pub(super) receipts: Vec<Listed>,
    pub(super) manifests: Vec<Listed>,
    pub(super) policy: Option<Listed>,
    pub(super) key: Option<Listed>,
    /// Further files, ours alone.
    pub(super) extras: Vec<Listed>,
    /// The stretch of time that it is of, or what is wrong with it: only where lines name receipts does it matter,
    /// and the predecessor took more forms of a time.
    pub(super) window: Result<Window, &'static str>,
    /// The SHA-256 of the policy file, said once more.
    pub(super) policy_hash: Option<String>,
    /// Receipts that the exporter declares lost.
    pub(super) missing_receipts: Vec<String>,
}

impl Listing {
    /// Reads them. What is wrong, otherwise.
    pub(super) fn read(object: &Object) -> Result<Self, &'static str> {
        let members = Members(object);
        let chain = members.object("chain").ok_or("no chain")?;
        let stat = |name| {
            let text = chain.0.get(name).map_or_else(|| "None".to_owned(), Value::to_canonical);
            (name, text)
        };
        let one = |name: &str, default: &str| members.object(name).map(|entry| Listed::of(&entry, default));
        let moment = |name: &str| match members.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_str().and_then(Window::moment).map(Some).ok_or("a time is malformed"),
        };
        Ok(Self {
            chain: ListedChain {
                file: Listed::of(&chain, CHAIN),
                stats: [stat("lines"), stat("checkpoints"), stat("seq_range")],
            },
            receipts: many(&members, "receipts")?,
            manifests: many(&members, "manifests")?,
            policy: one("policy_snapshot", POLICY),
            key: one("pubkey", KEY),
            extras: many(&members, "extras")?,
            window: moment("since").and_then(|since| Ok(Window { since, until: moment("until")? })),
            policy_hash: members.text("policy_hash").map(str::to_owned),
            missing_receipts: members.texts("missing_receipts").unwrap_or_default(),
        })
    }

    /// Every file in it, `MANIFEST.json` itself included.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        let single = [Some(&self.chain.file), self.policy.as_ref(), self.key.as_ref()];
        let many = self.receipts.iter().chain(&self.manifests).chain(&self.extras);
        single.into_iter().flatten().chain(many).map(|listed| listed.file.as_str()).chain([NAME])
    }
}

fn many(members: &Members<'_>, name: &str) -> Result<Vec<Listed>, &'static str> {
    let entry = |item: &Value| match item {
        Value::Object(object) => Ok(Listed::of(&Members(object), "")),
        _ => Err("a list of files is malformed"),
    };
    members.array(name).unwrap_or_default().iter().map(entry).collect()
}
