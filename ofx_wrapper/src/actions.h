// The actions that Art3D answers. Each may throw; `plugin.cpp` keeps exceptions from crossing the ABI.
#pragma once

#include "instance.h"

namespace art3d {

OfxStatus describe(OfxImageEffectHandle effect);
OfxStatus describeInContext(OfxImageEffectHandle effect);
OfxStatus clipPreferences(const Instance& instance, const Properties& out);
OfxStatus regionOfDefinition(const Instance& instance, const Properties& in, const Properties& out);
OfxStatus regionsOfInterest(const Instance& instance, const Properties& in, const Properties& out);
OfxStatus framesNeeded(Instance& instance, const Properties& in, const Properties& out);
OfxStatus isIdentity(const Instance& instance, const Properties& in, const Properties& out);
OfxStatus render(Instance& instance, const Properties& in);

}  // namespace art3d
