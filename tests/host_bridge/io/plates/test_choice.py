from __future__ import annotations

import pytest

from host_bridge.core.geometry import Box
from host_bridge.io.plates.choice import choose_picture, infer_views, pictures
from host_bridge.io.plates.naming import Channel

BOX = Box.of_size(4, 4)


def part(number: int, part_name: str, *names: str) -> list[Channel]:
    return [Channel(number, n, n, None, "<f2", BOX, (1, 1), part_name) for n in names]


def layer(name: str, components: str = "RGB") -> tuple[str, ...]:
    return tuple(f"{name}.{c}" for c in components)


def chosen(channels: list[Channel], name: str = "") -> str:
    picture = choose_picture(pictures(channels), name)
    return "" if picture is None else " ".join(f"{c.part_name}:{c.name}".lstrip(":") for c in picture.channels)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (("A", "B", "G", "R", "Z"), "R G B A"),
        (("B", "G", "R"), "R G B"),
        (("Y", "RY", "BY"), "Y RY BY"),
        (("Y", "A"), "Y A"),
        (("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha"), "rgba.red rgba.green rgba.blue rgba.alpha"),
        ((*layer("ViewLayer.Combined"), *layer("ViewLayer.Normal", "XYZ"), *layer("ViewLayer.DiffCol")),
         "ViewLayer.Combined.R ViewLayer.Combined.G ViewLayer.Combined.B"),
        ((*layer("spec"), "R", "G", "B"), "R G B"),
        ((*layer("albedo"), *layer("beauty")), "beauty.R beauty.G beauty.B"),
        ((*layer("albedo.main"), *layer("rgba.main", "RGBA")), "rgba.main.R rgba.main.G rgba.main.B rgba.main.A"),
        ((*layer("diffuse_rgb"), *layer("fg.Combined")), "fg.Combined.R fg.Combined.G fg.Combined.B"),
        ((*layer("albedo"), *layer("CoronaBeauty")), "CoronaBeauty.R CoronaBeauty.G CoronaBeauty.B"),
        ((*layer("C"), *layer("Cd")), "C.R C.G C.B"),
        ((*layer("zeta"), *layer("alpha")), "zeta.R zeta.G zeta.B"),
        (("Z", "u", "v", "R", "G"), ""),
        (("Red", "Green", "Blue", "Alpha"), "Red Green Blue Alpha"),
        (("BEAUTY.RED", "BEAUTY.GREEN", "BEAUTY.BLUE"), "BEAUTY.RED BEAUTY.GREEN BEAUTY.BLUE"),
        (("r", "g", "b", "R", "G", "B"), "R G B"),
        (("X", "Y", "Z"), ""),
        (("y",), ""),
        ((*layer("反射"), *layer("Beauty")), "Beauty.R Beauty.G Beauty.B"),
        ((*layer("反射"), *layer("Schönheit")), "反射.R 反射.G 反射.B"),
        ((*layer("char.hero.albedo"), *layer("char.hero.beauty")),
         "char.hero.beauty.R char.hero.beauty.G char.hero.beauty.B"),
    ],
)  # fmt: skip
def test_the_beauty_of_one_part(there: tuple[str, ...], expected: str) -> None:
    assert chosen(part(0, "", *there)) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["rgba", "albedo", "N"], "rgba"),
        (["albedo", "rgba", "N"], "rgba"),
        (["albedo", "N", "Beauty"], "Beauty"),
        (["main", "diffuse_color"], "main"),
        (["diffuse_color", "main"], "main"),
        (["diffuse", "left"], "left"),
        (["foo", "diffuse_color"], "foo"),
        (["foo", "bar", "baz"], "foo"),
        (["AO", "foo"], "foo"),
        (["variance", "emission", "fg", "bg"], "fg"),
        (["albedo", "AO"], "albedo"),
        (["variance", "rgba_denoised"], "rgba_denoised"),
        (["rgba_denoised", "rgba"], "rgba"),
        (["Part 0", "albedo_rgb"], "Part 0"),
    ],
)
def test_the_beauty_among_parts_that_all_use_plain_names(parts: list[str], expected: str) -> None:
    there = [c for number, name in enumerate(parts) for c in part(number, name, *"ABGR")]
    assert chosen(there) == " ".join(f"{expected}:{c}" for c in "RGBA")


@pytest.mark.parametrize(
    "data", ["N", "worldNormal", "P", "motionvector", "depth", "View Layer.Depth", "CryptoObject00", "puzzleMatte_id"]
)
def test_layers_that_show_no_picture_are_taken_only_where_they_are_named(data: str) -> None:
    """Not though they come first, and not though nothing else is there."""
    there = [*part(0, "", *layer(data), *layer("zz"))]
    assert chosen(there) == "zz.R zz.G zz.B"
    assert chosen(there[:3]) == ""
    assert chosen(there[:3], data) == f"{data}.R {data}.G {data}.B"
    assert chosen(part(0, data, *"RGB")) == ""
    assert chosen([*part(0, data, *"RGB"), *part(1, "zz", *"RGB")]) == "zz:R zz:G zz:B"


def test_alpha_comes_from_the_same_part_or_not_at_all() -> None:
    assert chosen([*part(0, "rgba", *"RGB"), *part(1, "albedo", *"RGBA")]) == "rgba:R rgba:G rgba:B"


def test_a_part_that_a_person_names() -> None:
    there = [*part(0, "rgba", *"RGBA"), *part(1, "albedo.left", *"RGB"), *part(2, "lights", *layer("key"))]
    assert chosen(there, "Albedo") == chosen(there, "albedo.left") == "albedo.left:R albedo.left:G albedo.left:B"
    assert chosen(there, "key") == chosen(there, "lights/key") == "lights:key.R lights:key.G lights:key.B"
    assert chosen(there, "spec") == ""


def viewed(channels: list[Channel]) -> list[tuple[str, str | None]]:
    return [(c.name, c.view) for c in infer_views(channels)]


def test_eyes_in_the_names_of_the_beauty_are_views() -> None:
    there = part(0, "", *layer("rgba_left"), *layer("rgba_right"), "depth_left.Z", "depth_right.Z", *layer("key_left"))
    found = viewed(there)
    assert found[:2] == [("rgba.R", "left"), ("rgba.G", "left")]
    assert ("rgba.R", "right") in found
    assert ("depth.Z", "right") in found
    assert ("key_left.R", None) in found


def test_one_eye_in_a_name_is_the_only_view() -> None:
    assert viewed(part(0, "", *layer("Combined.left"), "Depth.left.Z", "N.X"))[2:] == [
        ("Combined.B", "left"), ("Depth.Z", "left"), ("N.X", None)
    ]  # fmt: skip


def test_parts_named_after_eyes_are_views() -> None:
    there = [
        *part(0, "right", *"RGB"),
        *part(1, "left", *"RGB"),
        *part(2, "depth_left", "Z"),
        *part(3, "depth_right", "Z"),
    ]
    assert [view for _, view in viewed(there)] == ["right"] * 3 + ["left"] * 3 + ["left", "right"]


def test_an_eye_in_a_lights_name_is_no_view() -> None:
    for there in (["R", "G", "B", *layer("key_left"), *layer("left")], [*layer("beauty"), *layer("fill_right")]):
        assert {view for _, view in viewed(part(0, "", *there))} == {None}
