// The core of the OpenFX C ABI (API 1.x), declared from its public specification: the types, status codes and
// structures that cross between a host and a plug-in. Layout and values are the ABI's; nothing here may change.
#pragma once

#include <cstddef>

using OfxStatus = int;
using OfxTime = double;

// Handles belong to the host; a plug-in only passes them back.
using OfxPropertySetHandle = struct OfxPropertySetStruct*;
using OfxImageEffectHandle = struct OfxImageEffectStruct*;
using OfxImageClipHandle = struct OfxImageClipStruct*;
using OfxImageMemoryHandle = struct OfxImageMemoryStruct*;
using OfxParamHandle = struct OfxParamStruct*;
using OfxParamSetHandle = struct OfxParamSetStruct*;
using OfxMutexHandle = struct OfxMutex*;

// Rectangles are half-open with y up. `I` counts pixels, `D` is canonical (square pixels, full resolution).
struct OfxRectI {
  int x1, y1, x2, y2;
};
struct OfxRectD {
  double x1, y1, x2, y2;
};

struct OfxHost {
  OfxPropertySetHandle host;
  const void* (*fetchSuite)(OfxPropertySetHandle host, const char* name, int version);
};

using OfxPluginEntryPoint = OfxStatus(const char* action, const void* handle, OfxPropertySetHandle in,
                                      OfxPropertySetHandle out);

struct OfxPlugin {
  const char* pluginApi;
  int apiVersion;
  const char* pluginIdentifier;
  unsigned int pluginVersionMajor;
  unsigned int pluginVersionMinor;
  void (*setHost)(OfxHost* host);
  OfxPluginEntryPoint* mainEntry;
};

namespace ofx {

enum Status : OfxStatus {
  kOk = 0,
  kFailed = 1,
  kErrFatal = 2,
  kErrUnknown = 3,
  kErrMissingHostFeature = 4,
  kErrUnsupported = 5,
  kErrExists = 6,
  kErrFormat = 7,
  kErrMemory = 8,
  kErrBadHandle = 9,
  kErrBadIndex = 10,
  kErrValue = 11,
  kReplyYes = 12,
  kReplyNo = 13,
  kReplyDefault = 14,
  kErrImageFormat = 1000,
};

}  // namespace ofx
