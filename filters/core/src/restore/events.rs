//! Restoring a stream of server-sent events.
//!
//! An event is looked at whole: its index or its type may follow the text they belong to. Texts
//! that come in pieces are joined per field and index; what may still become a placeholder is held back
//! from one piece to the next, while the event itself leaves at once with what is decided. Where a
//! text ends with something held, it goes into the piece that ends it, or else into an event made
//! up for it after the last one's model, before the event that ends the text (law 6).

use std::{borrow::Cow, collections::BTreeMap, ops::Range, sync::Arc};

use super::{
    Resolve, TextRestorer,
    body::restorer_for,
    event_facts::{Facts, Index, Key, ROOT, Token},
};
use crate::{
    dialect::{Ends, Stream},
    json::{Rule, schema::Field},
    sse::{Piece, Splitter, data, data_lines, lines},
};

/// Texts under way at once. What begins beyond them is restored piece by piece: memory is bounded by
/// the hold-back, not by what a provider sends.
const MAX_TEXTS: usize = 1024;

/// Pieces in one event beyond which nothing is held back from it.
const MAX_PIECES: usize = 64;

/// Restores one stream.
pub struct EventRestorer {
    splitter: Splitter,
    stream: &'static Stream,
    /// Boxed: a map's node has room for eleven, and most streams have one or two.
    texts: BTreeMap<Key, Box<Joined>>,
    /// The number of the event under way, or the one after the last.
    sequence: u64,
    /// How many events were made up: later ones are numbered on by as much.
    made_up: u64,
    /// How many events had data that is neither JSON nor the mark of the end.
    malformed: u64,
}

/// A streamed text under way.
struct Joined {
    text: TextRestorer,
    fragment: bool,
    /// Tells it from a later text with the same key.
    identity: Option<Vec<u8>>,
    /// How to make up an event that carries what `text` holds; there while it holds something.
    model: Option<Model>,
}

/// An event to carry held text: an earlier one with some parts replaced.
struct Model {
    event: Arc<[u8]>,
    segments: Vec<Segment>,
}

enum Segment {
    /// A part of the event.
    Bytes(Range<usize>),
    Held,
    Sequence,
    Literal(&'static [u8]),
}

/// A string of the event under way that is a piece of a streamed text.
struct TextPiece {
    field: Field,
    key: Key,
    identity: Option<Vec<u8>>,
    /// It is the text's last, or nothing may be held back from it.
    last: bool,
}

impl EventRestorer {
    /// For a stream of this dialect.
    #[must_use]
    pub fn new(stream: &'static Stream) -> Self {
        Self {
            splitter: Splitter::default(),
            stream,
            texts: BTreeMap::new(),
            sequence: 0,
            made_up: 0,
            malformed: 0,
        }
    }

    /// How many events so far could not be read, and passed as they were.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.malformed
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
        let mut unfinished = false;
        splitter.finish(|piece| {
            unfinished = true;
            self.piece(&piece, resolve, out);
        });
        if unfinished && self.texts.values().any(|joined| joined.text.is_holding()) {
            out.extend_from_slice(b"\n\n");
        }
        self.end_texts(|_, _| true, out);
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
        if Facts::read(self.stream.schema, &unfolded[data.clone()]).is_none() {
            self.malformed += 1;
            return out.extend_from_slice(event);
        }
        let start = out.len();
        self.event(&unfolded, data, resolve, out);
        if out[start..] == unfolded {
            out.truncate(start);
            out.extend_from_slice(event);
        }
    }

    fn event(&mut self, event: &[u8], data: Range<usize>, resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        let Some(facts) = Facts::read(self.stream.schema, &event[data.clone()]) else {
            match &event[data] {
                b"[DONE]" => self.end_texts(|_, _| true, out),
                b"" => {}
                _ => self.malformed += 1,
            }
            return out.extend_from_slice(event);
        };
        self.sequence = facts.sequence.unwrap_or(self.sequence);
        let ended = self.ended(&facts);
        let is_ended = |key: &Key| ended.iter().any(|prefix| key.path.starts_with(prefix));
        let pieces = self.pieces(&facts, is_ended);
        let here = |key: &Key| pieces.iter().flatten().any(|piece| piece.key == *key);
        self.end_texts(|key, _| is_ended(key) && !here(key), out);
        self.end_texts(|key, joined| pieces.iter().flatten().any(|piece| joined.is_over(key, piece)), out);
        self.interrupt(&pieces, out);
        out.extend_from_slice(&event[..data.start]);
        self.write(&facts, &pieces, resolve, out);
        out.extend_from_slice(&event[data.end..]);
        self.keep_models(event, data.start, &facts, &pieces);
        self.texts.retain(|key, _| !is_ended(key));
        if facts.sequence.is_some() {
            self.sequence += 1;
        }
    }

    /// For each string of the event: the streamed text it is a piece of.
    fn pieces(&self, facts: &Facts<'_>, is_ended: impl Fn(&Key) -> bool) -> Vec<Option<TextPiece>> {
        let event_type = facts.event_type();
        let by_type = self.stream.pieces.iter().find(|(name, _)| *name == event_type);
        let piece = |token: &Token| {
            let (field, name) = match token.rule {
                Rule::Piece(field) => (field, Cow::Borrowed(field.name)),
                Rule::PieceByType => match by_type {
                    Some((_, field)) => (*field, Cow::Borrowed(field.name)),
                    None => (Field { name: "delta", fragment: false }, Cow::Owned(event_type.to_owned())),
                },
                _ => return None,
            };
            let key = Key { field: name, path: facts.path(token.container) };
            let last = is_ended(&key);
            let identity = facts.identity(token.container).map(<[u8]>::to_vec);
            Some(TextPiece { field, key, identity, last })
        };
        let mut pieces: Vec<_> = facts.tokens.iter().map(piece).collect();
        if pieces.iter().flatten().count() > MAX_PIECES {
            pieces.iter_mut().flatten().for_each(|piece| piece.last = true);
        }
        pieces
    }

    /// The index paths below which all streamed texts end with this event.
    fn ended(&self, facts: &Facts<'_>) -> Vec<Vec<Index>> {
        let mut ended: Vec<_> = facts.finished.iter().map(|&container| facts.path(container)).collect();
        match (self.stream.ends)(facts.event_type()) {
            Ends::Nothing => {}
            Ends::Block => ended.push(facts.path(ROOT)),
            Ends::Everything => ended.push(Vec::new()),
        }
        ended
    }

    /// Writes the event's data with its strings restored.
    fn write(
        &mut self,
        facts: &Facts<'_>,
        pieces: &[Option<TextPiece>],
        resolve: &mut dyn Resolve,
        out: &mut Vec<u8>,
    ) {
        let mut copied = 0;
        for (token, piece) in facts.tokens.iter().zip(pieces) {
            out.extend_from_slice(&facts.data[copied..token.raw.start]);
            copied = token.raw.end;
            let raw = &facts.data[token.raw.clone()];
            match (piece, restorer_for(token.rule)) {
                (Some(piece), _) => self.write_piece(raw, piece, resolve, out),
                (None, _) if token.rule == Rule::Sequence => self.write_number(raw, out),
                (None, Some(mut text)) => {
                    text.push(raw, resolve, out);
                    text.flush(out);
                }
                (None, None) => out.extend_from_slice(raw),
            }
        }
        out.extend_from_slice(&facts.data[copied..]);
    }

    fn write_piece(&mut self, raw: &[u8], piece: &TextPiece, resolve: &mut dyn Resolve, out: &mut Vec<u8>) {
        let full = self.texts.len() >= MAX_TEXTS && !self.texts.contains_key(&piece.key);
        if full {
            let mut text = TextRestorer::in_json_string(piece.field.fragment);
            text.push(raw, resolve, out);
            return text.flush(out);
        }
        let joined = self
            .texts
            .entry(piece.key.clone())
            .or_insert_with(|| Box::new(Joined::new(piece.field.fragment)));
        if piece.identity.is_some() {
            joined.identity.clone_from(&piece.identity);
        }
        joined.text.push(raw, resolve, out);
        if piece.last {
            joined.text.flush(out);
        }
    }

    /// An event's own number, moved on by the events made up before it.
    fn write_number(&self, raw: &[u8], out: &mut Vec<u8>) {
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
        pieces: &[Option<TextPiece>],
    ) {
        let mut shared: Option<Arc<[u8]>> = None;
        for (at, piece) in pieces.iter().enumerate() {
            let joined = piece.as_ref().and_then(|piece| self.texts.get_mut(&piece.key));
            if let Some(joined) = joined.filter(|joined| joined.text.is_holding()) {
                let event = shared.get_or_insert_with(|| event.into());
                joined.model = Some(Model::new(event, data_start, &facts.tokens, pieces, at));
            }
        }
    }

    /// Ends the chosen texts: what they hold leaves in events made up for it.
    fn end_texts(&mut self, chosen: impl Fn(&Key, &Joined) -> bool, out: &mut Vec<u8>) {
        let ended = self.texts.iter().filter(|(key, joined)| chosen(key, joined)).map(|(key, _)| key);
        for key in ended.cloned().collect::<Vec<_>>() {
            if let Some(mut joined) = self.texts.remove(&key) {
                self.make_up(&mut joined, out);
            }
        }
    }

    /// Lets go of what a text holds when another field of the same choice or item goes on (an answer
    /// after the reasoning, a tool call after the answer): it stands before that.
    fn interrupt(&mut self, pieces: &[Option<TextPiece>], out: &mut Vec<u8>) {
        let follows = |key: &Key, piece: &TextPiece| {
            piece.key.field != key.field && piece.key.path.starts_with(&key.path)
        };
        let here = |key: &Key| pieces.iter().flatten().any(|piece| piece.key == *key);
        let is_interrupted =
            |key: &Key| !here(key) && pieces.iter().flatten().any(|piece| follows(key, piece));
        let holding = self.texts.iter().filter(|(_, joined)| joined.text.is_holding() && !joined.fragment);
        let keys: Vec<Key> = holding.map(|(key, _)| key).filter(|key| is_interrupted(key)).cloned().collect();
        for key in keys {
            if let Some(mut joined) = self.texts.remove(&key) {
                self.make_up(&mut joined, out);
                self.texts.insert(key, joined);
            }
        }
    }

    fn make_up(&mut self, joined: &mut Joined, out: &mut Vec<u8>) {
        let Some(model) = joined.model.take().filter(|_| joined.text.is_holding()) else { return };
        for segment in &model.segments {
            match segment {
                Segment::Bytes(range) => out.extend_from_slice(&model.event[range.clone()]),
                Segment::Held => joined.text.flush(out),
                Segment::Sequence => {
                    out.extend_from_slice((self.sequence + self.made_up).to_string().as_bytes())
                }
                Segment::Literal(bytes) => out.extend_from_slice(bytes),
            }
        }
        if model.segments.iter().any(|segment| matches!(segment, Segment::Sequence)) {
            self.made_up += 1;
        }
    }
}

impl Joined {
    fn new(fragment: bool) -> Self {
        Self { text: TextRestorer::in_json_string(fragment), fragment, identity: None, model: None }
    }

    /// Whether a piece with the same key is of another text.
    fn is_over(&self, key: &Key, piece: &TextPiece) -> bool {
        let another =
            matches!((&self.identity, &piece.identity), (Some(known), Some(given)) if known != given);
        another && *key == piece.key
    }
}

impl Model {
    /// An event like this one that carries only held text, at token `held`.
    fn new(
        event: &Arc<[u8]>,
        data_start: usize,
        tokens: &[Token],
        pieces: &[Option<TextPiece>],
        held: usize,
    ) -> Self {
        let mut segments = Vec::new();
        let mut copied = 0;
        for (at, token) in tokens.iter().enumerate() {
            let raw = data_start + token.raw.start..data_start + token.raw.end;
            let (replaced, by) = match token.rule {
                _ if at == held => (raw, Some(Segment::Held)),
                _ if pieces[at].is_some() => (raw, None),
                Rule::Sequence => (raw, Some(Segment::Sequence)),
                // With its quotes.
                Rule::Once | Rule::Identity => (raw.start - 1..raw.end + 1, Some(Segment::Literal(b"null"))),
                _ => continue,
            };
            segments.push(Segment::Bytes(copied..replaced.start));
            segments.extend(by);
            copied = replaced.end;
        }
        segments.push(Segment::Bytes(copied..event.len()));
        if ![&b"\n\n"[..], b"\r\r", b"\n\r\n"].iter().any(|blank| event.ends_with(blank)) {
            segments.push(Segment::Literal(b"\n\n"));
        }
        Self { event: Arc::clone(event), segments }
    }
}

/// Puts the data of a folded event on one line, a blank for each line break: in JSON they mean the same.
fn unfold(event: &[u8]) -> (Vec<u8>, Range<usize>) {
    let mut joined = Vec::with_capacity(event.len());
    for value in data_lines(event) {
        joined.extend_from_slice(&event[value]);
        joined.push(b' ');
    }
    joined.pop();
    let mut unfolded = Vec::with_capacity(event.len());
    let mut place = 0..0;
    for (line, whole) in lines(event) {
        match data(event, &line) {
            None => unfolded.extend_from_slice(&event[whole]),
            Some(_) if place.is_empty() => {
                unfolded.extend_from_slice(b"data: ");
                place = unfolded.len()..unfolded.len() + joined.len();
                unfolded.extend_from_slice(&joined);
                unfolded.extend_from_slice(&event[line.end..whole.end]);
            }
            Some(_) => {}
        }
    }
    (unfolded, place)
}
