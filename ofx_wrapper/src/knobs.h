// The knob table as OpenFX parameters, and one reading of all of them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "art3d_knobs.h"
#include "host.h"
#include "messages.h"

namespace art3d {

// The Output knob's choices in the table's order, which old scripts count by.
enum class Output {
  kLeft, kRight, kSideBySide, kAnaglyph, kDisparity, kInverseDepth, kOcclusion, kOverUnder, kWindowMasks
};
constexpr int kOutputs = static_cast<int>(Output::kWindowMasks) + 1;

// Defines every knob on a descriptor.
void defineKnobs(OfxParamSetHandle set);

// A line in which options of the command line, such as `--depth-gain`, read as the knobs' labels.
std::string withLabels(const std::string& line);

// The largest value that a number knob takes.
double mostOf(const char* name);

// All knobs at one moment.
struct Settings {
  wire::Controls controls;
  wire::AnalysisSettings analysis;
  Output output = Output::kRight;
  bool sourceIsPicture = false;
  std::string inputColour = "auto";
  bool useDepth = true, useMatte = true, useCleanPlate = true, useCleanDepth = true;
  std::string shot, server, serverCommand;
  int64_t shotFrame = 0;  // the moment's number in the shot file

  bool heroIs(const char* eye) const { return controls.hero == eye; }
  // A channel of the analysis, which is no colour.
  bool isAnalysis() const {
    return output == Output::kDisparity || output == Output::kInverseDepth || output == Output::kOcclusion ||
           output == Output::kWindowMasks;
  }
  // A floating window darkens the views themselves, the hero's too.
  bool masksPicture() const { return controls.floatingWindow != "off" && controls.floatingMask == "picture"; }
  // The hero eye, which is the plate.
  bool isPlate() const {
    return !masksPicture() && ((output == Output::kLeft && heroIs("left")) || (output == Output::kRight && heroIs("right")));
  }
  bool showsCleanPlate() const { return controls.fill == "clean-plate"; }
  // It says where a clean plate stands and nothing else.
  bool takesCleanDepth() const { return useCleanDepth && showsCleanPlate(); }
  // Both eyes in one picture.
  bool isPair() const { return output == Output::kSideBySide || output == Output::kOverUnder; }
};

// The parameters of one instance.
class Knobs {
 public:
  explicit Knobs(OfxImageEffectHandle effect);
  Settings at(OfxTime time) const;
  // Follows a change of a knob: a pick becomes the name beside it, a name shows as what could be picked.
  void changed(const std::string& name) const;
  // Greys out what the other knobs leave without effect, and lets the pickers show the names.
  void settle() const;

 private:
  struct Picker {
    OfxParamHandle handle = nullptr, name = nullptr;
    OfxPropertySetHandle properties = nullptr;
  };
  void pick(const Picker& picker) const;
  void show(const Picker& picker, const std::string& name) const;

  double number(const char* name, OfxTime time) const;
  int index(const char* name, OfxTime time) const;
  std::string choice(const char* name, OfxTime time) const;
  std::string text(const char* name, OfxTime time) const;

  std::array<OfxParamHandle, kKnobs.size()> handles_{};
  OfxPropertySetHandle sculpt_ = nullptr;
  std::map<std::string, Picker> pickers_;  // by the knob whose name they pick
};

}  // namespace art3d
