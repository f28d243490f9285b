// The OpenFX suites that Art3D fetches, each a table of functions in the published order.
#pragma once

#include "ofx_core.h"

struct OfxPropertySuiteV1 {
  OfxStatus (*propSetPointer)(OfxPropertySetHandle set, const char* name, int index, void* value);
  OfxStatus (*propSetString)(OfxPropertySetHandle set, const char* name, int index, const char* value);
  OfxStatus (*propSetDouble)(OfxPropertySetHandle set, const char* name, int index, double value);
  OfxStatus (*propSetInt)(OfxPropertySetHandle set, const char* name, int index, int value);
  OfxStatus (*propSetPointerN)(OfxPropertySetHandle set, const char* name, int count, void* const* values);
  OfxStatus (*propSetStringN)(OfxPropertySetHandle set, const char* name, int count, const char* const* values);
  OfxStatus (*propSetDoubleN)(OfxPropertySetHandle set, const char* name, int count, const double* values);
  OfxStatus (*propSetIntN)(OfxPropertySetHandle set, const char* name, int count, const int* values);
  OfxStatus (*propGetPointer)(OfxPropertySetHandle set, const char* name, int index, void** value);
  OfxStatus (*propGetString)(OfxPropertySetHandle set, const char* name, int index, char** value);
  OfxStatus (*propGetDouble)(OfxPropertySetHandle set, const char* name, int index, double* value);
  OfxStatus (*propGetInt)(OfxPropertySetHandle set, const char* name, int index, int* value);
  OfxStatus (*propGetPointerN)(OfxPropertySetHandle set, const char* name, int count, void** values);
  OfxStatus (*propGetStringN)(OfxPropertySetHandle set, const char* name, int count, char** values);
  OfxStatus (*propGetDoubleN)(OfxPropertySetHandle set, const char* name, int count, double* values);
  OfxStatus (*propGetIntN)(OfxPropertySetHandle set, const char* name, int count, int* values);
  OfxStatus (*propReset)(OfxPropertySetHandle set, const char* name);
  OfxStatus (*propGetDimension)(OfxPropertySetHandle set, const char* name, int* count);
};

struct OfxImageEffectSuiteV1 {
  OfxStatus (*getPropertySet)(OfxImageEffectHandle effect, OfxPropertySetHandle* properties);
  OfxStatus (*getParamSet)(OfxImageEffectHandle effect, OfxParamSetHandle* parameters);
  OfxStatus (*clipDefine)(OfxImageEffectHandle effect, const char* name, OfxPropertySetHandle* properties);
  OfxStatus (*clipGetHandle)(OfxImageEffectHandle effect, const char* name, OfxImageClipHandle* clip,
                             OfxPropertySetHandle* properties);
  OfxStatus (*clipGetPropertySet)(OfxImageClipHandle clip, OfxPropertySetHandle* properties);
  OfxStatus (*clipGetImage)(OfxImageClipHandle clip, OfxTime time, const OfxRectD* region,
                            OfxPropertySetHandle* image);
  OfxStatus (*clipReleaseImage)(OfxPropertySetHandle image);
  OfxStatus (*clipGetRegionOfDefinition)(OfxImageClipHandle clip, OfxTime time, OfxRectD* bounds);
  int (*abort)(OfxImageEffectHandle effect);
  OfxStatus (*imageMemoryAlloc)(OfxImageEffectHandle effect, size_t bytes, OfxImageMemoryHandle* memory);
  OfxStatus (*imageMemoryFree)(OfxImageMemoryHandle memory);
  OfxStatus (*imageMemoryLock)(OfxImageMemoryHandle memory, void** pointer);
  OfxStatus (*imageMemoryUnlock)(OfxImageMemoryHandle memory);
};

struct OfxParameterSuiteV1 {
  OfxStatus (*paramDefine)(OfxParamSetHandle set, const char* type, const char* name,
                           OfxPropertySetHandle* properties);
  OfxStatus (*paramGetHandle)(OfxParamSetHandle set, const char* name, OfxParamHandle* parameter,
                              OfxPropertySetHandle* properties);
  OfxStatus (*paramSetGetPropertySet)(OfxParamSetHandle set, OfxPropertySetHandle* properties);
  OfxStatus (*paramGetPropertySet)(OfxParamHandle parameter, OfxPropertySetHandle* properties);
  OfxStatus (*paramGetValue)(OfxParamHandle parameter, ...);
  OfxStatus (*paramGetValueAtTime)(OfxParamHandle parameter, OfxTime time, ...);
  OfxStatus (*paramGetDerivative)(OfxParamHandle parameter, OfxTime time, ...);
  OfxStatus (*paramGetIntegral)(OfxParamHandle parameter, OfxTime from, OfxTime to, ...);
  OfxStatus (*paramSetValue)(OfxParamHandle parameter, ...);
  OfxStatus (*paramSetValueAtTime)(OfxParamHandle parameter, OfxTime time, ...);
  OfxStatus (*paramGetNumKeys)(OfxParamHandle parameter, unsigned int* count);
  OfxStatus (*paramGetKeyTime)(OfxParamHandle parameter, unsigned int nth, OfxTime* time);
  OfxStatus (*paramGetKeyIndex)(OfxParamHandle parameter, OfxTime time, int direction, int* index);
  OfxStatus (*paramDeleteKey)(OfxParamHandle parameter, OfxTime time);
  OfxStatus (*paramDeleteAllKeys)(OfxParamHandle parameter);
  OfxStatus (*paramCopy)(OfxParamHandle to, OfxParamHandle from, OfxTime offset, const struct OfxRangeD* range);
  OfxStatus (*paramEditBegin)(OfxParamSetHandle set, const char* name);
  OfxStatus (*paramEditEnd)(OfxParamSetHandle set);
};

struct OfxMemorySuiteV1 {
  OfxStatus (*memoryAlloc)(void* effect, size_t bytes, void** memory);
  OfxStatus (*memoryFree)(void* memory);
};

using OfxThreadFunctionV1 = void(unsigned int index, unsigned int count, void* argument);

struct OfxMultiThreadSuiteV1 {
  OfxStatus (*multiThread)(OfxThreadFunctionV1 work, unsigned int count, void* argument);
  OfxStatus (*multiThreadNumCPUs)(unsigned int* count);
  OfxStatus (*multiThreadIndex)(unsigned int* index);
  int (*multiThreadIsSpawnedThread)();
  OfxStatus (*mutexCreate)(OfxMutexHandle* mutex, int lockCount);
  OfxStatus (*mutexDestroy)(const OfxMutexHandle mutex);
  OfxStatus (*mutexLock)(const OfxMutexHandle mutex);
  OfxStatus (*mutexUnLock)(const OfxMutexHandle mutex);
  OfxStatus (*mutexTryLock)(const OfxMutexHandle mutex);
};

struct OfxMessageSuiteV2 {
  OfxStatus (*message)(void* handle, const char* type, const char* id, const char* format, ...);
  OfxStatus (*setPersistentMessage)(void* handle, const char* type, const char* id, const char* format, ...);
  OfxStatus (*clearPersistentMessage)(void* handle);
};

// Version 1 of the suites below, for hosts that have no other.
struct OfxMessageSuiteV1 {
  OfxStatus (*message)(void* handle, const char* type, const char* id, const char* format, ...);
};

struct OfxProgressSuiteV1 {
  OfxStatus (*progressStart)(void* effect, const char* label);
  OfxStatus (*progressUpdate)(void* effect, double progress);
  OfxStatus (*progressEnd)(void* effect);
};

struct OfxProgressSuiteV2 {
  OfxStatus (*progressStart)(void* effect, const char* message, const char* id);
  OfxStatus (*progressUpdate)(void* effect, double progress);
  OfxStatus (*progressEnd)(void* effect);
};
