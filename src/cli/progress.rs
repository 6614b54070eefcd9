//! A bar for each layer, or whatever else takes its time, on a terminal; silence in a pipe.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::LayerDescriptor;
use crate::scan::Progress;

/// How often the bars are drawn.
const REDRAW: Duration = Duration::from_millis(100);

const TRANSFER: &str = "{prefix:>24} {bar:30} {bytes:>10} of {total_bytes}  {bytes_per_sec}";
const WORK: &str = "{prefix:>24} {spinner} {elapsed}";

/// The bars of one command, on standard error.
pub(super) struct Bars {
    all: MultiProgress,
    layers: Mutex<BTreeMap<usize, ProgressBar>>,
}

impl Bars {
    /// Bars that are drawn only if `shown` and standard error is a terminal.
    pub(super) fn new(shown: bool) -> Self {
        let target = if shown {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            all: MultiProgress::with_draw_target(target),
            layers: Mutex::default(),
        }
    }

    /// A bar for something that is sent or fetched.
    pub(super) fn transfer(&self, name: &str, size: u64) -> ProgressBar {
        let bar = self.all.add(ProgressBar::new(size));
        bar.set_style(style(TRANSFER));
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(REDRAW);
        bar
    }

    /// A sign of life for work whose end is not known.
    pub(super) fn work(&self, name: &str) -> ProgressBar {
        let bar = self.all.add(ProgressBar::no_length());
        bar.set_style(style(WORK));
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(REDRAW);
        bar
    }

    /// Takes all bars away, before the result is written.
    pub(super) fn clear(&self) {
        let _ = self.all.clear();
    }

    fn layers(&self) -> std::sync::MutexGuard<'_, BTreeMap<usize, ProgressBar>> {
        self.layers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Progress for Bars {
    fn layer_started(&self, layer: &LayerDescriptor) {
        tracing::info!("layer {} is read", layer.index + 1);
        // A bar draws itself as soon as it is touched, unless it belongs to `all`, which may be hidden.
        let bar = self.all.add(
            layer
                .size
                .map_or_else(ProgressBar::no_length, ProgressBar::new),
        );
        bar.set_style(match layer.size {
            Some(_) => style("{prefix:>10} {bar:30} {bytes:>10} of {total_bytes}  {bytes_per_sec}"),
            None => style("{prefix:>10} {spinner} {bytes:>10}  {bytes_per_sec}"),
        });
        bar.set_prefix(format!("layer {}", layer.index + 1));
        bar.enable_steady_tick(REDRAW);
        self.layers().insert(layer.index, bar);
    }

    fn layer_bytes(&self, index: usize, count: u64) {
        if let Some(bar) = self.layers().get(&index) {
            bar.inc(count);
        }
    }

    fn layer_done(&self, index: usize) {
        tracing::info!("layer {} is done", index + 1);
        if let Some(bar) = self.layers().remove(&index) {
            bar.finish_and_clear();
        }
    }

    fn warning(&self, text: &str) {
        self.all.suspend(|| {
            let _ = std::io::Write::write_all(
                &mut anstream::stderr(),
                format!("warning: {text}\n").as_bytes(),
            );
        });
    }
}

/// A template that does not parse would be a fault of ours: the plain bar is shown then.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("█▉▊▋▌▍▎▏ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_well_formed() {
        for template in [
            "{prefix:>10} {bar:30} {bytes:>10} of {total_bytes}  {bytes_per_sec}",
            "{prefix:>10} {spinner} {bytes:>10}  {bytes_per_sec}",
            TRANSFER,
            WORK,
        ] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
