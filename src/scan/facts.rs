//! What an image says that its settings leave out: for an audit of settings beside their image.

use std::collections::BTreeMap;

use crate::model::{LayerPath, Observation};
use crate::posture::ImageView;
use crate::runtime::checks::{FolderFacts, ImageFacts};

/// Reads off an image what the checks of runtime settings ask for.
pub fn image_facts(view: &ImageView) -> ImageFacts {
    let config = &view.config.config;
    let user = view.run_user();
    let entries = || {
        view.observations()
            .filter_map(|(path, _, fact)| match fact {
                Observation::Entry(entry) => Some((path, entry)),
                _ => None,
            })
    };
    let setuid = entries()
        .filter(|(_, entry)| entry.mode & 0o4000 != 0)
        .map(|(path, _)| path.clone());
    let capable = entries().filter_map(|(path, entry)| Some((path.clone(), entry.capabilities?)));
    let port = |text: &String| {
        let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        Some((number.parse().ok()?, protocol.to_owned()))
    };
    let words = view.start_command();
    let program = words.first().and_then(|word| view.find_program(word));
    ImageFacts {
        user: config.user.clone(),
        uid: user.uid,
        gid: user.gid,
        accounts: view
            .accounts()
            .map(|account| (account.name.clone(), (account.uid, account.gid)))
            .collect(),
        setuid_files: setuid.collect(),
        file_capabilities: capable.collect(),
        start_program: program.map(|program| program.path),
        volumes: config
            .volumes
            .keys()
            .map(|path| LayerPath::from(path.as_str()))
            .collect(),
        exposed_ports: config.exposed_ports.keys().filter_map(port).collect(),
        folders: folders(view),
        // Docker's form of the config has it; that the OCI form has no place for it cannot be told from a config without one.
        has_healthcheck: config.healthcheck.is_some().then_some(true),
        environment_names: config
            .env
            .iter()
            .map(|variable| variable.split('=').next().unwrap_or_default().to_owned())
            .collect(),
    }
}

/// Folders that a tmpfs is often laid over, with those that somebody other than root owns.
fn folders(view: &ImageView) -> BTreeMap<LayerPath, FolderFacts> {
    const OFTEN: [&str; 8] = [
        "run",
        "tmp",
        "var/tmp",
        "var/run",
        "var/cache",
        "var/log",
        "var/lib",
        "home",
    ];
    let named = view.observations().map(|(path, _, _)| path.as_str());
    let all = named.chain(OFTEN).filter_map(|path| {
        let found = view.attributes(path).filter(|found| found.is_folder)?;
        let facts = FolderFacts {
            uid: found.uid,
            gid: found.gid,
            mode: found.mode,
        };
        Some((LayerPath::from(path), facts))
    });
    all.collect()
}
