// Both eyes in one picture: side by side or one over the other, whole or squeezed into the size of one.
#pragma once

#include "compose.h"

namespace art3d {

// What a render window needs of both eyes. Where the host's pictures may differ in size each eye is whole: left, and
// right to the right of it or below. Otherwise both are squeezed into the plate's own region.
std::vector<Piece> pairOf(const Settings& settings, const Regions& regions, const Windows& windows, const Box& window,
                          const std::vector<Mix>& channels);

}  // namespace art3d
