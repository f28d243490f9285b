#include "host.h"

namespace art3d {
namespace {

OfxHost* g_host = nullptr;
Suites g_suites;

template <class Suite>
const Suite* fetch(ofx::Name name, int version) {
  return static_cast<const Suite*>(g_host->fetchSuite(g_host->host, name, version));
}

}  // namespace

const Suites& suites() { return g_suites; }

void setHost(OfxHost* host) { g_host = host; }

OfxPropertySetHandle hostProperties() { return g_host != nullptr ? g_host->host : nullptr; }

bool fetchSuites() {
  if (g_host == nullptr || g_host->fetchSuite == nullptr) return false;
  g_suites.property = fetch<OfxPropertySuiteV1>(ofx::suite::kProperty, 1);
  g_suites.effect = fetch<OfxImageEffectSuiteV1>(ofx::suite::kImageEffect, 1);
  g_suites.parameter = fetch<OfxParameterSuiteV1>(ofx::suite::kParameter, 1);
  g_suites.message = fetch<OfxMessageSuiteV2>(ofx::suite::kMessage, 2);
  g_suites.progress = fetch<OfxProgressSuiteV2>(ofx::suite::kProgress, 2);
  return g_suites.property != nullptr && g_suites.effect != nullptr && g_suites.parameter != nullptr;
}

void Properties::set(ofx::Name name, const char* value, int index) const {
  suites().property->propSetString(handle_, name, index, value);
}

void Properties::set(ofx::Name name, double value, int index) const {
  suites().property->propSetDouble(handle_, name, index, value);
}

void Properties::set(ofx::Name name, int value, int index) const {
  suites().property->propSetInt(handle_, name, index, value);
}

void Properties::set(ofx::Name name, void* value) const {
  suites().property->propSetPointer(handle_, name, 0, value);
}

void Properties::setRect(ofx::Name name, const OfxRectD& rect) const {
  const double corners[] = {rect.x1, rect.y1, rect.x2, rect.y2};
  suites().property->propSetDoubleN(handle_, name, 4, corners);
}

std::string Properties::text(ofx::Name name, const char* otherwise) const {
  char* found = nullptr;
  const bool ok = handle_ != nullptr && suites().property->propGetString(handle_, name, 0, &found) == ofx::kOk;
  return ok && found != nullptr ? found : otherwise;
}

int Properties::integer(ofx::Name name, int otherwise) const {
  int found = 0;
  const bool ok = handle_ != nullptr && suites().property->propGetInt(handle_, name, 0, &found) == ofx::kOk;
  return ok ? found : otherwise;
}

double Properties::number(ofx::Name name, double otherwise) const {
  double found = 0;
  const bool ok = handle_ != nullptr && suites().property->propGetDouble(handle_, name, 0, &found) == ofx::kOk;
  return ok ? found : otherwise;
}

void* Properties::pointer(ofx::Name name) const {
  void* found = nullptr;
  const bool ok = handle_ != nullptr && suites().property->propGetPointer(handle_, name, 0, &found) == ofx::kOk;
  return ok ? found : nullptr;
}

std::optional<OfxRectI> Properties::rectI(ofx::Name name) const {
  int corners[4] = {};
  if (handle_ == nullptr || suites().property->propGetIntN(handle_, name, 4, corners) != ofx::kOk) return {};
  return OfxRectI{corners[0], corners[1], corners[2], corners[3]};
}

std::optional<std::array<double, 2>> Properties::pair(ofx::Name name) const {
  std::array<double, 2> found{};
  if (handle_ == nullptr || suites().property->propGetDoubleN(handle_, name, 2, found.data()) != ofx::kOk) return {};
  return found;
}

void showFault(OfxImageEffectHandle effect, const std::string& line) {
  if (suites().message == nullptr || suites().message->setPersistentMessage == nullptr) return;
  suites().message->setPersistentMessage(effect, ofx::value::kMessageError, "art3d.fault", "%s", line.c_str());
}

void clearFault(OfxImageEffectHandle effect) {
  if (suites().message == nullptr || suites().message->clearPersistentMessage == nullptr) return;
  suites().message->clearPersistentMessage(effect);
}

}  // namespace art3d
