#include "suites.h"

namespace art3d {
namespace {

template <class... Arguments>
void close(OfxStatus (*&function)(Arguments...)) {
  if (function == nullptr) function = [](Arguments...) -> OfxStatus { return ofx::kErrUnsupported; };
}

OfxStatus unsupportedValue(OfxParamHandle, ...) { return ofx::kErrUnsupported; }

template <class... Functions>
void closeAll(Functions*&... functions) {
  (close(functions), ...);
}

template <class... Functions>
bool all(Functions*... functions) {
  return (... && (functions != nullptr));
}

template <class Suite>
const Suite* fetch(const OfxHost& host, ofx::Name name, int version) {
  return static_cast<const Suite*>(host.fetchSuite(host.host, name, version));
}

bool usable(const OfxPropertySuiteV1& p) {
  return all(p.propSetPointer, p.propSetString, p.propSetDouble, p.propSetInt) &&
         all(p.propGetPointer, p.propGetString, p.propGetDouble, p.propGetInt);
}

bool usable(const OfxImageEffectSuiteV1& e) {
  return all(e.getPropertySet, e.getParamSet, e.clipDefine, e.clipGetHandle, e.clipGetImage, e.clipReleaseImage);
}

bool usable(const OfxParameterSuiteV1& p) { return all(p.paramDefine, p.paramGetHandle, p.paramGetValueAtTime); }

void closeGaps(Suites& s) {
  auto& p = s.property;
  closeAll(p.propSetPointerN, p.propSetStringN, p.propSetDoubleN, p.propSetIntN, p.propGetPointerN, p.propGetStringN,
           p.propGetDoubleN, p.propGetIntN, p.propReset, p.propGetDimension);
  // No wish to stop is 0, which here is no status.
  if (s.effect.abort == nullptr) s.effect.abort = [](OfxImageEffectHandle) { return 0; };
  closeAll(s.effect.clipGetPropertySet, s.effect.clipGetRegionOfDefinition);
  closeAll(s.parameter.paramSetGetPropertySet, s.parameter.paramGetPropertySet);
  if (s.parameter.paramSetValue == nullptr) s.parameter.paramSetValue = unsupportedValue;
  closeAll(s.progress.progressStart, s.progress.progressUpdate, s.progress.progressEnd);
}

OfxMessageSuiteV2 messages(const OfxHost& host) {
  if (const auto* two = fetch<OfxMessageSuiteV2>(host, ofx::suite::kMessage, 2)) {
    if (two->setPersistentMessage != nullptr) return *two;
    // One that cannot show a message that stays has none to clear: what such a host has in that place is not called.
    if (two->message != nullptr) return {two->message, nullptr, nullptr};
  }
  const auto* one = fetch<OfxMessageSuiteV1>(host, ofx::suite::kMessage, 1);
  return {one != nullptr ? one->message : nullptr, nullptr, nullptr};
}

const OfxProgressSuiteV1* g_progress = nullptr;

OfxProgressSuiteV2 progress(const OfxHost& host) {
  if (const auto* two = fetch<OfxProgressSuiteV2>(host, ofx::suite::kProgress, 2)) return *two;
  g_progress = fetch<OfxProgressSuiteV1>(host, ofx::suite::kProgress, 1);
  if (g_progress == nullptr || g_progress->progressStart == nullptr) return {};
  const auto start = [](void* effect, const char* text, const char*) { return g_progress->progressStart(effect, text); };
  return {start, g_progress->progressUpdate, g_progress->progressEnd};
}

}  // namespace

bool setsParameters() { return suites().parameter.paramSetValue != unsupportedValue; }

std::optional<Suites> suitesOf(const OfxHost& host) {
  if (host.fetchSuite == nullptr) return std::nullopt;
  const auto* property = fetch<OfxPropertySuiteV1>(host, ofx::suite::kProperty, 1);
  const auto* effect = fetch<OfxImageEffectSuiteV1>(host, ofx::suite::kImageEffect, 1);
  const auto* parameter = fetch<OfxParameterSuiteV1>(host, ofx::suite::kParameter, 1);
  if (property == nullptr || effect == nullptr || parameter == nullptr) return std::nullopt;
  if (!usable(*property) || !usable(*effect) || !usable(*parameter)) return std::nullopt;
  Suites found{*property, *effect, *parameter, messages(host), progress(host)};
  closeGaps(found);
  return found;
}

}  // namespace art3d
