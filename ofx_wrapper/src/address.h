// Where a server shall be looked for, and who said so.
#pragma once

#include <string>

namespace art3d {

// An address that can be one, and what to tell a person about it.
struct Address {
  std::string text;    // tcp://HOST:PORT or ipc://PATH
  std::string source;  // "the Server knob" or "$ART3D_SERVER"; empty for this machine's own server
  std::string remedy;  // what to do when nobody is there
};

// The address that the knob, else the environment gives; an empty `text` where neither does. Throws Fault for one that
// cannot be an address.
Address givenAddress(const std::string& knob);

}  // namespace art3d
