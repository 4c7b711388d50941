// SPDX-License-Identifier: Apache-2.0
//
// A store of many platforms beside one of few:  store_bench [ITEMS, default 1000000] [DIRECTORY]
// Half are sets of PCK certificates, which name no platform, so that one signed body serves for all; half are records
// of the size of a VCEK, which are never read. Prints the time from a closed store to a ready cache, hits from memory
// and first reads (from the store, and verified) of both, and the memory of this process.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "cache/collateral_cache.h"
#include "cache/record.h"
#include "cache/rocks_store.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/intel/pck_set.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr size_t kFew = 1000, kReads = kFew / 2, kHitsEach = 200, kBatch = 1000;

std::string Digits(size_t number, size_t width) {
  const std::string digits = std::to_string(number);
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

CollateralKey KeyOf(size_t number) {
  return PckCertsKey{*intel::PlatformId::From(Digits(number * 2654435761 % 10'000'000'000, 32), {})};
}

// The record of one platform's certificates, but for its name.
Record PckRecord(const sim::SimIntel& intel) {
  const auto platform = sim::ServerPlatform();
  const auto certificate = Certificate::Parse(intel.PckCertificate(platform), Check{}).value();
  const intel::PckTcb tcb{platform.cpu_svn, static_cast<intel::PceSvn>(platform.pce_svn)};
  const std::string body = intel::EncodePckCerts({{tcb, certificate}}, {});
  Record record;
  record.bytes = {Bytes(body.begin(), body.end()), intel.CaChain(platform.ca)};
  record.source = "https://pcs.example/";
  record.fetched = record.last_check = record.issued = sim::kNow;
  record.next_update = record.chain_end = sim::kNow + std::chrono::days(1000);
  record.sha256 = Sha256(record.bytes.body);
  return record;
}

void AddItem(const Record& record, std::vector<Store::Write>& batch) {
  const std::string time = Digits(static_cast<size_t>(sim::kNow.time_since_epoch().count()), 20);
  batch.push_back({StrCat("item/", record.name), EncodeRecord(record)});
  batch.push_back({StrCat("used/", time, "/", record.name), ""});
  batch.push_back({StrCat("last/", record.name), time});
}

void Fill(const sim::SimIntel& intel, const std::string& directory, size_t items) {
  const auto store = RocksStore::Open(directory).value();
  Record pck = PckRecord(intel), vcek = pck;
  vcek.bytes.body.resize(1400);
  vcek.sha256 = Sha256(vcek.bytes.body);
  for (size_t first = 0; first < items; first += kBatch) {
    std::vector<Store::Write> batch;
    for (size_t i = first; i < std::min(first + kBatch, items); ++i) {
      Record& record = i % 2 == 0 ? pck : vcek;
      record.name = i % 2 == 0 ? KeyName(KeyOf(i))
                               : StrCat("amd/vcek/milan/", Digits(i, 128), "/bl04-tee00-snp24-ucode219");
      AddItem(record, batch);
    }
    if (!store->Apply(batch).ok()) std::abort();
  }
}

double PercentileOf(std::vector<double> figures, double part) {
  std::ranges::sort(figures);
  return figures.at(static_cast<size_t>(static_cast<double>(figures.size() - 1) * part));
}

size_t ResidentMegabytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) / 1024;
  }
  return 0;
}

struct Figures {
  double start_ms, first_read_p99_us, hit_p99_us;
  size_t megabytes;
};

Figures Measure(const sim::SimIntel& intel, const std::string& directory, size_t items) {
  Figures figures{};
  const auto begun = Clock::now();
  std::shared_ptr<Store> store = RocksStore::Open(directory).value();
  CollateralCache cache(
      store, intel.Anchors(),
      [](const CollateralKey&, SteadyTime, const AcceptFunction&) -> Status { std::abort(); }, {}, {},
      Clock::now);
  figures.start_ms = std::chrono::duration<double, std::milli>(Clock::now() - begun).count();

  const auto read = [&](const CollateralKey& key) {
    const auto from = Clock::now();
    if (!cache.Get(key, sim::kNow).ok()) std::abort();
    return Microseconds(Clock::now() - from).count();
  };
  std::mt19937_64 random(7);
  std::vector<CollateralKey> keys;
  for (size_t i = 0; i < std::min(kReads, items / 2); ++i) keys.push_back(KeyOf(random() % (items / 2) * 2));
  std::vector<double> first_reads, hits;
  for (const CollateralKey& key : keys) first_reads.push_back(read(key));
  for (size_t i = 0; i < keys.size() * kHitsEach; ++i) hits.push_back(read(keys.at(random() % keys.size())));
  figures.first_read_p99_us = PercentileOf(first_reads, 0.99);
  figures.hit_p99_us = PercentileOf(hits, 0.99);
  figures.megabytes = ResidentMegabytes();
  return figures;
}

void Print(const char* name, size_t items, const Figures& figures) {
  std::printf(
      "%-6s %9zu items: ready in %7.1f ms, first read p99 %7.1f us, hit p99 %6.2f us, resident %zu MB\n",
      name, items, figures.start_ms, figures.first_read_p99_us, figures.hit_p99_us, figures.megabytes);
}

}  // namespace

int RunStoreBench(size_t items, const std::string& directory) {
  const sim::SimIntel intel = sim::SimIntel::Make();
  const std::string few = directory + "/few", many = directory + "/many";
  Fill(intel, few, kFew);
  if (!std::filesystem::exists(many)) Fill(intel, many, items);
  const Figures of_many = Measure(intel, many, items), of_few = Measure(intel, few, kFew);
  Print("few", kFew, of_few);
  Print("many", items, of_many);
  std::printf("many / few: first read p99 %.2f, hit p99 %.2f\n",
              of_many.first_read_p99_us / of_few.first_read_p99_us, of_many.hit_p99_us / of_few.hit_p99_us);
  return 0;
}

}  // namespace thimble

int main(int argc, char** argv) {
  size_t items = 1'000'000;
  if (argc > 1) std::from_chars(argv[1], argv[1] + std::char_traits<char>::length(argv[1]), items);
  const std::string directory =
      argc > 2 ? argv[2] : (std::filesystem::temp_directory_path() / "thimble-store-bench").string();
  std::filesystem::create_directories(directory);
  const int code = thimble::RunStoreBench(items, directory);
  if (argc <= 2) std::filesystem::remove_all(directory);
  return code;
}
