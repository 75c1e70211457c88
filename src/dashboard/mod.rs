//! The dashboard: the gateway that runs, in a terminal, looked at once a second.
//!
//! One thread asks (`watch`), one reads keys (`input`), one per task does what a key asked for, and
//! this one shows. What is shown is a function of `state`, which is pure.

mod gateway;
mod input;
mod keys;
mod screen;
mod snapshot;
mod state;
mod task;
mod view;
mod watch;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ratatui::crossterm::event::Event;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::config::Config;
use crate::failure::Failure;

use gateway::Gateway;
use input::Input;
use keys::Command;
use screen::Screen;
use state::{Model, Moment};
use task::{Done, Task};
use view::Theme;
use watch::Watch;

/// How long a key or an answer may wait to be shown.
const STEP: Duration = Duration::from_millis(50);
/// How long an unchanged screen stays: what was fresh grows old.
const REDRAW: Duration = Duration::from_millis(250);

/// Shows the gateway of this configuration until the user, or a signal, ends it.
///
/// # Errors
/// When there is no terminal, or it cannot be used.
pub(crate) fn run(config: Config) -> Result<(), Failure> {
    screen::check(config.admin_listen)?;
    let ended = ended_by_signal().map_err(|error| unusable(&error))?;
    let gateway = Gateway::of(&config);
    let mut dashboard = Dashboard {
        model: Model::new(&gateway.state_url(), config.kill_switch.sentinel.clone()),
        watch: Watch::start(gateway.clone()),
        gateway: Arc::new(gateway),
        config: Arc::new(config),
        tasks: Vec::new(),
        theme: Theme::of_process(),
    };
    let mut screen = Screen::enter().map_err(|error| unusable(&error))?;
    let shown = dashboard.show(&mut screen, &ended);
    drop(screen);
    let finished = dashboard.finish();
    shown.and(finished)
}

/// True once a signal asks to end. A second one ends at once.
fn ended_by_signal() -> io::Result<Arc<AtomicBool>> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&ended))?;
        flag::register(signal, Arc::clone(&ended))?;
    }
    Ok(ended)
}

fn unusable(error: &io::Error) -> Failure {
    Failure::new(format!("the terminal cannot be used: {error}"), "Run it in another terminal.")
}

/// A thread that panicked: its message is all that is known.
fn broken(panic: Box<dyn std::any::Any + Send>) -> Failure {
    let said = panic
        .downcast::<String>()
        .map(|said| *said)
        .or_else(|panic| panic.downcast::<&str>().map(|said| (*said).to_owned()));
    let said = said.unwrap_or_else(|_| "no message".to_owned());
    Failure::new(format!("internal error: {said}"), "Please report it.")
}

struct Dashboard {
    model: Model,
    watch: Watch,
    gateway: Arc<Gateway>,
    config: Arc<Config>,
    tasks: Vec<JoinHandle<Done>>,
    theme: Theme,
}

impl Dashboard {
    /// Shows and obeys until asked to end.
    fn show(&mut self, screen: &mut Screen, ended: &AtomicBool) -> Result<(), Failure> {
        let input = Input::start();
        let mut drawn: Option<Instant> = None;
        while !ended.load(Ordering::Relaxed) {
            let mut changed = self.hear()? | self.collect()?;
            match input.next(STEP).map_err(|error| unusable(&error))? {
                Some(Event::Key(key)) => {
                    match keys::command(key, self.model.popup()) {
                        Some(Command::Quit) => return Ok(()),
                        Some(command) => self.obey(command),
                        None => {}
                    }
                    changed = true;
                }
                // Of others only a new size is ever sent, and drawing finds that out.
                Some(_) => changed = true,
                None => {}
            }
            if changed || drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
                let (model, theme) = (&self.model, self.theme);
                let now = Moment::now();
                screen
                    .draw(|frame| view::draw(frame, model, theme, now))
                    .map_err(|error| unusable(&error))?;
                drawn = Some(Instant::now());
            }
        }
        Ok(())
    }

    /// Takes in what the gateway said; true if it said something.
    fn hear(&mut self) -> Result<bool, Failure> {
        let mut heard = false;
        while let Some((asked, answer)) = self.watch.heard().map_err(broken)? {
            self.model.hear(asked, answer);
            heard = true;
        }
        Ok(heard)
    }

    /// Takes in what has been done; true if something has.
    fn collect(&mut self) -> Result<bool, Failure> {
        let (over, under_way) =
            std::mem::take(&mut self.tasks).into_iter().partition(JoinHandle::is_finished);
        self.tasks = under_way;
        let over: Vec<JoinHandle<Done>> = over;
        let any = !over.is_empty();
        for task in over {
            self.model.done(task.join().map_err(broken)?, Moment::now());
            self.watch.look_now();
        }
        Ok(any)
    }

    fn obey(&mut self, command: Command) {
        if let Some(task) = self.model.obey(command, Moment::now()) {
            let (gateway, config) = (Arc::clone(&self.gateway), Arc::clone(&self.config));
            self.tasks.push(thread::spawn(move || Task::perform(task, &gateway, &config)));
        }
    }

    /// Lets what is under way come to its end: no half a bundle is left.
    fn finish(self) -> Result<(), Failure> {
        for task in self.tasks {
            if let Done::Exported(Err(trouble)) = task.join().map_err(broken)? {
                return Err(Failure::new(trouble.what, trouble.remedy));
            }
        }
        Ok(())
    }
}
