//! Schemas: which places of a document are treated in a special way.
//!
//! A schema is a list of exact paths, each with a rule. Everything that no path names is text
//! (law 1: skipping is by exact protocol path, never by a key's name at any depth). Paths are
//! written as `messages[].content[].source.data`: member names, `[]` for any element of an array,
//! and a last `.**` for the whole subtree.

/// A place in a schema. [`Schema::UNKNOWN`] for every place no path leads to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NodeId(u16);

/// What is special about the strings (or numbers) at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Rule {
    /// Text: scanned in requests, restored in responses.
    #[default]
    Text,
    /// Identical in both directions, whatever it holds (law 7).
    Opaque,
    /// Opaque if its object's `type` member, a [`Rule::Type`], has one of these values.
    OpaqueIfType(&'static [&'static str]),
    /// Opaque if the object around its own has a `type` with one of these values.
    OpaqueIfOuterType(&'static [&'static str]),
    /// Opaque if it is base64.
    Media,
    /// Opaque if it is base64 and its object's `type` has this value.
    MediaIfType(&'static str),
    /// Opaque if its object has a [`Rule::Signature`] that is not empty.
    OpaqueIfSigned,
    /// Opaque if the value is a base64 `data:` URL.
    OpaqueIfDataUrl,
    /// The `type` that the conditions of its object look at; text otherwise.
    Type,
    /// A provider's signature: opaque, and looked at by [`Rule::OpaqueIfSigned`].
    Signature,
    /// Numbers here are token ids, which cannot be scanned.
    TokenIds,
    /// The value is JSON text of its own (`arguments`): restored one escape deeper.
    Nested,
    /// A piece of a streamed text; pieces of one field and index are joined.
    Piece(Field),
    /// A piece of a streamed text whose field the event's type tells.
    PieceByType,
    /// A number that tells streamed texts of its object apart; the rank orders several.
    Index(u8),
    /// A number that counts the events of a stream.
    Sequence,
    /// A string or object, if not empty, that ends all streamed texts of its object.
    Finish,
    /// Said once per streamed text (a tool call's name): `null` in an event that is made up to carry
    /// held text, since clients join what comes twice.
    Once,
    /// Like [`Rule::Once`]; another value means another text.
    Identity,
}

/// A streamed text's field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// Tells fields apart that share an index.
    pub name: &'static str,
    /// True when the joined pieces are JSON text (`partial_json`): restored one escape deeper.
    pub fragment: bool,
}

#[derive(Default)]
struct Node {
    rule: Rule,
    members: Vec<Member>,
    element: Option<NodeId>,
    whole_subtree: bool,
}

struct Member {
    /// Tells most names apart without a call.
    shape: u32,
    name: &'static str,
    place: NodeId,
}

/// A name's length, and its first and last byte.
#[inline]
fn shape(name: &[u8]) -> u32 {
    let byte = |byte: Option<&u8>| u32::from(byte.copied().unwrap_or(0));
    (name.len() as u32) << 16 | byte(name.first()) << 8 | byte(name.last())
}

/// A compiled list of paths.
pub struct Schema {
    nodes: Vec<Node>,
}

impl Schema {
    /// A place that no path names or leads through.
    pub const UNKNOWN: NodeId = NodeId(0);
    /// The document itself.
    pub const ROOT: NodeId = NodeId(1);

    /// Compiles groups of paths, each group mounted under a prefix path (`""` for the root).
    ///
    /// # Panics
    /// On a malformed path. Schemas are constants of this crate and built by its tests.
    #[must_use]
    pub fn new(groups: &[(&'static str, &[(&'static str, Rule)])]) -> Self {
        let mut schema = Self { nodes: vec![Node::default(), Node::default()] };
        for (mount, paths) in groups {
            let mount = schema.grow(Self::ROOT, mount);
            for (path, rule) in *paths {
                let place = schema.grow(mount, path);
                schema.nodes[usize::from(place.0)].rule = *rule;
            }
        }
        schema
    }

    /// Walks a path, making the nodes that are missing.
    fn grow(&mut self, mut at: NodeId, path: &'static str) -> NodeId {
        for step in path.split('.').filter(|step| !step.is_empty()) {
            if step == "**" {
                self.nodes[usize::from(at.0)].whole_subtree = true;
                continue;
            }
            let name = step.trim_end_matches("[]");
            if !name.is_empty() {
                at = self.grow_member(at, name);
            }
            for _ in 0..(step.len() - name.len()) / 2 {
                at = self.grow_element(at);
            }
        }
        at
    }

    fn grow_member(&mut self, at: NodeId, name: &'static str) -> NodeId {
        if let Some(known) = self.nodes[usize::from(at.0)].members.iter().find(|known| known.name == name) {
            return known.place;
        }
        let place = self.add_node();
        self.nodes[usize::from(at.0)].members.push(Member { shape: shape(name.as_bytes()), name, place });
        place
    }

    fn grow_element(&mut self, at: NodeId) -> NodeId {
        if let Some(known) = self.nodes[usize::from(at.0)].element {
            return known;
        }
        let new = self.add_node();
        self.nodes[usize::from(at.0)].element = Some(new);
        new
    }

    fn add_node(&mut self) -> NodeId {
        let new = NodeId(u16::try_from(self.nodes.len()).expect("a schema has few paths"));
        self.nodes.push(Node::default());
        new
    }

    /// The place of the member `name` (decoded) of the object at `at`.
    #[must_use]
    pub fn member(&self, at: NodeId, name: &[u8]) -> NodeId {
        let node = &self.nodes[usize::from(at.0)];
        if node.whole_subtree {
            return at;
        }
        let shape = shape(name);
        let is = |known: &&Member| known.shape == shape && known.name.as_bytes() == name;
        node.members.iter().find(is).map_or(Self::UNKNOWN, |known| known.place)
    }

    /// The place of the elements of the array at `at`.
    #[must_use]
    pub fn element(&self, at: NodeId) -> NodeId {
        let node = &self.nodes[usize::from(at.0)];
        if node.whole_subtree { at } else { node.element.unwrap_or(Self::UNKNOWN) }
    }

    /// What is special about the place.
    #[must_use]
    pub fn rule(&self, at: NodeId) -> Rule {
        self.nodes[usize::from(at.0)].rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_paths_are_special() {
        let schema = Schema::new(&[
            ("", &[("a.b[].id", Rule::Opaque), ("c.**", Rule::Opaque)]),
            ("r[]", &[("id", Rule::Opaque)]),
        ]);
        let member = |at, name: &str| schema.member(at, name.as_bytes());
        let element = schema.element(member(member(Schema::ROOT, "a"), "b"));
        assert_eq!(schema.rule(member(element, "id")), Rule::Opaque);
        assert_eq!(schema.rule(member(member(element, "input"), "id")), Rule::Text);
        assert_eq!(member(Schema::ROOT, "id"), Schema::UNKNOWN);
        let deep = member(schema.element(member(member(Schema::ROOT, "c"), "x")), "y");
        assert_eq!(schema.rule(deep), Rule::Opaque);
        let mounted = member(schema.element(member(Schema::ROOT, "r")), "id");
        assert_eq!(schema.rule(mounted), Rule::Opaque);
    }
}
