//! A pod as Kubernetes sees it: what the Pod Security Standards are about.

use super::{Spot, tree::Node};

/// The metadata and spec of a pod, or of the template of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// `Deployment/shop`, for people.
    pub name: String,
    /// The metadata of the pod or the template: annotations.
    pub metadata: Option<Node>,
    /// The pod's spec.
    pub spec: Node,
    /// The path of the spec in its document: `spec.template.spec`.
    pub path: String,
    /// Where it begins.
    pub at: Spot,
}
