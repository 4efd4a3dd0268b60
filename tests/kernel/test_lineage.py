"""Whose rules may follow those that are live: the same site's, of a commit that descends from theirs."""

from pathlib import Path

import pytest

from segctl.apply import Applied, CannotApply, Wish
from segctl.apply import apply as apply_rules
from segctl.apply.job import Proving
from segctl.compile import loadable
from segctl.store import Source, state_of
from segctl.store.origin import commit_of
from segctl.store.state import root
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, OLD, Place, compiled
from tests.sites import AT, policy
from tests.unit.store.test_origin import Repository

pytestmark = pytest.mark.kernel


HOST = "  gw9: {kind: host, endpoint: h}\n"


class Sourced(Place):
    """A place, and rules that come from somewhere."""

    def apply_from(self, folder: Path | None, site: str = "test", reason: str = "", text: str = NEW) -> Applied:
        commit = commit_of(folder) if folder is not None else commit_of(Path("/no/such"))
        source = Source(site, "d", {}, commit, folder)
        wish = Wish(proving=Proving.LEFT_OUT, replace=reason)
        return apply_rules(self.runner, *compiled(text), AT, wish, source)

    def refuses(self, folder: Path | None, site: str = "test", says: str = "") -> None:
        before = self.held()
        with pytest.raises(CannotApply, match=says) as refused:
            self.apply_from(folder, site)
        assert refused.value.exit_code == 3 and "--replace REASON" in refused.value.help
        assert self.held() == before


@pytest.fixture
def place(namespace: MakeNamespace) -> Sourced:
    return Sourced(namespace())


def test_only_what_descends_follows(place: Sourced, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "site")
    first = repository.commit("one")
    place.apply_from(repository.folder, text=OLD)
    assert place.apply_from(repository.folder).generation == 2  # the same commit
    second = repository.commit("two")
    place.apply_from(repository.folder)
    (repository.folder / "segctl.yaml").write_text("dirty")
    assert place.apply_from(repository.folder).generation == 4
    repository.git("checkout", "-q", "-f", first)
    place.refuses(repository.folder, says=f"at commit {first[:12]}, doesn't descend from commit {second[:12]}")
    repository.git("checkout", "-q", "-b", "side", first)
    side = repository.commit("side")
    place.refuses(repository.folder, says=f"at commit {side[:12]}, doesn't descend")
    assert place.apply_from(repository.folder, reason="the other was a mistake").generation == 5
    with state_of(place.runner) as state:
        about = state.generations.about(5) if state else None
    assert about and (about.why, about.commit.name) == ("the other was a mistake", side)
    repository.git("merge", "-q", "-s", "ours", "-m", "merged", second)
    assert place.apply_from(repository.folder).generation == 6


def test_where_there_is_no_git_any_more(place: Sourced, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "site")
    first = repository.commit("one")
    place.apply_from(repository.folder)
    place.refuses(tmp_path, says=f"at no commit, doesn't descend from commit {first[:12]}")
    place.refuses(None, says="at no commit")


def test_where_there_never_was_git_anything_of_the_site_follows(place: Sourced, tmp_path: Path) -> None:
    place.apply_from(None, text=OLD)
    assert place.apply_from(tmp_path).generation == 2
    repository = Repository(tmp_path / "site")
    repository.commit("one")
    assert place.apply_from(repository.folder).generation == 3


def test_another_sites_rules_are_refused(place: Sourced) -> None:
    place.apply_from(None)
    place.refuses(None, "other", says="is point 'gw' of site 'test', not 'gw' of 'other'")
    assert place.apply_from(None, "other", reason="moved").generation == 2
    place.refuses(None, "test", says="of site 'other'")


def test_another_points_rules_are_refused(place: Sourced) -> None:
    place.apply_from(None)
    law = policy(f"endpoints: {{h: {{addresses: [10.96.1.9]}}}}\n{NEW}".replace("flows:", HOST + "flows:"))
    wish = Wish(proving=Proving.LEFT_OUT)
    with pytest.raises(CannotApply, match="is point 'gw' of site 'test', not 'gw9' of 'test'"):
        apply_rules(place.runner, law, loadable(law, "gw9", AT), AT, wish, Source("test"))


def test_what_nobody_knows_the_origin_of(place: Sourced) -> None:
    place.apply_from(None)
    (root() / place.runner.key / "generations" / "000001.about").unlink()
    place.refuses(None, says="nothing that is kept says where it came from")
    assert place.apply_from(None, reason="lost").generation == 2
