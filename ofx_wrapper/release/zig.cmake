# Cross-builds with zig's clang, which brings the C and C++ runtimes of every target along. ART3D_ZIG is a folder with the
# scripts cc, c++, ar and ranlib; ART3D_SYSTEM is CMake's name of the system, ART3D_PROCESSOR its processor.
set(CMAKE_SYSTEM_NAME ${ART3D_SYSTEM})
set(CMAKE_SYSTEM_PROCESSOR ${ART3D_PROCESSOR})
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ART3D_ZIG ART3D_SYSTEM ART3D_PROCESSOR)
set(CMAKE_C_COMPILER ${ART3D_ZIG}/cc)
set(CMAKE_CXX_COMPILER ${ART3D_ZIG}/c++)
set(CMAKE_AR ${ART3D_ZIG}/ar)
set(CMAKE_RANLIB ${ART3D_ZIG}/ranlib)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
# zig compiles the C++ runtime anew for other flags of these: CMake's own trials link as the plug-in does.
set(CMAKE_TRY_COMPILE_CONFIGURATION Release)
set(CMAKE_C_FLAGS_INIT "-O3 -s")
set(CMAKE_CXX_FLAGS_INIT "-O3 -s")
