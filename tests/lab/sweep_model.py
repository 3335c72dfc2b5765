"""Random clusters of environments, and what has to become of each.

    world = random_world(random.Random(seed), now)
    fate = expected(world, now)     # with --protect PROTECT

The model says what expire-sweep's manual says, in other words than the
program's: it is what the program is held against.
"""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase

NEVER = "never"
EARLIEST = datetime(2020, 1, 1, tzinfo=timezone.utc).timestamp()
PROTECT = "live-*"
HELM = 900              # seconds that somebody's Helm may take
PENDING = [f"pending-{what}" for what in ("install", "upgrade", "rollback")]
YEARS = 10 * 366 * 86400        # by how much a clock may be wrong
# What became of the branch of an environment, for --gone-branches: "reset" is
# at a commit of main's now, "unseen" was never on its server as far as anybody
# knows, "broken" is on one that does not answer.
BRANCHES = ("alive", "gone", "unseen", "merged", "reset", "never ahead",
            "fork", "broken")


@dataclass(frozen=True)
class Revision:
    number: int
    managed: str | None
    expires: str | None             # the label
    date: str | None = None         # global.expiryDate of its values
    expires_flag: bool | None = None    # global.expires of its values
    broken: bool = False            # nobody can decode it
    deployed: float = 0             # when, by the clock where Helm ran
    created: float = 0              # the server's: durations count from there
    status: str = "failed"          # Helm's
    run: str | None = None          # of ours, whose Helm made it
    uid: int = field(default_factory=itertools.count().__next__)

    @property
    def values(self) -> dict:
        values = {"expires": self.expires_flag, "expiryDate": self.date}
        return {key: value for key, value in values.items()
                if value is not None}


@dataclass(frozen=True)
class Release:
    name: str
    revisions: tuple[Revision, ...]
    taken: bool = False             # another has marked what it holds

    @property
    def fails(self) -> bool:
        """Helm could not read it, or would delete another's."""
        return self.newest.broken or self.taken

    @property
    def newest(self) -> Revision:
        return max(self.revisions, key=lambda r: r.number)

    @property
    def marked(self) -> bool:
        return any(r.managed for r in self.revisions)


@dataclass(frozen=True)
class Namespace:
    name: str
    managed: str | None = None
    expires: str | None = None
    created: bool = True
    main: str | None = None         # the annotation
    named: str | None = None        # its release, by slipway/release
    tenant: bool = False            # a pod of somebody else's
    branch: str | None = None       # of BRANCHES; None: nobody asks
    releases: tuple[Release, ...] = field(default=())

    @property
    def ours(self) -> list[Release]:
        return [r for r in self.releases if r.marked or
                (self.managed and r.name == self.named)]


World = dict[str, Namespace]


# --- the model ---------------------------------------------------------------

def label_time(label: str) -> float | None:
    """inf: never; None: it says no time."""
    if label == NEVER:
        return float("inf")
    if not re.fullmatch("[1-9][0-9]{0,11}", label):
        return None
    return float(label) if float(label) >= EARLIEST else None


def values_time(revision: Revision) -> float | None:
    """What the values tell; None: nothing.  ValueError: nothing reliable."""
    if revision.broken:
        raise ValueError
    if revision.expires_flag is False:
        return float("inf")
    if not revision.date:
        return None
    if revision.date.endswith("h"):
        time = revision.created + 3600 * float(revision.date[:-1])
    else:
        date = datetime.fromisoformat(revision.date)
        time = (date if date.tzinfo
                else date.replace(tzinfo=timezone.utc)).timestamp()
    if time < EARLIEST:
        raise ValueError
    return time


def end_of(namespace: Namespace, release: Release | None) -> float | None:
    """When its time has come; None: nobody knows."""
    told = []
    try:
        if release and release.newest.expires is None:
            told.append(values_time(release.newest))
        elif release:
            told.append(label_time(release.newest.expires))
            if told[-1] is None:
                return None
    except ValueError:
        return None
    if namespace.managed and namespace.expires is not None:
        told.append(label_time(namespace.expires))
        if told[-1] is None:
            return None
    known = [time for time in told if time is not None]
    return max(known) if known else None


def is_worked_on(release: Release, now: float) -> bool:
    """By a Helm of somebody's, as far as anybody can tell: one of ours would
    hold the Lease."""
    newest = release.newest
    others = [r.run for r in release.revisions if r != newest]
    return newest.status.startswith("pending-") \
        and now - newest.created < HELM \
        and (newest.run is None or newest.run in others)


def goes(namespace: Namespace, release: Release | None, now: float) -> bool:
    marks = [namespace.managed]
    if release:
        marks.append(release.newest.managed)
        if not release.newest.managed and not (
                namespace.managed and release.name == namespace.named):
            return False
    if any(mark not in (None, "v1") for mark in marks) or not any(marks):
        return False
    if namespace.name == "default" or namespace.name.startswith("kube-"):
        return False
    if fnmatchcase(namespace.name, PROTECT):
        return False
    if namespace.managed and namespace.main not in (None, "false"):
        return False
    if not release and not namespace.created:
        return False
    if release and is_worked_on(release, now):
        return False
    end = end_of(namespace, release)
    if namespace.managed and namespace.branch == "gone":
        return True
    if end is None:
        return False
    if namespace.managed and namespace.branch == "merged":
        return end != float("inf")
    return now >= end


@dataclass
class Fate:
    """What a sweep does to a world, and what it says of it."""
    judged: int = 0
    releases: set[tuple[str, str]] = field(default_factory=set)
    namespaces: set[str] = field(default_factory=set)
    failed: set[tuple[str, str]] = field(default_factory=set)
    removals: int = 0       # what the fuse counts

    def of(self, name: str) -> tuple:
        """The part of one namespace."""
        return ({r for r in self.releases if r[0] == name},
                name in self.namespaces)


def namespace_goes(namespace: Namespace, now: float,
                   gone: tuple[Release, ...] = ()) -> bool:
    """With all that is in it, but for what was @gone before."""
    if not namespace.managed or not namespace.created or namespace.tenant:
        return False
    if any(r not in namespace.ours for r in namespace.releases):
        return False
    if not namespace.ours:
        return goes(namespace, None, now)
    return all(goes(namespace, r, now) and (r in gone or not r.fails)
               for r in namespace.ours)


def expected(world: World, now: float) -> Fate:
    fate = Fate()
    for namespace in world.values():
        ours = namespace.ours or ([None] if namespace.managed else [])
        fate.judged += len(ours)
        for release in ours:
            if not goes(namespace, release, now):
                continue
            fate.removals += 1
            if release and release.fails:
                fate.failed.add((namespace.name, release.name))
            elif release:
                fate.releases.add((namespace.name, release.name))
        if namespace_goes(namespace, now):
            fate.namespaces.add(namespace.name)
    return fate


def without_leftovers(namespace: Namespace) -> Namespace:
    """The same, but of each release all older revisions can be decoded."""
    return replace(namespace, releases=tuple(
        replace(r, revisions=tuple(
            v if v == r.newest else replace(v, broken=False)
            for v in r.revisions)) for r in namespace.releases))


# --- random worlds -----------------------------------------------------------

def random_garbage(dice: random.Random, now: int) -> str:
    """A time as people write it, or an ended one that lost something."""
    time = datetime.fromtimestamp(now - dice.randrange(10 ** 8), timezone.utc)
    ended = str(now - dice.randrange(1, 10 ** 8))
    cut = dice.randrange(len(ended))
    return dice.choice([
        f"{time:%Y%m%d}", f"{time:%Y}", f"{time:%Y-%m-%d}", f"{time:%d.%m.%Y}",
        f"{time:%Y-%m-%dT%H.%M.%SZ}", f"{time:%H%M%S}", "0", "000001",
        "0" + ended, ended + "000", ended + ".0", ended[:cut],
        ended[:cut] + dice.choice("xo_. ") + ended[cut + 1:], ended + "s",
        str(dice.randrange(10 ** 9)), hex(now), "soon", "-5", "1e9", "Never"])


def random_label(dice: random.Random, now: int) -> str | None:
    if dice.random() < 0.15:
        return random_garbage(dice, now)
    return dice.choice([
        str(now - dice.randrange(1, 10 ** 6)), str(now - 1), str(now),
        str(now - dice.randrange(10 ** 6)), str(now + 600),
        str(now + dice.randrange(600, 10 ** 6)), NEVER, None])


def random_date(dice: random.Random, now: int) -> str | None:
    time = datetime.fromtimestamp(
        now + dice.choice([-1, 1]) * dice.randrange(600, 10 ** 6),
        timezone.utc)
    there = time.astimezone(timezone(timedelta(hours=dice.randrange(-11, 12))))
    return dice.choice([
        f"{time:%Y-%m-%d %H:%M:%S}", there.isoformat(),
        f"{time:%Y-%m-%dT%H:%M:%SZ}", f"{dice.randrange(1, 200)}h",
        "0001-01-01T00:00:00+00:00", "", None])


def random_revision(dice: random.Random, number: int, now: int) -> Revision:
    return Revision(
        number, managed=dice.choice(["v1"] * 8 + [None, "v2"]),
        expires=random_label(dice, now), date=random_date(dice, now),
        expires_flag=dice.choice([True, True, None, False]),
        broken=dice.random() < 0.15,
        deployed=now + dice.choice([0, dice.randrange(-YEARS, YEARS)]),
        created=now - 3600 * dice.randrange(0, 100) - dice.choice(
            [0, 1, 60, HELM - 1, HELM, 1800]),
        status=dice.choice(["deployed"] * 5 + ["failed", "superseded",
                                               *PENDING]),
        run=dice.choice([None, "a", "b", f"run-{number}"]))


def random_release(dice: random.Random, name: str, now: int) -> Release:
    first = dice.randrange(1, 12)       # v9 and v10: numbers, not texts
    release = Release(name, tuple(random_revision(dice, first + i, now)
                                  for i in range(dice.choice([1, 1, 2, 3]))),
                      taken=dice.random() < 0.08)
    if dice.random() < 0.15:            # of somebody else
        release = replace(release, revisions=tuple(
            replace(r, managed=None) for r in release.revisions))
    return release


def random_namespace(dice: random.Random, name: str, now: int) -> Namespace:
    managed = dice.choice(["v1"] * 7 + [None, None, "v2"])
    names = ["web", "web.v1", "api"][:dice.choice([0, 1, 1, 1, 1, 2, 3])]
    return Namespace(
        name, managed, random_label(dice, now) if managed else None,
        created=bool(managed) and dice.random() < 0.8,
        main=dice.choice([None] * 15 + ["false", "true", dice.choice(
            ["True", "TRUE", "yes", "1", "", "False", "no"])]),
        named=dice.choice(["web", "web", None]),
        tenant=dice.random() < 0.15,
        releases=tuple(random_release(dice, n, now) for n in names))


def with_branches(dice: random.Random, world: World) -> World:
    return {name: replace(namespace, branch=dice.choice([*BRANCHES, None]))
            for name, namespace in world.items()}


def random_world(dice: random.Random, now: int, size: int) -> World:
    names = [dice.choice(["app-%d"] * 6 + ["live-%d", "kube-%d"]) % i
             for i in range(size)]
    if dice.random() < 0.2:
        names.append("default")
    return {name: random_namespace(dice, name, now) for name in names}
