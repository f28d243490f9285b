#include <cstdlib>
#include <cstring>

#include "kernels.h"

namespace art3d {

#define ART3D_DECLARE(isa) namespace isa { extern const Kernels KERNELS; }
#ifdef ART3D_DISPATCH
ART3D_DECLARE(x86_64_v2)
ART3D_DECLARE(x86_64_v3)
ART3D_DECLARE(x86_64_v4)
#else
ART3D_DECLARE(baseline)
#endif

namespace {

#ifdef ART3D_DISPATCH
bool has_v3() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
}

bool has_v4() {
    return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

const Kernels& best() {
    const char* asked = std::getenv("ART3D_ISA");
    const Kernels* sets[] = {has_v4() ? &x86_64_v4::KERNELS : nullptr, has_v3() ? &x86_64_v3::KERNELS : nullptr,
                             &x86_64_v2::KERNELS};
    for (const Kernels* set : sets)
        if (set && (!asked || !*asked || std::strcmp(asked, set->name) == 0)) return *set;
    return x86_64_v2::KERNELS;
}
#else
const Kernels& best() { return baseline::KERNELS; }
#endif

}  // namespace

const Kernels& kernels() {
    static const Kernels& chosen = best();
    return chosen;
}

}  // namespace art3d
