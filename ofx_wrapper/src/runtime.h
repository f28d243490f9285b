// What this process holds for Art3D between load and unload.
#pragma once

#include <memory>

#include "client.h"

namespace art3d {

// Hosts load a plug-in once, or once for every instance: each `load` wants one `unload`, and one too many does nothing.
void load();
void unload();
// The client, made when the first render asks for it. It lives as long as a render holds it, whatever the host unloads
// meanwhile. Throws Fault when the plug-in is not loaded.
std::shared_ptr<Client> client();

}  // namespace art3d
