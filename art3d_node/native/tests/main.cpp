#include "check.h"

int main() {
    using namespace art3d::tests;
    for (const Case& one : cases()) {
        const int before = failures;
        one.run();
        std::printf("%s %s\n", failures == before ? "holds" : "FAILS", one.name);
    }
    return failures ? 1 : 0;
}
