#include <cmath>

#include "actions.h"
#include "picture_windows.h"

namespace art3d {
namespace {

// The inputs that something feeds and the knobs use, the plate first.
std::vector<std::pair<const char*, const Clip*>> inputs(const Instance& instance, const Settings& settings) {
  struct Optional {
    const char* name;
    const Clip* clip;
    bool use;
  };
  std::vector<std::pair<const char*, const Clip*>> found{{ofx::value::kSourceClip, &instance.source}};
  for (const Optional& input : {Optional{clip::kDepth, &instance.depth, settings.useDepth},
                                Optional{clip::kMatte, &instance.matte, settings.useMatte},
                                Optional{clip::kCleanPlate, &instance.cleanPlate, settings.useCleanPlate},
                                Optional{clip::kCleanDepth, &instance.cleanDepth, settings.takesCleanDepth()}}) {
    if (input.use && input.clip->connected()) found.emplace_back(input.name, input.clip);
  }
  return found;
}

}  // namespace

OfxStatus clipPreferences(const Instance& instance, const Properties& out) {
  const Settings settings = instance.knobs.at(0);
  const std::string name = ofx::value::kOutputClip;
  const std::string plate = Properties(instance.source.properties).text(ofx::prop::kUnmappedComponents);
  const bool known = plate == ofx::value::kComponentRgb || plate == ofx::value::kComponentAlpha;
  const std::string components = known && !settings.isAnalysis() ? plate : ofx::value::kComponentRgba;
  out.set((ofx::prop::kClipComponentsPrefix + name).c_str(), components);
  if (!settings.isAnalysis()) {
    out.set((std::string(ofx::prop::kClipComponentsPrefix) + ofx::value::kSourceClip).c_str(), components);
  }
  const bool mixes = Properties(hostProperties()).integer(ofx::prop::kMultipleClipDepths, 0) != 0;
  if (mixes && settings.output == Output::kDisparity) {
    out.set((ofx::prop::kClipDepthPrefix + name).c_str(), ofx::value::kDepthFloat);
  }
  const std::string spaces = std::string(ofx::prop::kPreferredColourspacesPrefix) + ofx::value::kSourceClip;
  out.set(spaces.c_str(), ofx::value::kSceneLinear, 0);
  out.set(spaces.c_str(), ofx::value::kDisplaySdr, 1);
  // A disparity or a depth is no colour that an alpha weighs.
  if (settings.isAnalysis()) out.set(ofx::prop::kPreMultiplication, ofx::value::kUnPreMultiplied);
  // A shot fixes something else for every frame, even of a still plate.
  out.set(ofx::prop::kFrameVarying, settings.shot.empty() ? 0 : 1);
  return ofx::kOk;
}

OfxStatus regionOfDefinition(const Instance& instance, const Properties& in, const Properties& out) {
  const OfxTime time = in.number(ofx::prop::kTime, 0);
  const Settings settings = instance.knobs.at(time);
  out.setRect(ofx::prop::kRegionOfDefinition, regionsOf(instance, settings, time).output(settings));
  return ofx::kOk;
}

OfxStatus regionsOfInterest(const Instance& instance, const Properties& in, const Properties& out) {
  const OfxTime time = in.number(ofx::prop::kTime, 0);
  const Settings settings = instance.knobs.at(time);
  const OfxRectD whole = regionsOf(instance, settings, time).source;
  for (const auto& [name, clip] : inputs(instance, settings)) out.setRect((std::string(ofx::prop::kClipRoiPrefix) + name).c_str(), whole);
  return ofx::kOk;
}

OfxStatus framesNeeded(Instance& instance, const Properties& in, const Properties& out) {
  const OfxTime time = in.number(ofx::prop::kTime, 0);
  const Settings settings = instance.knobs.at(time);
  if (settings.shot.empty() || settings.isPlate()) return ofx::kReplyDefault;
  ShotAt shot;
  try {
    shot = instance.shots.at(settings.shot, settings.shotFrame, settings.analysis);
  } catch (const Fault&) {
    return ofx::kReplyDefault;  // the render says what is wrong with the shot file
  }
  for (const auto& [name, clip] : inputs(instance, settings)) {
    const std::string range = std::string(ofx::prop::kClipFramesPrefix) + name;
    out.set(range.c_str(), time - static_cast<double>(shot.before), 0);
    out.set(range.c_str(), time + static_cast<double>(shot.after), 1);
  }
  return ofx::kOk;
}

OfxStatus isIdentity(const Instance& instance, const Properties& in, const Properties& out) {
  const OfxTime time = in.number(ofx::prop::kTime, 0);
  const Settings settings = instance.knobs.at(time);
  if (!settings.isPlate()) return ofx::kReplyDefault;
  out.set(ofx::prop::kName, ofx::value::kSourceClip);
  out.set(ofx::prop::kTime, static_cast<double>(time));
  return ofx::kOk;
}

}  // namespace art3d
