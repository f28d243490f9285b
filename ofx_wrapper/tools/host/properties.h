// Property sets of the small host, and the suite that reads and writes them.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "ofx_suites.h"

namespace small {

using Value = std::variant<void*, std::string, double, int>;

struct PropertySet {
  std::map<std::string, std::vector<Value>> values;

  void put(const std::string& name, std::vector<Value> all) { values[name] = std::move(all); }
  OfxPropertySetHandle handle() { return reinterpret_cast<OfxPropertySetHandle>(this); }
  static PropertySet& of(OfxPropertySetHandle handle) { return *reinterpret_cast<PropertySet*>(handle); }
};

const OfxPropertySuiteV1& propertySuite();

}  // namespace small
