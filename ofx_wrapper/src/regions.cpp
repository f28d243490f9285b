#include "actions.h"
#include "windows.h"

namespace art3d {
namespace {

bool isAnalysis(Output output) {
  return output == Output::kDisparity || output == Output::kInverseDepth || output == Output::kOcclusion;
}

}  // namespace

OfxStatus clipPreferences(const Instance& instance, const Properties& out) {
  const Settings settings = instance.knobs.at(0);
  const std::string name = ofx::value::kOutputClip;
  const std::string plate = Properties(instance.source.properties).text(ofx::prop::kUnmappedComponents);
  const bool known = plate == ofx::value::kComponentRgb || plate == ofx::value::kComponentAlpha;
  const std::string components = known && !isAnalysis(settings.output) ? plate : ofx::value::kComponentRgba;
  out.set((ofx::prop::kClipComponentsPrefix + name).c_str(), components);
  if (!isAnalysis(settings.output)) {
    out.set((std::string(ofx::prop::kClipComponentsPrefix) + ofx::value::kSourceClip).c_str(), components);
  }
  const bool mixes = Properties(hostProperties()).integer(ofx::prop::kMultipleClipDepths, 0) != 0;
  if (mixes && settings.output == Output::kDisparity) {
    out.set((ofx::prop::kClipDepthPrefix + name).c_str(), ofx::value::kDepthFloat);
  }
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
  const OfxRectD whole = regionsOf(instance, instance.knobs.at(time), time).source;
  const std::string prefix = ofx::prop::kClipRoiPrefix;
  out.setRect((prefix + ofx::value::kSourceClip).c_str(), whole);
  for (const auto& [name, clip] : {std::pair<const char*, const Clip*>{clip::kDepth, &instance.depth},
                                   {clip::kMatte, &instance.matte},
                                   {clip::kCleanPlate, &instance.cleanPlate}}) {
    if (clip->connected()) out.setRect((prefix + name).c_str(), whole);
  }
  return ofx::kOk;
}

OfxStatus isIdentity(const Instance& instance, const Properties& in, const Properties& out) {
  const OfxTime time = in.number(ofx::prop::kTime, 0);
  const Settings settings = instance.knobs.at(time);
  const bool plate = (settings.output == Output::kLeft && settings.heroIs("left")) ||
                     (settings.output == Output::kRight && settings.heroIs("right"));
  if (!plate) return ofx::kReplyDefault;
  out.set(ofx::prop::kName, ofx::value::kSourceClip);
  out.set(ofx::prop::kTime, static_cast<double>(time));
  return ofx::kOk;
}

}  // namespace art3d
