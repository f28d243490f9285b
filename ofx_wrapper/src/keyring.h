// CURVE keys for servers that other machines can reach, as `host_bridge.core.keyring` reads them.
#pragma once

#include <zmq.hpp>

namespace art3d {

// Makes a socket speak CURVE when $ART3D_KEY (own secret file) and $ART3D_SERVER_KEY (server's public file) are set.
// Throws Fault for a file without the key.
void secure(zmq::socket_t& socket);

}  // namespace art3d
