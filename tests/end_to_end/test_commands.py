"""The commands through the real server: what a person types, and what then lies on the disk."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.io.outputs.result import on_window
from host_bridge.io.plates import PlateSequence, read_plate
from host_bridge.shot.file import load_shot
from tests.host_bridge.io.plates.films import Make, make

BEACHBALL_DB = 45.0


@pytest.fixture(scope="module")
def stereo(tmp_path_factory, example_plate) -> Path:
    """Two frames of the example plate in stereo, with everything that can be asked for."""
    folder = tmp_path_factory.mktemp("stereo")
    words = ["render", str(example_plate / "plate.####.exr"), "-o", str(folder / "o.####.exr"), "--frames", "1001-1002"]
    words += ["--depth", "aov", "--layers", "inverse_depth,scale,shift,disparity_local", "--json"]
    words += ["--anaglyph", str(folder / "a.####.png"), "--disparity-image", str(folder / "d.####.png")]
    assert main(words) == 0
    return folder


def parts(path: Path) -> dict[str, OpenEXR.Part]:
    return {part.header["name"]: part for part in OpenEXR.File(str(path), separate_channels=True).parts}


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)))


def test_render_writes_stereo_and_review_images(stereo) -> None:
    for number in (1001, 1002):
        assert (stereo / f"a.{number}.png").stat().st_size > 10_000
        assert (stereo / f"d.{number}.png").stat().st_size > 1_000
        there = parts(stereo / f"o.{number}.exr")
        assert {"left", "right", "disparityR", "disparityL", "occlusion.right", "inverse_depth", "scale", "shift",
                "disparity_local"} == set(there)  # fmt: skip
    assert not list(stereo.glob(".*tmp*"))


def test_the_hero_view_is_the_plate(stereo, example_plate) -> None:
    source = OpenEXR.File(str(example_plate / "plate.1001.exr"), separate_channels=True).channels()
    left = parts(stereo / "o.1001.exr")["left"].channels
    assert set(left) == set(source)
    for name, channel in source.items():
        assert left[name].pixels.tobytes() == channel.pixels.tobytes()


def test_metadata_of_the_plate_and_of_the_making(stereo, example_plate) -> None:
    source = OpenEXR.File(str(example_plate / "plate.1001.exr"), header_only=True).header()
    for part in parts(stereo / "o.1001.exr").values():
        for name in ("timeCode", "cameraModel", "framesPerSecond", "pixelAspectRatio"):
            assert part.header[name] == source[name]
        assert np.array_equal(part.header["worldToCamera"], source["worldToCamera"])
        assert part.header["art3d/style"] == "neutral-1"
        assert part.header["art3d/depthSource"] == "aov"
        assert part.header["art3d/recipe"]


def test_the_right_view_is_the_left_one_moved_by_the_disparity(stereo) -> None:
    """At a right pixel x that is seen in both, LEFT(x + disparityL.x) is RIGHT(x)."""
    there = parts(stereo / "o.1001.exr")
    left, right = (np.asarray(there[eye].channels["G"].pixels, np.float32) for eye in ("left", "right"))
    toward_left = there["disparityL"].channels["disparityL.x"].pixels
    seen = there["occlusion.right"].channels["occlusion.mask"].pixels == 0
    x = np.arange(left.shape[1])[None] + toward_left
    seen &= (x >= 0) & (x < left.shape[1] - 1)
    guess = np.stack([np.interp(row, np.arange(left.shape[1]), values) for row, values in zip(x, left, strict=True)])
    error = np.abs(guess - right)[seen]
    assert np.median(error) < 0.004
    assert seen.mean() > 0.9


def test_a_second_render_keeps_what_is_done(stereo, example_plate, capsys) -> None:
    words = ["render", str(example_plate / "plate.####.exr"), "-o", str(stereo / "o.####.exr"), "--frames", "1001-1002"]
    words += ["--depth", "aov", "--layers", "inverse_depth,scale,shift,disparity_local", "--json"]
    before = (stereo / "o.1001.exr").stat().st_mtime_ns
    assert main(words) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["event"] for e in events] == ["start", "kept", "kept", "done"]
    assert (stereo / "o.1001.exr").stat().st_mtime_ns == before


@pytest.mark.parametrize("hero", ["right", "none"])
def test_other_heroes_one_file_a_view(tmp_path, example_plate, hero) -> None:
    out = tmp_path / "%V" / "o.####.exr"
    assert main(["render", str(example_plate / "plate.1001.exr"), "-o", str(out), "--hero", hero, "--json"]) == 0
    masks = [eye for eye in ("left", "right") if f"occlusion.{eye}" in parts(tmp_path / eye / "o.1001.exr")]
    assert masks == (["left"] if hero == "right" else ["left", "right"])
    source = OpenEXR.File(str(example_plate / "plate.1001.exr"), separate_channels=True).channels()
    right = parts(tmp_path / "right" / "o.1001.exr")["right"].channels
    assert (right["R"].pixels.tobytes() == source["R"].pixels.tobytes()) == (hero == "right")


def test_nan_and_infinity_stay_in_their_own_pixels(tmp_path, example_plate) -> None:
    channels = {k: c.pixels for k, c in OpenEXR.File(str(example_plate / "plate.1001.exr"), True).channels().items()}
    clean = tmp_path / "clean.0001.exr"
    dirty = tmp_path / "dirty.0001.exr"
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, dict(channels)).write(str(clean))
    spoiled = {**channels, "R": channels["R"].copy(), "G": channels["G"].copy()}
    spoiled["R"][100, 200], spoiled["G"][300, 400] = np.nan, np.inf
    OpenEXR.File(header, spoiled).write(str(dirty))
    for name in ("clean", "dirty"):
        source, out = tmp_path / f"{name}.0001.exr", tmp_path / f"o_{name}.exr"
        assert main(["render", str(source), "-o", str(out), "--depth", "aov", "--json"]) == 0
    a, b = (parts(tmp_path / f"o_{name}.exr")["right"].channels for name in ("clean", "dirty"))
    assert sum(int((~np.isfinite(b[c].pixels)).sum()) for c in "RGB") <= 8
    changed = np.any([a[c].pixels != b[c].pixels for c in "RGBA"], axis=0)
    # Outlines near a spoiled pixel may be mixed otherwise; nothing farther away knows of it.
    for row, column in ((100, 200), (300, 400)):
        changed[row - 40 : row + 41, column - 40 : column + 41] = False
    assert not changed.any()


def test_values_below_zero_and_above_one_survive(tmp_path) -> None:
    rng = np.random.default_rng(0)
    channels = {c: rng.uniform(-2, 60, (64, 96)).astype(np.float16) for c in "RGB"}
    channels["Z"] = np.broadcast_to(np.linspace(4, 6, 96, dtype=np.float16), (64, 96)).copy()
    source = tmp_path / "p.exr"
    OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(source))
    assert main(["render", str(source), "-o", str(tmp_path / "o.exr"), "--depth", "aov", "--json"]) == 0
    right = parts(tmp_path / "o.exr")["right"].channels
    assert right["R"].pixels.max() > 50
    assert right["R"].pixels.min() < -1


def test_warp_in_image_formats(tmp_path, example_plate, root) -> None:
    """The true disparity of the example plate gives its true right view."""
    truth = root / "examples" / "truth"
    out = tmp_path / "right.exr"
    words = ["warp", str(example_plate / "plate.1001.exr"), str(truth / "disparity.1001.exr"), "-o", str(out)]
    assert main([*words, "--compression", "rle"]) == 0
    assert {part.header["compression"] for part in parts(out).values()} == {OpenEXR.RLE_COMPRESSION}
    made, true = (read_plate(p, view=v) for p, v in ((out, "right"), (truth / "right.1001.exr", "")))
    display = true.frame.display
    a, b = (on_window(p.frame.layers["color"], p.frame.data, display)[..., :3].clip(0, 1) for p in (made, true))
    mask = parts(out)["occlusion.right"].channels["occlusion.mask"].pixels
    seen = on_window(mask[..., None], made.frame.data, display)[..., 0] == 0
    assert psnr(a[seen], b[seen]) > 28
    toward = OpenEXR.File(str(truth / "disparity.1001.exr"), separate_channels=True).channels()["disparityR.x"].pixels
    np.save(tmp_path / "d.npy", -toward)
    words = ["warp", str(example_plate / "plate.1001.exr"), str(tmp_path / "d.npy"), "-o", str(tmp_path / "right.png")]
    assert main(words) == 0
    picture = read_plate(tmp_path / "right.png")
    assert picture.frame.display == display
    assert psnr(picture.frame.layers["color"].astype(np.float32)[..., :3][seen], a[seen]) > 40


@pytest.mark.parametrize("name", ["multipart", "singlepart"])
def test_beachball_comes_back_inside_the_ball(tmp_path, plates, name, capsys) -> None:
    """The file's left view and its own disparityR give its right view: pins the sign."""
    source, out = plates / "beachball" / f"{name}.0001.exr", tmp_path / "right.exr"
    assert main(["warp", str(source), str(source), "-o", str(out)]) == 0
    true, made = (read_plate(path, view="right") for path in (source, out))
    display = true.frame.display
    a, b = (on_window(p.frame.layers["color"], p.frame.data, display) for p in (true, made))
    ball = a[..., 3] > 0.999
    figure = psnr(a[ball][:, :3], b[ball][:, :3])
    with capsys.disabled():
        print(f" beachball, {name}: {figure:.1f} dB inside the ball, at least {BEACHBALL_DB} wanted", end="")
    assert figure >= BEACHBALL_DB


def test_measure_is_json(stereo, root, capsys) -> None:
    path, truth = str(stereo / "o.1001.exr"), str(root / "examples" / "truth" / "right.1001.exr")
    assert main(["measure", path, path, "--reference", truth]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["psnr_db"] > 15
    assert 0 < figures["ssim"] <= 1
    assert figures["parallax_max_pct"] == pytest.approx(1.3, abs=0.1)
    assert figures["budget"]


def test_measure_of_a_picture_with_itself(example_plate, capsys) -> None:
    path = str(example_plate / "plate.1001.exr")
    assert main(["measure", path, path, "--reference", path]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["psnr_db"] is None
    assert figures["ssim"] == pytest.approx(1.0)


def test_doctor_finds_everything_well(capsys, example_plate) -> None:
    assert main(["doctor", str(example_plate / "plate.####.exr"), "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"python", "torch", "colour", "plate", "server"} <= {f["name"] for f in found}
    assert all(f["ok"] for f in found)


def test_doctor_names_what_is_wrong(capsys, tmp_path) -> None:
    assert main(["doctor", str(tmp_path / "none.exr")]) == 2
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAULT")]
    assert "no such file" in line
    assert main(["doctor", "--server", f"ipc://{tmp_path}/nobody.s", "--json"]) == 3


@pytest.mark.parametrize("name", ["sheet.png", "sheet.html"])
def test_contact_sheet(tmp_path, example_plate, name, capsys) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (1001, 1005):
        (folder / f"{number}.exr").symlink_to(example_plate / f"plate.{number}.exr")
    (folder / "broken.png").write_bytes(b"not a picture at all")
    assert main(["contact-sheet", str(folder), "-o", str(tmp_path / name)]) == 4
    assert "broken.png" in capsys.readouterr().err
    if name.endswith(".png"):
        sheet = read_plate(tmp_path / name).frame.display
        assert (sheet.width > 1300, sheet.height > 400) == (True, True)
    else:
        assert (tmp_path / name).read_text().count("data:image/png") == 8


def test_a_polite_kill_leaves_whole_frames_and_the_next_run_continues(tmp_path, example_plate) -> None:
    words = ["render", str(example_plate / "plate.####.exr"), "-o", str(tmp_path / "o.####.exr"), "--json"]
    command = [sys.executable, "-m", "host_bridge.cli", *words]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["event"] == "frame":
            break
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "interrupted" in said
    assert len(said.splitlines()) == 1
    assert not list(tmp_path.glob(".*art3d-tmp*"))
    finished = sorted(tmp_path.glob("o.*.exr"))
    assert 1 <= len(finished) <= 8
    stamps = {path: path.stat().st_mtime_ns for path in finished}
    time.sleep(0.01)
    assert main(words) == 0
    assert len(list(tmp_path.glob("o.*.exr"))) == 8
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())


# --- what cannot be done: one line, its exit code, nothing left ------------------------------------------------------


def bad(words: list[str], code: int, *said: str, capsys) -> None:
    assert main(words) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    for text in said:
        assert text in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--style", "no-such-style"], "no-such-style"),
        (["--depth", "no-such-source"], "no-such-source"),
        (["--fill", "glue"], "choose one of: background, none, clean-plate"),
        (["--hero", "middle"], "choose one of: left, right, none"),
        (["--depth-gain", "wide"], "give a number from 0 to 4"),
        (["--zero-plane", "99"], "give a number from -10 to 10"),
        (["--layers", "colour"], "choose of: inverse_depth"),
        (["--missing", "perhaps"], "choose one of: error, skip, hold"),
        (["--compression", "lzw"], "choose one of: auto, zip"),
        (["--input-space", "no such space"], "no colour space"),
        (["--frames", "a-b"], "not a frame range"),
        (["--view", "left"], ""),
        (["--fill", "clean-plate"], "name it with --clean-plate"),
        (["--shot", "no-such.art3d"], "no-such.art3d"),
    ],
)
def test_options_that_cannot_be(tmp_path, example_plate, capsys, options, said) -> None:
    words = ["render", str(example_plate / "plate.1001.exr"), "-o", str(tmp_path / "out" / "o.exr"), "--json", *options]
    if options[0] == "--view":
        assert main(words) == 0  # a file that names no views has whichever is asked
        return
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert said in out + err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_plates_that_cannot_be(tmp_path, example_plate, capsys) -> None:
    good = (example_plate / "plate.1001.exr").read_bytes()
    out = ["-o", str(tmp_path / "out" / "o.exr")]
    for name, data, said in (
        ("empty", b"", "the file is empty"),
        ("short", good[: len(good) // 2], "missing or damaged"),
        ("magic", b"GIF8" + good[4:], "not an EXR file"),
    ):
        path = tmp_path / f"{name}.exr"
        path.write_bytes(data)
        bad(["render", str(path), *out], 2, str(path), said, capsys=capsys)
    bad(["render", str(tmp_path / "nothing.####.exr"), *out], 2, "no file matches", capsys=capsys)
    bad(["render", str(tmp_path / "no" / "p.####.exr"), *out], 2, "folder cannot be read", capsys=capsys)
    assert not (tmp_path / "out").exists()


def test_a_plate_without_z_for_aov(tmp_path, capsys) -> None:
    path = tmp_path / "p.exr"
    OpenEXR.File({"type": OpenEXR.scanlineimage}, {"RGB": np.ones((32, 32, 3), np.float16)}).write(str(path))
    assert main(["render", str(path), "-o", str(tmp_path / "out" / "o.exr"), "--depth", "aov"]) == 2
    assert "aov" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nobody_at_the_address(tmp_path, example_plate, capsys) -> None:
    words = ["render", str(example_plate / "plate.1001.exr"), "-o", str(tmp_path / "out" / "o.exr")]
    bad([*words, "--server", f"ipc://{tmp_path}/nobody.s"], 3, "nobody.s", capsys=capsys)
    assert not (tmp_path / "out").exists()


def test_warp_and_measure_refuse_on_one_line(tmp_path, example_plate, root, capsys) -> None:
    left = str(example_plate / "plate.1001.exr")
    disparity = str(root / "examples" / "truth" / "disparity.1001.exr")
    right = str(tmp_path / "r.exr")
    bad(["warp", left, left, "-o", right], 2, "no disparityR.x", capsys=capsys)
    bad(["warp", left, disparity, "-o", left], 2, "the output is an input", capsys=capsys)
    bad(["warp", left, disparity, "-o", right, "--hero", "none"], 2, "%V", capsys=capsys)
    bad(["warp", left, disparity, "-o", right, "--compression", "lzw"], 2, "choose one of: auto, zip", capsys=capsys)
    picture = str(tmp_path / "right.png")
    bad(["warp", left, disparity, "-o", picture, "--compression", "zip"], 2, "applies to EXRs only", capsys=capsys)
    bad(["warp", left, disparity, "-o", str(tmp_path / "r.xyz")], 2, "no such image format", capsys=capsys)
    bad(["measure", left, str(tmp_path / "none.exr")], 2, "no such file", capsys=capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def movie(tmp_path_factory) -> Path:
    how = Make(codec="libx264", frames=12, timecode="00:00:41:17", container={"movflags": "faststart"})
    return make(tmp_path_factory.mktemp("movie") / "film.mov", how)


def test_a_movie_becomes_stereo_under_its_own_numbers(tmp_path, movie, capsys) -> None:
    out = str(tmp_path / "o.####.exr")
    words = ["render", str(movie), "-o", out, "--json", "--depth", "mini"]
    assert main([*words, "--frames", "1003-1005"]) == 0
    assert sorted(p.name for p in tmp_path.glob("o.*.exr")) == ["o.1003.exr", "o.1004.exr", "o.1005.exr"]
    left = parts(tmp_path / "o.1004.exr")["left"]
    expected = PlateSequence.open(str(movie)).read(1004).frame.layers["color"]
    assert np.stack([left.channels[c].pixels for c in "RGB"], -1).tobytes() == expected.tobytes()
    assert left.header["art3d/inputSpace"] == "g24_rec709_display"
    time = left.header["timeCode"]
    assert (time.hours, time.minutes, time.seconds, time.frame) == (0, 0, 41, 20)
    chunk = {n: parts(tmp_path / f"o.{n}.exr")["right"].header["art3d/recipe"] for n in (1003, 1004, 1005)}
    pixels = parts(tmp_path / "o.1004.exr")["right"].channels["R"].pixels.tobytes()
    capsys.readouterr()
    assert main(words) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["frame"] for e in events if e["event"] == "kept"] == [1003, 1004, 1005]
    assert len(list(tmp_path.glob("o.*.exr"))) == 12
    assert {n: parts(tmp_path / f"o.{n}.exr")["right"].header["art3d/recipe"] for n in chunk} == chunk
    (tmp_path / "o.1004.exr").unlink()
    assert main([*words, "--frames", "1004"]) == 0
    assert parts(tmp_path / "o.1004.exr")["right"].channels["R"].pixels.tobytes() == pixels


def test_a_movie_that_was_cut_off_gives_what_it_has(tmp_path, movie, capsys) -> None:
    cut = tmp_path / "cut.mov"
    data = movie.read_bytes()
    cut.write_bytes(data[: int(len(data) * 0.8)])
    assert main(["render", str(cut), "-o", str(tmp_path / "o.####.exr"), "--start", "1", "--depth", "mini"]) == 4
    done = {int(p.name.split(".")[1]) for p in tmp_path.glob("o.*.exr")}
    assert done and max(done) < 12
    said = "".join(capsys.readouterr())
    assert all(str(n) in said for n in range(max(done) + 1, 13))


def test_a_movie_is_analysed_and_shown(tmp_path, movie, capsys) -> None:
    assert main(["analyse", str(movie), "-o", str(tmp_path / "s.art3d"), "--depth", "mini", "--start", "5"]) == 0
    assert sorted(load_shot(tmp_path / "s.art3d").frames) == list(range(5, 17))
    assert main(["contact-sheet", str(movie), "-o", str(tmp_path / "s.html"), "--limit", "3", "--depth", "mini"]) == 0
    page = (tmp_path / "s.html").read_text()
    assert page.count("film.mov") == 3
    assert [f"film.mov {n}" in page for n in (1001, 1005, 1009)] == [True] * 3
