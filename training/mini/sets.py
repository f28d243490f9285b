"""Sets as film has them: people before rooms and streets, two at a time, over a shoulder, machines, tables, night."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.mini.stage import Shot, Stage, aim

# Lenses in mm on a frame 24 mm high, and how often each is taken.
_LENSES, _TAKEN = (18, 25, 35, 50, 85, 135), (0.12, 0.18, 0.22, 0.2, 0.18, 0.1)
VIEWS = 5


def _lens(s: Stage, *, longest: int = 135) -> float:
    odds = np.array([t if mm <= longest else 0.0 for mm, t in zip(_LENSES, _TAKEN, strict=True)])
    return float(s.rng.choice(_LENSES, p=odds / odds.sum())) / 24


def room(s: Stage, wide: float, deep: float, tall: float, *, front: float) -> None:
    """Floor, ceiling, back and side walls; what hangs on them; furniture along them. The camera's side stays open."""
    rng = s.rng
    x0, x1 = -wide / 2, wide / 2
    s.block((x0 - 1, -0.1, front), (x1 + 1, 0, deep))
    s.block((x0 - 1, tall, front), (x1 + 1, tall + 0.1, deep), tint=rng.uniform(0.5, 1.4) * np.ones(3))
    paint = s.tint()
    s.block((x0 - 1, 0, deep), (x1 + 1, tall, deep + 0.2), tint=paint)
    s.block((x0 - 0.2, 0, front), (x0, tall, deep), tint=paint)
    s.block((x1, 0, front), (x1 + 0.2, tall, deep), tint=paint)
    for _ in range(rng.integers(0, 5)):
        x, y, half = rng.uniform(x0, x1) * 0.9, rng.uniform(1.0, tall - 0.5), rng.uniform(0.15, 0.7, 2)
        s.block((x - half[0], y - half[1] / 2, deep - 0.04), (x + half[0], y + half[1] / 2, deep + 0.01), grain=1.0)
    for _ in range(rng.integers(0, 4)):
        x = rng.uniform(x0, x1) * 0.9
        s.block((x - 0.5, 0, deep - 0.06), (x + 0.4, 2.1, deep + 0.01))
    for _ in range(rng.integers(1, 7)):
        file = s.pick(s.props.furniture)
        side = int(rng.integers(3))
        along = rng.uniform(x0 + 0.5, x1 - 0.5) if side == 0 else rng.uniform(0.3, deep - 0.4)
        beside = x0 + 0.45 if side == 1 else x1 - 0.45
        place = (along, 0.0, deep - 0.45) if side == 0 else (beside, 0.0, along)
        yaw = (np.pi, np.pi / 2, -np.pi / 2)[side] + rng.normal() * 0.15
        s.put(file, place, yaw=yaw, tall=s.props.furniture[file] * rng.uniform(0.9, 1.1))


def street(s: Stage, *, near: float, far: float, lane: float) -> None:
    """Two rows of houses along z, pavements, vehicles, trees, posts."""
    rng = s.rng
    s.block((-80, -0.2, -40), (80, 0, 300), tint=rng.uniform(0.3, 1.0) * np.ones(3), grain=0.4)
    for side in (-1, 1):
        z = near
        while z < far:
            front, tall, deep = rng.uniform(5, 14), rng.uniform(5, 18), rng.uniform(6, 10)
            x = side * (lane + rng.uniform(0, 1.0))
            if rng.random() < 0.45:
                s.put(s.pick(s.props.houses), (x + side * deep / 2, 0, z + front / 2), yaw=side * np.pi / 2,
                      tall=tall * 0.8, number=0, dressed=rng.random() < 0.6)  # fmt: skip
            else:
                s.block((min(x, x + side * deep), 0.0, z), (max(x, x + side * deep), tall, z + front),
                        grain=rng.uniform(0.08, 0.3))  # fmt: skip
                for _ in range(rng.integers(0, 8)):
                    y, w = rng.uniform(0.5, tall - 1.5), rng.uniform(0.5, 1.2)
                    at = z + rng.uniform(0.5, front - 1.5)
                    s.block((x - 0.1, y, at), (x + 0.1, y + 1.4, at + w), tint=s.tint() * 0.4)
            z += front + (rng.uniform(1, 8) if rng.random() < 0.25 else 0)
    for _ in range(rng.integers(1, 7)):
        side = rng.choice([-1, 1])
        s.put(s.pick(s.props.vehicles), (side * (lane - rng.uniform(2.0, 3.2)), 0, rng.uniform(near + 4, far * 0.6)),
              yaw=rng.choice([0, np.pi]) + rng.normal() * 0.05, tall=rng.uniform(1.4, 2.4))  # fmt: skip
    for _ in range(rng.integers(0, 6)):
        x, z = rng.choice([-1, 1]) * (lane - rng.uniform(0.5, 1.6)), rng.uniform(near + 2, far * 0.7)
        if rng.random() < 0.5:
            s.put(s.pick(s.props.plants), (x, 0, z), yaw=rng.uniform(0, 6), tall=rng.uniform(2, 8))
        else:
            s.block((x - 0.06, 0, z), (x + 0.06, rng.uniform(1.0, 6.0), z + 0.12), number=s.whole())


def stand(s: Stage, x: float, z: float, *, yaw: float, number: int | None = None) -> int:
    """Stand a person somewhere; at yaw 0 they face the camera. Returns the number."""
    return s.put(s.pick(s.props.people), (x, 0, z), yaw=np.pi + yaw, number=number)


def _machine(s: Stage, at: np.ndarray, size: float, *, number: int) -> None:
    """A thing of several parts about one place."""
    for _ in range(s.rng.integers(3, 11)):
        s.form(at + s.rng.normal(size=3) * size * 0.35, size * s.rng.uniform(0.25, 0.9), number=number)


def head_of(s: Stage) -> tuple[np.ndarray, float]:
    """Where the head of the first person is, and how high they reach, m."""
    mesh = s.placed[0][0]
    tall = float(mesh.bounds[1, 1])
    top = mesh.vertices[mesh.vertices[:, 1] > 0.85 * tall]
    return np.array([top[:, 0].mean(), 0.95 * tall, top[:, 2].mean()]), tall


def machine_beside(s: Stage, head: np.ndarray, *, number: int) -> None:
    """A machine in a person's hands or at their side, one thing with them."""
    rng = s.rng
    away = np.array([rng.choice([-1, 1]) * rng.uniform(0.2, 0.5), -rng.uniform(0.0, 0.6), -rng.uniform(0.0, 0.4)])
    _machine(s, head + away, rng.uniform(0.15, 0.5), number=number)


def _lit(s: Stage, head: np.ndarray) -> None:
    """Key, fill and rim about a head; or practical lamps at night; or the panorama alone."""
    rng = s.rng
    style = rng.random()
    if style < 0.25:
        s.ambient = rng.uniform(0.03, 0.2)
        for _ in range(rng.integers(1, 4)):
            at = head + rng.normal(size=3) * [2.0, 0.8, 2.0] + [0, 0.4, 0]
            warm = np.array([1.3, 1.0, 0.6]) if rng.random() < 0.6 else rng.uniform(0.4, 1.4, 3)
            s.lamp(tuple(at), rng.uniform(0.5, 4.0), colour=warm)
        return
    s.ambient = rng.uniform(0.25, 1.1)
    if style < 0.75:
        side = rng.choice([-1, 1])
        s.lamp(
            tuple(head + np.array([side * rng.uniform(0.8, 2.5), rng.uniform(0.2, 1.5), -rng.uniform(0.5, 2.5)])),
            rng.uniform(2, 8),
        )
        if rng.random() < 0.5:
            s.lamp(
                tuple(head + np.array([-side * rng.uniform(0.5, 2), rng.uniform(0.3, 1.5), rng.uniform(0.8, 2)])),
                rng.uniform(1, 8),
            )
    else:
        s.sun()


def _ground(s: Stage) -> None:
    """Where people stand: a room, a street, a wall close behind, or open ground."""
    rng = s.rng
    kind = rng.random()
    if kind < 0.4:
        room(s, rng.uniform(3.5, 9), rng.uniform(1.2, 6), rng.uniform(2.4, 3.6), front=-6.0)
    elif kind < 0.7:
        street(s, near=-8 + rng.uniform(0, 8), far=rng.uniform(40, 90), lane=rng.uniform(3.5, 9))
    elif kind < 0.85:
        s.block((-9, -0.1, -6), (9, 0, 6))
        s.block((-9, 0, rng.uniform(0.4, 2.0)), (9, 5, 2.2), tint=s.tint() * rng.choice([0.08, 0.3, 1.0]))
    else:
        s.block((-60, -0.2, -20), (60, 0, 120), grain=0.3)
        for _ in range(rng.integers(2, 14)):
            at = (rng.uniform(-15, 15), 0.0, rng.uniform(2.5, 40))
            s.put(s.pick(s.props.plants), at, yaw=rng.uniform(0, 6), tall=rng.uniform(0.8, 6))


def _portraits(s: Stage, head: np.ndarray, tall: float, *, aside: float = 0.0) -> None:
    """Cameras about a person at the origin: close-up, medium shot, full figure."""
    rng = s.rng
    for i in range(VIEWS):
        frame = tall * float((0.3, 0.5, 0.65, 0.9, 1.15)[i]) * rng.uniform(0.9, 1.15)
        focal, yaw = _lens(s), rng.normal() * 0.25
        away = min(frame * focal, 5.5) if frame * focal > 0.5 else 0.5
        target = head - np.array([rng.normal() * 0.15 * frame, frame * rng.uniform(0.2, 0.4), 0])
        eye = target + away * np.array([np.sin(yaw) + aside, rng.normal() * 0.12, -np.cos(yaw)])
        eye[1] = max(eye[1], 0.15)
        blur = rng.uniform(0.01, 0.06) if frame < 1.2 and rng.random() < 0.6 else 0.0
        s.shots.append(Shot(aim(eye, target, focal=away / frame, roll=rng.normal() * 0.02), away, blur))


def person(s: Stage) -> None:
    """One person, sometimes holding or steering a machine, others behind."""
    rng = s.rng
    yaw = rng.uniform(-1.3, 1.3) if rng.random() < 0.85 else rng.uniform(-3, 3)
    number = stand(s, 0, 0, yaw=yaw)
    head, tall = head_of(s)
    if rng.random() < 0.45:
        machine_beside(s, head, number=number)
    _ground(s)
    for _ in range(rng.integers(0, 3)):
        stand(s, rng.uniform(-2, 2), rng.uniform(0.8, 4), yaw=rng.uniform(-3, 3))
    _lit(s, head)
    _portraits(s, head, tall)


def two(s: Stage) -> None:
    """Two people, side by side, one behind the other, or one seen over the other's shoulder."""
    rng = s.rng
    stand(s, 0, 0, yaw=rng.uniform(-0.9, 0.9))
    head, tall = head_of(s)
    if rng.random() < 0.45:
        side = rng.choice([-1, 1])
        stand(s, side * rng.uniform(0.2, 0.4), -rng.uniform(0.8, 1.6), yaw=np.pi + rng.normal() * 0.4)
    else:
        stand(s, rng.choice([-1, 1]) * rng.uniform(0.45, 0.9), rng.uniform(-0.6, 1.5), yaw=rng.uniform(-1.3, 1.3))
    _ground(s)
    _lit(s, head)
    _portraits(s, head, tall)


def interior(s: Stage) -> None:
    """A furnished room through a wide lens, with a few people or none."""
    rng = s.rng
    wide, deep, tall = rng.uniform(3.5, 8), rng.uniform(3, 8), rng.uniform(2.4, 3.4)
    room(s, wide, deep, tall, front=-4.0)
    for _ in range(rng.integers(0, 4)):
        file = s.pick(s.props.furniture)
        s.put(file, (rng.uniform(-0.4, 0.4) * wide, 0, rng.uniform(0.2, 0.8) * deep), yaw=rng.uniform(-3, 3),
              tall=s.props.furniture[file])  # fmt: skip
    for _ in range(rng.integers(0, 3)):
        stand(s, rng.uniform(-0.35, 0.35) * wide, rng.uniform(0.3, 0.8) * deep, yaw=rng.uniform(-3, 3))
    s.ambient = rng.uniform(0.1, 0.8)
    for _ in range(rng.integers(1, 4)):
        s.lamp((rng.uniform(-0.4, 0.4) * wide, tall - 0.4, rng.uniform(0, deep)), rng.uniform(1, 5))
    for _ in range(VIEWS):
        eye = np.array([rng.uniform(-0.4, 0.4) * wide, rng.uniform(0.7, 2.0), rng.uniform(-3.0, 0.15 * deep)])
        target = np.array([rng.uniform(-0.4, 0.4) * wide, rng.uniform(0.5, 1.6), rng.uniform(0.6, 1.0) * deep])
        s.shots.append(Shot(aim(eye, target, focal=_lens(s, longest=50), roll=rng.normal() * 0.02), 3.0, 0.0))


def outdoors(s: Stage) -> None:
    """A street seen along, across and obliquely, people on its pavements; a quarter of them at night."""
    rng = s.rng
    lane = rng.uniform(4, 10)
    street(s, near=-6.0, far=rng.uniform(40, 120), lane=lane)
    for _ in range(rng.integers(0, 5)):
        stand(s, rng.uniform(-1, 1) * lane * 0.9, rng.uniform(3, 20), yaw=rng.uniform(-3, 3))
    s.ambient = rng.uniform(0.4, 1.1)
    if rng.random() < 0.25:
        s.ambient = rng.uniform(0.03, 0.15)
        for _ in range(rng.integers(2, 5)):
            s.lamp((rng.uniform(-0.8, 0.8) * lane, 4.0, rng.uniform(3, 25)), rng.uniform(4, 20))
    elif rng.random() < 0.7:
        s.sun()
    for _ in range(VIEWS):
        eye = np.array([rng.uniform(-0.7, 0.7) * lane, rng.uniform(0.8, 2.4), rng.uniform(-3, 4)])
        yaw = float(np.clip(rng.normal() * 0.4, -0.9, 0.9)) - 0.4 * eye[0] / lane
        target = eye + np.array([np.sin(yaw), rng.normal() * 0.08 + 0.04, np.cos(yaw)]) * 10
        s.shots.append(Shot(aim(eye, target, focal=_lens(s, longest=50), roll=rng.normal() * 0.03), 8.0, 0.0))


def table(s: Stage) -> None:
    """Things on a table or a shelf from near, the room beyond."""
    rng = s.rng
    top = rng.uniform(0.6, 0.85)
    wide, deep = rng.uniform(0.4, 1.1), rng.uniform(0.25, 0.6)
    s.block((-wide, top - 0.05, -deep), (wide, top, deep), grain=rng.uniform(0.5, 2))
    s.block((-8, -0.1, -5), (8, 0, 8))
    s.block((-8, 0, deep + rng.uniform(0.1, 4)), (8, 3, 8), grain=0.5)
    for _ in range(rng.integers(3, 14)):
        file = s.pick(s.props.small)
        s.put(file, (rng.uniform(-0.9, 0.9) * wide, top, rng.uniform(-0.9, 0.9) * deep), yaw=rng.uniform(-3, 3),
              tall=s.props.small[file] * rng.uniform(0.8, 1.2), dressed=rng.random() < 0.3)  # fmt: skip
    for _ in range(rng.integers(0, 3)):
        at = np.array([rng.uniform(-0.8, 0.8) * wide, top + 0.1, rng.uniform(-0.8, 0.8) * deep])
        _machine(s, at, rng.uniform(0.08, 0.25), number=s.whole())
    if rng.random() < 0.3:
        stand(s, rng.uniform(-0.5, 0.5), deep + rng.uniform(0.2, 0.6), yaw=rng.uniform(-0.6, 0.6))
    s.ambient = rng.uniform(0.15, 0.9)
    s.lamp(tuple(np.array([0, top + 1, -0.5]) + rng.normal(size=3) * [1, 0.4, 0.7]), rng.uniform(0.8, 4))
    for _ in range(VIEWS):
        yaw, pitch, away = rng.normal() * 0.6, rng.uniform(0.08, 0.9), rng.uniform(0.5, 1.4)
        target = np.array([rng.normal() * 0.15, top + 0.08, rng.normal() * 0.1])
        eye = target + away * np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), -np.cos(yaw) * np.cos(pitch)])
        s.shots.append(Shot(aim(eye, target, focal=_lens(s, longest=85), roll=rng.normal() * 0.06), away,
                            rng.uniform(0, 0.05)))  # fmt: skip


def built(s: Stage) -> None:
    """A complete small set (garage, theatre, camp, cave) from inside, statues and people in it."""
    rng = s.rng
    file = s.pick(s.props.sets)
    s.put(file, (0, 0, 0), yaw=0.0, number=0, dressed=True)
    low, high = s.placed[0][0].bounds
    span = np.minimum(high - low, 9.0)
    for _ in range(rng.integers(1, 4)):
        stand(s, rng.uniform(-0.25, 0.25) * span[0], rng.uniform(-0.3, 0.3) * span[2], yaw=rng.uniform(-3, 3))
    if rng.random() < 0.5:
        statue = s.pick(s.props.statues)
        s.put(statue, (rng.uniform(-1, 1), 0, rng.uniform(-1, 1)), yaw=rng.uniform(-3, 3), tall=s.props.statues[statue])
    s.ambient = rng.uniform(0.3, 1.0)
    s.lamp((rng.normal(), 2.2, rng.normal()), rng.uniform(1, 5))
    for _ in range(VIEWS):
        yaw, away = rng.uniform(-3.1, 3.1), rng.uniform(0.25, 0.42)
        eye = np.array([np.sin(yaw) * span[0] * away, rng.uniform(1.0, 1.8), np.cos(yaw) * span[2] * away])
        target = np.array([rng.normal() * 0.4, rng.uniform(0.8, 1.5), rng.normal() * 0.4])
        s.shots.append(Shot(aim(eye, target, focal=_lens(s, longest=50), roll=rng.normal() * 0.02), 2.5, 0.0))


MAKERS: tuple[tuple[Callable[[Stage], None], float], ...] = (
    (person, 0.3), (two, 0.15), (interior, 0.18), (outdoors, 0.17), (table, 0.12), (built, 0.08),
)  # fmt: skip
