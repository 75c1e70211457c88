//! The figures beside their bars.

/// What was measured, in order.
pub(crate) struct Report(Vec<Row>);

struct Row {
    measure: String,
    figure: String,
    bar: String,
    /// `None` where there is no bar.
    met: Option<bool>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// A figure that stands beside others.
    pub(crate) fn figure(&mut self, measure: impl Into<String>, figure: impl Into<String>) {
        self.row(measure.into(), figure.into(), String::new(), None);
    }

    /// A figure that has to be at most `bar`.
    pub(crate) fn at_most(&mut self, measure: impl Into<String>, value: f64, unit: &str, bar: f64) {
        let figure = format!("{}{unit}", short(value));
        self.row(measure.into(), figure, format!("at most {bar}{unit}"), Some(value <= bar));
    }

    /// A figure that has to be at least `bar`.
    pub(crate) fn at_least(&mut self, measure: impl Into<String>, value: f64, bar: f64) {
        self.row(measure.into(), short(value), format!("at least {bar}"), Some(value >= bar));
    }

    #[expect(clippy::print_stderr, reason = "progress")]
    fn row(&mut self, measure: String, figure: String, bar: String, met: Option<bool>) {
        eprintln!("{measure}: {figure} {bar}");
        self.0.push(Row { measure, figure, bar, met });
    }

    /// True when any bar is missed.
    pub(crate) fn misses_a_bar(&self) -> bool {
        self.0.iter().any(|row| row.met == Some(false))
    }

    /// Prints a Markdown table.
    #[expect(clippy::print_stdout, reason = "the result")]
    pub(crate) fn print(&self) {
        println!("| measure | figure | bar | |\n|---|---|---|---|");
        for Row { measure, figure, bar, met } in &self.0 {
            let verdict = match met {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "",
            };
            println!("| {measure} | {figure} | {bar} | {verdict} |");
        }
    }
}

/// Three significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        small if small < 1.0 => format!("{value:.3}"),
        middling if middling < 10.0 => format!("{value:.2}"),
        large if large < 100.0 => format!("{large:.1}", large = value),
        _ => format!("{value:.0}"),
    }
}
