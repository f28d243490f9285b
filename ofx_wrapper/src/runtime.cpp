#include "runtime.h"

#include "platform.h"

namespace art3d {
namespace {

struct Held {
  std::mutex mutex;
  int loads = 0;
  std::shared_ptr<Client> client;
};

// Never destroyed: libzmq's own statics may be gone first. `leave` closes in time.
Held& held() {
  static Held& made = *new Held;
  return made;
}

// A host that does not unload leaves the client open.
void leave() {
  std::shared_ptr<Client> last;
  const std::lock_guard lock(held().mutex);
  last.swap(held().client);
}

}  // namespace

void load() {
  const std::lock_guard lock(held().mutex);
  ++held().loads;
}

void unload() {
  std::shared_ptr<Client> last;
  const std::lock_guard lock(held().mutex);
  if (held().loads > 0 && --held().loads == 0) last.swap(held().client);
}

std::shared_ptr<Client> client() {
  static const bool once = (platform::whenLeaving(leave), true);
  (void)once;
  std::shared_ptr<Client> old;
  const std::lock_guard lock(held().mutex);
  if (held().loads == 0) throw Fault("Art3D is not loaded", ofx::kErrFatal);
  if (held().client != nullptr && !held().client->ofThisProcess()) old.swap(held().client);
  if (held().client == nullptr) held().client = std::make_shared<Client>();
  return held().client;
}

}  // namespace art3d
