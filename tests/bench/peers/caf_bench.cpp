/*
 * tests/bench/peers/caf_bench.cpp - the workloads of bench_runtime.c with the C++ Actor Framework.
 *
 * Written for CAF 0.17, as Debian 12 ships it. README.md beside this file defines each workload.
 * Prints one line `caf.NAME value unit` per measurement.
 */
#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace
{

using go_atom = caf::atom_constant<caf::atom("go")>;
using count_atom = caf::atom_constant<caf::atom("count")>;
using credit_atom = caf::atom_constant<caf::atom("credit")>;
using next_atom = caf::atom_constant<caf::atom("next")>;
using ping_atom = caf::atom_constant<caf::atom("ping")>;
using pong_atom = caf::atom_constant<caf::atom("pong")>;
using done_atom = caf::atom_constant<caf::atom("done")>;

constexpr uint64_t burst = 64;
constexpr uint64_t window_size = 1024;
constexpr uint32_t fan_in_senders = 100;
constexpr uint64_t fan_in_window = 64;
constexpr uint64_t ring_actors = 100;
constexpr uint32_t big_actors = 64;
constexpr uint64_t spawn_alive = 64;
constexpr uint64_t work_actors = 64;
constexpr int64_t work_ns = 1000;
constexpr uint64_t idle_actors = 200000;

struct options {
    size_t workers = 1;
    uint64_t messages = 1000000;
    const char *only = nullptr;
};

int64_t now_ns()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/* A system with its own threads; ends the actors it was told of, as they refer to each other. */
class stage
{
  public:
    explicit stage(size_t workers) : system_(configure(config_, workers)), self_(system_)
    {
    }

    ~stage()
    {
        for (auto &actor : actors_) {
            caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
        }
        actors_.clear();
    }

    template <class Actor, class... Arguments> caf::actor spawn(Arguments &&...arguments)
    {
        actors_.push_back(system_.spawn<Actor>(std::forward<Arguments>(arguments)...));
        return actors_.back();
    }

    caf::actor self()
    {
        return caf::actor_cast<caf::actor>(self_);
    }

    /* Sends go to the actors from `first` on and waits for `count` times done. */
    int64_t run(size_t first, size_t last, uint64_t count)
    {
        const int64_t start_ns = now_ns();
        for (size_t i = first; i < last; i++) {
            self_->send(actors_[i], go_atom::value);
        }
        for (uint64_t i = 0; i < count; i++) {
            self_->receive([](done_atom) {});
        }
        return now_ns() - start_ns;
    }

    size_t size() const
    {
        return actors_.size();
    }

    caf::actor at(size_t index) const
    {
        return actors_[index];
    }

  private:
    static caf::actor_system_config &configure(caf::actor_system_config &config, size_t workers)
    {
        config.set("scheduler.max-threads", workers);
        return config;
    }

    caf::actor_system_config config_;
    caf::actor_system system_;
    caf::scoped_actor self_;
    std::vector<caf::actor> actors_;
};

void report(const char *name, int64_t elapsed_ns, uint64_t count)
{
    std::printf("caf.%s %.1f ns\n", name,
                static_cast<double>(elapsed_ns) / static_cast<double>(count));
}

/* ---- counting, window, fan_in ---- */

class sink : public caf::event_based_actor
{
  public:
    sink(caf::actor_config &config, caf::actor judge, uint64_t messages, uint64_t window)
        : event_based_actor(config), judge_(std::move(judge)), messages_(messages), window_(window),
          since_(fan_in_senders)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](count_atom, uint32_t sender) {
            if (window_ > 0 && ++since_[sender] == window_ / 2) {
                since_[sender] = 0;
                send(caf::actor_cast<caf::actor>(current_sender()), credit_atom::value,
                     window_ / 2);
            }
            if (++received_ == messages_) {
                send(judge_, done_atom::value);
            }
        }};
    }

  private:
    caf::actor judge_;
    uint64_t messages_;
    uint64_t window_;
    uint64_t received_ = 0;
    std::vector<uint64_t> since_;
};

class flood : public caf::event_based_actor
{
  public:
    flood(caf::actor_config &config, caf::actor to, uint64_t messages)
        : event_based_actor(config), to_(std::move(to)), messages_(messages)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](go_atom) {
            for (uint64_t i = 0; i < burst && messages_ > 0; i++, messages_--) {
                send(to_, count_atom::value, uint32_t{0});
            }
            if (messages_ > 0) {
                send(this, go_atom::value);
            }
        }};
    }

  private:
    caf::actor to_;
    uint64_t messages_;
};

class window : public caf::event_based_actor
{
  public:
    window(caf::actor_config &config, caf::actor to, uint32_t index, uint64_t messages,
           uint64_t credit)
        : event_based_actor(config), to_(std::move(to)), index_(index), messages_(messages),
          credit_(credit)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](go_atom) { spend(); },
                [this](credit_atom, uint64_t credit) {
                    credit_ += credit;
                    spend();
                }};
    }

  private:
    void spend()
    {
        for (; credit_ > 0 && messages_ > 0; credit_--, messages_--) {
            send(to_, count_atom::value, index_);
        }
    }

    caf::actor to_;
    uint32_t index_;
    uint64_t messages_;
    uint64_t credit_;
};

void bench_counting(const options &given)
{
    stage stage(given.workers);
    auto to = stage.spawn<sink>(stage.self(), given.messages, uint64_t{0});
    stage.spawn<flood>(to, given.messages);
    report("counting", stage.run(1, 2, 1), given.messages);
}

void bench_stream(const options &given, const char *name, uint32_t senders, uint64_t credit)
{
    stage stage(given.workers);
    const uint64_t each = given.messages / senders;
    auto to = stage.spawn<sink>(stage.self(), each * senders, credit);
    for (uint32_t i = 0; i < senders; i++) {
        stage.spawn<window>(to, i, each, credit);
    }
    report(name, stage.run(1, stage.size(), 1), each * senders);
}

void bench_window(const options &given)
{
    bench_stream(given, "window", 1, window_size);
}

void bench_fan_in(const options &given)
{
    bench_stream(given, "fan_in", fan_in_senders, fan_in_window);
}

/* ---- ping_pong, ring ---- */

class hop : public caf::event_based_actor
{
  public:
    hop(caf::actor_config &config, caf::actor judge, uint64_t hops)
        : event_based_actor(config), judge_(std::move(judge)), hops_(hops)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](next_atom, const caf::actor &to) { to_ = to; },
                [this](go_atom) { send(to_, count_atom::value, hops_ - 1); },
                [this](count_atom, uint64_t hops) {
                    if (hops == 0) {
                        send(judge_, done_atom::value);
                    } else {
                        send(to_, count_atom::value, hops - 1);
                    }
                }};
    }

    void on_exit() override
    {
        to_ = nullptr;
    }

  private:
    caf::actor judge_;
    caf::actor to_;
    uint64_t hops_;
};

void bench_hops(const options &given, const char *name, uint64_t actors)
{
    stage stage(given.workers);
    for (uint64_t i = 0; i < actors; i++) {
        stage.spawn<hop>(stage.self(), given.messages);
    }
    for (uint64_t i = 0; i < actors; i++) {
        caf::anon_send(stage.at(i), next_atom::value, stage.at((i + 1) % actors));
    }
    report(name, stage.run(0, 1, 1), given.messages);
}

void bench_ping_pong(const options &given)
{
    bench_hops(given, "ping_pong", 2);
}

void bench_ring(const options &given)
{
    bench_hops(given, "ring", ring_actors);
}

/* ---- spawn ---- */

caf::behavior mayfly(caf::event_based_actor *self)
{
    return {[self](go_atom) { self->quit(); }};
}

class breeder : public caf::event_based_actor
{
  public:
    breeder(caf::actor_config &config, caf::actor judge, uint64_t to_spawn)
        : event_based_actor(config), judge_(std::move(judge)), to_spawn_(to_spawn)
    {
        set_down_handler([this](caf::down_msg &) {
            alive_--;
            breed();
        });
    }

    caf::behavior make_behavior() override
    {
        return {[this](go_atom) { breed(); }};
    }

  private:
    void breed()
    {
        for (; alive_ < spawn_alive && to_spawn_ > 0; alive_++, to_spawn_--) {
            send(caf::event_based_actor::spawn<caf::monitored>(mayfly), go_atom::value);
        }
        if (alive_ == 0) {
            send(judge_, done_atom::value);
        }
    }

    caf::actor judge_;
    uint64_t to_spawn_;
    uint64_t alive_ = 0;
};

void bench_spawn(const options &given)
{
    stage stage(given.workers);
    const uint64_t spawns = given.messages / 8;
    stage.spawn<breeder>(stage.self(), spawns);
    report("spawn", stage.run(0, 1, 1), spawns);
}

/* ---- big ---- */

class big : public caf::event_based_actor
{
  public:
    big(caf::actor_config &config, caf::actor judge, uint32_t index, uint64_t rounds)
        : event_based_actor(config), judge_(std::move(judge)), index_(index), rounds_(rounds)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](next_atom, const std::vector<caf::actor> &all) { all_ = all; },
                [this](go_atom) { begin(); },
                [this](ping_atom) {
                    send(caf::actor_cast<caf::actor>(current_sender()), pong_atom::value);
                },
                [this](pong_atom) {
                    if (++pongs_ == big_actors - 1) {
                        begin();
                    }
                }};
    }

    void on_exit() override
    {
        all_.clear();
    }

  private:
    void begin()
    {
        pongs_ = 0;
        if (rounds_-- == 0) {
            send(judge_, done_atom::value);
            return;
        }
        for (uint32_t i = 0; i < big_actors; i++) {
            if (i != index_) {
                send(all_[i], ping_atom::value);
            }
        }
    }

    caf::actor judge_;
    std::vector<caf::actor> all_;
    uint32_t index_;
    uint64_t rounds_;
    uint32_t pongs_ = 0;
};

void bench_big(const options &given)
{
    stage stage(given.workers);
    const uint64_t per_round = uint64_t{2} * big_actors * (big_actors - 1);
    const uint64_t rounds = given.messages / per_round + 1;
    std::vector<caf::actor> all;
    for (uint32_t i = 0; i < big_actors; i++) {
        all.push_back(stage.spawn<big>(stage.self(), i, rounds));
    }
    for (auto &actor : all) {
        caf::anon_send(actor, next_atom::value, all);
    }
    report("big", stage.run(0, big_actors, big_actors), rounds * per_round);
}

/* ---- scaling ---- */

class work : public caf::event_based_actor
{
  public:
    work(caf::actor_config &config, caf::actor judge, uint64_t messages)
        : event_based_actor(config), judge_(std::move(judge)), messages_(messages)
    {
    }

    caf::behavior make_behavior() override
    {
        return {[this](go_atom) {
            const int64_t end_ns = now_ns() + work_ns;
            while (now_ns() < end_ns) {
            }
            if (messages_-- == 0) {
                send(judge_, done_atom::value);
            } else {
                send(this, go_atom::value);
            }
        }};
    }

  private:
    caf::actor judge_;
    uint64_t messages_;
};

int64_t run_work(size_t workers, uint64_t messages)
{
    stage stage(workers);
    for (uint64_t i = 0; i < work_actors; i++) {
        stage.spawn<work>(stage.self(), messages / work_actors);
    }
    return stage.run(0, work_actors, work_actors);
}

void bench_scaling(const options &given)
{
    const uint64_t messages = given.messages / 4;
    const int64_t one_ns = run_work(1, messages);
    const int64_t two_ns = run_work(2, messages);
    std::printf("caf.scaling %.2f x\n", static_cast<double>(one_ns) / static_cast<double>(two_ns));
}

/* ---- idle ---- */

long resident_bytes()
{
    long pages = 0;
    long resident = 0;
    std::FILE *file = std::fopen("/proc/self/statm", "r");
    if (file != nullptr) {
        if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) {
            resident = 0;
        }
        std::fclose(file);
    }
    return resident * sysconf(_SC_PAGESIZE);
}

void bench_idle(const options &given)
{
    stage stage(given.workers);
    const long before = resident_bytes();
    for (uint64_t i = 0; i < idle_actors; i++) {
        stage.spawn<hop>(stage.self(), uint64_t{0});
    }
    std::printf("caf.idle %.1f bytes\n",
                static_cast<double>(resident_bytes() - before) / static_cast<double>(idle_actors));
}

struct bench {
    const char *name;
    void (*run)(const options &given);
};

const bench benches[] = {
    {"counting", bench_counting}, {"window", bench_window},   {"ping_pong", bench_ping_pong},
    {"fan_in", bench_fan_in},     {"ring", bench_ring},       {"spawn", bench_spawn},
    {"big", bench_big},           {"scaling", bench_scaling}, {"idle", bench_idle},
};

} // namespace

int main(int argc, char **argv)
{
    options given;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--workers") {
            given.workers = std::strtoul(argv[i + 1], nullptr, 10);
        } else if (name == "--messages") {
            given.messages = std::strtoull(argv[i + 1], nullptr, 10);
        } else if (name == "--only") {
            given.only = argv[i + 1];
        }
    }
    for (const bench &bench : benches) {
        if (given.only == nullptr || std::strcmp(given.only, bench.name) == 0) {
            bench.run(given);
            std::fflush(stdout);
        }
    }
    return 0;
}
