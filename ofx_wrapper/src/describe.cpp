#include "actions.h"

namespace art3d {
namespace {

constexpr const char* kDepths[] = {ofx::value::kDepthFloat, ofx::value::kDepthHalf, ofx::value::kDepthShort,
                                   ofx::value::kDepthByte};
constexpr const char* kComponents[] = {ofx::value::kComponentRgba, ofx::value::kComponentRgb,
                                       ofx::value::kComponentAlpha};

Properties propertiesOf(OfxImageEffectHandle effect) {
  OfxPropertySetHandle handle = nullptr;
  if (suites().effect.getPropertySet(effect, &handle) != ofx::kOk) throw Fault("bad handle", ofx::kErrBadHandle);
  return Properties(handle);
}

void defineClip(OfxImageEffectHandle effect, const char* name, const char* label, bool optional, bool mask) {
  OfxPropertySetHandle handle = nullptr;
  if (suites().effect.clipDefine(effect, name, &handle) != ofx::kOk) {
    // A host that takes no further inputs still gets a working node.
    if (optional) return;
    throw Fault(std::string("the host refuses the clip ") + name, ofx::kErrMissingHostFeature);
  }
  const Properties p(handle);
  p.set(ofx::prop::kLabel, label);
  for (int i = 0; i < 3; ++i) p.set(ofx::prop::kSupportedComponents, kComponents[i], i);
  p.set(ofx::prop::kClipOptional, optional ? 1 : 0);
  p.set(ofx::prop::kClipIsMask, mask ? 1 : 0);
  // A shot steadies a network's depth with the frames around.
  p.set(ofx::prop::kTemporalClipAccess, name == std::string(ofx::value::kOutputClip) ? 0 : 1);
  // The analysis is of the whole frame: only the output comes in tiles.
  p.set(ofx::prop::kSupportsTiles, name == std::string(ofx::value::kOutputClip) ? 1 : 0);
}

}  // namespace

OfxStatus describe(OfxImageEffectHandle effect) {
  const Properties p = propertiesOf(effect);
  p.set(ofx::prop::kLabel, "Art3D");
  p.set(ofx::prop::kGrouping, "Art3D");
  p.set(ofx::prop::kPluginDescription,
        "Turns a flat plate into stereo the way a stereographer would: a style stages the depth, three knobs direct it.");
  p.set(ofx::prop::kSupportedContexts, ofx::value::kContextFilter, 0);
  p.set(ofx::prop::kSupportedContexts, ofx::value::kContextGeneral, 1);
  for (int i = 0; i < 4; ++i) p.set(ofx::prop::kSupportedPixelDepths, kDepths[i], i);
  p.set(ofx::prop::kSingleInstance, 0);
  p.set(ofx::prop::kRenderThreadSafety, ofx::value::kRenderFullySafe);
  p.set(ofx::prop::kHostFrameThreading, 1);
  p.set(ofx::prop::kSupportsMultiResolution, 1);
  p.set(ofx::prop::kSupportsTiles, 1);
  p.set(ofx::prop::kTemporalClipAccess, 1);
  p.set(ofx::prop::kMultipleClipDepths, 1);
  p.set(ofx::prop::kMultipleClipPars, 0);
  p.set(ofx::prop::kClipPreferencesSlaveParam, "output", 0);
  p.set(ofx::prop::kClipPreferencesSlaveParam, "shot", 1);
  p.set(ofx::prop::kColourStyle, ofx::value::kColourBasic);
  p.set(ofx::prop::kColourConfigs, ofx::value::kColourConfig15);
  return ofx::kOk;
}

OfxStatus describeInContext(OfxImageEffectHandle effect) {
  defineClip(effect, ofx::value::kSourceClip, "Source", false, false);
  defineClip(effect, clip::kDepth, "Depth", true, false);
  defineClip(effect, clip::kMatte, "Matte", true, true);
  defineClip(effect, clip::kCleanPlate, "Clean Plate", true, false);
  defineClip(effect, clip::kCleanDepth, "Clean Depth", true, false);
  defineClip(effect, ofx::value::kOutputClip, "Output", false, false);
  OfxParamSetHandle set = nullptr;
  if (suites().effect.getParamSet(effect, &set) != ofx::kOk) throw Fault("the host gives no parameters");
  defineKnobs(set);
  return ofx::kOk;
}

}  // namespace art3d
