// Styles mixed by weight, as text: `immersive:0.7,gentle:0.3`. A style's own name is a blend of one.
#pragma once

#include <string>

namespace art3d {

// Whether two texts name the same styles with the same shares, in whatever order and weights they are written.
bool sameBlend(const std::string& one, const std::string& other);

}  // namespace art3d
