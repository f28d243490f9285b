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

struct Suites {
  const OfxPropertySuiteV1* property = nullptr;
  const OfxImageEffectSuiteV1* effect = nullptr;
  const OfxParameterSuiteV1* parameter = nullptr;
  const OfxMessageSuiteV2* message = nullptr;    // optional
  const OfxProgressSuiteV2* progress = nullptr;  // optional
};

const Suites& suites();
void setHost(OfxHost* host);
// Fetches the suites; false when one that Art3D cannot do without is missing.
bool fetchSuites();
OfxPropertySetHandle hostProperties();

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

  std::string text(ofx::Name name, const char* otherwise = "") const;
  int integer(ofx::Name name, int otherwise) const;
  double number(ofx::Name name, double otherwise) const;
  void* pointer(ofx::Name name) const;
  std::optional<OfxRectI> rectI(ofx::Name name) const;
  std::optional<std::array<double, 2>> pair(ofx::Name name) const;
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  OfxPropertySetHandle handle_;
};

// What the artist sees on the node. Both do nothing where the host has no messages.
void showFault(OfxImageEffectHandle effect, const std::string& line);
void clearFault(OfxImageEffectHandle effect);

}  // namespace art3d
