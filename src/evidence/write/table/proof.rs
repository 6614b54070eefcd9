//! The proof in the table: whether the restricted container works, and what it turned out to need.

use std::io::{self, Write};

use super::Page;
use super::words::counted;
use crate::evidence::Evidence;
use crate::model::Untrusted;

impl Page<'_> {
    /// The line below the name of what is no image: its forms and containers, or the engine.
    pub(super) fn what_was_run(&self) -> String {
        let Evidence {
            settings, proof, ..
        } = self.evidence;
        let mut forms: Vec<&str> = settings
            .iter()
            .map(|settings| settings.form.as_str())
            .collect();
        forms.sort_unstable();
        forms.dedup();
        let mut parts: Vec<String> = forms.into_iter().map(str::to_owned).collect();
        if !settings.is_empty() {
            let containers = settings
                .iter()
                .map(|settings| settings.containers.len())
                .sum();
            parts.push(counted(containers, "container"));
        }
        if let Some(proof) = proof {
            let engine = format!("{} {}", proof.engine.name, proof.engine.version);
            parts.push(format!("on {}", Untrusted(&engine)));
        }
        parts.join(" · ")
    }

    pub(super) fn proof(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(proof) = &self.evidence.proof else {
            return Ok(());
        };
        let title = self.strong("Restricted container");
        writeln!(out, "\n{title}  {}", Untrusted(&proof.end.text()))?;
        let settings = &proof.settings;
        let user = settings.user.as_deref().unwrap_or("as the image says");
        writeln!(out, " user            {}", Untrusted(user))?;
        writeln!(out, " capabilities    {}", settings.capabilities)?;
        let yes = |is_so| if is_so { "yes" } else { "no" };
        writeln!(out, " read-only root  {}", yes(settings.read_only))?;
        writeln!(
            out,
            " no new privileges  {}",
            yes(settings.no_new_privileges)
        )?;
        for (number, place) in settings.writable.iter().enumerate() {
            let head = if number == 0 { "writable" } else { "" };
            let kind = if place.is_tmpfs() { "memory" } else { "volume" };
            writeln!(out, " {head:<15} {} ({kind})", place.path)?;
        }
        for relaxation in &proof.relaxations {
            writeln!(
                out,
                " needs           {}: {}",
                Untrusted(&relaxation.change.text()),
                Untrusted(&relaxation.reason)
            )?;
        }
        if let Some(observation) = &proof.observation {
            let seen = counted(observation.processes.len(), "kind of process");
            writeln!(
                out,
                " seen            {seen}, {}",
                counted(proof.rounds.len(), "start")
            )?;
        }
        Ok(())
    }
}
