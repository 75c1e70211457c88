//! Tests of the screen: what stands where, in a terminal that is none.

use std::path::PathBuf;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use serde_json::{Value, json};

use super::super::keys::Command;
use super::super::snapshot::tests::{sample, snapshot};
use super::super::task::{Done, Trouble};
use super::*;

fn model(state: &Value) -> (Model, Moment) {
    let now = Moment::now();
    let mut model = Model::new("http://127.0.0.1:8889/admin/state", PathBuf::from("/run/waterwall/kill"));
    model.hear(now, Ok(snapshot(state)));
    (model, now)
}

fn drawn(model: &Model, now: Moment, size: (u16, u16), colour: bool) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| draw(frame, model, Theme::new(colour), now)).unwrap();
    terminal.backend().buffer().clone()
}

fn rows(buffer: &Buffer) -> Vec<String> {
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..buffer.area.height).map(row).collect()
}

fn text(model: &Model, now: Moment, size: (u16, u16)) -> String {
    rows(&drawn(model, now, size, true)).join("\n")
}

fn shows(text: &str, all: &[&str]) {
    for part in all {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn six_panes_fit_the_usual_terminal() {
    let (model, now) = model(&sample());
    let text = text(&model, now, (80, 24));
    shows(
        &text,
        &[
            " waterwall  ok  up 3h 12m  forward mode on  upstream ok  3 open  12:44:10 UTC",
            "kill switch: off",
            " config     off ",
            " sigusr1    off ",
            " sentinel   off ",
            " http       off ",
            "last 5 minutes",
            "2.4 a minute",
            "AWS_ACCESS_KEY 8, PEM_BLO…│",
            "p50 0.8 ms, p99 3.25 ms",
            "1 placeholder ",
            "3 events in 15 min",
            "vault and policy",
            "12 of 10000",
            "337 (332 built in, 5 own)",
            "9f3c1a2b9f3c1a2b…",
            "09:32:00, 2 reloads,",
            "chain and audit",
            "1234, written",
            "cdcdcdcdcdcdcdcd…",
            "12:40:00, 7 lines since; …",
            "ok, 1200 lines, 12:32:00",
            "9 of 10 checks, 09:33:00",
            "live activity",
            " 12:44:01 out 2 AWS_ACCESS_KEY, PEM_BLOCK",
            " 12:44:02 in  2 restored  req-1",
            "sessions: 2",
            "11 redacted  12:01:02",
            "(no name)  1 redacted  2026-11-23│",
            " r reload  k kill switch  v verify  e evidence  t tail  ? help  q quit",
        ],
    );
    assert!(!text.contains("NO ANSWER"));
}

#[test]
fn the_past_is_dimmed_and_says_so() {
    let (model, now) = model(&sample());
    let later = Duration::from_secs(3);
    let later = Moment { tick: now.tick + later, wall: now.wall + later };
    for colour in [true, false] {
        let buffer = drawn(&model, later, (80, 24), colour);
        let rows = rows(&buffer);
        let then = format::utc(now.wall);
        assert!(rows[1].starts_with(&format!(" NO ANSWER since {then} — what is shown is from {then}")));
        assert_eq!(rows.join("\n").matches(&format!("as of {then}")).count(), 6, "{rows:#?}");
        assert!(rows[0].contains("no answer") && !rows[0].contains("ok"), "{}", rows[0]);
        for cell in (2..23).flat_map(|y| (0..80).map(move |x| (x, y))).map(|at| &buffer[at]) {
            assert!(cell.modifier.contains(Modifier::DIM) && !cell.modifier.contains(Modifier::BOLD));
            assert_eq!(cell.fg, Color::Reset);
        }
    }
}

#[test]
fn before_the_first_answer_there_are_no_panes() {
    let now = Moment::now();
    let mut model = Model::new("http://127.0.0.1:8889/admin/state", PathBuf::from("/k"));
    shows(&text(&model, now, (80, 24)), &["Asking http://127.0.0.1:8889/admin/state"]);
    model.hear(now, Err("nothing listens there".to_owned()));
    let text = text(&model, now, (80, 24));
    shows(&text, &["No answer yet: nothing listens there.", "`waterwall run`", "--config"]);
    assert!(!text.contains("kill switch:"));
}

#[test]
fn an_armed_switch_is_not_overlooked() {
    let mut state = sample();
    state["killswitch"] =
        json!({"config": false, "sigusr1": false, "sentinel": true, "http": true, "active": true});
    state["reason"] = json!("the kill switch is engaged (sentinel, http)");
    let (mut model, now) = model(&state);
    let armed = text(&model, now, (80, 24));
    shows(&armed, &["kill switch: ARMED", " sentinel   ARMED", " http       ARMED", " config     off"]);
    shows(&armed, &["every request is refused", "the kill switch is engaged (sentinel, http)"]);
    model.obey(Command::Switch, now);
    let asked = text(&model, now, (80, 24));
    shows(&asked, &["Disarm the kill switch's HTTP source?", "It stays armed by: sentinel.", "y yes  n no"]);
}

#[test]
fn what_is_wrong_is_told() {
    let mut state = sample();
    state["status"] = json!("fail");
    state["reason"] = json!("the audit log cannot be written: disk full");
    state["health"]["chain_intact"] = json!(false);
    state["health"]["upstream_reachable"] = json!(false);
    state["chain"]["verify_status"] = json!("fail");
    state["chain"]["verify_reason"] = json!("at seq 7: prev_hash");
    state["config"]["refusal"] = json!("waterwall.yaml:3: unknown key");
    let (model, now) = model(&state);
    shows(
        &text(&model, now, (80, 24)),
        &[
            " waterwall  fail",
            "upstream FAILS",
            "the audit log cannot be written: disk full",
            "CANNOT BE WRITTEN",
            "fail: at seq 7: prev_hash",
            "REFUSED    waterwall.yaml:3: unknown…",
        ],
    );
}

#[test]
fn popups_show_all_they_have() {
    let (mut model, now) = model(&sample());
    model.obey(Command::Help, now);
    shows(&text(&model, now, (80, 24)), &["read its configuration", "All times are UTC.", "Esc closes"]);
    model.obey(Command::Close, now);
    let check = |ok| crate::install::Check { name: "signing_key", ok, detail: "¤".repeat(60) };
    model.done(Done::Verified(Ok(vec![check(true), check(false)])), now);
    let checks = text(&model, now, (80, 24));
    shows(&checks, &["ok   signing_key", "FAIL signing_key", "1 of 2 passed"]);
    assert_eq!(checks.matches('¤').count(), 120, "{checks}");
}

#[test]
fn a_refusal_is_shown_whole() {
    let (mut model, now) = model(&sample());
    let what = format!("waterwall.yaml:3: {} end", "unknown key ".repeat(12));
    model.done(Done::Reloaded(Err(Trouble { what, remedy: "Correct it.".to_owned() })), now);
    shows(&text(&model, now, (80, 24)), &["waterwall.yaml:3:", " end", "Correct it."]);
}

#[test]
fn the_list_follows_until_it_is_paused() {
    let mut state = sample();
    let one = |n: usize| json!({"ts": format!("12:00:{n:02}"), "direction": "in", "request_id": "r", "detok_count": 1});
    state["recent_activity"] = (0..50).map(one).collect();
    let (mut model, now) = model(&state);
    let following = text(&model, now, (80, 24));
    shows(&following, &["12:00:49", "12:00:45"]);
    assert!(!following.contains("12:00:30"));
    model.obey(Command::Tail, now);
    model.obey(Command::Scroll(15), now);
    let paused = text(&model, now, (80, 24));
    shows(&paused, &["PAUSED at 12:44:10", "12:00:34"]);
    assert!(!paused.contains("12:00:49"));
    model.obey(Command::Scroll(49), now);
    shows(&text(&model, now, (80, 24)), &["12:00:00", "12:00:05"]);
}

#[test]
fn any_size_is_drawn() {
    let (mut model, now) = model(&sample());
    for popup in [false, true] {
        for (width, height) in [(1, 1), (20, 5), (71, 22), (72, 21), (72, 22), (140, 40), (300, 100)] {
            let text = text(&model, now, (width, height));
            if width < 72 || height < 22 {
                assert!(!text.contains("last 5 minutes"));
            } else {
                shows(&text, &["waterwall", "q quit"]);
            }
        }
        assert!(text(&model, now, (60, 10)).contains("needs 72x22; this terminal has 60x10"));
        if !popup {
            model.obey(Command::Help, now);
        }
    }
}

#[test]
fn without_colour_there_is_none() {
    let mut state = sample();
    state["killswitch"]["http"] = json!(true);
    state["killswitch"]["active"] = json!(true);
    let (model, now) = model(&state);
    let coloured = |colour| {
        let buffer = drawn(&model, now, (80, 24), colour);
        buffer.content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(coloured(true) && !coloured(false));
}

#[test]
fn nothing_shown_can_steer_the_terminal() {
    let mut state = sample();
    let evil = "\u{1b}[2J\u{7}\r\n\u{9b}31m\u{202e}";
    state["sessions"][0]["session_id"] = json!(evil);
    state["recent_activity"][0]["types"][0] = json!(evil);
    state["counters_5m"]["top_types"][0]["type"] = json!(evil);
    state["reason"] = json!(evil);
    state["ts"] = json!(evil);
    state["config"]["refusal"] = json!(evil);
    let (mut model, now) = model(&state);
    model.done(Done::Exported(Err(Trouble { what: evil.to_owned(), remedy: evil.to_owned() })), now);
    let text = text(&model, now, (140, 40));
    assert!(text.contains("\\u{1b}[2J"));
    let steers = |char: char| char != '\n' && (char.is_control() || char == '\u{202e}');
    assert!(!text.contains(steers), "{text:?}");
}
