"""The limits that a version must keep to become champion, beside the margins in the settings.

docs/how-to/gate.md says how often the gate then errs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """The gate's limits.

    Attributes:
        least_rows: Fewer labelled rows cannot judge a version.
        least_labelled: Share of the window's examples that must have a label.
        least_slice_rows: A slice with fewer rows is reported, not judged.
        baseline_margin: AUC by which a first model must beat each baseline.
        loss_margin: Log loss by which probabilities may be worse than the champion's. A first
            model must be better than the rate of events in its training.
        calibration_slope: Least and greatest slope of the calibration line; 1 is calibrated.
        calibration_ratio: Least and greatest ratio of observed to expected events.
        slowest: Scoring time relative to the champion's, measured in the same run.
        largest: Memory while scoring, relative to the champion's.
    """

    least_rows: int = 2_000
    least_labelled: float = 0.9
    least_slice_rows: int = 300
    baseline_margin: float = 0.02
    loss_margin: float = 0.01
    calibration_slope: tuple[float, float] = (0.5, 2.0)
    calibration_ratio: tuple[float, float] = (0.4, 2.5)
    slowest: float = 5.0
    largest: float = 3.0


RULES = Rules()
