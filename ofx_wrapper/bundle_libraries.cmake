# Copies libzmq and what it needs beside the plug-in; the C and C++ runtimes stay the system's.
file(GET_RUNTIME_DEPENDENCIES LIBRARIES ${PLUGIN} RESOLVED_DEPENDENCIES_VAR found UNRESOLVED_DEPENDENCIES_VAR missing
  PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|resolv)\\.so" "^lib(stdc\\+\\+|gcc_s)\\.so" "^lib(a|t|ub)san\\.so"
  DIRECTORIES ${TO})
if(missing)
  message(FATAL_ERROR "the plug-in needs libraries that are not here: ${missing}")
endif()
foreach(library IN LISTS found)
  file(INSTALL ${library} DESTINATION ${TO} FOLLOW_SYMLINK_CHAIN)
endforeach()
