#include "knobs.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace art3d {
namespace {

constexpr int kFirstServerKnob = 14;  // from here on knobs that an artist rarely needs

size_t knobAt(std::string_view name) {
  const auto found = std::find_if(kKnobs.begin(), kKnobs.end(), [&](const KnobSpec& k) { return name == k.name; });
  return static_cast<size_t>(found - kKnobs.begin());
}

const char* typeOf(KnobKind kind) {
  switch (kind) {
    case KnobKind::kFloat:
      return ofx::value::kParamDouble;
    case KnobKind::kInt:
      return ofx::value::kParamInteger;
    case KnobKind::kChoice:
      return ofx::value::kParamChoice;
    case KnobKind::kBool:
      return ofx::value::kParamBoolean;
    case KnobKind::kText:
      break;
  }
  return ofx::value::kParamString;
}

Properties define(OfxParamSetHandle set, const char* type, const char* name) {
  OfxPropertySetHandle handle = nullptr;
  if (suites().parameter->paramDefine(set, type, name, &handle) != ofx::kOk || handle == nullptr) {
    throw Fault(std::string("the host refuses the parameter ") + name);
  }
  return Properties(handle);
}

template <typename Number>
void setLimits(const Properties& p, const KnobSpec& knob) {
  p.set(ofx::prop::kParamDefault, static_cast<Number>(knob.number));
  for (const auto name : {ofx::prop::kParamMin, ofx::prop::kParamDisplayMin}) p.set(name, static_cast<Number>(knob.minimum));
  for (const auto name : {ofx::prop::kParamMax, ofx::prop::kParamDisplayMax}) p.set(name, static_cast<Number>(knob.maximum));
}

void defineKnob(OfxParamSetHandle set, const KnobSpec& knob) {
  const Properties p = define(set, typeOf(knob.kind), knob.name);
  const std::string unit = knob.unit;
  p.set(ofx::prop::kLabel, unit == "%" ? std::string(knob.label) + " %" : knob.label);
  p.set(ofx::prop::kParamScriptName, knob.name);
  p.set(ofx::prop::kParamHint, knob.help);
  p.set(ofx::prop::kParamAnimates, knob.animates ? 1 : 0);
  if (knob.id >= kFirstServerKnob) p.set(ofx::prop::kParamParent, "advanced");
  if (knob.kind == KnobKind::kFloat) {
    setLimits<double>(p, knob);
    p.set(ofx::prop::kParamIncrement, 0.01);
  } else if (knob.kind == KnobKind::kInt) {
    setLimits<int>(p, knob);
  } else if (knob.kind == KnobKind::kText) {
    p.set(ofx::prop::kParamStringMode, ofx::value::kStringSingleLine);
    p.set(ofx::prop::kParamDefault, knob.text);
  } else {
    p.set(ofx::prop::kParamDefault, static_cast<int>(knob.number));
  }
  for (int i = 0; i < static_cast<int>(knob.choices.size()) && knob.choices[i] != nullptr; ++i) {
    p.set(ofx::prop::kParamChoiceOption, knob.choices[i], i);
  }
}

}  // namespace

void defineKnobs(OfxParamSetHandle set) {
  const Properties group = define(set, ofx::value::kParamGroup, "advanced");
  group.set(ofx::prop::kLabel, "Shot and Server");
  group.set(ofx::prop::kParamGroupOpen, 0);
  for (const KnobSpec& knob : kKnobs) defineKnob(set, knob);
}

Knobs::Knobs(OfxImageEffectHandle effect) {
  OfxParamSetHandle set = nullptr;
  if (suites().effect->getParamSet(effect, &set) != ofx::kOk) throw Fault("the host gives no parameters");
  for (size_t i = 0; i < kKnobs.size(); ++i) {
    // A host may drop a parameter; its default then stands.
    if (suites().parameter->paramGetHandle(set, kKnobs[i].name, &handles_[i], nullptr) != ofx::kOk) handles_[i] = nullptr;
  }
}

double Knobs::number(const char* name, OfxTime time) const {
  const size_t at = knobAt(name);
  double value = kKnobs[at].number;
  if (handles_[at] != nullptr) suites().parameter->paramGetValueAtTime(handles_[at], time, &value);
  // A host may let an expression leave the range.
  return std::clamp(value == value ? value : kKnobs[at].number, kKnobs[at].minimum, kKnobs[at].maximum);
}

int Knobs::index(const char* name, OfxTime time) const {
  const size_t at = knobAt(name);
  int value = static_cast<int>(kKnobs[at].number);
  if (handles_[at] != nullptr) suites().parameter->paramGetValueAtTime(handles_[at], time, &value);
  return value;
}

std::string Knobs::choice(const char* name, OfxTime time) const {
  const KnobSpec& knob = kKnobs[knobAt(name)];
  const auto at = static_cast<size_t>(index(name, time));
  const bool known = at < knob.choices.size() && knob.choices[at] != nullptr;
  return knob.choices[known ? at : static_cast<size_t>(knob.number)];
}

std::string Knobs::text(const char* name, OfxTime time) const {
  const size_t at = knobAt(name);
  char* value = nullptr;
  const bool given = handles_[at] != nullptr &&
                     suites().parameter->paramGetValueAtTime(handles_[at], time, &value) == ofx::kOk && value != nullptr;
  return given ? value : kKnobs[at].text;
}

Settings Knobs::at(OfxTime time) const {
  Settings s;
  s.controls.depthGain = number("depth_gain", time);
  s.controls.zeroPlane = number("zero_plane", time);
  s.controls.sculpt = number("sculpt", time);
  s.controls.budgetFront = number("budget_front", time);
  s.controls.budgetBehind = number("budget_behind", time);
  s.controls.hero = choice("hero", time);
  s.controls.fill = choice("fill", time);
  s.controls.edges = choice("edges", time);
  s.controls.occlusionToAlpha = index("occlusion_to_alpha", time) != 0;
  s.analysis.style = text("style", time);
  s.analysis.depth = text("depth", time);
  s.analysis.zMeaning = choice("z_meaning", time);
  s.output = static_cast<Output>(std::clamp(index("output", time), 0, static_cast<int>(Output::kOcclusion)));
  s.sourceIsPicture = choice("picture", time) == "source";
  s.shot = text("shot", time);
  s.shotFrame = std::llround(time) + index("shot_offset", time);
  s.server = text("server", time);
  s.serverCommand = text("server_command", time);
  return s;
}

}  // namespace art3d
