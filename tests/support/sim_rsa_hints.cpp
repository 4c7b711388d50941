// SPDX-License-Identifier: Apache-2.0
//
// Printed by SearchRsaPrimes(); a test repeats the search for one of them.
#include <algorithm>
#include <iterator>

#include "tests/support/sim_rsa_key.h"

namespace thimble::sim {
namespace {

constexpr RsaHint kHints[] = {
    {"amd/ark/Milan", 452, 2267},    {"amd/ask/Milan", 1099, 415},
    {"amd/asvk/Milan", 128, 634},    {"amd/ark/Genoa", 1440, 50},
    {"amd/ask/Genoa", 674, 427},     {"amd/asvk/Genoa", 846, 572},
    {"amd/ark/Turin", 42, 870},      {"amd/ask/Turin", 2082, 306},
    {"amd/asvk/Turin", 312, 293},    {"forger/ark/Milan", 1523, 85},
    {"forger/ask/Milan", 78, 580},   {"forger/asvk/Milan", 1690, 682},
    {"forger/ark/Genoa", 258, 275},  {"forger/ask/Genoa", 1647, 1107},
    {"forger/asvk/Genoa", 250, 506}, {"forger/ark/Turin", 1012, 1005},
    {"forger/ask/Turin", 658, 284},  {"forger/asvk/Turin", 590, 212},
    {"amd/ark/Venice", 94, 1557},    {"amd/ask/Venice", 822, 268},
    {"amd/asvk/Venice", 309, 209},   {"forger/ark/Venice", 1364, 2073},
    {"forger/ask/Venice", 361, 27},  {"forger/asvk/Venice", 356, 289},
    {"amd/vtpm", 165, 391},          {"forger/vtpm", 34, 181},
};

}  // namespace

std::optional<RsaHint> FindRsaHint(std::string_view seed) {
  const auto* const found =
      std::find_if(std::begin(kHints), std::end(kHints), [&](const RsaHint& h) { return h.seed == seed; });
  return found == std::end(kHints) ? std::nullopt : std::optional(*found);
}

}  // namespace thimble::sim
