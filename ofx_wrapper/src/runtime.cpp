#include "runtime.h"

namespace art3d {
namespace {

std::mutex g_mutex;
int g_loads = 0;
std::shared_ptr<Client> g_client;

}  // namespace

void load() {
  const std::lock_guard lock(g_mutex);
  ++g_loads;
}

void unload() {
  std::shared_ptr<Client> last;
  const std::lock_guard lock(g_mutex);
  if (g_loads > 0 && --g_loads == 0) last.swap(g_client);
}

std::shared_ptr<Client> client() {
  std::shared_ptr<Client> old;
  const std::lock_guard lock(g_mutex);
  if (g_loads == 0) throw Fault("Art3D is not loaded", ofx::kErrFatal);
  if (g_client != nullptr && !g_client->ofThisProcess()) old.swap(g_client);
  if (g_client == nullptr) g_client = std::make_shared<Client>();
  return g_client;
}

}  // namespace art3d
