#include "effect.h"

#include <cstdarg>
#include <cstdio>

#include "ofx_names.h"

namespace small {
namespace {

Effect& of(OfxImageEffectHandle handle) { return *reinterpret_cast<Effect*>(handle); }
Clip& of(OfxImageClipHandle handle) { return *reinterpret_cast<Clip*>(handle); }
Parameter& of(OfxParamHandle handle) { return *reinterpret_cast<Parameter*>(handle); }
Effect& of(OfxParamSetHandle handle) { return *reinterpret_cast<Effect*>(handle); }

OfxStatus getPropertySet(OfxImageEffectHandle effect, OfxPropertySetHandle* properties) {
  if (effect == nullptr) return ofx::kErrBadHandle;
  *properties = of(effect).properties.handle();
  return ofx::kOk;
}

OfxStatus getParamSet(OfxImageEffectHandle effect, OfxParamSetHandle* parameters) {
  *parameters = reinterpret_cast<OfxParamSetHandle>(effect);
  return ofx::kOk;
}

OfxStatus clipDefine(OfxImageEffectHandle effect, const char* name, OfxPropertySetHandle* properties) {
  *properties = of(effect).clips[name].properties.handle();
  return ofx::kOk;
}

OfxStatus clipGetHandle(OfxImageEffectHandle effect, const char* name, OfxImageClipHandle* clip,
                        OfxPropertySetHandle* properties) {
  const auto found = of(effect).clips.find(name);
  if (found == of(effect).clips.end()) return ofx::kErrBadHandle;
  *clip = reinterpret_cast<OfxImageClipHandle>(&found->second);
  if (properties != nullptr) *properties = found->second.properties.handle();
  return ofx::kOk;
}

OfxStatus clipGetPropertySet(OfxImageClipHandle clip, OfxPropertySetHandle* properties) {
  *properties = of(clip).properties.handle();
  return ofx::kOk;
}

OfxStatus clipGetImage(OfxImageClipHandle handle, OfxTime, const OfxRectD*, OfxPropertySetHandle* image) {
  Clip& clip = of(handle);
  if (clip.picture == nullptr) return ofx::kFailed;
  Picture& picture = *clip.picture;
  PropertySet& p = clip.image;
  p.put(ofx::prop::kImageData, {static_cast<void*>(picture.bytes.data())});
  p.put(ofx::prop::kImageBounds, {0, 0, picture.width, picture.height});
  p.put(ofx::prop::kImageRegionOfDefinition, {0, 0, picture.width, picture.height});
  p.put(ofx::prop::kImageRowBytes, {picture.rowBytes()});
  p.put(ofx::prop::kPixelDepth, {picture.depth});
  p.put(ofx::prop::kComponents, {std::string(ofx::value::kComponentRgba)});
  p.put(ofx::prop::kImagePixelAspect, {1.0});
  p.put(ofx::prop::kImageField, {std::string(ofx::value::kFieldNone)});
  p.put(ofx::prop::kRenderScale, {1.0, 1.0});
  ++clip.owner->openImages;
  // The owner's count comes back by the image.
  p.put("small.owner", {static_cast<void*>(clip.owner)});
  *image = p.handle();
  return ofx::kOk;
}

OfxStatus clipReleaseImage(OfxPropertySetHandle image) {
  --static_cast<Effect*>(std::get<void*>(PropertySet::of(image).values["small.owner"].front()))->openImages;
  return ofx::kOk;
}

OfxStatus clipGetRegionOfDefinition(OfxImageClipHandle clip, OfxTime, OfxRectD* bounds) {
  const Picture* picture = of(clip).picture;
  if (picture == nullptr) return ofx::kFailed;
  *bounds = {0, 0, static_cast<double>(picture->width), static_cast<double>(picture->height)};
  return ofx::kOk;
}

int wantsToStop(OfxImageEffectHandle effect) {
  int& left = of(effect).pollsLeft;
  if (left > 0) --left;
  return left == 0 ? 1 : 0;
}

OfxStatus paramDefine(OfxParamSetHandle set, const char* type, const char* name, OfxPropertySetHandle* properties) {
  Parameter& made = of(set).parameters[name];
  made.type = type;
  *properties = made.properties.handle();
  return ofx::kOk;
}

OfxStatus paramGetHandle(OfxParamSetHandle set, const char* name, OfxParamHandle* parameter,
                         OfxPropertySetHandle* properties) {
  const auto found = of(set).parameters.find(name);
  if (found == of(set).parameters.end()) return ofx::kErrUnknown;
  *parameter = reinterpret_cast<OfxParamHandle>(&found->second);
  if (properties != nullptr) *properties = found->second.properties.handle();
  return ofx::kOk;
}

OfxStatus paramGetPropertySet(OfxParamHandle parameter, OfxPropertySetHandle* properties) {
  *properties = of(parameter).properties.handle();
  return ofx::kOk;
}

OfxStatus give(Parameter& parameter, va_list out) {
  // The text lives as long as the parameter.
  if (parameter.value.empty()) parameter.value = {parameter.now()};
  const Value& value = parameter.value.front();
  if (const auto* text = std::get_if<std::string>(&value)) {
    *va_arg(out, char**) = const_cast<char*>(text->c_str());
  } else if (const auto* number = std::get_if<double>(&value)) {
    *va_arg(out, double*) = *number;
  } else if (const auto* whole = std::get_if<int>(&value)) {
    *va_arg(out, int*) = *whole;
  }
  return ofx::kOk;
}

OfxStatus paramGetValue(OfxParamHandle parameter, ...) {
  va_list out;
  va_start(out, parameter);
  const OfxStatus status = give(of(parameter), out);
  va_end(out);
  return status;
}

OfxStatus paramGetValueAtTime(OfxParamHandle parameter, OfxTime time, ...) {
  va_list out;
  va_start(out, time);
  const OfxStatus status = give(of(parameter), out);
  va_end(out);
  return status;
}

OfxStatus show(void* handle, const char*, const char*, const char* format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  static_cast<Effect*>(handle)->message = text;
  return ofx::kOk;
}

OfxStatus clear(void* handle) {
  static_cast<Effect*>(handle)->message.clear();
  return ofx::kOk;
}

}  // namespace

int Picture::rowBytes() const {
  const int sample = depth == ofx::value::kDepthFloat ? 4 : depth == ofx::value::kDepthByte ? 1 : 2;
  return width * channels * sample;
}

Value Parameter::now() const {
  if (!value.empty()) return value.front();
  const auto found = properties.values.find(ofx::prop::kParamDefault);
  const bool given = found != properties.values.end() && !found->second.empty();
  if (type == ofx::value::kParamString) return given ? found->second.front() : Value(std::string());
  return given ? found->second.front() : type == ofx::value::kParamDouble ? Value(0.0) : Value(0);
}

const OfxImageEffectSuiteV1& effectSuite() {
  static const OfxImageEffectSuiteV1 suite = {getPropertySet,     getParamSet,      clipDefine,
                                              clipGetHandle,      clipGetPropertySet, clipGetImage,
                                              clipReleaseImage,   clipGetRegionOfDefinition,
                                              wantsToStop,        nullptr,          nullptr, nullptr, nullptr};
  return suite;
}

const OfxParameterSuiteV1& parameterSuite() {
  static const OfxParameterSuiteV1 suite = [] {
    OfxParameterSuiteV1 made{};
    made.paramDefine = paramDefine;
    made.paramGetHandle = paramGetHandle;
    made.paramGetPropertySet = paramGetPropertySet;
    made.paramGetValue = paramGetValue;
    made.paramGetValueAtTime = paramGetValueAtTime;
    return made;
  }();
  return suite;
}

const OfxMessageSuiteV2& messageSuite() {
  static const OfxMessageSuiteV2 suite = {show, show, clear};
  return suite;
}

}  // namespace small
