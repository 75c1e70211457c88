//! Restoring a stream of server-sent events.
//!
//! An event is looked at whole: its index or its type may follow the text they belong to. Texts
//! that come in pieces are joined per [`Key`]; what may still become a placeholder is held back
//! from one piece to the next, while the event itself leaves at once with what is decided. Where a
//! text ends with something held, it goes into the piece that ends it, or else into an event made
//! up for it after the last one's model, before the event that ends the text (law 6).

use std::ops::Range;

use super::{Resolve, TextRestorer, body::restorer_for};
use crate::{
    dialect::{Ends, Stream},
    json::{Lexer, NodeId, Rule, Schema, StringPiece, Visitor, schema::Field},
    sse::{Piece, Splitter, data_lines},
};

/// Restores one stream.
pub struct EventRestorer {
    splitter: Splitter,
    stream: &'static Stream,
    texts: Vec<Joined>,
    /// The number of the event under way, or the one after the last.
    sequence: u64,
    /// How many events were made up: later ones are numbered on by as much.
    made_up: u64,
}

/// A streamed text under way.
struct Joined {
    key: Key,
    text: TextRestorer,
    /// How to make up an event that carries what `text` holds; there while it holds something.
    model: Vec<Segment>,
}

/// Tells streamed texts apart: the field, and the indexes from the event's root to its string.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Key {
    field: &'static str,
    path: Vec<u64>,
}

/// A part of an event that is made up.
enum Segment {
    Bytes(Vec<u8>),
    Held,
    Sequence,
}

impl EventRestorer {
    /// For a stream of this dialect.
    #[must_use]
    pub fn new(stream: &'static Stream) -> Self {
        Self { splitter: Splitter::default(), stream, texts: Vec::new(), sequence: 0, made_up: 0 }
    }

    /// Takes the next bytes and appends to `out` all that is decided.
    pub fn push(&mut self, bytes: &[u8], resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        let mut splitter = std::mem::take(&mut self.splitter);
        splitter.push(bytes, |piece| self.piece(&piece, resolve, out));
        self.splitter = splitter;
    }

    /// Gives up waiting at the end of the stream.
    pub fn finish(&mut self, resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        let mut splitter = std::mem::take(&mut self.splitter);
        splitter.finish(|piece| self.piece(&piece, resolve, out));
        self.end_texts(|_| true, out);
    }

    fn piece(&mut self, piece: &Piece<'_>, resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        match piece {
            Piece::Raw(bytes) => out.extend_from_slice(bytes),
            Piece::Event(event) => {
                let mut lines = data_lines(event);
                match (lines.next(), lines.next()) {
                    (None, _) => out.extend_from_slice(event),
                    (Some(data), None) => self.event(event, data, resolve, out),
                    (Some(_), Some(_)) => self.folded_event(event, resolve, out),
                }
            }
        }
    }

    /// An event with several `data:` lines: the same event on one line, unless nothing changes.
    fn folded_event(&mut self, event: &[u8], resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        let (unfolded, data) = unfold(event);
        let start = out.len();
        self.event(&unfolded, data, resolve, out);
        if out[start..] == unfolded {
            out.truncate(start);
            out.extend_from_slice(event);
        }
    }

    fn event(&mut self, event: &[u8], data: Range<usize>, resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        let mut facts = Facts::new(self.stream.schema, &event[data.clone()]);
        if !facts.read() {
            // `[DONE]` and the like.
            self.end_texts(|_| true, out);
            return out.extend_from_slice(event);
        }
        self.sequence = facts.sequence.unwrap_or(self.sequence);
        let pieces = self.pieces(&facts);
        let ended = self.ended(&facts);
        let is_ended = |key: &Key| ended.iter().any(|prefix| key.path.starts_with(prefix));
        self.end_texts(
            |key| {
                let continued = pieces.iter().flatten().any(|(_, piece)| piece == key);
                let overtaken =
                    pieces.iter().flatten().any(|(field, piece)| field.sequential && overtakes(piece, key));
                (is_ended(key) && !continued) || overtaken
            },
            out,
        );
        out.extend_from_slice(&event[..data.start]);
        let start = out.len();
        self.data(&facts, &pieces, &is_ended, resolve, out);
        let _ = start;
        out.extend_from_slice(&event[data.end..]);
        self.keep_models(event, data.start, &facts, &pieces);
        self.texts.retain(|joined| !is_ended(&joined.key));
        if facts.sequence.is_some() {
            self.sequence += 1;
        }
    }

    /// For each string of the event: the streamed text it is a piece of.
    fn pieces(&self, facts: &Facts<'_>) -> Vec<Option<(Field, Key)>> {
        let by_type =
            self.stream.pieces.iter().find(|(event_type, _)| event_type.as_bytes() == facts.event_type());
        let field_of = |token: &Token| match token.rule {
            Rule::Piece(field) => Some(field),
            Rule::PieceByType => by_type.map(|(_, field)| *field),
            _ => None,
        };
        let key_of = |token: &Token| {
            let field = field_of(token)?;
            Some((field, Key { field: field.name, path: facts.path(token.container) }))
        };
        facts.tokens.iter().map(key_of).collect()
    }

    /// The index paths below which all streamed texts end with this event.
    fn ended(&self, facts: &Facts<'_>) -> Vec<Vec<u64>> {
        let mut ended: Vec<_> = facts.finished.iter().map(|&container| facts.path(container)).collect();
        let event_type = std::str::from_utf8(facts.event_type()).unwrap_or_default();
        match (self.stream.ends)(event_type) {
            Ends::Nothing => {}
            Ends::Block => ended.push(facts.path(ROOT)),
            Ends::Everything => ended.push(Vec::new()),
        }
        ended
    }

    /// Writes the event's data with its strings restored.
    fn data(
        &mut self,
        facts: &Facts<'_>,
        pieces: &[Option<(Field, Key)>],
        is_ended: &dyn Fn(&Key) -> bool,
        resolve: &mut dyn Resolve,
        out: &mut Vec<u8>,
    ) {
        let mut copied = 0;
        for (token, piece) in facts.tokens.iter().zip(pieces) {
            out.extend_from_slice(&facts.data[copied..token.raw.start]);
            copied = token.raw.end;
            let raw = &facts.data[token.raw.clone()];
            match (piece, restorer_for(token.rule)) {
                (Some((field, key)), _) => {
                    let text = self.text(*field, key);
                    text.push(raw, resolve, out);
                    if is_ended(key) {
                        text.flush(out);
                    }
                }
                (None, _) if token.rule == Rule::Sequence => self.number(raw, out),
                (None, Some(mut text)) => {
                    text.push(raw, resolve, out);
                    text.flush(out);
                }
                (None, None) => out.extend_from_slice(raw),
            }
        }
        out.extend_from_slice(&facts.data[copied..]);
    }

    fn text(&mut self, field: Field, key: &Key) -> &mut TextRestorer {
        let at = self.texts.iter().position(|joined| joined.key == *key).unwrap_or_else(|| {
            let text = TextRestorer::in_json_string(field.fragment);
            self.texts.push(Joined { key: key.clone(), text, model: Vec::new() });
            self.texts.len() - 1
        });
        &mut self.texts[at].text
    }

    /// An event's own number, moved on by the events made up before it.
    fn number(&self, raw: &[u8], out: &mut Vec<u8>) {
        if self.made_up == 0 {
            out.extend_from_slice(raw);
        } else {
            out.extend_from_slice((self.sequence + self.made_up).to_string().as_bytes());
        }
    }

    /// Keeps, for each text that now holds something, how to make up an event for it.
    fn keep_models(
        &mut self,
        event: &[u8],
        data_start: usize,
        facts: &Facts<'_>,
        pieces: &[Option<(Field, Key)>],
    ) {
        for (at, piece) in pieces.iter().enumerate() {
            let Some((_, key)) = piece else { continue };
            if let Some(joined) =
                self.texts.iter_mut().find(|joined| joined.key == *key && joined.text.is_holding())
            {
                joined.model = model(event, data_start, &facts.tokens, pieces, at);
            }
        }
    }

    /// Ends the chosen texts: what they hold leaves in events made up for it.
    fn end_texts(&mut self, chosen: impl Fn(&Key) -> bool, out: &mut Vec<u8>) {
        let mut at = 0;
        while at < self.texts.len() {
            if !chosen(&self.texts[at].key) {
                at += 1;
                continue;
            }
            let mut ended = self.texts.remove(at);
            if ended.text.is_holding() {
                self.make_up(&mut ended, out);
            }
        }
    }

    fn make_up(&mut self, ended: &mut Joined, out: &mut Vec<u8>) {
        for segment in &ended.model {
            match segment {
                Segment::Bytes(bytes) => out.extend_from_slice(bytes),
                Segment::Held => ended.text.flush(out),
                Segment::Sequence => {
                    out.extend_from_slice((self.sequence + self.made_up).to_string().as_bytes())
                }
            }
        }
        if ended.model.iter().any(|segment| matches!(segment, Segment::Sequence)) {
            self.made_up += 1;
        }
    }
}

/// Whether a piece of one text means that another of the same field, a sibling, is over.
fn overtakes(piece: &Key, key: &Key) -> bool {
    piece.field == key.field
        && piece.path != key.path
        && piece.path.len() == key.path.len()
        && piece.path[..piece.path.len() - 1] == key.path[..key.path.len() - 1]
}

/// An event like this one that carries only held text at token `held`.
fn model(
    event: &[u8],
    data_start: usize,
    tokens: &[Token],
    pieces: &[Option<(Field, Key)>],
    held: usize,
) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut copied = 0;
    for (at, token) in tokens.iter().enumerate() {
        let left_out =
            at == held || pieces[at].is_some() || matches!(token.rule, Rule::Sequence | Rule::Once);
        if !left_out {
            continue;
        }
        let raw = data_start + token.raw.start..data_start + token.raw.end;
        segments.push(Segment::Bytes(event[copied..raw.start].to_vec()));
        copied = raw.end;
        if at == held {
            segments.push(Segment::Held);
        } else if token.rule == Rule::Sequence {
            segments.push(Segment::Sequence);
        }
    }
    segments.push(Segment::Bytes(event[copied..].to_vec()));
    if !event.ends_with(b"\n") && !event.ends_with(b"\r") {
        segments.push(Segment::Bytes(b"\n\n".to_vec()));
    }
    segments
}

/// Puts the data of a folded event on one line; JSON has no line break inside a string.
fn unfold(event: &[u8]) -> (Vec<u8>, Range<usize>) {
    let mut unfolded = Vec::with_capacity(event.len());
    let first = data_lines(event).next().map_or(0, |data| data.start);
    let line = event[..first].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |end| end + 1);
    unfolded.extend_from_slice(&event[..line]);
    unfolded.extend_from_slice(b"data: ");
    let start = unfolded.len();
    for data in data_lines(event) {
        unfolded.extend_from_slice(&event[data]);
    }
    let data = start..unfolded.len();
    unfolded.extend_from_slice(b"\n\n");
    (unfolded, data)
}

/// A string of an event's data, or its sequence number.
struct Token {
    rule: Rule,
    raw: Range<usize>,
    container: usize,
}

/// An object or array of an event's data.
struct Container {
    parent: Option<usize>,
    /// Which element of its array it is.
    ordinal: Option<u64>,
    /// Its indexes by rank.
    indexes: [Option<u64>; 2],
    array: bool,
    elements: u64,
}

/// The container that stands for the event itself.
const ROOT: usize = 0;

/// What is to be known of an event before it is written.
struct Facts<'a> {
    schema: &'static Schema,
    data: &'a [u8],
    tokens: Vec<Token>,
    containers: Vec<Container>,
    open: Vec<usize>,
    /// Containers whose streamed texts end with this event.
    finished: Vec<usize>,
    event_type: Range<usize>,
    sequence: Option<u64>,
}

impl<'a> Facts<'a> {
    fn new(schema: &'static Schema, data: &'a [u8]) -> Self {
        Self {
            schema,
            data,
            tokens: Vec::new(),
            containers: Vec::new(),
            open: Vec::new(),
            finished: Vec::new(),
            event_type: 0..0,
            sequence: None,
        }
    }

    /// Reads the data; false when it is not a JSON object.
    fn read(&mut self) -> bool {
        let mut lexer = Lexer::new(self.schema);
        let data = self.data;
        lexer.push(data, self).and_then(|()| lexer.finish()).is_ok() && !self.containers.is_empty()
    }

    fn event_type(&self) -> &[u8] {
        &self.data[self.event_type.clone()]
    }

    /// The indexes from the root to a container. An element without one counts by its position.
    fn path(&self, container: usize) -> Vec<u64> {
        let Some(this) = self.containers.get(container) else { return Vec::new() };
        let mut path = this.parent.map_or_else(Vec::new, |parent| self.path(parent));
        let before = path.len();
        path.extend(this.indexes.iter().flatten());
        if path.len() == before {
            path.extend(this.ordinal);
        }
        path
    }

    fn container(&self) -> usize {
        self.open.last().copied().unwrap_or(ROOT)
    }
}

impl Visitor for Facts<'_> {
    fn string(&mut self, piece: StringPiece) {
        let rule = if piece.key { Rule::Text } else { self.schema.rule(piece.place) };
        let container = self.container();
        if rule == Rule::Finish {
            self.finished.push(container);
        }
        if rule == Rule::Type && container == ROOT {
            self.event_type = piece.raw.clone();
        }
        self.tokens.push(Token { rule, raw: piece.raw, container });
    }

    fn scalar(&mut self, place: NodeId, raw: Range<usize>) {
        let container = self.container();
        let number = || std::str::from_utf8(&self.data[raw.clone()]).ok()?.parse::<u64>().ok();
        match self.schema.rule(place) {
            Rule::Index(rank) => {
                let number = number();
                if let Some(container) = self.containers.get_mut(container) {
                    container.indexes[usize::from(rank)] = number;
                }
            }
            Rule::Sequence => {
                self.sequence = number();
                self.tokens.push(Token { rule: Rule::Sequence, raw, container });
            }
            Rule::Finish if self.data[raw.clone()] != *b"null" => self.finished.push(container),
            _ => {}
        }
    }

    fn open(&mut self, place: NodeId, array: bool) {
        let parent = self.open.last().copied();
        if self.schema.rule(place) == Rule::Finish {
            self.finished.extend(parent);
        }
        let ordinal =
            parent.map(|parent| &mut self.containers[parent]).filter(|parent| parent.array).map(|parent| {
                parent.elements += 1;
                parent.elements - 1
            });
        self.open.push(self.containers.len());
        self.containers.push(Container { parent, ordinal, indexes: [None; 2], array, elements: 0 });
    }

    fn close(&mut self) {
        self.open.pop();
    }
}
