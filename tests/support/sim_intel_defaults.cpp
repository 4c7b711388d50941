// SPDX-License-Identifier: Apache-2.0
//
// What the simulated Intel says by default: TCB levels, module and enclave levels, evaluation data numbers.
// sgx.00 is the microcode loaded by BIOS and tells recoveries apart (9, 10 and 11 are current under 16, 17
// and 18); sgx.06 stands for the configuration, in four steps from good to bad.
#include <algorithm>

#include "tests/support/sim_intel.h"

namespace thimble::sim {
namespace {

using namespace std::chrono_literals;

constexpr uint8_t kWellConfigured = 12, kNeedsHardening = 8, kMisconfigured = 4, kNeedsBoth = 0;
constexpr uint8_t kOldestListedMicrocode = 8;

// SGX components at a microcode version and a configuration.
intel::TcbComponents Components(uint8_t microcode, uint8_t configuration) {
  const uint8_t late_microcode = std::min<uint8_t>(microcode, 10);
  return {microcode, late_microcode, 2, 2, 4, 1, configuration, 5};
}

uint8_t CurrentMicrocode(uint32_t number) {
  return static_cast<uint8_t>(std::clamp<int64_t>(int64_t{number} - 7, 9, 255));
}

// When the recovery that brought this microcode was published.
std::string DateOf(uint8_t microcode) {
  switch (microcode) {
    case 7:
      return "2022-08-10T00:00:00Z";
    case 8:
      return "2024-03-13T00:00:00Z";
    case 9:
      return "2024-11-13T00:00:00Z";
    case 10:
      return "2025-08-13T00:00:00Z";
    default:
      return "2026-05-13T00:00:00Z";
  }
}

// Advisories that hit a platform with this microcode once the next one is out.
std::vector<std::string> AdvisoriesAt(uint8_t microcode) {
  std::vector<std::string> out = {"INTEL-SA-01397"};
  if (microcode <= 9) out.push_back("INTEL-SA-01313");
  if (microcode <= 8) out.push_back("INTEL-SA-01036");
  if (microcode <= 7) out.push_back("INTEL-SA-00615");
  return out;
}

// Descending by SGX components, as the PCS lists them.
std::vector<TcbLevelSpec> PlatformLevels(uint32_t number) {
  const uint8_t current = CurrentMicrocode(number);
  const intel::TcbComponents good_tdx = {5, 0, 3}, old_tdx = {5, 0, 2};
  const auto now = [&](uint8_t configuration, const char* status, std::vector<std::string> advisories) {
    return TcbLevelSpec{
        Components(current, configuration), 13, good_tdx, DateOf(current), status, advisories};
  };
  std::vector<TcbLevelSpec> levels = {
      now(kWellConfigured, "UpToDate", {}), now(kNeedsHardening, "SWHardeningNeeded", {"INTEL-SA-00615"}),
      now(kMisconfigured, "ConfigurationNeeded", {"INTEL-SA-00289"}),
      now(kNeedsBoth, "ConfigurationAndSWHardeningNeeded", {"INTEL-SA-00289", "INTEL-SA-00615"})};
  const auto add_old = [&](uint8_t microcode, uint16_t pce_svn) {
    std::vector<std::string> advisories = AdvisoriesAt(microcode);
    levels.push_back({Components(microcode, kWellConfigured), pce_svn, old_tdx, DateOf(microcode),
                      "OutOfDate", advisories});
    advisories.push_back("INTEL-SA-00289");
    levels.push_back({Components(microcode, kNeedsBoth), pce_svn, old_tdx, DateOf(microcode),
                      "OutOfDateConfigurationNeeded", advisories});
  };
  for (auto old = static_cast<uint8_t>(current - 1); old >= kOldestListedMicrocode; --old) add_old(old, 13);
  add_old(7, 11);
  levels.push_back({Components(5, kNeedsBoth),
                    5,
                    {1, 0, 1},
                    "2018-01-04T00:00:00Z",
                    "Revoked",
                    {"INTEL-SA-00106", "INTEL-SA-00115"}});
  return levels;
}

// TDX module 1.x: ISVSVN 4, 6 and 7 are current under 16, 17 and 18.
std::vector<IsvLevelSpec> ModuleLevels(uint32_t number) {
  std::vector<IsvLevelSpec> levels = {{7, "2026-05-13T00:00:00Z", "OutOfDate", {"INTEL-SA-01397"}},
                                      {6, "2025-08-13T00:00:00Z", "OutOfDate", {"INTEL-SA-01397"}},
                                      {4, "2024-11-13T00:00:00Z", "OutOfDate", {"INTEL-SA-01099"}},
                                      {2, "2023-08-09T00:00:00Z", "Revoked", {"INTEL-SA-01036"}}};
  const ptrdiff_t newer = number >= 18 ? 0 : number == 17 ? 1 : 2;
  levels.erase(levels.begin(), levels.begin() + newer);
  levels.front().status = "UpToDate";
  levels.front().advisories.clear();
  return levels;
}

}  // namespace

intel::TcbComponents SgxComponents(Tcb tcb) {
  switch (tcb) {
    case Tcb::kNewest:
      return Components(11, kWellConfigured);
    case Tcb::kGood:
      return Components(10, kWellConfigured);
    case Tcb::kSWHardeningNeeded:
      return Components(10, kNeedsHardening);
    case Tcb::kConfigurationNeeded:
      return Components(10, kMisconfigured);
    case Tcb::kConfigurationAndSWHardeningNeeded:
      return Components(10, kNeedsBoth);
    case Tcb::kOutOfDate:
      return Components(8, kWellConfigured);
    case Tcb::kOutOfDateConfigurationNeeded:
      return Components(8, kNeedsBoth);
    case Tcb::kRevoked:
      return Components(5, kNeedsBoth);
    case Tcb::kUnsupported:
      return Components(2, kNeedsBoth);
  }
  return {};
}

uint16_t PceSvnOf(Tcb tcb) {
  switch (tcb) {
    case Tcb::kRevoked:
      return 5;
    case Tcb::kUnsupported:
      return 2;
    default:
      return 13;
  }
}

PckSpec ServerPlatform(Tcb tcb) { return {.cpu_svn = SgxComponents(tcb), .pce_svn = PceSvnOf(tcb)}; }

PckSpec ClientPlatform(Tcb tcb) {
  return {.name = "client",
          .ca = intel::PckCa::kProcessor,
          .fmspc = kClientFmspc,
          .ppid = Bytes(16, 0xc1),
          .cpu_svn = SgxComponents(tcb),
          .pce_svn = PceSvnOf(tcb),
          .sgx_type = 0};
}

TcbInfoSpec DefaultTcbInfo(IntelTee tee, std::string_view fmspc, uint32_t number, Instant now) {
  TcbInfoSpec spec = {.tee = tee,
                      .issued = now - 24h * 9,
                      .next_update = now + 24h * 21,
                      .fmspc = std::string(fmspc),
                      .number = number,
                      .levels = PlatformLevels(number)};
  if (tee == IntelTee::kTdx) {
    spec.tdx_module = TdxModuleSpec{};
    spec.tdx_module_identities = {{.id = "TDX_03", .levels = {{3, "2024-11-13T00:00:00Z", "UpToDate", {}}}},
                                  {.id = "TDX_01", .levels = ModuleLevels(number)}};
  }
  return spec;
}

IdentitySpec DefaultIdentity(EnclaveId id, uint32_t number, Instant now) {
  IdentitySpec spec = {.issued = now - 24h * 8, .next_update = now + 24h * 22, .number = number};
  if (id == EnclaveId::kTdQe) {
    spec.id = "TD_QE";
    spec.mr_signer = "DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5";
    spec.isv_prod_id = 2;
    spec.levels = {{4, "2024-11-13T00:00:00Z", "UpToDate", {}},
                   {3, "2024-03-13T00:00:00Z", "OutOfDate", {"INTEL-SA-01099"}},
                   {2, "2023-02-15T00:00:00Z", "Revoked", {"INTEL-SA-00828"}}};
    return spec;
  }
  spec.id = id == EnclaveId::kQe ? "QE" : "QVE";
  spec.mr_signer = "8C4F5775D796503E96137F77C68A829A0056AC8DED70140B081B094490C57BFF";
  spec.isv_prod_id = id == EnclaveId::kQe ? 1 : 2;
  spec.levels = {{8, "2024-03-13T00:00:00Z", "UpToDate", {}},
                 {6, "2021-11-10T00:00:00Z", "OutOfDate", {"INTEL-SA-00615"}},
                 {5, "2020-11-11T00:00:00Z", "OutOfDate", {"INTEL-SA-00477", "INTEL-SA-00615"}},
                 {2, "2019-05-15T00:00:00Z", "Revoked", {"INTEL-SA-00219", "INTEL-SA-00293"}}};
  return spec;
}

EvaluationNumbersSpec DefaultEvaluationNumbers(IntelTee tee, Instant now) {
  EvaluationNumbersSpec spec = {
      .id = tee == IntelTee::kTdx ? "TDX" : "SGX", .issued = now - 24h * 7, .next_update = now + 24h * 23};
  spec.numbers = {{18, "2026-05-12T00:00:00Z", "2026-05-13T00:00:00Z"},
                  {17, "2025-08-12T00:00:00Z", "2025-08-13T00:00:00Z"},
                  {16, "2024-11-12T00:00:00Z", "2024-11-13T00:00:00Z"}};
  return spec;
}

}  // namespace thimble::sim
