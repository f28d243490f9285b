// A descriptor or an instance of the small host: clips, parameters, messages, and the suites over them.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "properties.h"

namespace small {

struct Effect;

// Pixels in memory, bottom row first.
struct Picture {
  int width = 0, height = 0, channels = 4;
  std::string depth;
  std::vector<uint8_t> bytes;

  int rowBytes() const;
};

struct Clip {
  Effect* owner = nullptr;
  PropertySet properties;
  Picture* picture = nullptr;
  PropertySet image;
};

struct Parameter {
  std::string type;
  PropertySet properties;
  // What was set, in place of the default.
  std::vector<Value> value;

  Value now() const;
};

struct Effect {
  PropertySet properties;
  std::map<std::string, Clip> clips;
  std::map<std::string, Parameter> parameters;
  std::string message;
  int pollsLeft = -1;  // of kOfxImageEffect abort before the host wants to stop; -1: it never does
  int openImages = 0;

  void* handle() { return this; }
};

const OfxImageEffectSuiteV1& effectSuite();
const OfxParameterSuiteV1& parameterSuite();
const OfxMessageSuiteV2& messageSuite();

}  // namespace small
