//! Accounts and groups: `/etc/passwd`, `/etc/shadow` and `/etc/group` (passwd(5), shadow(5), group(5)). Never a password's hash.

use super::reader::{Reader, lines};
use crate::layers::Interest;
use crate::model::{Account, Group, Observation, PasswordKind, PasswordState};

/// Members of one group that are kept.
const MEMBERS: usize = 1000;

pub(super) const ACCOUNTS: Reader = Reader {
    name: "posture/accounts",
    version: 1,
    interests: &[
        Interest::Name("passwd"),
        Interest::Name("shadow"),
        Interest::Name("group"),
    ],
    is_read: |path| matches!(path, "etc/passwd" | "etc/shadow" | "etc/group"),
    read,
};

fn read(path: &str, bytes: &[u8]) -> Vec<Observation> {
    let parse: fn(u64, &[&str]) -> Option<Observation> = match path {
        "etc/passwd" => account,
        "etc/shadow" => password,
        _ => group,
    };
    lines(bytes)
        .filter_map(|(number, line)| {
            let fields: Vec<&str> = line.split(':').collect();
            let name = fields.first()?.trim();
            // Comments, and what NIS adds or takes away, are no accounts.
            let is_account = !name.is_empty() && !name.starts_with(['#', '+', '-']);
            is_account.then(|| parse(number, &fields))?
        })
        .collect()
}

fn account(line: u64, fields: &[&str]) -> Option<Observation> {
    let field = |index: usize| fields.get(index).copied().map(str::trim);
    Some(Observation::Account(Account {
        line,
        name: field(0)?.to_owned(),
        uid: field(2)?.parse().ok()?,
        gid: field(3)?.parse().ok()?,
        home: field(5).unwrap_or_default().to_owned(),
        shell: field(6).unwrap_or_default().to_owned(),
        has_empty_password: field(1)?.is_empty(),
    }))
}

fn group(line: u64, fields: &[&str]) -> Option<Observation> {
    let members = fields.get(3).copied().unwrap_or_default().split(',');
    let members = members.map(str::trim).filter(|member| !member.is_empty());
    Some(Observation::Group(Group {
        line,
        name: fields.first()?.trim().to_owned(),
        gid: fields.get(2)?.trim().parse().ok()?,
        members: members.take(MEMBERS).map(str::to_owned).collect(),
    }))
}

fn password(line: u64, fields: &[&str]) -> Option<Observation> {
    Some(Observation::Password(PasswordState {
        line,
        name: fields.first()?.trim().to_owned(),
        state: password_kind(fields.get(1)?),
    }))
}

/// What stands in the place of a password (crypt(5)): `!` before a hash locks it; what no scheme makes matches nothing.
fn password_kind(field: &str) -> PasswordKind {
    const STRONG: [&str; 7] = ["$y$", "$gy$", "$7$", "$2", "$6$", "$5$", "$argon2"];
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
    if field.is_empty() {
        PasswordKind::Empty
    } else if STRONG.iter().any(|scheme| field.starts_with(scheme)) {
        PasswordKind::Strong
    } else if field.starts_with('$')
        || field.strip_prefix('_').is_some_and(|rest| rest.len() == 19)
        || field.len() == 13 && field.bytes().all(is_digit)
    {
        // MD5, SHA-1, NT; DES in its extended form, and in its first.
        PasswordKind::Weak
    } else {
        PasswordKind::Locked
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accounts_are_read_and_what_is_none_is_skipped() {
        let text = b"root:x:0:0:root:/root:/bin/bash\n\n# note\n+::::::\n-@net\nshort:x\napp::1000:1000\nbad:x:one:1:::\n";
        let found = read("etc/passwd", text);
        let accounts: Vec<_> = found
            .iter()
            .map(|observation| match observation {
                Observation::Account(account) => (
                    account.line,
                    &*account.name,
                    account.uid,
                    &*account.shell,
                    account.has_empty_password,
                ),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            accounts,
            [
                (1, "root", 0, "/bin/bash", false),
                (7, "app", 1000, "", true)
            ]
        );
    }

    #[test]
    fn groups_have_their_members() {
        let found = read("etc/group", b"wheel:x:10:root, app,\nbad:x\n");
        let group = Group {
            line: 1,
            name: "wheel".to_owned(),
            gid: 10,
            members: vec!["root".to_owned(), "app".to_owned()],
        };
        assert_eq!(found, [Observation::Group(group)]);
    }

    #[test]
    fn of_a_password_its_state_is_told_and_nothing_else() {
        for (field, expected) in [
            ("", PasswordKind::Empty),
            ("*", PasswordKind::Locked),
            ("!", PasswordKind::Locked),
            ("!!", PasswordKind::Locked),
            ("!$6$salt$hash", PasswordKind::Locked),
            ("x", PasswordKind::Locked),
            ("$y$j9T$a$b", PasswordKind::Strong),
            ("$2b$12$a", PasswordKind::Strong),
            ("$6$salt$hash", PasswordKind::Strong),
            ("$1$salt$hash", PasswordKind::Weak),
            ("ab0123456789/", PasswordKind::Weak),
        ] {
            assert_eq!(password_kind(field), expected, "{field}");
        }
        let text = format!("app:{}:19000::::::\n", "$6$salt$verysecret");
        let shown = format!("{:?}", read("etc/shadow", text.as_bytes()));
        assert!(
            shown.contains("Strong") && !shown.contains("verysecret"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for path in ["etc/passwd", "etc/shadow", "etc/group"] {
                let _ = read(path, &bytes);
            }
        }
    }
}
