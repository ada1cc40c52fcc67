//! The progress bar.

use indicatif::{ProgressBar, ProgressStyle};
use resshift::Result;
use resshift::chain::run_context::{Event, Watch};

/// A bar over steps on standard error; nothing where that is not a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// An empty bar; it learns its length from the first event.
    pub fn new() -> Self {
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} % {msg}, {elapsed} passed, {eta} left") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Removes the bar.
    pub fn finish(self) {
        self.0.finish_and_clear();
    }
}

impl Watch for Progress {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Step { step, steps, done, of } => {
                self.0.set_message(format!("step {step} of {steps}"));
                self.0.set_length((steps * of) as u64);
                self.0.set_position(((step - 1) * of + done) as u64);
            }
            Event::Tile { .. } => self.0.set_message("result"),
            Event::Preview { .. } => {}
        }
    }

    async fn pause(&mut self) -> Result<()> {
        Ok(())
    }
}
