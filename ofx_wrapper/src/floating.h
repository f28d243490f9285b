// The floating window of a frame, from what the shot file says its side edges cut.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "messages.h"

namespace art3d {

// The nearest thing at one edge in one band of rows: where it lies, and which share of its disparity is the style's
// global and local depth; % of picture width, `host_bridge.shot.edges.Band`.
struct Band {
  double parallax = 0, depth = 0, sculpt = 0;
};

// Both side edges of a frame, their bands from the top.
struct Edges {
  std::array<std::vector<Band>, 2> sides;
  // Throws std::invalid_argument.
  static std::vector<Band> read(const std::string& text);
};

// Whether a floating window is left to the shot.
bool leftToShot(const wire::Controls& controls);

// The knobs of a frame, its window described as if it were turned by hand: `host_bridge.shot.floating.resolved`.
//   scene  the frames of its scene, in order
//   index  its place among them
//   at     the knobs so many frames away in the shot file
// Throws Fault where the shot file does not say what the edges cut.
wire::Controls resolved(const wire::Controls& controls, const std::vector<std::pair<int64_t, std::optional<Edges>>>& scene,
                        size_t index, const std::function<wire::Controls(int64_t)>& at);

}  // namespace art3d
