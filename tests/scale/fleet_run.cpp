// SPDX-License-Identifier: Apache-2.0
//
// What a fleet costs, measured, to be set beside what model.py says of the same:  fleet_run [REPLICAS 8] [KINDS 50] [PLATFORMS 200]
// So many replicas as processes are asked for everything at once; then a TCB recovery: the vendor's standard set moves, one
// replica renews, and all are asked until each serves the new set; then platforms register, spread over all; then nothing.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "tcb/base/text.h"
#include "tests/scale/fleet.h"
#include "tests/service/testing/pccs_world.h"
#include "tests/support/eventually.h"

namespace thimble::test {
namespace {

using Steady = std::chrono::steady_clock;

class Run {
 public:
  Run(size_t replicas, int kinds, int platforms)
      : kinds_(kinds), platforms_(platforms), fleet_(replicas, Fleet::Way::kDirect) {}

  int Measure() {
    if (!fleet_.why_not().empty()) return std::puts(fleet_.why_not().c_str()), 77;
    std::printf("%zu replicas, %d kinds of platforms\n", fleet_.size(), kinds_);
    Phase("all asked for all at once",
          [this] { EachAsks([](const RawAnswer& answer) { return answer.status == 200; }); });
    std::this_thread::sleep_for(std::chrono::seconds(11));  // a vendor is asked for the same once in 10 s
    fleet_.vendor.SetStandard(sim::kEarlyNumber);
    fleet_.vendor.SetNow(sim::kNow + Seconds(60));
    Phase("a TCB recovery: one renews", [this] {
      if (fleet_.Send(0, "POST", "/v1/refresh?all=1").status != 200) std::puts("the refresh failed");
    });
    Phase("until all serve the new set", [this] {
      EachAsks([](const RawAnswer& answer) {
        return answer.body.find("\"tcbEvaluationDataNumber\":18") != std::string::npos;
      });
    });
    Phase("registrations", [this] { RegisterAll(); });
    Phase("nothing, for 10 s", [] { std::this_thread::sleep_for(std::chrono::seconds(10)); });
    std::printf(
        "items in the database: %s rows, %s bytes; facts: %s rows, %s bytes\n",
        fleet_.Sql("SELECT count(*) FROM thimble_items").c_str(),
        fleet_.Sql("SELECT sum(length(body) + length(chain)) FROM thimble_items").c_str(),
        fleet_.Sql("SELECT count(*) FROM thimble_facts").c_str(),
        fleet_.Sql("SELECT sum(length(name) + coalesce(length(value), 0)) FROM thimble_facts").c_str());
    return 0;
  }

 private:
  void Phase(const char* name, const std::function<void()>& work) {
    const uint64_t asked = fleet_.vendor.Count();
    const double written = Stat("n_tup_ins + n_tup_upd + n_tup_del", "pg_stat_user_tables");
    const double committed = Stat("xact_commit", "pg_stat_database WHERE datname = current_database()");
    const auto begun = Steady::now();
    work();
    const double took = std::chrono::duration<double>(Steady::now() - begun).count();
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // until the database has counted
    std::printf("%-30s %6.2f s   %5llu questions to the vendor   %6.0f rows written   %7.0f transactions\n",
                name, took, static_cast<unsigned long long>(fleet_.vendor.Count() - asked),
                Stat("n_tup_ins + n_tup_upd + n_tup_del", "pg_stat_user_tables") - written,
                Stat("xact_commit", "pg_stat_database WHERE datname = current_database()") - committed);
    std::fflush(stdout);
  }
  double Stat(const char* what, const char* from) const {
    return std::stod(fleet_.Sql(StrCat("SELECT sum(", what, ") FROM ", from)));
  }
  std::string TargetOf(int kind) const {
    const uint8_t byte[] = {static_cast<uint8_t>(kind)};
    return StrCat("/sgx/certification/v4/tcb?fmspc=", sim::kManyFmspcs, HexLower(byte));
  }
  // Each replica, for each kind, until it is well.
  void EachAsks(const std::function<bool(const RawAnswer&)>& well) const {
    std::vector<std::thread> clients;
    for (size_t i = 0; i < fleet_.size(); ++i) {
      clients.emplace_back([this, i, &well] {
        for (int kind = 0; kind < kinds_; ++kind) {
          if (!Eventually([&] { return well(fleet_.Ask(i, TargetOf(kind))); }))
            std::printf("replica %zu never serves kind %d\n", i, kind);
        }
      });
    }
    for (std::thread& client : clients) client.join();
  }
  void RegisterAll() const {
    std::vector<std::thread> clients;
    for (size_t i = 0; i < fleet_.size(); ++i) {
      clients.emplace_back([this, i] {
        for (int platform = static_cast<int>(i); platform < platforms_;
             platform += static_cast<int>(fleet_.size())) {
          std::string qe_id(32, '0');
          const std::string number = std::to_string(platform);
          qe_id.replace(qe_id.size() - number.size(), number.size(), number);
          if (fleet_.Send(i, "POST", StrCat(kV4, "/platforms"), ByPpid(qe_id).dump()).status != 200)
            std::printf("platform %d is not registered\n", platform);
        }
      });
    }
    for (std::thread& client : clients) client.join();
    for (size_t i = 0; i < fleet_.size(); ++i) {
      if (!Eventually([&] { return fleet_.Metric(i, "thimble_registrations") == platforms_; }))
        std::printf("replica %zu does not know all platforms\n", i);
    }
  }

  const int kinds_, platforms_;
  Fleet fleet_;
};

}  // namespace
}  // namespace thimble::test

int main(int argc, char** argv) {
  const auto argument = [&](int at, int otherwise) { return argc > at ? std::atoi(argv[at]) : otherwise; };
  return thimble::test::Run(static_cast<size_t>(argument(1, 8)), argument(2, 50), argument(3, 200)).Measure();
}
