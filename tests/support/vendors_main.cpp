// SPDX-License-Identifier: Apache-2.0
//
// thimble-vendors: simulated vendors as a process of their own, to try Thimble and to test clients against.
// It makes a world around the present time, writes what is needed to use it to a directory, and serves until
// it is told to end.
#include <signal.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/sim_amd.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_vendor_server.h"

namespace thimble::sim {
namespace {

constexpr const char* kUsage =
    "usage: thimble-vendors --listen ADDR:PORT --out DIR [--now TIME]\n"
    "\n"
    "Serves a simulated Intel PCS at http://ADDR:PORT/sgx/certification/v4/ and a simulated AMD KDS at\n"
    "http://ADDR:PORT/ until SIGTERM or SIGINT.\n"
    "Writes to DIR: root.pem, config.toml, good-*, old-*, revoked-*, forged-* and ppid-* evidence, "
    "collateral-*/.\n"
    "Prints \"ready\" once it listens. PORT 0 takes a free one: it is in config.toml.\n"
    "TIME is what the vendors take for the present, e.g. 2026-06-01T00:00:00Z; without it, the clock's.\n"
    "\n"
    "  POST /_mode?m=MODE[&path=SUBSTRING]   misbehave on paths with the substring; \"ok\" ends it\n"
    "  POST /_standard?n=NUMBER              the evaluation data number that is standard (16, 17 or 18)\n"
    "  GET  /_count[?path=SUBSTRING]         the requests so far\n"
    "  POST /_evidence?kind=KIND&bound=HEX   evidence with this report data: sgx, tdx, snp; tpm: with this "
    "nonce\n";

struct Arguments {
  SimVendorServer::Options listen;
  std::filesystem::path out;
  Instant now = std::chrono::floor<Seconds>(std::chrono::system_clock::now());
};

bool ParseListen(std::string_view text, SimVendorServer::Options& listen) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  listen.address = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), listen.port);
  return error == std::errc() && end == port.data() + port.size();
}

std::optional<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  bool listens = false;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i], value = argv[i + 1];
    if (name == "--listen") {
      if (!(listens = ParseListen(value, arguments.listen))) return std::nullopt;
    } else if (name == "--out") {
      arguments.out = value;
    } else if (name == "--now") {
      const auto now = ParseRfc3339(value);
      if (!now) return std::nullopt;
      arguments.now = *now;
    } else {
      return std::nullopt;
    }
  }
  if (argc % 2 == 0 || !listens || arguments.out.empty()) return std::nullopt;
  return arguments;
}

int Run(const Arguments& arguments, const sigset_t& ends) {
  const SimIntel intel = SimIntel::Make({.seed = "thimble-vendors", .now = arguments.now});
  // With the seed whose RSA keys are written down: any other would be searched for, for a minute.
  const SimAmd amd = SimAmd::Make({.now = arguments.now});
  SimVendorServer server(intel, arguments.listen);
  server.AddKds(amd);
  WriteVendorFiles(arguments.out, intel, amd, server.BaseUrl());
  std::puts("ready");
  std::printf("try: thimble verify %s/good-sgx-v3.bin --config %s/config.toml\n", arguments.out.c_str(),
              arguments.out.c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  return 0;
}

}  // namespace
}  // namespace thimble::sim

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    std::fputs(thimble::sim::kUsage, stdout);
    return 0;
  }
  const auto arguments = thimble::sim::ParseArguments(argc, argv);
  if (!arguments) {
    std::fputs(thimble::sim::kUsage, stderr);
    return 2;
  }
  // Blocked before any thread starts, so that sigwait() alone sees them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  try {
    return thimble::sim::Run(*arguments, ends);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "thimble-vendors: %s\n", error.what());
    return 1;
  }
}
