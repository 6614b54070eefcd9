//! The door: what was typed becomes what is done; what was found becomes output and an exit code.
//!
//! Data goes to standard output, everything else to standard error. Nothing here decides what a finding is.

mod audit;
mod base;
mod clock;
mod compare;
mod convert;
mod diff;
mod db;
mod evidence_file;
mod exit;
mod explain;
mod failure;
mod fetch;
mod folders;
mod harden;
mod image;
mod input_file;
mod key;
mod output;
mod page;
mod progress;
mod prove;
mod sbom;
mod scan;
mod search;
mod secret_options;
mod secrets;

use std::io::Write as _;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};

pub use exit::Exit;
use failure::Failure;

/// Plimsoll looks at a container image before it sails: what is aboard, and what is wrong with it.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    about,
    styles = STYLES,
    after_help = Exit::HELP,
    max_term_width = 100,
    propagate_version = true,
    infer_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Colours: on a terminal that wants them (`NO_COLOR` is respected), always, or never.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true,
        help_heading = EVERYWHERE
    )]
    color: When,

    /// Say more about what is done; twice for everything.
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet", help_heading = EVERYWHERE)]
    verbose: u8,

    /// No progress and no warnings; errors are still told.
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    quiet: bool,
}

/// The options that every command has come after its own in `--help`.
const EVERYWHERE: &str = "Options of every command";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

#[derive(Debug, Subcommand)]
enum Command {
    /// Scan an image: packages with known vulnerabilities, embedded secrets, and what could not be looked at.
    Scan(scan::ScanArguments),
    /// List what is aboard: a bill of materials, without findings.
    Sbom(sbom::SbomArguments),
    /// Write evidence in another form.
    Convert(convert::ConvertArguments),
    /// Compare two images or two pieces of evidence: what is fixed, new or changed, and why.
    Diff(diff::DiffArguments),
    /// Audit what containers are run with: docker run, Compose, Kubernetes, quadlets, OCI bundles, live containers.
    Audit(audit::AuditArguments),
    /// Say why a scan of an image finds an advisory, or why it does not.
    Explain(explain::ExplainArguments),
    /// Search a folder, a file or standard input for secrets.
    Secrets(secrets::SecretsArguments),
    /// The advisory store: fill it, update it, ask it.
    Db(db::DbArguments),
    /// Write the least settings that an image needs: docker run, Compose, Kubernetes, OCI, quadlet.
    Harden(harden::HardenArguments),
    /// Run an image restricted on a container engine, and write down what holds inside.
    Prove(prove::ProveArguments),
    /// The bases that images are built on: note them, so that a scan says how far behind an image is.
    Base(base::BaseArguments),
    /// Keys that sign: make one.
    Key(key::KeyArguments),
    /// Print the completions of a shell, to be put where it looks for them.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum When {
    #[default]
    Auto,
    Always,
    Never,
}

/// What holds for every command.
#[derive(Clone, Copy, Debug)]
struct Manners {
    /// Colours on standard output.
    colour: bool,
    /// No progress, no warnings.
    quiet: bool,
    /// Lines that say what is done.
    verbose: bool,
}

/// Runs the command line that this process was started with.
pub fn run() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no error; the rest is told on standard error.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            };
        }
    };
    set_colours(arguments.color);
    start_log(arguments.verbose);
    let manners = Manners {
        colour: colours_on_stdout(),
        quiet: arguments.quiet,
        verbose: arguments.verbose > 0,
    };
    let done = match arguments.command {
        Command::Scan(scan) => scan.run(manners),
        Command::Sbom(sbom) => sbom.run(manners),
        Command::Convert(convert) => convert.run(manners),
        Command::Diff(diff) => diff.run(manners),
        Command::Explain(explain) => explain.run(manners),
        Command::Secrets(secrets) => secrets.run(manners),
        Command::Db(db) => db.run(manners),
        Command::Audit(audit) => audit.run(manners),
        Command::Harden(harden) => harden.run(manners),
        Command::Prove(prove) => prove.run(manners),
        Command::Base(base) => base.run(manners),
        Command::Key(key) => key.run(),
        Command::Completions { shell } => {
            // Through a buffer: the generator panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "plimsoll", &mut script);
            output::answer(String::from_utf8_lossy(&script).trim_end())
        }
    };
    done.unwrap_or_else(|failure| {
        let _ = writeln!(anstream::stderr(), "{failure}");
        failure.exit()
    })
}

fn set_colours(when: When) {
    match when {
        When::Auto => anstream::ColorChoice::Auto,
        When::Always => anstream::ColorChoice::Always,
        When::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// Whether standard output takes colours: the flag, then `NO_COLOR`, CLICOLOR and whether it is a terminal.
fn colours_on_stdout() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Log lines go to standard error; `PLIMSOLL_LOG` takes a filter in tracing's own form.
fn start_log(verbose: u8) {
    let level = match verbose {
        0 => "off",
        1 => "plimsoll=info",
        _ => "plimsoll=debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("PLIMSOLL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never)
        .with_target(verbose > 1)
        .without_time()
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
