"""Rehearses the pipelines: runs what their steps call, in the order that the YAML gives.

    python tests/pipelines/rehearsal.py PROJECT [VERB ...]

PROJECT is a rendered project; each VERB is left out, since it takes long. Everything happens in a
clean clone with an origin of its own. With `databricks` on PATH and the address of its fake
workspace in FAKE_WORKSPACE, targets are deployed, planned, run, verified, destroyed, rolled back;
without, this machine's own workspace stands in where it can.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from player import Player
from stage import Stage

HOST = "azure_repos"
RELEASE = "push to release/1.2"
# Failing acts are about deployments: they leave out what the acts before them have run.
TESTING_VERBS = frozenset(("check", "test", "run", "report"))


def merge_change(player: Player, text: str, timeout: int) -> None:
    """A change that is proposed, merged and deployed to staging, none of which is played."""
    player.stage.propose(text, timeout)
    player.stage.merge()
    player.stage.vouch()


def expect_no_copy(player: Player, prefix: str) -> None:
    """Nothing is left of copies of pull requests."""
    player.expect_there("the copy is destroyed", lambda: not player.stage.get_jobs("dev", prefix))


def play_pull_request(player: Player) -> None:
    """A data scientist proposes a change."""
    player.stage.propose("Trains a little shorter", 7100)
    player.play("pull request from a branch", "pull-request")
    expect_no_copy(player, "pr7_")


def play_staging(player: Player) -> None:
    """It is merged."""
    player.stage.merge()
    player.play("merge to main", "deploy-staging")


def play_releases(player: Player) -> None:
    """One release, the next one, and the older one again, too late."""
    player.stage.release("1.1.0")
    player.play(RELEASE, "deploy-prod")
    player.expect("prod is tagged", "v1.1.0" in player.stage.list_tags())
    merge_change(player, "Trains shorter still", 7000)
    player.stage.release("1.2.0")
    player.play(RELEASE, "deploy-prod")
    player.stage.go_to("release/1.1.0")
    player.play("push of an older release", "deploy-prod")


def play_rollback(player: Player) -> None:
    """Somebody on call returns to the former release, then to the former model."""
    player.stage.go_to("release/1.1.0")
    player.play("rollback of a release", "rollback")
    player.expect_there("prod is as it was", lambda: player.stage.get_timeout() == 7100)
    player.play("rollback of the model", "rollback")


def play_broken_integration(player: Player) -> None:
    """The integration test fails: nothing goes on, and the copy is destroyed."""
    player.stage.propose("Breaks something", 6950)
    player.stage.disturb("dev", "fault", "POST /api/2.2/jobs/run-now")
    player.play("pull request whose integration test fails", "pull-request")
    expect_no_copy(player, "pr7_")


def play_cancelled(player: Player) -> None:
    """Somebody cancels while the copy is deployed."""
    player.stage.disturb("dev", "kill", "POST /api/2.2/jobs/create")
    player.play("pull request cancelled while it deploys", "pull-request")
    expect_no_copy(player, "pr7_")


def play_broken_staging(player: Player) -> None:
    """The integration test fails on staging: what is on main is not released."""
    player.stage.propose("Breaks staging", 6925)
    player.stage.merge()
    # The run of setup comes first, and succeeds.
    player.stage.disturb("staging", "fault", "POST /api/2.2/jobs/run-now", after=1)
    player.play("merge to main whose integration test fails", "deploy-staging")
    player.expect("no release is cut from it", player.stage.refuses_release("1.3.0"))


def play_broken_deployment(player: Player) -> None:
    """The deployment fails in the middle; repeated, it arrives."""
    merge_change(player, "Trains again shorter", 6900)
    player.stage.release("1.3.0")
    player.stage.disturb("prod", "fault", "POST /api/2.2/jobs/reset")
    player.play("release whose plan changed", "deploy-prod")
    player.play(RELEASE, "deploy-prod")
    player.expect("the repeat arrives", player.stage.get_timeout() == 6900)


def play_changed_plan(player: Player) -> None:
    """Somebody changes prod after the plan was approved."""
    merge_change(player, "Trains shortest", 6800)
    player.stage.release("1.4.0")
    after = {"plan": player.stage.meddle}
    player.play("release whose plan changed", "deploy-prod", after)
    player.expect("prod is not touched", player.stage.get_timeout() == 60)
    player.expect("and not tagged", "v1.4.0" not in player.stage.list_tags())


def play_night(player: Player) -> None:
    """The copies that are left over are destroyed."""
    player.stage.go_to("main")
    if player.stage.workspaces:
        player.stage.leave_copy(8)
    player.play("night", "clean-up")
    expect_no_copy(player, "pr")


ACTS = (play_pull_request, play_staging, play_releases, play_rollback, play_night)
FAILURES = (
    play_broken_integration, play_cancelled, play_broken_staging, play_broken_deployment,
    play_changed_plan,
)  # fmt: skip


def rehearse(project: Path, folder: Path, without: frozenset[str], host: str = HOST) -> list[str]:
    """Plays every act.

    Args:
        host: The answer repo_host that the project was rendered with.

    Returns:
        What went otherwise than it should.
    """
    player = Player(Stage(project, folder), host, without)
    for act in ACTS:
        act(player)
    if player.stage.workspaces:
        player.without = without | TESTING_VERBS
        for act in FAILURES:
            act(player)
    else:
        acts = ", ".join(map(name_act, FAILURES))
        print(f"\nleft out, since there is no workspace: {acts}")
    return player.faults


def name_act(act: Callable[[Player], None]) -> str:
    """What an act plays, as its name says it."""
    return act.__name__.removeprefix("play_").replace("_", " ")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
        found = rehearse(Path(sys.argv[1]).resolve(), Path(scratch), frozenset(sys.argv[2:]))
    print(f"\n{len(found)} things went otherwise than they should")
    sys.exit(bool(found))
