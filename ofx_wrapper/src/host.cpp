#include "host.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include "suites.h"

namespace art3d {
namespace {

std::mutex g_mutex;
std::atomic<OfxHost*> g_host{nullptr};
std::atomic<const Suites*> g_suites{nullptr};
// A host may hand out its suites again while another thread renders: none that was ever used goes away.
std::vector<std::unique_ptr<const Suites>> g_fetched;

const Suites& none() {
  static const Suites empty{};
  return empty;
}

}  // namespace

const Suites& suites() {
  const Suites* found = g_suites.load(std::memory_order_acquire);
  return found != nullptr ? *found : none();
}

void setHost(OfxHost* host) { g_host = host; }

OfxPropertySetHandle hostProperties() {
  const OfxHost* host = g_host;
  return host != nullptr ? host->host : nullptr;
}

bool fetchSuites() {
  const OfxHost* host = g_host;
  if (host == nullptr) return false;
  const std::lock_guard lock(g_mutex);
  auto found = suitesOf(*host);
  if (!found) return false;
  const Suites* now = g_suites.load();
  if (now != nullptr && std::memcmp(now, &*found, sizeof(Suites)) == 0) return true;
  g_fetched.push_back(std::make_unique<const Suites>(*found));
  g_suites.store(g_fetched.back().get(), std::memory_order_release);
  return true;
}

bool hostIs(const char* name) { return Properties(hostProperties()).text(ofx::prop::kName).rfind(name, 0) == 0; }

bool multiResolution() { return Properties(hostProperties()).integer(ofx::prop::kSupportsMultiResolution, 0) != 0; }

void Properties::set(ofx::Name name, const char* value, int index) const {
  suites().property.propSetString(handle_, name, index, value);
}

void Properties::set(ofx::Name name, double value, int index) const {
  suites().property.propSetDouble(handle_, name, index, value);
}

void Properties::set(ofx::Name name, int value, int index) const {
  suites().property.propSetInt(handle_, name, index, value);
}

void Properties::set(ofx::Name name, void* value) const {
  suites().property.propSetPointer(handle_, name, 0, value);
}

void Properties::setRect(ofx::Name name, const OfxRectD& rect) const {
  const double corners[] = {rect.x1, rect.y1, rect.x2, rect.y2};
  if (suites().property.propSetDoubleN(handle_, name, 4, corners) == ofx::kOk) return;
  for (int i = 0; i < 4; ++i) set(name, corners[i], i);
}

std::string Properties::text(ofx::Name name, const char* otherwise, int index) const {
  char* found = nullptr;
  const bool ok = handle_ != nullptr && suites().property.propGetString(handle_, name, index, &found) == ofx::kOk;
  return ok && found != nullptr ? found : otherwise;
}

int Properties::integer(ofx::Name name, int otherwise) const {
  int found = 0;
  const bool ok = handle_ != nullptr && suites().property.propGetInt(handle_, name, 0, &found) == ofx::kOk;
  return ok ? found : otherwise;
}

double Properties::number(ofx::Name name, double otherwise) const {
  double found = 0;
  const bool ok = handle_ != nullptr && suites().property.propGetDouble(handle_, name, 0, &found) == ofx::kOk;
  return ok ? found : otherwise;
}

void* Properties::pointer(ofx::Name name) const {
  void* found = nullptr;
  const bool ok = handle_ != nullptr && suites().property.propGetPointer(handle_, name, 0, &found) == ofx::kOk;
  return ok ? found : nullptr;
}

std::optional<OfxRectI> Properties::rectI(ofx::Name name) const {
  int corners[4] = {};
  if (handle_ == nullptr) return {};
  if (suites().property.propGetIntN(handle_, name, 4, corners) != ofx::kOk) {
    for (int i = 0; i < 4; ++i) {
      if (suites().property.propGetInt(handle_, name, i, &corners[i]) != ofx::kOk) return {};
    }
  }
  return OfxRectI{corners[0], corners[1], corners[2], corners[3]};
}

std::optional<std::array<double, 2>> Properties::pair(ofx::Name name) const {
  std::array<double, 2> found{};
  if (handle_ == nullptr) return {};
  if (suites().property.propGetDoubleN(handle_, name, 2, found.data()) != ofx::kOk) {
    for (int i = 0; i < 2; ++i) {
      if (suites().property.propGetDouble(handle_, name, i, &found[static_cast<size_t>(i)]) != ofx::kOk) return {};
    }
  }
  return found;
}

}  // namespace art3d
