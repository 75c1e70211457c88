//! What the dashboard knows and what it is showing. Pure: time comes in with each call, and what is
//! to be done outside goes out as a [`Task`].

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use super::keys::Command;
use super::snapshot::{Activity, Plain, Snapshot};
use super::task::{Done, Task, Trouble};

/// An answer that is older is not shown as if it were the present.
pub(super) const MAX_AGE: Duration = Duration::from_millis(2500);
/// How long a notice stays.
const NOTICE: Duration = Duration::from_secs(6);

/// A moment on two clocks: one that never goes back, and one that also runs while the machine
/// sleeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) tick: Instant,
    pub(super) wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { tick: Instant::now(), wall: SystemTime::now() }
    }

    /// How long ago `earlier` was, by the clock that says longer.
    fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        self.tick.saturating_duration_since(earlier.tick).max(wall)
    }
}

/// The gateway's last answer.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) snapshot: Snapshot,
    /// When it was asked for: what it tells may be as old as that.
    pub(super) asked: Moment,
}

/// Questions without an answer.
#[derive(Debug)]
struct Silence {
    /// When the first of them was asked.
    since: SystemTime,
    /// What became of the last.
    reason: Plain,
}

/// How far what was last seen can be trusted.
#[derive(Debug)]
pub(super) enum Freshness<'a> {
    /// There has been no answer; why, once that is known.
    Never(Option<&'a Plain>),
    /// It is the present, to within a second or two.
    Fresh(&'a Snapshot),
    /// It is the past.
    Old {
        snapshot: &'a Snapshot,
        /// When it was the present.
        from: SystemTime,
        /// Since when there has been no answer.
        since: SystemTime,
        reason: Option<&'a Plain>,
    },
}

/// The list of live activity.
#[derive(Debug)]
pub(super) enum Tail {
    /// Shows the last.
    Follow,
    /// Stands still, as of the gateway's time `at`.
    Paused {
        at: Plain,
        activities: Vec<Activity>,
        /// How many of the newest are scrolled away.
        back: usize,
    },
}

/// What lies over the panes until it is closed.
#[derive(Debug)]
pub(super) enum Popup {
    Help,
    /// Asks whether to arm or disarm the kill switch.
    Confirm {
        arm: bool,
    },
    /// The checks of `verify-install --runtime`.
    Checks(Vec<CheckLine>),
    Message {
        title: &'static str,
        good: bool,
        lines: Vec<Plain>,
    },
}

/// One check.
#[derive(Debug)]
pub(super) struct CheckLine {
    pub(super) name: &'static str,
    pub(super) ok: bool,
    pub(super) detail: Plain,
}

/// Everything that is shown.
#[derive(Debug)]
pub(super) struct Model {
    /// Where the gateway is asked.
    pub(super) url: Plain,
    /// The file that arms the kill switch without the gateway's help.
    sentinel: PathBuf,
    seen: Option<Seen>,
    silence: Option<Silence>,
    pub(super) tail: Tail,
    /// The first is shown, the others wait for it to be closed.
    popups: VecDeque<Popup>,
    notice: Option<(String, Moment)>,
    /// True while a bundle is being written.
    pub(super) exporting: bool,
}

impl Model {
    pub(super) fn new(url: &str, sentinel: PathBuf) -> Self {
        Self {
            url: Plain::new(url),
            sentinel,
            seen: None,
            silence: None,
            tail: Tail::Follow,
            popups: VecDeque::new(),
            notice: None,
            exporting: false,
        }
    }

    /// Takes in what became of a question.
    pub(super) fn hear(&mut self, asked: Moment, answer: Result<Snapshot, String>) {
        match answer {
            Ok(snapshot) => {
                self.seen = Some(Seen { snapshot, asked });
                self.silence = None;
            }
            Err(reason) => {
                let since = self.silence.as_ref().map_or(asked.wall, |silence| silence.since);
                self.silence = Some(Silence { since, reason: Plain::new(&reason) });
            }
        }
    }

    /// Whether what was last seen is the present.
    pub(super) fn freshness(&self, now: Moment) -> Freshness<'_> {
        let reason = self.silence.as_ref().map(|silence| &silence.reason);
        let Some(Seen { snapshot, asked }) = &self.seen else { return Freshness::Never(reason) };
        if self.silence.is_none() && now.since(*asked) <= MAX_AGE {
            return Freshness::Fresh(snapshot);
        }
        let since = self.silence.as_ref().map_or(asked.wall, |silence| silence.since);
        Freshness::Old { snapshot, from: asked.wall, since, reason }
    }

    /// Does what a key asks for; what has to be done elsewhere is returned.
    pub(super) fn obey(&mut self, command: Command, now: Moment) -> Option<Task> {
        match command {
            Command::Quit => {}
            Command::Help => self.popups.push_back(Popup::Help),
            Command::Close => drop(self.popups.pop_front()),
            Command::Tail => self.toggle_tail(now),
            Command::Scroll(by) => self.scroll(by),
            Command::Switch => self.ask_about_switch(now),
            Command::Confirm => {
                if let Some(Popup::Confirm { arm }) = self.popups.pop_front() {
                    return Some(Task::Switch { arm });
                }
            }
            Command::Reload => return Some(Task::Reload),
            Command::Verify => return Some(Task::Verify),
            Command::Export if self.exporting => self.tell("a bundle is being written already", now),
            Command::Export => {
                self.exporting = true;
                self.tell("writing the evidence bundle", now);
                return Some(Task::Export);
            }
        }
        None
    }

    /// Takes in what became of a task.
    pub(super) fn done(&mut self, done: Done, now: Moment) {
        match done {
            Done::Reloaded(Ok(())) => self.tell("the configuration was read again", now),
            Done::Reloaded(Err(trouble)) => self.refuse("reload", trouble),
            Done::Switched { arm: true, outcome: Ok(()) } => self.tell("kill switch armed over HTTP", now),
            Done::Switched { arm: false, outcome: Ok(()) } => {
                self.tell("kill switch disarmed over HTTP", now)
            }
            Done::Switched { outcome: Err(trouble), .. } => self.refuse("kill switch", trouble),
            Done::Verified(Ok(checks)) => {
                let line = |check: crate::install::Check| CheckLine {
                    name: check.name,
                    ok: check.ok,
                    detail: Plain::new(&check.detail),
                };
                self.popups.push_back(Popup::Checks(checks.into_iter().map(line).collect()));
            }
            Done::Verified(Err(trouble)) => self.refuse("verify-install", trouble),
            Done::Exported(outcome) => {
                self.exporting = false;
                match outcome {
                    Ok(lines) => self.show("evidence", true, &lines),
                    Err(trouble) => self.refuse("evidence", trouble),
                }
            }
        }
    }

    /// What lies over the panes.
    pub(super) fn popup(&self) -> Option<&Popup> {
        self.popups.front()
    }

    /// What is worth a line for a moment.
    pub(super) fn notice(&self, now: Moment) -> Option<&str> {
        let (text, at) = self.notice.as_ref()?;
        (now.since(*at) <= NOTICE).then_some(text.as_str())
    }

    fn toggle_tail(&mut self, now: Moment) {
        self.tail = match (&self.tail, self.freshness(now)) {
            (Tail::Paused { .. }, _) => Tail::Follow,
            (Tail::Follow, Freshness::Never(_)) => return,
            (Tail::Follow, Freshness::Fresh(snapshot) | Freshness::Old { snapshot, .. }) => Tail::Paused {
                at: snapshot.ts.clone(),
                activities: snapshot.recent_activity.clone(),
                back: 0,
            },
        };
    }

    fn scroll(&mut self, by: isize) {
        if let Tail::Paused { activities, back, .. } = &mut self.tail {
            *back = back.saturating_add_signed(by).min(activities.len().saturating_sub(1));
        }
    }

    fn ask_about_switch(&mut self, now: Moment) {
        if let Freshness::Fresh(snapshot) = self.freshness(now) {
            let arm = !snapshot.killswitch.http;
            self.popups.push_back(Popup::Confirm { arm });
            return;
        }
        let sentinel = format!("touch {}", self.sentinel.display());
        let lines = [
            "The gateway does not answer, so the switch cannot be seen or set over HTTP.",
            "If its process runs, this file arms it:",
            &sentinel,
        ];
        self.show("kill switch", false, &lines);
    }

    fn tell(&mut self, notice: &str, now: Moment) {
        self.notice = Some((notice.to_owned(), now));
    }

    fn refuse(&mut self, title: &'static str, trouble: Trouble) {
        self.show(title, false, &[trouble.what, trouble.remedy]);
    }

    fn show(&mut self, title: &'static str, good: bool, lines: &[impl AsRef<str>]) {
        let lines = lines.iter().map(|line| Plain::new(line.as_ref())).collect();
        self.popups.push_back(Popup::Message { title, good, lines });
    }
}

#[cfg(test)]
mod tests;
