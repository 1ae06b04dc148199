"""The limits that a version must keep to become champion, beside the margins in the settings.

docs/how-to/gate.md says how often the gate then errs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """The gate's limits.

    Attributes:
        least_labelled: Share of the window's examples that must have a label.
        least_slice_rows: A slice with fewer rows is reported, not judged.
        baseline_share: Share of its own gain over naive scores by which a first model must beat
            each rule of thumb.
        loss_share: Share of the champion's gain over naive scores, in loss, by which a challenger's
            loss may be worse.
        calibration_slope: Least and greatest slope of the calibration line; 1 is calibrated.
        calibration_ratio: Least and greatest ratio of observed to expected events.
        calibration_bias: Least and greatest mean of observed less predicted numbers, in standard
            deviations of what was observed.
        slowest: Scoring time relative to the champion's, measured in the same run.
        largest: Memory while scoring, relative to the champion's.
    """

    least_labelled: float = 0.9
    least_slice_rows: int = 300
    baseline_share: float = 0.1
    loss_share: float = 0.25
    calibration_slope: tuple[float, float] = (0.5, 2.0)
    calibration_ratio: tuple[float, float] = (0.4, 2.5)
    calibration_bias: tuple[float, float] = (-0.5, 0.5)
    slowest: float = 5.0
    largest: float = 3.0


RULES = Rules()
