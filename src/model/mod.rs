//! The nouns that every room shares.
//!
//! What comes in: nothing. What goes out: plain types with their text forms. This room does no I/O, knows no other
//! room and no ecosystem; whatever two rooms have to agree on is defined here once.

mod accounting;
mod capability;
mod check;
mod claims;
mod date;
mod digest;
mod distribution;
mod gap;
mod image;
pub mod limits;
mod observation;
mod package;
mod path;
mod platform;
mod secret;
mod severity;
pub mod shell;
mod text;

pub use accounting::{Accounting, Amount, ContentKind, UnclaimedFile};
pub use capability::{Capability, CapabilityError, CapabilitySet};
pub use check::{Check, CheckPlace, Checked, Failure, Outcome};
pub use claims::{Claim, ClaimKind, Claims, FileAlgorithm, FileDigest};
pub use date::{Date, DateError};
pub use digest::{DiffId, Digest, DigestError, DigestHasher};
pub use distribution::Distribution;
pub use gap::{Gap, GapKind};
pub use image::{ContainerConfig, History, ImageConfig, LayerDescriptor, RootFs};
pub use limits::Limits;
pub use observation::{
    Account, EntryFact, EntryShape, FileCapabilities, Group, Observation, PasswordKind,
    PasswordState, ProgramFact, ScriptCause, ScriptFact, ServerSetting, ServerSettingKind, Tmpfile,
    ToolKind,
};
pub use package::{Basis, Package, PackageType, SourcePackage};
pub use path::LayerPath;
pub(crate) use path::{file_name as path_file_name, parent as path_parent};
pub use platform::{Platform, PlatformError};
pub use secret::{Confidence, Fingerprint, SecretHit};
pub use severity::{Severity, SeverityError};
pub use shell::{Joiner, ShellCommand, ShellWord};
pub use text::{Untrusted, is_deceptive};
