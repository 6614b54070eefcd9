//! Over which folder a tmpfs is mounted for a path that is written.

use crate::model::LayerPath;

/// Folders that hold what many programs need: nothing is mounted over them for the sake of one file.
const SHARED: [&str; 24] = [
    "",
    "bin",
    "boot",
    "dev",
    "etc",
    "home",
    "lib",
    "lib64",
    "media",
    "mnt",
    "opt",
    "proc",
    "root",
    "sbin",
    "srv",
    "sys",
    "usr",
    "usr/local",
    "var",
    "var/lib",
    "var/cache",
    "var/log",
    "usr/share",
    "var/spool",
];

/// Links that nearly every distribution has (hier(7)): over their targets is mounted.
const LINKS: [(&str, &str); 2] = [("var/run", "run"), ("var/lock", "run/lock")];

/// The folder of a path that is written, or the path itself where that is a new folder in a place that many share. `None` where nothing can
/// be mounted: a file of `/`, or anything below `/proc` and `/sys`.
pub(in crate::prove) fn folder_of(path: &LayerPath, is_folder: bool) -> Option<LayerPath> {
    let path = followed(path);
    let parent = LayerPath::from(crate::model::path_parent(path.as_str())?);
    let folder = if SHARED.contains(&parent.as_str()) {
        // A file right in there needs all of it.
        is_folder.then_some(path)?
    } else {
        parent
    };
    let is_kernel = ["proc", "sys", "dev"]
        .iter()
        .any(|kernel| folder.is_within(kernel));
    (!is_kernel && !folder.as_str().is_empty()).then_some(folder)
}

fn followed(path: &LayerPath) -> LayerPath {
    for (link, target) in LINKS {
        if path.is_within(link) {
            let rest = path.as_str().get(link.len()..).unwrap_or_default();
            return LayerPath::from(format!("{target}{rest}").as_str());
        }
    }
    path.clone()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_smallest_folder_that_does_not_belong_to_all_is_taken() {
        let cases = [
            ("run/nginx.pid", false, Some("run")),
            ("var/run/nginx.pid", false, Some("run")),
            (
                "var/run/postgresql/.s.PGSQL.5432.lock",
                false,
                Some("run/postgresql"),
            ),
            ("var/lib/nginx/body", true, Some("var/lib/nginx")),
            ("var/lib/app", true, Some("var/lib/app")),
            ("tmp/x", false, Some("tmp")),
            ("srv/app/cache/app.pid", false, Some("srv/app/cache")),
            ("etc/resolv.conf", false, None),
            ("x.pid", false, None),
            ("proc/self/oom_score_adj", false, None),
            ("dev/shm/x", false, None),
            ("", true, None),
        ];
        for (path, is_folder, expected) in cases {
            let folder = folder_of(&path.into(), is_folder);
            assert_eq!(folder.as_ref().map(LayerPath::as_str), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "\\PC{0,40}", is_folder: bool) {
            folder_of(&path.as_str().into(), is_folder);
        }

        #[test]
        fn nothing_is_mounted_over_a_shared_folder(path in "(var|etc|usr|run|lib|x|/){0,6}", is_folder: bool) {
            let path = LayerPath::from(path.as_str());
            if let Some(folder) = folder_of(&path, is_folder) {
                prop_assert!(!SHARED.contains(&folder.as_str()) || folder == followed(&path), "{folder}");
            }
        }
    }
}
