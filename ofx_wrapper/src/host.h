// The host as Art3D sees it: its suites, and property sets that never fail for what a host may leave out.
#pragma once

#include <array>
#include <optional>
#include <stdexcept>
#include <string>

#include "ofx_names.h"
#include "ofx_suites.h"

namespace art3d {

// A fault meant for a person: one clear line and, where there is one, what to do about it.
class Fault : public std::runtime_error {
 public:
  explicit Fault(const std::string& line, OfxStatus status = ofx::kFailed) : runtime_error(line), status_(status) {}
  OfxStatus status() const { return status_; }

 private:
  OfxStatus status_;
};

// The host asked to stop; not a fault, and nothing to tell anybody.
struct Aborted {};

// The host's suites. A function that the host leaves out is one that answers kOfxStatErrUnsupported, so that every
// pointer here may be called; only the messages, where it matters which of them there is, stay null.
struct Suites {
  OfxPropertySuiteV1 property{};
  OfxImageEffectSuiteV1 effect{};
  OfxParameterSuiteV1 parameter{};
  OfxMessageSuiteV2 message{};    // `message` alone where the host has version 1 only
  OfxProgressSuiteV2 progress{};  // of either version
};

const Suites& suites();
void setHost(OfxHost* host);
// Fetches the suites; false when one that Art3D cannot do without is missing. May be called again at any time.
bool fetchSuites();
OfxPropertySetHandle hostProperties();
// Whether the host calls itself by a name that starts like this.
bool hostIs(const char* name);
// Whether pictures of one node may differ in size. Where a host does not say, none is made that could be cut off.
bool multiResolution();

// A property set. Setting ignores what the host does not know; getting falls back to the given default.
class Properties {
 public:
  explicit Properties(OfxPropertySetHandle handle) : handle_(handle) {}

  void set(ofx::Name name, const char* value, int index = 0) const;
  void set(ofx::Name name, const std::string& value, int index = 0) const { set(name, value.c_str(), index); }
  void set(ofx::Name name, double value, int index = 0) const;
  void set(ofx::Name name, int value, int index = 0) const;
  void set(ofx::Name name, void* value) const;
  void setRect(ofx::Name name, const OfxRectD& rect) const;

  std::string text(ofx::Name name, const char* otherwise = "", int index = 0) const;
  int integer(ofx::Name name, int otherwise) const;
  double number(ofx::Name name, double otherwise) const;
  void* pointer(ofx::Name name) const;
  std::optional<OfxRectI> rectI(ofx::Name name) const;
  std::optional<std::array<double, 2>> pair(ofx::Name name) const;
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  OfxPropertySetHandle handle_;
};

}  // namespace art3d
