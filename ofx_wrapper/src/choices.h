// Styles and depth sources to choose from: what the server said the last time somebody asked it for anything.
#pragma once

#include <string>
#include <vector>

#include "messages.h"

namespace art3d {

struct Choices {
  std::vector<std::string> styles, depthSources;
};

// What stands in the user's cache, else what every server has.
Choices knownChoices();
// Keeps what a server said, for the next time a host describes the plug-in.
void remember(const wire::Welcome& welcome);

}  // namespace art3d
