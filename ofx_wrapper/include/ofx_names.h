// Names that travel as strings between host and plug-in: actions, suites, properties and their values.
#pragma once

namespace ofx {

using Name = const char*;

inline constexpr Name kImageEffectApi = "OfxImageEffectPluginAPI";
inline constexpr int kImageEffectApiVersion = 1;

namespace suite {
inline constexpr Name kProperty = "OfxPropertySuite";
inline constexpr Name kImageEffect = "OfxImageEffectSuite";
inline constexpr Name kParameter = "OfxParameterSuite";
inline constexpr Name kMessage = "OfxMessageSuite";
inline constexpr Name kProgress = "OfxProgressSuite";
}  // namespace suite

namespace action {
inline constexpr Name kLoad = "OfxActionLoad";
inline constexpr Name kUnload = "OfxActionUnload";
inline constexpr Name kDescribe = "OfxActionDescribe";
inline constexpr Name kDescribeInContext = "OfxImageEffectActionDescribeInContext";
inline constexpr Name kCreateInstance = "OfxActionCreateInstance";
inline constexpr Name kDestroyInstance = "OfxActionDestroyInstance";
inline constexpr Name kInstanceChanged = "OfxActionInstanceChanged";
inline constexpr Name kPurgeCaches = "OfxActionPurgeCaches";
inline constexpr Name kClipPreferences = "OfxImageEffectActionGetClipPreferences";
inline constexpr Name kRegionOfDefinition = "OfxImageEffectActionGetRegionOfDefinition";
inline constexpr Name kRegionsOfInterest = "OfxImageEffectActionGetRegionsOfInterest";
inline constexpr Name kIsIdentity = "OfxImageEffectActionIsIdentity";
inline constexpr Name kFramesNeeded = "OfxImageEffectActionGetFramesNeeded";
inline constexpr Name kRender = "OfxImageEffectActionRender";
}  // namespace action

namespace prop {
inline constexpr Name kName = "OfxPropName";
inline constexpr Name kLabel = "OfxPropLabel";
inline constexpr Name kPluginDescription = "OfxPropPluginDescription";
inline constexpr Name kTime = "OfxPropTime";
inline constexpr Name kInstanceData = "OfxPropInstanceData";

inline constexpr Name kContext = "OfxImageEffectPropContext";
inline constexpr Name kSupportedContexts = "OfxImageEffectPropSupportedContexts";
inline constexpr Name kSupportedPixelDepths = "OfxImageEffectPropSupportedPixelDepths";
inline constexpr Name kSupportedComponents = "OfxImageEffectPropSupportedComponents";
inline constexpr Name kGrouping = "OfxImageEffectPluginPropGrouping";
inline constexpr Name kSingleInstance = "OfxImageEffectPluginPropSingleInstance";
inline constexpr Name kRenderThreadSafety = "OfxImageEffectPluginRenderThreadSafety";
inline constexpr Name kHostFrameThreading = "OfxImageEffectPluginPropHostFrameThreading";
inline constexpr Name kSupportsMultiResolution = "OfxImageEffectPropSupportsMultiResolution";
inline constexpr Name kSupportsTiles = "OfxImageEffectPropSupportsTiles";
inline constexpr Name kTemporalClipAccess = "OfxImageEffectPropTemporalClipAccess";
inline constexpr Name kMultipleClipDepths = "OfxImageEffectPropMultipleClipDepths";
inline constexpr Name kMultipleClipPars = "OfxImageEffectPropSupportsMultipleClipPARs";
inline constexpr Name kClipPreferencesSlaveParam = "OfxImageEffectPropClipPreferencesSlaveParam";

inline constexpr Name kFrameRange = "OfxImageEffectPropFrameRange";
inline constexpr Name kFrameVarying = "OfxImageEffectFrameVarying";

inline constexpr Name kProjectSize = "OfxImageEffectPropProjectSize";
inline constexpr Name kProjectOffset = "OfxImageEffectPropProjectOffset";
inline constexpr Name kRenderScale = "OfxImageEffectPropRenderScale";
inline constexpr Name kRenderWindow = "OfxImageEffectPropRenderWindow";
inline constexpr Name kFieldToRender = "OfxImageEffectPropFieldToRender";
inline constexpr Name kRegionOfDefinition = "OfxImageEffectPropRegionOfDefinition";
inline constexpr Name kRegionOfInterest = "OfxImageEffectPropRegionOfInterest";
inline constexpr Name kComponents = "OfxImageEffectPropComponents";
inline constexpr Name kPixelDepth = "OfxImageEffectPropPixelDepth";
inline constexpr Name kPreMultiplication = "OfxImageEffectPropPreMultiplication";

inline constexpr Name kClipOptional = "OfxImageClipPropOptional";
inline constexpr Name kClipIsMask = "OfxImageClipPropIsMask";
inline constexpr Name kClipConnected = "OfxImageClipPropConnected";
inline constexpr Name kClipFieldOrder = "OfxImageClipPropFieldOrder";
inline constexpr Name kUnmappedComponents = "OfxImageClipPropUnmappedComponents";
// Prefixes: the clip's name follows.
inline constexpr Name kClipRoiPrefix = "OfxImageClipPropRoI_";
inline constexpr Name kClipComponentsPrefix = "OfxImageClipPropComponents_";
inline constexpr Name kClipDepthPrefix = "OfxImageClipPropDepth_";
inline constexpr Name kClipFramesPrefix = "OfxImageClipPropFrameRange_";

// API 1.5: colour management.
inline constexpr Name kColourStyle = "OfxImageEffectPropColourManagementStyle";
inline constexpr Name kColourConfigs = "OfxImageEffectPropColourManagementAvailableConfigs";
inline constexpr Name kClipColourspace = "OfxImageClipPropColourspace";
inline constexpr Name kPreferredColourspacesPrefix = "OfxImageClipPropPreferredColourspaces_";

inline constexpr Name kImageData = "OfxImagePropData";
inline constexpr Name kImageBounds = "OfxImagePropBounds";
inline constexpr Name kImageRowBytes = "OfxImagePropRowBytes";
inline constexpr Name kImageField = "OfxImagePropField";
inline constexpr Name kImageRegionOfDefinition = "OfxImagePropRegionOfDefinition";
inline constexpr Name kImagePixelAspect = "OfxImagePropPixelAspectRatio";
inline constexpr Name kImageUniqueIdentifier = "OfxImagePropUniqueIdentifier";

inline constexpr Name kParamHint = "OfxParamPropHint";
inline constexpr Name kParamDefault = "OfxParamPropDefault";
inline constexpr Name kParamMin = "OfxParamPropMin";
inline constexpr Name kParamMax = "OfxParamPropMax";
inline constexpr Name kParamDisplayMin = "OfxParamPropDisplayMin";
inline constexpr Name kParamDisplayMax = "OfxParamPropDisplayMax";
inline constexpr Name kParamIncrement = "OfxParamPropIncrement";
inline constexpr Name kParamAnimates = "OfxParamPropAnimates";
inline constexpr Name kParamScriptName = "OfxParamPropScriptName";
inline constexpr Name kParamChoiceOption = "OfxParamPropChoiceOption";
inline constexpr Name kParamStringMode = "OfxParamPropStringMode";
inline constexpr Name kParamEnabled = "OfxParamPropEnabled";
inline constexpr Name kParamPersistent = "OfxParamPropPersistant";  // the specification's spelling
inline constexpr Name kParamEvaluateOnChange = "OfxParamPropEvaluateOnChange";
inline constexpr Name kParamFilePathExists = "OfxParamPropStringFilePathExists";
inline constexpr Name kParamParent = "OfxParamPropParent";
inline constexpr Name kParamPageChild = "OfxParamPropPageChild";
inline constexpr Name kParamGroupOpen = "OfxParamPropGroupOpen";
}  // namespace prop

namespace value {
inline constexpr Name kContextFilter = "OfxImageEffectContextFilter";
inline constexpr Name kContextGeneral = "OfxImageEffectContextGeneral";
inline constexpr Name kRenderFullySafe = "OfxImageEffectRenderFullySafe";
inline constexpr Name kDepthByte = "OfxBitDepthByte";
inline constexpr Name kDepthShort = "OfxBitDepthShort";
inline constexpr Name kDepthHalf = "OfxBitDepthHalf";
inline constexpr Name kDepthFloat = "OfxBitDepthFloat";
inline constexpr Name kComponentRgba = "OfxImageComponentRGBA";
inline constexpr Name kComponentRgb = "OfxImageComponentRGB";
inline constexpr Name kComponentAlpha = "OfxImageComponentAlpha";
inline constexpr Name kFieldNone = "OfxFieldNone";
inline constexpr Name kFieldBoth = "OfxFieldBoth";
inline constexpr Name kFieldLower = "OfxFieldLower";
inline constexpr Name kFieldUpper = "OfxFieldUpper";
inline constexpr Name kColourBasic = "OfxImageEffectColourManagementBasic";
inline constexpr Name kColourConfig15 = "ofx-native-v1.5_aces-v1.3_ocio-v2.3";
inline constexpr Name kSceneLinear = "ofx_scene_linear";
inline constexpr Name kDisplaySdr = "ofx_display_sdr";
inline constexpr Name kParamDouble = "OfxParamTypeDouble";
inline constexpr Name kParamInteger = "OfxParamTypeInteger";
inline constexpr Name kParamBoolean = "OfxParamTypeBoolean";
inline constexpr Name kParamChoice = "OfxParamTypeChoice";
inline constexpr Name kParamString = "OfxParamTypeString";
inline constexpr Name kParamGroup = "OfxParamTypeGroup";
inline constexpr Name kParamPage = "OfxParamTypePage";
inline constexpr Name kStringFilePath = "OfxParamStringIsFilePath";
inline constexpr Name kStringSingleLine = "OfxParamStringIsSingleLine";
inline constexpr Name kMessageError = "OfxMessageError";
inline constexpr Name kMessageWarning = "OfxMessageWarning";
inline constexpr Name kUnPreMultiplied = "OfxImageUnPreMultiplied";
inline constexpr Name kOutputClip = "Output";
inline constexpr Name kSourceClip = "Source";
}  // namespace value

}  // namespace ofx
