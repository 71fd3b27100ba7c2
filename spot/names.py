"""The labels, annotations and taints by which a handoff lives on Kubernetes objects."""

from __future__ import annotations

# On a Node.
METADATA = "madang.dev/metadata"
INTERRUPTION = "madang.dev/interruption"
# Those that came to nothing, as JSON: what a source still tells of them begins nothing anew.
ENDED = "madang.dev/interruption-ended"
# An operator's word: the interruption of this id is called off.
CALL_OFF = "madang.dev/interruption-call-off"
INTERRUPTED = "madang.dev/interrupted"
AT_RISK = "madang.dev/at-risk"
# Until when new pods avoid a node for what became of others of its type and zone.
POOL_AT_RISK_UNTIL = "madang.dev/pool-at-risk-until"
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
# The value that tells our taint of that name from an operator's.
OURS = "madang"
# A spot node registers with the first and is opened once its agent is at work; with the second if none comes.
AGENT_NOT_READY = "madang.dev/agent-not-ready"
UNHEARD = "madang.dev/unheard"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
ZONE, INSTANCE_TYPE = "topology.kubernetes.io/zone", "node.kubernetes.io/instance-type"

# On a pod that stands on a doomed node.
HANDOFF = "madang.dev/handoff"
LABELS_BEFORE = "madang.dev/handoff-labels"
DETACHED_AT = "madang.dev/handoff-detached-at"
DEADLINE = "madang.dev/handoff-deadline"
UNSERVED_AT = "madang.dev/handoff-unserved-at"
INTERRUPTED_UNTIL = "madang.dev/interrupted-until"
DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"
# What stood there before Madang's own "true", as JSON; absent while the owner's own "true" stands there.
DISRUPTION_BEFORE = "madang.dev/handoff-do-not-disrupt"
HASH = "pod-template-hash"

# On a Deployment that is not Madang's own: its owner wants handoffs.
OPT_IN = ("madang.dev/spot-handoff", "enabled")

# On what the handler itself makes: never handed off.
HEADROOM = "madang.dev/headroom"
IMAGE_AHEAD = "madang.dev/image-ahead"

# On a Service by which a new release alone is asked, before it gets visitors.
TRIAL = "madang.dev/trial"

CLUB, PROJECT = "madang.dev/club", "madang.dev/project"
CLUB_NAMESPACE = "club-"
RECORD = "madang.dev/interruption-record"
