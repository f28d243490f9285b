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
if(WIN32)
  # As zig's headers have it (Windows 8.1); left empty where CMake cannot look at the system that it builds for.
  set(ZMQ_WIN32_WINNT 0x0603 CACHE STRING "" FORCE)
  # Its sockets by name want a header of Microsoft's compiler.
  set(ZMQ_HAVE_IPC OFF CACHE INTERNAL "")
endif()
set(CMAKE_POLICY_VERSION_MINIMUM 3.5)
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
add_subdirectory(${ART3D_ZMQ_SOURCE} ${CMAKE_BINARY_DIR}/libzmq EXCLUDE_FROM_ALL)
set_target_properties(libzmq-static PROPERTIES POSITION_INDEPENDENT_CODE ON)
foreach(target IN ITEMS libzmq-static objects)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden)
  endif()
endforeach()
if(WIN32)
  # What Windows shows of a file would be libzmq's name and version, on the plug-in.
  get_target_property(sources libzmq-static SOURCES)
  list(FILTER sources EXCLUDE REGEX "\\.rc$")
  set_property(TARGET libzmq-static PROPERTY SOURCES ${sources})
endif()
if(WIN32 OR APPLE)
  # Its ninety small sources are mostly headers: read together they compile in a fraction of the time.
  set(compiled libzmq-static)
  if(TARGET objects)
    set(compiled objects)
  endif()
  set_target_properties(${compiled} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
  # Each of these defines macros of one letter.
  set_source_files_properties(
    ${ART3D_ZMQ_SOURCE}/src/tweetnacl.c ${ART3D_ZMQ_SOURCE}/external/sha1/sha1.c
    TARGET_DIRECTORY ${compiled} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endif()
set(ZMQ_INCLUDE_DIRS ${ART3D_ZMQ_SOURCE}/include)
set(ZMQ_LINK_LIBRARIES libzmq-static)
