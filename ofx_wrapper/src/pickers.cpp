#include "pickers.h"

#include "choices.h"
#include "knobs.h"

namespace art3d {

const char* pickerOf(const std::string& knob) {
  if (knob == "style") return "style_pick";
  return knob == "depth" ? "depth_pick" : nullptr;
}

std::vector<std::string> pickable(const std::string& knob) {
  const Choices known = knownChoices();
  std::vector<std::string> options{kCustom};
  const auto& names = knob == "style" ? known.styles : known.depthSources;
  options.insert(options.end(), names.begin(), names.end());
  return options;
}

void Knobs::changed(const std::string& name) const {
  for (const auto& [knob, picker] : pickers_) {
    if (name == pickerOf(knob)) pick(picker);
  }
  if (pickers_.count(name) != 0 || name == pickerOf("style") || name == pickerOf("depth")) settle();
}

void Knobs::settle() const {
  const std::string style = text("style", 0);
  for (const auto& [knob, picker] : pickers_) show(picker, text(knob.c_str(), 0));
  // The neutral style sculpts nothing that a gain could change.
  if (sculpt_ != nullptr) Properties(sculpt_).set(ofx::prop::kParamEnabled, style == "neutral" ? 0 : 1);
}

void Knobs::pick(const Picker& picker) const {
  int index = 0;
  if (suites().parameter.paramGetValueAtTime(picker.handle, 0.0, &index) != ofx::kOk || index < 1) return;
  const std::string name = Properties(picker.properties).text(ofx::prop::kParamChoiceOption, "", index);
  if (!name.empty()) suites().parameter.paramSetValue(picker.name, name.c_str());
}

void Knobs::show(const Picker& picker, const std::string& name) const {
  int wanted = 0, now = 0;
  const Properties options(picker.properties);
  for (int i = 1;; ++i) {
    const std::string option = options.text(ofx::prop::kParamChoiceOption, "", i);
    if (option == name) wanted = i;
    if (option.empty() || option == name) break;
  }
  // Setting it to what it is would call back without end.
  if (suites().parameter.paramGetValueAtTime(picker.handle, 0.0, &now) == ofx::kOk && now == wanted) return;
  suites().parameter.paramSetValue(picker.handle, wanted);
}

}  // namespace art3d
