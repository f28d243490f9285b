#include "instance.h"

#include <cmath>
#include <limits>

#include "platform.h"

namespace art3d {
namespace {

std::atomic<uint64_t> g_instances{0};

Clip clipOf(OfxImageEffectHandle effect, const char* name) {
  Clip found;
  const OfxStatus status = suites().effect.clipGetHandle(effect, name, &found.handle, &found.properties);
  return status == ofx::kOk ? found : Clip{};
}

}  // namespace

std::optional<OfxRectD> Clip::region(OfxTime time) const {
  // A host may answer kOfxStatOK and leave the rectangle as it was.
  constexpr double kUntold = std::numeric_limits<double>::quiet_NaN();
  OfxRectD found{kUntold, kUntold, kUntold, kUntold};
  if (suites().effect.clipGetRegionOfDefinition(handle, time, &found) != ofx::kOk) return std::nullopt;
  if (std::isnan(found.x1 + found.y1 + found.x2 + found.y2)) return std::nullopt;
  return found;
}

Instance::Instance(OfxImageEffectHandle handle)
    : effect(handle),
      knobs(handle),
      source(clipOf(handle, ofx::value::kSourceClip)),
      depth(clipOf(handle, clip::kDepth)),
      matte(clipOf(handle, clip::kMatte)),
      cleanPlate(clipOf(handle, clip::kCleanPlate)),
      cleanDepth(clipOf(handle, clip::kCleanDepth)),
      output(clipOf(handle, ofx::value::kOutputClip)),
      viewer("ofx-" + std::to_string(platform::processId()) + "-" + std::to_string(++g_instances)),
      notice(handle) {
  if (source.handle == nullptr || output.handle == nullptr) throw Fault("the host gives Art3D no Source or no Output");
}

Properties Instance::properties() const {
  OfxPropertySetHandle handle = nullptr;
  return Properties(suites().effect.getPropertySet(effect, &handle) == ofx::kOk ? handle : nullptr);
}

double Instance::pixelAspect() const {
  const Properties p(source.properties);
  const double told = p.number(ofx::prop::kImagePixelAspect, 1.0);
  // MLT gives the picture's proportions in that place.
  const auto bounds = hostIs("MLT") ? p.rectI(ofx::prop::kImageBounds) : std::nullopt;
  const double rows = bounds ? bounds->y2 - bounds->y1 : 0;
  const bool picture = rows > 0 && std::abs(told - (bounds->x2 - bounds->x1) / rows) < 1e-9;
  return told > 0 && !picture ? told : 1.0;
}

Instance& instanceOf(OfxImageEffectHandle effect) {
  OfxPropertySetHandle handle = nullptr;
  if (suites().effect.getPropertySet(effect, &handle) != ofx::kOk) throw Fault("bad handle", ofx::kErrBadHandle);
  auto* found = static_cast<Instance*>(Properties(handle).pointer(ofx::prop::kInstanceData));
  if (found == nullptr) throw Fault("the host never created this instance", ofx::kErrBadHandle);
  return *found;
}

}  // namespace art3d
