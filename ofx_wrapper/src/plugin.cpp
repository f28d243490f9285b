// The three functions a host may call, and the barrier that keeps every exception on this side of the C ABI.
#include <cstring>
#include <new>
#include <string>

#include "actions.h"
#include "runtime.h"

#ifdef _WIN32
#define ART3D_EXPORT extern "C" __declspec(dllexport)
#else
#define ART3D_EXPORT extern "C" __attribute__((visibility("default")))
#endif

namespace art3d {
namespace {

OfxStatus loaded() {
  if (!fetchSuites()) return ofx::kErrMissingHostFeature;
  load();
  return ofx::kOk;
}

OfxStatus createInstance(OfxImageEffectHandle effect) {
  auto instance = std::make_unique<Instance>(effect);
  const Properties properties = instance->properties();
  properties.set(ofx::prop::kInstanceData, static_cast<void*>(instance.get()));
  if (properties.pointer(ofx::prop::kInstanceData) != instance.get()) throw Fault("the host keeps no instance data");
  instance.release()->knobs.settle();
  return ofx::kOk;
}

OfxStatus destroyInstance(OfxImageEffectHandle effect) {
  Instance& instance = instanceOf(effect);
  instance.properties().set(ofx::prop::kInstanceData, static_cast<void*>(nullptr));
  delete &instance;
  return ofx::kOk;
}

// A change of anything is a new start: what stood on the node may no longer be true.
OfxStatus instanceChanged(Instance& instance, const Properties& in) {
  instance.notice.clear();
  instance.knobs.changed(in.text(ofx::prop::kName));
  return ofx::kOk;
}

OfxStatus purge(Instance& instance) {
  instance.keys.clear();
  return ofx::kOk;
}

OfxStatus answer(const std::string& action, OfxImageEffectHandle effect, const Properties& in, const Properties& out) {
  if (action == ofx::action::kLoad) return loaded();
  if (action == ofx::action::kUnload) return unload(), ofx::kOk;
  if (action == ofx::action::kDescribe) return describe(effect);
  if (action == ofx::action::kDescribeInContext) return describeInContext(effect);
  if (action == ofx::action::kCreateInstance) return createInstance(effect);
  if (action == ofx::action::kDestroyInstance) return destroyInstance(effect);
  if (action == ofx::action::kRender) return render(instanceOf(effect), in);
  if (action == ofx::action::kIsIdentity) return isIdentity(instanceOf(effect), in, out);
  if (action == ofx::action::kRegionOfDefinition) return regionOfDefinition(instanceOf(effect), in, out);
  if (action == ofx::action::kRegionsOfInterest) return regionsOfInterest(instanceOf(effect), in, out);
  if (action == ofx::action::kFramesNeeded) return framesNeeded(instanceOf(effect), in, out);
  if (action == ofx::action::kClipPreferences) return clipPreferences(instanceOf(effect), out);
  if (action == ofx::action::kInstanceChanged) return instanceChanged(instanceOf(effect), in);
  if (action == ofx::action::kPurgeCaches) return purge(instanceOf(effect));
  return ofx::kReplyDefault;
}

OfxStatus entry(const char* action, const void* handle, OfxPropertySetHandle in, OfxPropertySetHandle out) {
  auto* effect = static_cast<OfxImageEffectHandle>(const_cast<void*>(handle));
  try {
    return action == nullptr ? ofx::kErrValue : answer(action, effect, Properties(in), Properties(out));
  } catch (const Fault& fault) {
    return fault.status();
  } catch (const std::bad_alloc&) {
    return ofx::kErrMemory;
  } catch (...) {
    return ofx::kFailed;
  }
}

OfxPlugin g_plugin = {ofx::kImageEffectApi, ofx::kImageEffectApiVersion, "org.art3d.stereo", 1, 0, setHost, entry};

}  // namespace
}  // namespace art3d

ART3D_EXPORT int OfxGetNumberOfPlugins() { return 1; }

ART3D_EXPORT OfxPlugin* OfxGetPlugin(int nth) { return nth == 0 ? &art3d::g_plugin : nullptr; }

ART3D_EXPORT OfxStatus OfxSetHost(const OfxHost* host) {
  if (host == nullptr) return ofx::kErrValue;
  art3d::setHost(const_cast<OfxHost*>(host));
  return ofx::kOk;
}
