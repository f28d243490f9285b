#include "instance.h"

#include <unistd.h>

namespace art3d {
namespace {

std::atomic<uint64_t> g_instances{0};

Clip clipOf(OfxImageEffectHandle effect, const char* name) {
  Clip found;
  const OfxStatus status = suites().effect->clipGetHandle(effect, name, &found.handle, &found.properties);
  return status == ofx::kOk ? found : Clip{};
}

}  // namespace

Instance::Instance(OfxImageEffectHandle handle)
    : effect(handle),
      knobs(handle),
      source(clipOf(handle, ofx::value::kSourceClip)),
      depth(clipOf(handle, clip::kDepth)),
      matte(clipOf(handle, clip::kMatte)),
      cleanPlate(clipOf(handle, clip::kCleanPlate)),
      output(clipOf(handle, ofx::value::kOutputClip)),
      viewer("ofx-" + std::to_string(getpid()) + "-" + std::to_string(++g_instances)) {
  if (source.handle == nullptr || output.handle == nullptr) throw Fault("the host gives Art3D no Source or no Output");
}

Properties Instance::properties() const {
  OfxPropertySetHandle handle = nullptr;
  return Properties(suites().effect->getPropertySet(effect, &handle) == ofx::kOk ? handle : nullptr);
}

Instance& instanceOf(OfxImageEffectHandle effect) {
  OfxPropertySetHandle handle = nullptr;
  if (suites().effect->getPropertySet(effect, &handle) != ofx::kOk) throw Fault("bad handle", ofx::kErrBadHandle);
  auto* found = static_cast<Instance*>(Properties(handle).pointer(ofx::prop::kInstanceData));
  if (found == nullptr) throw Fault("the host never created this instance", ofx::kErrBadHandle);
  return *found;
}

}  // namespace art3d
