//! What is to be known of an event before it is written: its strings, and which texts they are of.

use std::{borrow::Cow, ops::Range};

use crate::json::{Lexer, NodeId, Rule, Schema, StringPiece, Visitor};

/// Tells streamed texts apart: the field, and the indexes from the event's root to its string.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key {
    pub(super) field: Cow<'static, str>,
    pub(super) path: Vec<Index>,
}

/// An index with its rank, so that a content's and a summary's are never the same.
pub(super) type Index = (u8, u64);

/// A string of an event's data, or its sequence number.
pub(super) struct Token {
    pub(super) rule: Rule,
    pub(super) raw: Range<usize>,
    /// The object or array it stands in.
    pub(super) container: usize,
}

/// The container that stands for the event itself.
pub(super) const ROOT: usize = 0;

/// An object or array of an event's data.
#[derive(Default)]
struct Container {
    parent: Option<usize>,
    /// Which element of its array it is.
    ordinal: Option<u64>,
    /// Its indexes by rank.
    indexes: [Option<u64>; 3],
    /// The value that tells its text from a later one with the same indexes.
    identity: Option<Range<usize>>,
    array: bool,
    elements: u64,
    /// It ends the texts of its parent, if there is anything in it.
    finishes: bool,
}

/// The facts of one event.
pub(super) struct Facts<'a> {
    schema: &'static Schema,
    pub(super) data: &'a [u8],
    pub(super) tokens: Vec<Token>,
    containers: Vec<Container>,
    open: Vec<usize>,
    /// Containers whose streamed texts end with this event.
    pub(super) finished: Vec<usize>,
    event_type: Range<usize>,
    pub(super) sequence: Option<u64>,
}

impl<'a> Facts<'a> {
    /// Reads an event's data; `None` when it is not a JSON object or array.
    pub(super) fn read(schema: &'static Schema, data: &'a [u8]) -> Option<Self> {
        let mut facts = Self {
            schema,
            data,
            tokens: Vec::new(),
            containers: Vec::new(),
            open: Vec::new(),
            finished: Vec::new(),
            event_type: 0..0,
            sequence: None,
        };
        let mut lexer = Lexer::new(schema);
        let read = lexer.push(data, &mut facts).and_then(|()| lexer.finish());
        (read.is_ok() && !facts.containers.is_empty()).then_some(facts)
    }

    /// The event's type; empty when it has none.
    pub(super) fn event_type(&self) -> &'a str {
        std::str::from_utf8(&self.data[self.event_type.clone()]).unwrap_or_default()
    }

    /// The indexes from the root to a container. An element without one counts by its position.
    pub(super) fn path(&self, container: usize) -> Vec<Index> {
        let Some(this) = self.containers.get(container) else { return Vec::new() };
        let mut path = this.parent.map_or_else(Vec::new, |parent| self.path(parent));
        let before = path.len();
        path.extend((0..).zip(this.indexes).filter_map(|(rank, index)| Some((rank, index?))));
        if path.len() == before {
            path.extend(this.ordinal.map(|ordinal| (0, ordinal)));
        }
        path
    }

    /// The identity of the text at a container, if the event gives one.
    pub(super) fn identity(&self, container: usize) -> Option<&'a [u8]> {
        let this = self.containers.get(container)?;
        match &this.identity {
            Some(raw) => Some(&self.data[raw.clone()]),
            None => self.identity(this.parent?),
        }
    }

    fn container(&self) -> usize {
        self.open.last().copied().unwrap_or(ROOT)
    }

    fn note(&mut self, rule: Rule, raw: &Range<usize>, container: usize) {
        match rule {
            Rule::Finish if !raw.is_empty() => self.finished.push(container),
            Rule::Type if container == ROOT => self.event_type = raw.clone(),
            Rule::Identity if !raw.is_empty() => {
                if let Some(container) = self.containers.get_mut(container) {
                    container.identity = Some(raw.clone());
                }
            }
            _ => {}
        }
    }

    /// There is something in a container that ends texts.
    fn fill(&mut self, container: usize) {
        if let Some(this) = self.containers.get_mut(container)
            && std::mem::take(&mut this.finishes)
        {
            self.finished.extend(this.parent);
        }
    }
}

impl Visitor for Facts<'_> {
    fn string(&mut self, piece: StringPiece) {
        let container = self.container();
        self.fill(container);
        let rule = if piece.key { Rule::Text } else { self.schema.rule(piece.place) };
        self.note(rule, &piece.raw, container);
        self.tokens.push(Token { rule, raw: piece.raw, container });
    }

    fn scalar(&mut self, place: NodeId, raw: Range<usize>) {
        let container = self.container();
        let number = std::str::from_utf8(&self.data[raw.clone()]).ok().and_then(|text| text.parse().ok());
        match self.schema.rule(place) {
            Rule::Index(rank) => {
                if let Some(container) = self.containers.get_mut(container) {
                    container.indexes[usize::from(rank)] = number;
                }
            }
            Rule::Sequence => {
                self.sequence = number;
                self.tokens.push(Token { rule: Rule::Sequence, raw, container });
            }
            _ => {}
        }
    }

    fn open(&mut self, place: NodeId, array: bool) {
        let parent = self.open.last().copied();
        let list = parent.map(|parent| &mut self.containers[parent]).filter(|parent| parent.array);
        let ordinal = list.map(|list| {
            list.elements += 1;
            list.elements - 1
        });
        let finishes = self.schema.rule(place) == Rule::Finish;
        self.open.push(self.containers.len());
        self.containers.push(Container { parent, ordinal, array, finishes, ..Container::default() });
    }

    fn close(&mut self) {
        self.open.pop();
    }
}
