// Choices that write a name into a knob of text.
#pragma once

#include <string>
#include <vector>

namespace art3d {

inline constexpr const char* kCustom = "custom name";

// The parameter that picks for this knob; null for a knob without one.
const char* pickerOf(const std::string& knob);
// Its options: `kCustom`, then the names.
std::vector<std::string> pickable(const std::string& knob);

}  // namespace art3d
