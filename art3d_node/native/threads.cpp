#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "workspace.h"

namespace art3d {
namespace {

/// Memory of one thread that kernels work in.
thread_local Arena arena;
thread_local int wanted_threads = 0;
std::atomic<int> pixels_of_a_chunk{1 << 19};

struct Work {
    RowKernel kernel;
    const void* job;
    int rows, batch;
    std::int64_t scratch_bytes;
    std::atomic<int> next{0};
    int seats = 0;                // helpers that may still join
    std::atomic<int> helping{0};  // helpers at work

    /// Takes rows until none are left; a thread without memory leaves them to the others.
    void run(char* scratch) {
        for (int first; (first = next.fetch_add(batch)) < rows;)
            for (int row = first; row < std::min(first + batch, rows); ++row) kernel(job, row, scratch);
    }
};

/// How long a thread looks for what it waits for before it sleeps: a picture is a dozen short jobs with little between
/// them, and to be woken takes as long as a short one. Whoever else wants the core gets it meanwhile.
constexpr std::chrono::microseconds PATIENCE{100};

template <typename Come> void look_for(Come has_come) {
    for (const auto end = std::chrono::steady_clock::now() + PATIENCE; !has_come() && std::chrono::steady_clock::now() < end;)
        std::this_thread::yield();
}

class Pool {
public:
    void run(Work& work, int helpers) {
        char* own = arena.of(work.scratch_bytes);
        std::unique_lock lock(mutex_);
        while (size_ < helpers) start_helper();
        work.seats = helpers;
        const auto place = queue_.insert(queue_.end(), &work);
        ++posted_;
        lock.unlock();
        for (int i = 0; i < helpers; ++i) waiting_.notify_one();
        work.run(own);
        lock.lock();
        queue_.erase(place);
        lock.unlock();
        const auto done = [&] { return work.helping == 0; };
        look_for(done);
        if (done()) return;
        lock.lock();
        finished_.wait(lock, done);
    }

private:
    void start_helper() {
        sigset_t all, before;  // signals belong to the program's own threads
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        std::thread([this] { help(); }).detach();
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        ++size_;
    }

    void help() {
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto open = std::find_if(queue_.begin(), queue_.end(), [](Work* work) { return work->seats > 0; });
            if (open == queue_.end()) {
                const auto come = [this, seen = posted_.load()] { return posted_ != seen; };
                lock.unlock();
                look_for(come);
                lock.lock();
                waiting_.wait(lock, come);
                continue;
            }
            Work& work = **open;
            --work.seats;
            ++work.helping;
            lock.unlock();
            try {
                work.run(arena.of(work.scratch_bytes));
            } catch (const std::bad_alloc&) {  // the thread that asked does it alone
            }
            lock.lock();
            if (--work.helping == 0) finished_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable waiting_, finished_;
    std::list<Work*> queue_;
    std::atomic<unsigned> posted_{0};  // works that were ever in the queue
    int size_ = 0;
};

// Never destroyed: its threads live as long as the process. A forked child has none of them, and begins anew.
std::atomic<Pool*> pool{nullptr};

Pool& the_pool() {
    static std::once_flag once;
    std::call_once(once, [] {
        pool = new Pool;
        pthread_atfork(nullptr, nullptr, [] { pool = new Pool; });
    });
    return *pool.load();
}

}  // namespace

int cores() {
    static const int count = [] {
        cpu_set_t set;
        const int found = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
        const char* asked = std::getenv("ART3D_THREADS");
        return std::max(1, asked && std::atoi(asked) > 0 ? std::min(std::atoi(asked), found) : found);
    }();
    return count;
}

int threads() { return wanted_threads > 0 ? wanted_threads : cores(); }
void set_threads(int count) { wanted_threads = std::clamp(count, 1, cores()); }
int chunk_pixels() { return pixels_of_a_chunk; }
void set_chunk_pixels(int count) { pixels_of_a_chunk = std::max(1, count); }

void for_rows(RowKernel kernel, const void* job, int rows, std::int64_t scratch_bytes) {
    if (rows <= 0) return;
    const int helpers = std::min(threads(), rows) - 1;
    // Rows differ in cost by an order of magnitude: each thread takes a few at a time.
    Work work{kernel, job, rows, std::max(1, rows / ((helpers + 1) * 32)), scratch_bytes};
    if (helpers <= 0)
        work.run(arena.of(scratch_bytes));
    else
        the_pool().run(work, helpers);
}

}  // namespace art3d
