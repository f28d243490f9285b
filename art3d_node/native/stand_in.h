#pragma once
#include <cstddef>

namespace art3d {

std::size_t device_job_bytes();

/// Runs the named kernel of device.cuh over all its threads, given a DeviceJob's bytes; false if there is none.
bool stand_in(const char* name, const void* bytes);

}  // namespace art3d
