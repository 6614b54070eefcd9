//! A definition's condition, taken apart into rows: which package, within which bounds, on which platforms, of which
//! module.
//!
//! Vendors write one of two forms: platforms AND (package OR package …), or OR over several of these. What stands beside a
//! package in an AND (platforms, a module) holds for it; so does what stands above.

use std::collections::BTreeMap;

use super::document::{Document, Node};
use super::tables::{Comparison, Question};

/// One package that a definition is about.
#[derive(Debug)]
pub(super) struct Row<'d> {
    pub(super) package: &'d str,
    pub(super) says: Says<'d>,
    /// The numbers of the platforms' names; none: those of the definition.
    pub(super) platforms: Vec<u32>,
    pub(super) module: Option<u32>,
}

/// What holds for the package.
#[derive(Debug)]
pub(super) enum Says<'d> {
    /// It is affected within these bounds.
    Within(Vec<&'d Comparison>),
    /// It is affected in every version.
    Always,
    /// It is not affected.
    Never,
}

#[derive(Clone, Default)]
struct Context {
    platforms: Vec<u32>,
    module: Option<u32>,
}

/// Takes conditions apart.
pub(super) struct Criteria<'d> {
    document: &'d Document,
    pub(super) rows: Vec<Row<'d>>,
    /// Conditions that are not understood.
    pub(super) unknown: u64,
}

enum Part<'d> {
    Package(&'d str, Says<'d>),
    Platforms(Vec<u32>),
    Module(u32),
    Nested,
    Ignored,
    Unknown,
}

impl<'d> Criteria<'d> {
    pub(super) fn of(document: &'d Document, node: &'d Node) -> Self {
        let mut criteria = Self {
            document,
            rows: Vec::new(),
            unknown: 0,
        };
        criteria.walk(node, &Context::default());
        criteria
    }

    /// How deep it goes is bounded by how deep elements may be nested.
    fn walk(&mut self, node: &'d Node, context: &Context) {
        match node {
            Node::All(children) => self.walk_all(children, context),
            Node::Any(children) => children.iter().for_each(|child| self.walk(child, context)),
            node => match self.part(node) {
                Part::Package(package, says) => self.row(package, says, context),
                Part::Unknown => self.unknown += 1,
                _ => {}
            },
        }
    }

    fn walk_all(&mut self, children: &'d [Node], context: &Context) {
        let mut context = context.clone();
        let mut nested = Vec::new();
        let mut packages: BTreeMap<&str, Says<'_>> = BTreeMap::new();
        for child in children {
            match self.part(child) {
                Part::Platforms(platforms) => context.platforms = platforms,
                Part::Module(module) => context.module = Some(module),
                Part::Nested => nested.push(child),
                Part::Unknown => self.unknown += 1,
                Part::Ignored => {}
                Part::Package(package, says) => match (packages.get_mut(package), says) {
                    // From one version AND before another.
                    (Some(Says::Within(bounds)), Says::Within(more)) => bounds.extend(more),
                    (Some(known @ Says::Always), says) => *known = says,
                    (Some(_), _) => {}
                    (None, says) => drop(packages.insert(package, says)),
                },
            }
        }
        for (package, says) in packages {
            self.row(package, says, &context);
        }
        for child in nested {
            self.walk(child, &context);
        }
    }

    fn row(&mut self, package: &'d str, says: Says<'d>, context: &Context) {
        self.rows.push(Row {
            package,
            says,
            platforms: context.platforms.clone(),
            module: context.module,
        });
    }

    fn part(&self, node: &'d Node) -> Part<'d> {
        let (test, says) = match node {
            Node::Test { test, says } => (*test, *says),
            Node::Any(children) => return self.platforms(children),
            Node::All(_) => return Part::Nested,
            Node::Unknown => return Part::Unknown,
        };
        match (self.document.tables.question(test), says) {
            (Question::Package(name, bounds), _) => Part::Package(name, Says::Within(bounds)),
            (Question::Never(name), None) => Part::Package(name, Says::Never),
            (Question::Always(name), None) => Part::Package(name, Says::Always),
            // A platform says in words which it is, whether its test is there or not.
            (_, Some(says)) => match super::dialect::module_of(self.document.names.text(says)) {
                Some(_) => Part::Module(says),
                None => Part::Platforms(vec![says]),
            },
            (Question::Other, None) => Part::Ignored,
            (Question::Unknown, None) => Part::Unknown,
        }
    }

    /// One of several platforms, or something else.
    fn platforms(&self, children: &'d [Node]) -> Part<'d> {
        let mut platforms = Vec::new();
        for child in children {
            match self.part(child) {
                Part::Platforms(more) if !matches!(child, Node::Any(_)) => platforms.extend(more),
                _ => return Part::Nested,
            }
        }
        if platforms.is_empty() {
            Part::Nested
        } else {
            Part::Platforms(platforms)
        }
    }
}
