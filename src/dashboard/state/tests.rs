//! Tests of what the dashboard knows: time goes by as each test says.

use serde_json::json;

use super::super::snapshot::tests::{sample, snapshot};
use super::*;

fn model() -> Model {
    Model::new("http://127.0.0.1:8889/admin/state", PathBuf::from("/run/waterwall/kill"))
}

fn at(start: Moment, millis: u64) -> Moment {
    let later = Duration::from_millis(millis);
    Moment { tick: start.tick + later, wall: start.wall + later }
}

fn trouble() -> Trouble {
    Trouble { what: "what\u{7}".to_owned(), remedy: "remedy".to_owned() }
}

#[test]
fn the_past_is_never_the_present() {
    let start = Moment::now();
    let mut model = model();
    assert!(matches!(model.freshness(start), Freshness::Never(None)));
    model.hear(start, Err("nothing listens there".to_owned()));
    assert!(matches!(model.freshness(start), Freshness::Never(Some(_))));
    model.hear(at(start, 1000), Ok(snapshot(&sample())));
    assert!(matches!(model.freshness(at(start, 3500)), Freshness::Fresh(_)));
    // Nobody said that there is no answer, but it has become old.
    let Freshness::Old { from, since, reason: None, .. } = model.freshness(at(start, 3501)) else {
        panic!("an answer of 2.5 s ago is old")
    };
    assert_eq!((from, since), (at(start, 1000).wall, at(start, 1000).wall));
    // One failed question is enough, however young the last answer.
    model.hear(at(start, 2000), Err("it hangs, or is too slow".to_owned()));
    model.hear(at(start, 3000), Err("nothing listens there".to_owned()));
    let Freshness::Old { from, since, reason: Some(reason), .. } = model.freshness(at(start, 3001)) else {
        panic!("no answer is no answer")
    };
    assert_eq!((from, since), (at(start, 1000).wall, at(start, 2000).wall));
    assert_eq!(reason.as_str(), "nothing listens there");
    model.hear(at(start, 4000), Ok(snapshot(&sample())));
    assert!(matches!(model.freshness(at(start, 4100)), Freshness::Fresh(_)));
}

#[test]
fn a_machine_that_slept_shows_the_past() {
    let start = Moment::now();
    let mut model = model();
    model.hear(start, Ok(snapshot(&sample())));
    let woken = Moment { tick: start.tick, wall: start.wall + Duration::from_secs(3600) };
    assert!(matches!(model.freshness(woken), Freshness::Old { .. }));
    let set_back = Moment { tick: start.tick, wall: start.wall - Duration::from_secs(3600) };
    assert!(matches!(model.freshness(set_back), Freshness::Fresh(_)));
}

#[test]
fn the_switch_is_set_only_after_yes() {
    let now = Moment::now();
    let mut model = model();
    model.hear(now, Ok(snapshot(&sample())));
    assert_eq!(model.obey(Command::Switch, now), None);
    assert!(matches!(model.popup(), Some(Popup::Confirm { arm: true })));
    assert_eq!(model.obey(Command::Close, now), None);
    assert!(model.popup().is_none());
    model.obey(Command::Switch, now);
    assert_eq!(model.obey(Command::Confirm, now), Some(Task::Switch { arm: true }));
    assert!(model.popup().is_none());

    let mut state = sample();
    state["killswitch"] =
        json!({"config": false, "sigusr1": true, "sentinel": false, "http": true, "active": true});
    model.hear(now, Ok(snapshot(&state)));
    model.obey(Command::Switch, now);
    assert_eq!(model.obey(Command::Confirm, now), Some(Task::Switch { arm: false }));
}

#[test]
fn a_switch_that_is_not_seen_is_not_offered() {
    let now = Moment::now();
    let mut model = model();
    model.hear(now, Ok(snapshot(&sample())));
    model.obey(Command::Switch, at(now, 2600));
    let Some(Popup::Message { good: false, lines, .. }) = model.popup() else { panic!("told") };
    assert!(lines.iter().any(|line| line.as_str() == "touch /run/waterwall/kill"), "{lines:?}");
}

#[test]
fn results_wait_for_their_turn() {
    let now = Moment::now();
    let mut model = model();
    assert_eq!(model.obey(Command::Export, now), Some(Task::Export));
    assert_eq!(model.obey(Command::Export, now), None, "one at a time");
    model.obey(Command::Help, now);
    model.done(Done::Exported(Ok(vec!["written: /x.tar.gz".to_owned()])), now);
    model.done(Done::Reloaded(Err(trouble())), now);
    assert!(matches!(model.popup(), Some(Popup::Help)));
    model.obey(Command::Close, now);
    assert!(matches!(model.popup(), Some(Popup::Message { good: true, title: "evidence", .. })));
    model.obey(Command::Close, now);
    let Some(Popup::Message { good: false, lines, .. }) = model.popup() else { panic!("the refusal") };
    assert_eq!(lines[0].as_str(), "what\\u{7}", "it comes from another process");
    assert_eq!(model.obey(Command::Export, now), Some(Task::Export));
}

#[test]
fn notices_go_by() {
    let now = Moment::now();
    let mut model = model();
    model.done(Done::Switched { arm: true, outcome: Ok(()) }, now);
    assert_eq!(model.notice(at(now, 6000)), Some("kill switch armed over HTTP"));
    assert_eq!(model.notice(at(now, 6001)), None);
}

#[test]
fn a_paused_list_stands_still() {
    let now = Moment::now();
    let mut model = model();
    model.obey(Command::Tail, now);
    assert!(matches!(model.tail, Tail::Follow), "there is nothing to hold");
    model.hear(now, Ok(snapshot(&sample())));
    model.obey(Command::Tail, now);
    let mut state = sample();
    state["recent_activity"] = json!([]);
    model.hear(at(now, 1000), Ok(snapshot(&state)));
    model.obey(Command::Scroll(10), now);
    let Tail::Paused { activities, back, .. } = &model.tail else { panic!("paused") };
    assert_eq!((activities.len(), *back), (2, 1));
    model.obey(Command::Tail, now);
    assert!(matches!(model.tail, Tail::Follow));
}
