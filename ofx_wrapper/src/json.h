// Just enough JSON to read a shot file: a bounded, recursive reader that throws for anything else.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace art3d::json {

// null, true and false, a number, a text, a list or a map.
struct Value {
  enum class Kind { kNull, kBool, kNumber, kText, kList, kMap };
  Kind kind = Kind::kNull;
  bool truth = false;
  double number = 0;
  std::string text;
  std::vector<Value> list;
  std::map<std::string, Value> map;

  // A member of a map. Throws std::out_of_range.
  const Value& operator[](const std::string& name) const { return map.at(name); }
};

// Throws std::invalid_argument.
Value read(const std::string& text);

}  // namespace art3d::json
