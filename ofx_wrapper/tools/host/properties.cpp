#include "properties.h"

namespace small {
namespace {

// What a value of a property is in C.
template <class Kind>
Kind inC(const Value& value) {
  if constexpr (std::is_same_v<Kind, char*>) {
    const auto* text = std::get_if<std::string>(&value);
    return text == nullptr ? nullptr : const_cast<char*>(text->c_str());
  } else if constexpr (std::is_same_v<Kind, void*>) {
    const auto* pointer = std::get_if<void*>(&value);
    return pointer == nullptr ? nullptr : *pointer;
  } else {
    if (const auto* number = std::get_if<double>(&value)) return static_cast<Kind>(*number);
    const auto* number = std::get_if<int>(&value);
    return number == nullptr ? Kind{} : static_cast<Kind>(*number);
  }
}

template <class Given>
Value held(Given value) {
  if constexpr (std::is_same_v<Given, const char*>) {
    return std::string(value == nullptr ? "" : value);
  } else {
    return value;
  }
}

template <class Given>
OfxStatus set(OfxPropertySetHandle handle, const char* name, int index, Given value) {
  if (handle == nullptr) return ofx::kErrBadHandle;
  auto& values = PropertySet::of(handle).values[name];
  const auto at = static_cast<size_t>(index);
  if (values.size() <= at) values.resize(at + 1);
  values[at] = held(value);
  return ofx::kOk;
}

template <class Given>
OfxStatus setAll(OfxPropertySetHandle handle, const char* name, int count, const Given* given) {
  for (int i = 0; i < count; ++i) {
    if (const OfxStatus status = set<Given>(handle, name, i, given[i]); status != ofx::kOk) return status;
  }
  return ofx::kOk;
}

template <class Kind>
OfxStatus get(OfxPropertySetHandle handle, const char* name, int index, Kind* value) {
  if (handle == nullptr) return ofx::kErrBadHandle;
  const auto& values = PropertySet::of(handle).values;
  const auto found = values.find(name);
  if (found == values.end()) return ofx::kErrUnknown;
  if (index < 0 || static_cast<size_t>(index) >= found->second.size()) return ofx::kErrBadIndex;
  *value = inC<Kind>(found->second[static_cast<size_t>(index)]);
  return ofx::kOk;
}

template <class Kind>
OfxStatus getAll(OfxPropertySetHandle handle, const char* name, int count, Kind* values) {
  for (int i = 0; i < count; ++i) {
    if (const OfxStatus status = get(handle, name, i, values + i); status != ofx::kOk) return status;
  }
  return ofx::kOk;
}

OfxStatus reset(OfxPropertySetHandle handle, const char* name) {
  PropertySet::of(handle).values.erase(name);
  return ofx::kOk;
}

OfxStatus dimension(OfxPropertySetHandle handle, const char* name, int* count) {
  const auto& values = PropertySet::of(handle).values;
  const auto found = values.find(name);
  *count = found == values.end() ? 0 : static_cast<int>(found->second.size());
  return found == values.end() ? ofx::kErrUnknown : ofx::kOk;
}

}  // namespace

const OfxPropertySuiteV1& propertySuite() {
  static const OfxPropertySuiteV1 suite = {
      set<void*>,    set<const char*>,    set<double>,    set<int>,    setAll<void*>, setAll<const char*>,
      setAll<double>, setAll<int>,        get<void*>,     get<char*>,  get<double>,   get<int>,
      getAll<void*>, getAll<char*>,       getAll<double>, getAll<int>, reset,         dimension};
  return suite;
}

}  // namespace small
