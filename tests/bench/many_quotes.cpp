// SPDX-License-Identifier: Apache-2.0
//
// Quotes of one platform, each with its own QE report, so that a verifier that knows the platform checks two
// signatures for each.
//   many_quotes make TIME COUNT FILE     by the vendors of `thimble-vendors --now TIME`: length (32 bits, little
//                                        endian) and bytes of each
//   many_quotes rate TIME FILE THREADS   what the library does with them, per second of wall time, all threads busy
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "service/support/malloc_tuning.h"
#include "tcb/intel/verify.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

sim::SimIntel WorldAt(const char* time) {
  const auto now = ParseRfc3339(time);
  if (!now) std::exit(2);
  return sim::SimIntel::Make({.seed = "thimble-vendors", .now = *now});
}

int MakeQuotes(const sim::SimIntel& world, uint32_t count, const char* path) {
  std::ofstream file(path, std::ios::binary);
  for (uint32_t i = 0; i < count; ++i) {
    const Bytes quote = world.Quote({.tdx = true, .bend = [i](sim::QuoteSpec& quote) {
                                       quote.qe_auth = {uint8_t(i), uint8_t(i >> 8), uint8_t(i >> 16), 1};
                                     }});
    const auto length = static_cast<uint32_t>(quote.size());
    char prefix[4];
    std::memcpy(prefix, &length, 4);
    file.write(prefix, 4);
    for (const uint8_t byte : quote) file.put(static_cast<char>(byte));
  }
  return file.good() ? 0 : 1;
}

std::vector<Bytes> ReadQuotes(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const Bytes all{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::vector<Bytes> quotes;
  for (size_t at = 0; at + 4 <= all.size();) {
    uint32_t length = 0;
    std::memcpy(&length, all.data() + at, 4);
    const ByteView quote = ByteView(all).subspan(at + 4, length);
    quotes.emplace_back(quote.begin(), quote.end());
    at += 4 + length;
  }
  return quotes;
}

int Rate(const sim::SimIntel& world, const char* path, unsigned threads) {
  KeepFreedMemory();
  const auto quotes = ReadQuotes(path);
  const TrustAnchors anchors = world.Anchors();
  const auto collateral = intel::PrepareCollateral(world.CollateralFor({.tdx = true}), anchors);
  intel::Memo memo;
  std::atomic<size_t> next{0};
  std::atomic<bool> stop{false}, wrong{false};
  const auto work = [&] {
    while (!stop) {
      const Bytes& quote = quotes[next.fetch_add(1) % quotes.size()];
      const auto verdict = intel::VerifyQuote(quote, *collateral, anchors, world.now(), &memo);
      if (!verdict.ok() || !verdict->authentic) wrong = true;
    }
  };
  std::vector<std::thread> workers;
  const auto start = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(work);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  stop = true;
  for (std::thread& worker : workers) worker.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.1f\n", static_cast<double>(next) / seconds);
  return wrong ? 1 : 0;
}

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  using namespace thimble;
  if (argc == 5 && std::string_view(argv[1]) == "make")
    return MakeQuotes(WorldAt(argv[2]), static_cast<uint32_t>(std::atoi(argv[3])), argv[4]);
  if (argc == 5 && std::string_view(argv[1]) == "rate")
    return Rate(WorldAt(argv[2]), argv[3], static_cast<unsigned>(std::atoi(argv[4])));
  std::fprintf(stderr, "usage: many_quotes make TIME COUNT FILE | rate TIME FILE THREADS\n");
  return 2;
}
