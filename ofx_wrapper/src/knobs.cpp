#include "knobs.h"

#include "pickers.h"
#include "suites.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <string_view>

namespace art3d {
namespace {

constexpr const char* kSwitch = "use_";  // begins the knob of an input, and "Use " its label
// Hosts that call every input connected, and give black pictures or the plate itself where nothing is.
constexpr const char* kCallAllConnected[] = {"DaVinciResolve", "OFXDemoHost"};

size_t knobAt(std::string_view name) {
  const auto found = std::find_if(kKnobs.begin(), kKnobs.end(), [&](const KnobSpec& k) { return name == k.name; });
  return static_cast<size_t>(found - kKnobs.begin());
}

}  // namespace

double mostOf(const char* name) { return kKnobs[knobAt(name)].maximum; }

namespace {

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
  if (suites().parameter.paramDefine(set, type, name, &handle) != ofx::kOk || handle == nullptr) {
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

bool isSwitchOfInput(const KnobSpec& knob) { return std::string_view(knob.name).rfind(kSwitch, 0) == 0; }

// How many choices the table gives a knob.
constexpr int choicesOf(std::string_view name) {
  for (const KnobSpec& knob : kKnobs) {
    if (name != knob.name) continue;
    int count = 0;
    while (count < kMostChoices && knob.choices[static_cast<size_t>(count)] != nullptr) ++count;
    return count;
  }
  return 0;
}
static_assert(choicesOf("output") == kOutputs, "each choice of the Output knob is an Output, in the table's order");

double restingAt(const KnobSpec& knob) {
  const bool lies = std::any_of(std::begin(kCallAllConnected), std::end(kCallAllConnected), hostIs);
  return isSwitchOfInput(knob) && lies ? 0 : knob.number;
}

// A host whose pictures all have one size gets both eyes squeezed into it.
std::string optionOf(const KnobSpec& knob, const char* choice) {
  const std::string name = choice;
  const bool pair = knob.name == std::string_view("output") && (name == "side-by-side" || name == "over-under");
  return pair && !multiResolution() ? name + (name == "side-by-side" ? ", half width" : ", half height") : name;
}

void defineKnob(OfxParamSetHandle set, const KnobSpec& knob) {
  const Properties p = define(set, typeOf(knob.kind), knob.name);
  const std::string unit = knob.unit, label = knob.label;
  const bool picked = pickerOf(knob.name) != nullptr && setsParameters();
  p.set(ofx::prop::kLabel, unit == "%" ? label + " %" : picked ? label + " Name" : label);
  p.set(ofx::prop::kParamScriptName, knob.name);
  p.set(ofx::prop::kParamHint, knob.help);
  p.set(ofx::prop::kParamAnimates, knob.animates ? 1 : 0);
  if (*knob.group != '\0') p.set(ofx::prop::kParamParent, knob.group);
  if (knob.kind == KnobKind::kFloat) {
    setLimits<double>(p, knob);
    p.set(ofx::prop::kParamIncrement, 0.01);
  } else if (knob.kind == KnobKind::kInt) {
    setLimits<int>(p, knob);
  } else if (knob.kind == KnobKind::kText) {
    const bool path = knob.name == std::string_view("shot");
    p.set(ofx::prop::kParamStringMode, path ? ofx::value::kStringFilePath : ofx::value::kStringSingleLine);
    if (path) p.set(ofx::prop::kParamFilePathExists, 1);
    p.set(ofx::prop::kParamDefault, knob.text);
  } else {
    p.set(ofx::prop::kParamDefault, static_cast<int>(restingAt(knob)));
  }
  for (int i = 0; i < static_cast<int>(knob.choices.size()) && knob.choices[i] != nullptr; ++i) {
    p.set(ofx::prop::kParamChoiceOption, optionOf(knob, knob.choices[i]), i);
  }
}

// A choice beside a name. Only the name is saved and rendered with: a list may be longer or shorter another time.
void definePicker(OfxParamSetHandle set, const KnobSpec& knob) {
  const Properties p = define(set, ofx::value::kParamChoice, pickerOf(knob.name));
  p.set(ofx::prop::kLabel, knob.label);
  p.set(ofx::prop::kParamHint, std::string("Picks ") + knob.label + " Name from what the server last had. " + kCustom +
                                   " leaves the name as it is written.");
  p.set(ofx::prop::kParamAnimates, 0);
  p.set(ofx::prop::kParamPersistent, 0);
  p.set(ofx::prop::kParamEvaluateOnChange, 0);
  if (*knob.group != '\0') p.set(ofx::prop::kParamParent, knob.group);
  const auto options = pickable(knob.name);
  for (int i = 0; i < static_cast<int>(options.size()); ++i) {
    p.set(ofx::prop::kParamChoiceOption, options[static_cast<size_t>(i)], i);
    if (options[static_cast<size_t>(i)] == knob.text) p.set(ofx::prop::kParamDefault, i);
  }
}

void defineGroup(OfxParamSetHandle set, std::string_view name) {
  const auto spec = std::find_if(kGroups.begin(), kGroups.end(), [&](const GroupSpec& g) { return name == g.name; });
  const Properties group = define(set, ofx::value::kParamGroup, spec->name);
  group.set(ofx::prop::kLabel, spec->label);
  group.set(ofx::prop::kParamGroupOpen, spec->open ? 1 : 0);
}

}  // namespace

void defineKnobs(OfxParamSetHandle set) {
  std::string_view last;
  for (const KnobSpec& knob : kKnobs) {
    if (last != knob.group) defineGroup(set, knob.group);
    last = knob.group;
    if (pickerOf(knob.name) != nullptr && setsParameters()) definePicker(set, knob);
    defineKnob(set, knob);
  }
}

std::string withLabels(const std::string& line) {
  std::string text = line;
  for (const KnobSpec& knob : kKnobs) {
    // An input has no knob but its switch; "--depth" and "--matte" are knobs, which come before theirs.
    const size_t prefix = isSwitchOfInput(knob) ? std::strlen(kSwitch) : 0;
    std::string option = std::string("--") + (knob.name + prefix);
    std::replace(option.begin(), option.end(), '_', '-');
    for (size_t at = text.find(option); at != std::string::npos; at = text.find(option, at + 1)) {
      const char after = at + option.size() < text.size() ? text[at + option.size()] : ' ';
      if (after == '-' || after == '_' || std::isalnum(static_cast<unsigned char>(after)) != 0) continue;
      text.replace(at, option.size(), knob.label + prefix);
    }
  }
  return text;
}

Knobs::Knobs(OfxImageEffectHandle effect) {
  OfxParamSetHandle set = nullptr;
  if (suites().effect.getParamSet(effect, &set) != ofx::kOk) throw Fault("the host gives no parameters");
  for (size_t i = 0; i < kKnobs.size(); ++i) {
    // A host may drop a parameter; its default then stands.
    OfxPropertySetHandle properties = nullptr;
    if (suites().parameter.paramGetHandle(set, kKnobs[i].name, &handles_[i], &properties) != ofx::kOk) handles_[i] = nullptr;
    if (kKnobs[i].name == std::string_view("sculpt")) sculpt_ = properties;
    Picker picker;
    const char* const name = pickerOf(kKnobs[i].name);
    if (name == nullptr || !setsParameters()) continue;
    if (suites().parameter.paramGetHandle(set, name, &picker.handle, &picker.properties) != ofx::kOk) continue;
    picker.name = handles_[i];
    if (picker.handle != nullptr && picker.name != nullptr) pickers_[kKnobs[i].name] = picker;
  }
}

double Knobs::number(const char* name, OfxTime time) const {
  const size_t at = knobAt(name);
  double value = kKnobs[at].number;
  if (handles_[at] != nullptr) suites().parameter.paramGetValueAtTime(handles_[at], time, &value);
  // A host may let an expression leave the range.
  return std::clamp(value == value ? value : kKnobs[at].number, kKnobs[at].minimum, kKnobs[at].maximum);
}

int Knobs::index(const char* name, OfxTime time) const {
  const size_t at = knobAt(name);
  int value = static_cast<int>(kKnobs[at].number);
  if (handles_[at] != nullptr) suites().parameter.paramGetValueAtTime(handles_[at], time, &value);
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
                     suites().parameter.paramGetValueAtTime(handles_[at], time, &value) == ofx::kOk && value != nullptr;
  return given ? value : kKnobs[at].text;
}

Settings Knobs::at(OfxTime time) const {
  Settings s;
  s.controls.depthGain = number("depth_gain", time);
  s.controls.zeroPlane = number("zero_plane", time);
  s.controls.sculpt = number("sculpt", time);
  s.controls.budgetFront = number("budget_front", time);
  s.controls.budgetBehind = number("budget_behind", time);
  s.controls.depthBudget = choice("depth_budget", time);
  s.controls.hero = choice("hero", time);
  s.controls.fill = choice("fill", time);
  s.controls.edges = choice("edges", time);
  s.controls.occlusionToAlpha = index("occlusion_to_alpha", time) != 0;
  s.controls.matte = choice("matte", time);
  s.controls.floatingWindow = choice("floating_window", time);
  s.controls.floatingLeft = number("floating_left", time);
  s.controls.floatingRight = number("floating_right", time);
  s.controls.floatingLeftSlant = number("floating_left_slant", time);
  s.controls.floatingRightSlant = number("floating_right_slant", time);
  s.controls.floatingSoftness = number("floating_softness", time);
  s.controls.floatingMask = choice("floating_mask", time);
  s.analysis.style = text("style", time);
  s.analysis.depth = text("depth", time);
  s.analysis.zMeaning = choice("z_meaning", time);
  s.output = static_cast<Output>(std::clamp(index("output", time), 0, kOutputs - 1));
  s.inputColour = choice("input_colour", time);
  s.useDepth = index("use_depth", time) != 0;
  s.useMatte = index("use_matte", time) != 0;
  s.useCleanPlate = index("use_clean_plate", time) != 0;
  s.useCleanDepth = index("use_clean_depth", time) != 0;
  s.sourceIsPicture = choice("picture", time) == "source";
  s.shot = text("shot", time);
  s.shotFrame = std::llround(time) + index("shot_offset", time);
  s.server = text("server", time);
  s.serverCommand = text("server_command", time);
  return s;
}

}  // namespace art3d
