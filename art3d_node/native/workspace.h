// Memory that work is done in, kept from one call to the next: a page that is new to the process costs more than the
// arithmetic on it.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <new>

namespace art3d {

/// One block that grows; what it held is lost then.
class Arena {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    ~Arena() { std::free(at_); }

    char* of(std::int64_t bytes) {
        if (bytes > size_) {
            std::free(at_);
            size_ = (bytes + 4095) / 4096 * 4096;
            at_ = static_cast<char*>(std::aligned_alloc(64, size_));
            if (!at_) size_ = 0, throw std::bad_alloc();
        }
        return at_;
    }
    std::int64_t size() const { return size_; }

private:
    char* at_ = nullptr;
    std::int64_t size_ = 0;
};

/// The blocks of one call, each that of the same turn in the thread's last call; only one at a time may exist in a thread.
class Workspace {
public:
    static constexpr std::int64_t KEPT_BYTES = 128 << 20;  // as many as a frame of 1920 x 1080 takes; of more nothing is kept

    ~Workspace() {
        std::int64_t bytes = 0;
        for (const Arena& block : blocks()) bytes += block.size();
        if (bytes > KEPT_BYTES) blocks().clear();
    }

    /// Room for so many, which hold anything.
    template <typename T> T* take(std::int64_t count) {
        if (taken_ == blocks().size()) blocks().emplace_back();
        return reinterpret_cast<T*>(blocks()[taken_++].of(count * std::int64_t(sizeof(T))));
    }

private:
    static std::deque<Arena>& blocks() {
        static thread_local std::deque<Arena> of_this_thread;
        return of_this_thread;
    }

    std::size_t taken_ = 0;
};

}  // namespace art3d
