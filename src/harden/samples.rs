//! Images built by hand, after real ones, for the tests of this room.

use crate::model::{
    Account, EntryFact, EntryShape, FileCapabilities, Group, LayerPath, Observation, ProgramFact,
    ScriptCause, ScriptFact, ServerSetting, ServerSettingKind,
};
use crate::posture::{Attributes, ImageView, Seen};
