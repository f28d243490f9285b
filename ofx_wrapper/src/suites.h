// Fetches the host's suites and closes their gaps.
#pragma once

#include "host.h"

namespace art3d {

// Nothing when the host lacks a suite, or in one a function, that Art3D cannot do without.
std::optional<Suites> suitesOf(const OfxHost& host);

// Whether a plug-in may turn a knob.
bool setsParameters();

}  // namespace art3d
