// Generated from host_bridge/core/params.py by `python -m host_bridge.codegen.knobs_header`.
#pragma once

#include <array>

namespace art3d {

enum class KnobKind { kFloat, kInt, kChoice, kBool, kText };

inline constexpr int kMostChoices = 9;

struct KnobSpec {
  int id;
  const char* name;
  const char* label;
  const char* group;  // parameter name of its group, empty for none
  KnobKind kind;
  double number;     // default of a number or a bool, index of a choice
  const char* text;  // default of a text
  double minimum, maximum;
  const char* unit;
  bool animates;
  std::array<const char*, kMostChoices> choices;  // null behind a shorter list
  const char* help;
};

struct GroupSpec {
  const char* name;
  const char* label;
  bool open;
};

inline constexpr std::array<GroupSpec, 6> kGroups{
    GroupSpec{"budget", "Depth Budget", false},
    GroupSpec{"floating", "Floating Window", false},
    GroupSpec{"eye", "New Eye", false},
    GroupSpec{"inputs", "Inputs", false},
    GroupSpec{"shot_group", "Shot", false},
    GroupSpec{"server_group", "Server", false},
};

inline constexpr std::array<KnobSpec, 32> kKnobs{
    KnobSpec{1, "depth_gain", "Global Depth", "", KnobKind::kFloat, 1.0, "", 0.0, 4.0, "x", true, {}, "Gain on the depth that the style gives the whole frame. 0 is flat, 1 is the style, 2 twice as deep."},
    KnobSpec{2, "zero_plane", "Zero Plane", "", KnobKind::kFloat, 0.0, "", -10.0, 10.0, "%", true, {}, "Moves the whole picture through the screen: above 0 pushes it behind, below 0 pulls it in front."},
    KnobSpec{3, "sculpt", "Local Sculpt", "", KnobKind::kFloat, 1.0, "", 0.0, 4.0, "x", true, {}, "Gain on what the style sculpts locally, such as pop-outs. 0 leaves only the global depth."},
    KnobSpec{10, "style", "Style", "", KnobKind::kText, 0.0, "neutral", 0.0, 0.0, "", false, {}, "The stereographer's hand: a house style, the name of a .style file in the style folder, or a blend as immersive:0.7,gentle:0.3."},
    KnobSpec{13, "output", "Output", "", KnobKind::kChoice, 1.0, "", 0.0, 0.0, "", false, {"left", "right", "side-by-side", "anaglyph", "disparity", "inverse-depth", "occlusion", "over-under", "window-masks"}, "What the node gives: an eye, both eyes in one picture or as red/cyan, a channel of the analysis, or the masks of the floating window (left eye in red, right eye in green and blue)."},
    KnobSpec{31, "depth_budget", "Depth Budget", "budget", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"soft", "none"}, "Soft compresses what lies beyond Budget Front and Budget Behind; none leaves every depth as it is."},
    KnobSpec{4, "budget_front", "Budget Front", "budget", KnobKind::kFloat, 2.5, "", 0.1, 20.0, "%", true, {}, "How far anything may come out of the screen. Beyond it depth is compressed softly, never clipped."},
    KnobSpec{5, "budget_behind", "Budget Behind", "budget", KnobKind::kFloat, 2.0, "", 0.1, 20.0, "%", true, {}, "How far anything may recede behind the screen. Keep it below the eyes' own distance on screen."},
    KnobSpec{24, "floating_window", "Floating Window", "floating", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"off", "manual", "auto", "static"}, "Masks that bring the picture's side edges in front of what they cut: by hand, or from the shot analysis, moving and eased (auto) or one window for each scene (static)."},
    KnobSpec{25, "floating_left", "Window Left", "floating", KnobKind::kFloat, 0.0, "", 0.0, 20.0, "%", true, {}, "How far in front of the screen the left edge comes: so wide is the mask in the left eye."},
    KnobSpec{27, "floating_left_slant", "Left Slant", "floating", KnobKind::kFloat, 0.0, "", -1.0, 1.0, "", true, {}, "Leans the left edge: at -1 its bottom stays on the screen, at +1 its top does."},
    KnobSpec{26, "floating_right", "Window Right", "floating", KnobKind::kFloat, 0.0, "", 0.0, 20.0, "%", true, {}, "How far in front of the screen the right edge comes: so wide is the mask in the right eye."},
    KnobSpec{28, "floating_right_slant", "Right Slant", "floating", KnobKind::kFloat, 0.0, "", -1.0, 1.0, "", true, {}, "Leans the right edge: at -1 its bottom stays on the screen, at +1 its top does."},
    KnobSpec{29, "floating_softness", "Window Softness", "floating", KnobKind::kFloat, 0.2, "", 0.0, 5.0, "%", true, {}, "Width over which a mask fades out, inside the mask: it never reaches farther into the picture."},
    KnobSpec{30, "floating_mask", "Window Mask", "floating", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"picture", "layer"}, "Whether the masks darken both views, or leave them as they are and come as layers of their own."},
    KnobSpec{6, "hero", "Hero Eye", "eye", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"left", "right", "none"}, "The eye that stays the original plate. With none, both eyes are rebuilt at half the disparity."},
    KnobSpec{7, "fill", "Fill", "eye", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"background", "none", "clean-plate"}, "What appears where the new eye sees what the plate hides: more background, nothing, or a clean plate."},
    KnobSpec{8, "edges", "Edges", "eye", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"soft", "hard"}, "Soft splits hair, defocus and motion-blurred outlines into two layers; hard keeps every pixel whole."},
    KnobSpec{9, "occlusion_to_alpha", "Occlusion to Alpha", "eye", KnobKind::kBool, 0.0, "", 0.0, 0.0, "", false, {}, "Writes the filled pixels of the new eye into its alpha, as 0."},
    KnobSpec{23, "input_colour", "Input Colour", "inputs", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"auto", "linear", "srgb", "rec709", "cineon"}, "How values mean light. Auto takes integers as sRGB and floats as linear, unless the host tells."},
    KnobSpec{11, "depth", "Depth Source", "inputs", KnobKind::kText, 0.0, "auto", 0.0, 0.0, "", false, {}, "Where inverse depth comes from: auto, aov (the plate's Z), da2-small, mini, or a folder or .onnx file with a depth network; on the command line also depth pictures. +people behind a network's name holds people in one piece."},
    KnobSpec{12, "z_meaning", "Z Meaning", "inputs", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"auto", "distance", "inverse", "far-is-white", "near-is-white"}, "What Z says: distance (most renderers), its inverse (Nuke's own), or a picture of depth whose far or near is white. Auto compares it with what a small network sees."},
    KnobSpec{19, "use_depth", "Use Depth", "inputs", KnobKind::kBool, 1.0, "", 0.0, 0.0, "", false, {}, "Takes the Depth input where something is connected. Off as if nothing were."},
    KnobSpec{22, "matte", "Sculpt Where", "inputs", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"input", "people"}, "Where Local Sculpt acts: in the Matte input (everywhere without one), or on the people of the frame."},
    KnobSpec{20, "use_matte", "Use Matte", "inputs", KnobKind::kBool, 1.0, "", 0.0, 0.0, "", false, {}, "Takes the Matte input where something is connected. Off as if nothing were."},
    KnobSpec{21, "use_clean_plate", "Use Clean Plate", "inputs", KnobKind::kBool, 1.0, "", 0.0, 0.0, "", false, {}, "Takes the Clean Plate input where something is connected. Off as if nothing were."},
    KnobSpec{32, "use_clean_depth", "Use Clean Depth", "inputs", KnobKind::kBool, 1.0, "", 0.0, 0.0, "", false, {}, "Takes the Clean Depth input where something is connected: the Clean Plate's Z, in the units of Depth."},
    KnobSpec{14, "picture", "Picture Width", "inputs", KnobKind::kChoice, 0.0, "", 0.0, 0.0, "", false, {"project", "source"}, "The width that every % means: the project's format, or the source's own region where they differ."},
    KnobSpec{15, "shot", "Shot Analysis", "shot_group", KnobKind::kText, 0.0, "", 0.0, 0.0, "", false, {}, "The shot file that `art3d analyse` wrote. Empty treats every frame on its own."},
    KnobSpec{18, "shot_offset", "Shot Offset", "shot_group", KnobKind::kInt, 0.0, "", -1000000.0, 1000000.0, "", false, {}, "Added to the host's time for the frame in the shot file: 1001 where it counts the first frame as 0."},
    KnobSpec{16, "server", "Server", "server_group", KnobKind::kText, 0.0, "", 0.0, 0.0, "", false, {}, "Address of a compute server. Empty takes $ART3D_SERVER, else this machine's own, started when needed."},
    KnobSpec{17, "server_command", "Server Command", "server_group", KnobKind::kText, 0.0, "", 0.0, 0.0, "", false, {}, "The command that starts this machine's server. Empty takes $ART3D_COMMAND, else `art3d`."},
};

}  // namespace art3d
