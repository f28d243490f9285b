# libzmq as part of the binary: CURVE by its own NaCl, tcp and ipc, and nothing else that it can do.
set(options
  BUILD_SHARED=OFF BUILD_STATIC=ON BUILD_TESTS=OFF ZMQ_BUILD_TESTS=OFF WITH_PERF_TOOL=OFF ENABLE_CPACK=OFF WITH_DOCS=OFF
  ENABLE_CURVE=ON WITH_LIBSODIUM=OFF ENABLE_WS=OFF WITH_OPENPGM=OFF WITH_NORM=OFF WITH_VMCI=OFF WITH_LIBBSD=OFF
  WITH_NSS=OFF WITH_TLS=OFF ENABLE_DRAFTS=OFF WITH_MILITANT=OFF LIBZMQ_WERROR=OFF ZMQ_BUILD_FRAMEWORK=OFF)
foreach(option IN LISTS options)
  string(REPLACE "=" ";" pair ${option})
  list(GET pair 0 name)
  list(GET pair 1 value)
  set(${name} ${value} CACHE BOOL "" FORCE)
endforeach()
# Windows 7; left empty where CMake cannot look at the system it builds for.
set(ZMQ_WIN32_WINNT 0x0601 CACHE STRING "" FORCE)
set(CMAKE_POLICY_VERSION_MINIMUM 3.5)
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
add_subdirectory(${ART3D_ZMQ_SOURCE} ${CMAKE_BINARY_DIR}/libzmq EXCLUDE_FROM_ALL)
set_target_properties(libzmq-static PROPERTIES POSITION_INDEPENDENT_CODE ON)
set(ZMQ_INCLUDE_DIRS ${ART3D_ZMQ_SOURCE}/include)
set(ZMQ_LINK_LIBRARIES libzmq-static)
