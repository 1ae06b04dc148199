"""The names of the tags and metrics that a model version and its run carry."""

from __future__ import annotations

AS_OF = "as_of"
# On the run: which training it is. On the version: training has said all that it has to say of it.
IDENTITY = "training_identity"
FINISHED = "training_finished"
DIGEST = "artifact_digest"
STATE = "state"
# A metric of the run: the share of training rows with the event.
LABEL_RATE = "label_rate"
