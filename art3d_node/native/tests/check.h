// Cases of single rows, plain C++: a program that runs them all and names what does not hold.
#pragma once
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <vector>

namespace art3d::tests {

struct Case {
    const char* name;
    void (*run)();
};

inline std::vector<Case>& cases() {
    static std::vector<Case> all;
    return all;
}

inline int failures = 0;

struct Registered {
    Registered(const char* name, void (*run)()) { cases().push_back({name, run}); }
};

/// NaN equals itself.
inline bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

inline bool same_row(const std::vector<float>& row, std::initializer_list<float> wanted) {
    bool equal = row.size() == wanted.size();
    for (std::size_t i = 0; equal && i < row.size(); ++i) equal = same(row[i], wanted.begin()[i]);
    for (std::size_t i = 0; !equal && i < row.size(); ++i) std::printf("%s%g", i ? ", " : "  found ", row[i]);
    if (!equal) std::printf("\n");
    return equal;
}

}  // namespace art3d::tests

#define CASE(name)                                                       \
    static void name();                                                  \
    static const art3d::tests::Registered registered_##name(#name, name); \
    static void name()

#define CHECK(holds)                                                            \
    do {                                                                        \
        if (holds) break;                                                       \
        ++art3d::tests::failures;                                               \
        std::printf("%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);  \
    } while (false)
