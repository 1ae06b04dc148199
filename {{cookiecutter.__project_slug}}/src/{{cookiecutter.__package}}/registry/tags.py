"""The names of all tags and metrics that the jobs put on a model version and its run."""

from __future__ import annotations

# On the run: the identity of the training, and the event time of the last row trained on.
IDENTITY = "training_identity"
LAST_TRAINED = "last_trained"

# On the version, by training.
AS_OF = "as_of"
OWNER = "owner"
CODE_COMMIT = "code_commit"
TREE = "tree"
CODE_DIGEST = "code_digest"
PACKAGE_VERSION = "package_version"
TRAINING_START = "training_start"
TRAINING_END = "training_end"
EVALUATION_START = "evaluation_start"
DIGEST = "artifact_digest"
# Training sets this tag last: the version then has all others of training.
FINISHED = "training_finished"

# On the version, by whichever job changes its state.
STATE = "state"

# On the version, by validation.
VERDICT = "verdict"
VERDICT_REASON = "verdict_reason"

# On the version, by the person who answers; Unity Catalog's button sets the first.
APPROVAL = "approval"
APPROVAL_BY = "approval_by"
# On the version, by the task `approval`: the digest of what the person is shown.
APPROVAL_EVIDENCE = "approval_evidence"
