// SPDX-License-Identifier: Apache-2.0
//
// The status a verdict ends with (DCAP 6), through the whole verifier: also those that real data never shows.
#include <gtest/gtest.h>

#include <algorithm>

#include "tcb/policy.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using sim::QuoteOptions;
using sim::QuoteSpec;
using sim::Tcb;

std::string StatusOf(const Case& c) {
  const auto verdict = Judge(c);
  if (!verdict.ok()) return std::string(CheckName(verdict.error().check));
  if (!verdict->tcb_status) return std::string(CheckName(verdict->hard()->check));
  EXPECT_TRUE(verdict->authentic);
  EXPECT_EQ(verdict->hard(), nullptr);
  return std::string(TcbStatusName(*verdict->tcb_status));
}

struct Standing {
  Tcb tcb;
  const char* status;
  const char* with_old_component;  // module or QE OutOfDate
};
const Standing kStandings[] = {
    {Tcb::kNewest, "UpToDate", "OutOfDate"},
    {Tcb::kGood, "UpToDate", "OutOfDate"},
    {Tcb::kSWHardeningNeeded, "SWHardeningNeeded", "OutOfDate"},
    {Tcb::kConfigurationNeeded, "ConfigurationNeeded", "OutOfDateConfigurationNeeded"},
    {Tcb::kConfigurationAndSWHardeningNeeded, "ConfigurationAndSWHardeningNeeded",
     "OutOfDateConfigurationNeeded"},
    {Tcb::kOutOfDate, "OutOfDate", "OutOfDate"},
    {Tcb::kOutOfDateConfigurationNeeded, "OutOfDateConfigurationNeeded", "OutOfDateConfigurationNeeded"},
    {Tcb::kRevoked, "Revoked", "Revoked"},
    {Tcb::kUnsupported, "tcb.not_supported", "tcb.not_supported"},
};

QuoteOptions On(Tcb tcb, bool tdx, sim::Bend<QuoteSpec> bend = {}) {
  return {.tdx = tdx, .platform = sim::ServerPlatform(tcb), .bend = std::move(bend)};
}
sim::Bend<QuoteSpec> WithQe(uint16_t isv_svn) {
  return [isv_svn](QuoteSpec& q) { q.qe_report.isv_svn = isv_svn; };
}

TEST(Status, IsThatOfThePlatformsLevel) {
  for (const Standing& s : kStandings) {
    EXPECT_EQ(StatusOf({.quote = On(s.tcb, false)}), s.status);
    EXPECT_EQ(StatusOf({.quote = On(s.tcb, true)}), s.status);
    QuoteOptions client = {.platform = sim::ClientPlatform(s.tcb)};
    EXPECT_EQ(StatusOf({.quote = client}), s.status);
  }
}

TEST(Status, ConvergesWithTheQes) {
  for (const Standing& s : kStandings) {
    const bool supported = s.tcb != Tcb::kUnsupported;
    EXPECT_EQ(StatusOf({.quote = On(s.tcb, false, WithQe(6))}), s.with_old_component);
    EXPECT_EQ(StatusOf({.quote = On(s.tcb, true, WithQe(3))}), s.with_old_component);
    EXPECT_EQ(StatusOf({.quote = On(s.tcb, false, WithQe(2))}), supported ? "Revoked" : s.status);
    EXPECT_EQ(StatusOf({.quote = On(s.tcb, true, WithQe(2))}), supported ? "Revoked" : s.status);
    EXPECT_EQ(StatusOf({.quote = On(s.tcb, false, WithQe(1))}), "tcb.not_supported");
    EXPECT_EQ(StatusOf({.quote = On(s.tcb, true, WithQe(1))}), "tcb.not_supported");
  }
}

// Two statuses that a QE level may have and that do not act (DCAP 6.1).
TEST(Status, ConfigurationStatusesOfAQeDoNotAct) {
  for (const char* status : {"ConfigurationNeeded", "OutOfDateConfigurationNeeded"}) {
    EXPECT_EQ(StatusOf({.collateral = {.qe_identity = [&](auto& s) { s.levels.front().status = status; }}}),
              "UpToDate");
  }
}

TEST(Status, ConvergesWithTheTdxModules) {
  const auto with_module = [](Tcb tcb, uint8_t isv_svn) {
    QuoteOptions options = On(tcb, true);
    options.tee_tcb_svn = {isv_svn, 1, 3};
    return StatusOf({.quote = options});
  };
  for (const Standing& s : kStandings) {
    const bool supported = s.tcb != Tcb::kUnsupported;
    EXPECT_EQ(with_module(s.tcb, 6), s.status);
    EXPECT_EQ(with_module(s.tcb, 5), s.with_old_component);  // level 4
    EXPECT_EQ(with_module(s.tcb, 3), supported ? "Revoked" : s.status);
    EXPECT_EQ(with_module(s.tcb, 1), "tcb.not_supported");
  }
}

// Module version 0 has no component of its own: its SVN is component 0 of the platform's level.
TEST(Status, OfModuleVersionZeroIsThePlatforms) {
  const auto with = [](intel::TcbComponents svn) {
    QuoteOptions options = On(Tcb::kGood, true);
    options.tee_tcb_svn = svn;
    return StatusOf({.quote = options});
  };
  EXPECT_EQ(with({5, 0, 3}), "UpToDate");
  EXPECT_EQ(with({5, 0, 2}), "OutOfDate");
  EXPECT_EQ(with({4, 0, 3}), "Revoked");  // only the lowest level asks for less than 5
  EXPECT_EQ(with({0, 0, 3}), "tcb.not_supported");
}

TEST(Status, PceSvnBelowEqualAndAbove) {
  const auto with = [](uint64_t pce_svn) {
    QuoteOptions options;
    options.platform.pce_svn = pce_svn;
    return StatusOf({.quote = options});
  };
  EXPECT_EQ(with(14), "UpToDate");
  EXPECT_EQ(with(13), "UpToDate");
  EXPECT_EQ(with(12), "OutOfDate");
  EXPECT_EQ(with(11), "OutOfDate");
  EXPECT_EQ(with(10), "Revoked");
  EXPECT_EQ(with(4), "tcb.not_supported");
}

TEST(Status, IsThatOfTheEvaluationNumber) {
  for (const bool tdx : {false, true}) {
    for (const auto& [number, status] :
         {std::pair(16u, "UpToDate"), std::pair(17u, "UpToDate"), std::pair(18u, "OutOfDate")}) {
      EXPECT_EQ(StatusOf({.quote = On(Tcb::kGood, tdx), .collateral = {.number = number}}), status) << number;
    }
  }
}

TEST(Status, DoesNotDependOnTheOrderOfTheText) {
  for (const bool tdx : {false, true}) {
    for (const Standing& s : kStandings) {
      EXPECT_EQ(StatusOf({.quote = On(s.tcb, tdx),
                          .collateral = {.tcb_info =
                                             [](auto& info) {
                                               std::reverse(info.levels.begin(), info.levels.end());
                                               std::reverse(info.tdx_module_identities.begin(),
                                                            info.tdx_module_identities.end());
                                             }}}),
                s.status);
    }
  }
}

// -- relaunch: TD reports 1.5 state the module at launch and the present one --

struct Relaunch {
  const char* what;
  intel::TcbComponents launch, current;
  const char* status;
};
TEST(Relaunch, ThroughTheVerifier) {
  const auto run = [](Tcb tcb, const Relaunch& r, uint16_t body_type, uint16_t qe) {
    QuoteOptions options = {
        .tdx = true, .version = 5, .body_type = body_type, .platform = sim::ServerPlatform(tcb)};
    options.bend = [&](QuoteSpec& q) {
      q.tdx.tee_tcb_svn = r.launch;
      q.tdx.tee_tcb_svn2 = r.current;
      q.qe_report.isv_svn = qe;
    };
    return StatusOf({.name = r.what, .quote = options});
  };
  constexpr intel::TcbComponents kNow = {6, 1, 3}, kOldModule = {4, 1, 3}, kRevokedModule = {2, 1, 3},
                                 kOldTdx = {6, 1, 2}, kOtherModule = {3, 3, 3}, kUnknown = {6, 2, 3},
                                 kTooLow = {1, 1, 3};
  const Relaunch rows[] = {
      {"both good", kNow, kNow, "UpToDate"},
      {"an old module", kOldModule, kNow, "TDRelaunchAdvised"},
      {"an old TDX component", kOldTdx, kNow, "TDRelaunchAdvised"},
      {"another module now", kOldModule, kOtherModule, "TDRelaunchAdvised"},
      {"both old", kOldModule, kOldModule, "OutOfDate"},
      {"newer at launch", kNow, kOldModule, "UpToDate"},
      {"revoked at launch", kRevokedModule, kNow, "Revoked"},
      {"revoked now", kOldModule, kRevokedModule, "OutOfDate"},
      {"no identity now", kNow, kUnknown, "tcb.not_supported"},
      {"no level now", kOldModule, kTooLow, "tcb.not_supported"},
      {"no level at launch", kTooLow, kNow, "tcb.not_supported"},
  };
  for (const Relaunch& row : rows) {
    SCOPED_TRACE(row.what);
    EXPECT_EQ(run(Tcb::kGood, row, 3, 4), row.status);
    EXPECT_EQ(run(Tcb::kGood, row, 4, 4), row.status);
  }
  const Relaunch old = {"", kOldModule, kNow, ""};
  // A TD report 1.0 has no second TCB.
  EXPECT_EQ(run(Tcb::kGood, old, 2, 4), "OutOfDate");
  // The QE is in both evaluations, so an old one is no reason to relaunch.
  EXPECT_EQ(run(Tcb::kGood, old, 3, 3), "OutOfDate");
  EXPECT_EQ(run(Tcb::kSWHardeningNeeded, old, 3, 4), "TDRelaunchAdvised");
  EXPECT_EQ(run(Tcb::kConfigurationNeeded, old, 3, 4), "TDRelaunchAdvisedConfigurationNeeded");
  EXPECT_EQ(run(Tcb::kConfigurationAndSWHardeningNeeded, old, 3, 4), "TDRelaunchAdvisedConfigurationNeeded");
  EXPECT_EQ(run(Tcb::kOutOfDate, old, 3, 4), "OutOfDate");
  EXPECT_EQ(run(Tcb::kOutOfDateConfigurationNeeded, old, 3, 4), "OutOfDateConfigurationNeeded");
  EXPECT_EQ(run(Tcb::kRevoked, old, 3, 4), "Revoked");
}

// However good the TCB at launch: what runs now is out of date, or revoked.
TEST(Relaunch, ACurrentTcbThatIsOldIsAFinding) {
  const auto found = [](Tcb tcb, intel::TcbComponents launch, intel::TcbComponents current, uint16_t form) {
    QuoteOptions options = {
        .tdx = true, .version = 5, .body_type = form, .platform = sim::ServerPlatform(tcb)};
    options.bend = [&](QuoteSpec& q) {
      q.tdx.tee_tcb_svn = launch;
      q.tdx.tee_tcb_svn2 = current;
    };
    return Judge({.quote = options});
  };
  constexpr intel::TcbComponents kGood = {6, 1, 3}, kOld = {4, 1, 3}, kRevoked = {2, 1, 3};
  for (const uint16_t form : std::initializer_list<uint16_t>{3, 4}) {
    const auto good = found(Tcb::kGood, kGood, kGood, form), relaunch = found(Tcb::kGood, kOld, kGood, form);
    EXPECT_EQ(SoftFindings(*good) + SoftFindings(*relaunch), "");
    EXPECT_EQ(good->checks.Get(Check::kTdxCurrentTcb), CheckResult::kPassed);
    EXPECT_EQ(good->current_tcb->status, TcbStatus::kUpToDate);
    EXPECT_EQ(FormatRfc3339(*good->current_tcb->date), FormatRfc3339(*good->tcb_date));
    for (const auto& [current, status] :
         {std::pair(kOld, TcbStatus::kOutOfDate), std::pair(kRevoked, TcbStatus::kRevoked)}) {
      const auto verdict = found(Tcb::kGood, kGood, current, form);
      EXPECT_EQ(SoftFindings(*verdict), "tdx.current_tcb");
      EXPECT_EQ(verdict->tcb_status, TcbStatus::kUpToDate) << "the reference's";
      EXPECT_EQ(verdict->current_tcb->status, status);
      EXPECT_FALSE(Appraise(*verdict, Policy(), sim::kNow).accept);
    }
    const auto configuration = found(Tcb::kConfigurationNeeded, kGood, kOld, form);
    EXPECT_EQ(configuration->current_tcb->status, TcbStatus::kOutOfDateConfigurationNeeded);
    EXPECT_EQ(SoftFindings(*configuration), "tdx.current_tcb");
    EXPECT_EQ(SoftFindings(*found(Tcb::kConfigurationNeeded, kGood, kGood, form)), "");
  }
  // A TD report 1.0 has no second TCB, and says so.
  const auto td10 = found(Tcb::kGood, kGood, kOld, 2);
  EXPECT_EQ(SoftFindings(*td10), "");
  EXPECT_FALSE(td10->current_tcb.has_value());
  EXPECT_EQ(td10->checks.Get(Check::kTdxCurrentTcb), CheckResult::kNotRun);
  EXPECT_TRUE(td10->checks.Applies(Check::kTdxCurrentTcb));
}

// A level of the quoting enclave that is short is noted, also where the status does not show it.
TEST(Status, AQeShortOfUpToDateIsNoted) {
  const auto notes = [](const Case& c) { return Notes(*Judge(c)); };
  EXPECT_EQ(notes({.quote = On(Tcb::kGood, false)}), "");
  for (const char* status : {"ConfigurationNeeded", "OutOfDateConfigurationNeeded", "OutOfDate", "Revoked"}) {
    EXPECT_EQ(notes({.quote = On(Tcb::kGood, false),
                     .collateral = {.qe_identity = [&](auto& s) { s.levels.front().status = status; }}}),
              "qe.tcb_status")
        << status;
  }
  EXPECT_EQ(notes({.quote = On(Tcb::kGood, true, WithQe(3))}), "qe.tcb_status");
}

// -- dates and advisories (DCAP 6.2) --

TEST(Status, DateIsTheOldestAndAdvisoriesAreAllOfThem) {
  QuoteOptions options = On(Tcb::kSWHardeningNeeded, true, WithQe(3));
  options.tee_tcb_svn = {4, 1, 3};
  const auto verdict = Judge({.quote = options});
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(FormatRfc3339(*verdict->tcb_date),
            "2024-03-13T00:00:00Z");  // the QE's; platform 2025-08, module 2024-11
  EXPECT_EQ(verdict->advisories, (std::vector<std::string>{"INTEL-SA-00615", "INTEL-SA-01099"}));
  EXPECT_EQ(verdict->qe_isv_svn, 3);
  EXPECT_EQ(verdict->qe_status, TcbStatus::kOutOfDate);
  EXPECT_EQ(FormatRfc3339(*verdict->qe_tcb_date), "2024-03-13T00:00:00Z");
}

TEST(Status, DateMayBeThePlatformsOrTheModules) {
  const auto date = [](const Case& c) { return FormatRfc3339(*Judge(c)->tcb_date); };
  EXPECT_EQ(date({.quote = On(Tcb::kGood, true)}), "2024-11-13T00:00:00Z");  // TD_QE
  const auto older = [](auto& level) { level.date = "2020-01-01T00:00:00Z"; };
  EXPECT_EQ(date({.quote = On(Tcb::kGood, true),
                  .collateral = {.tcb_info = [&](auto& info) { older(info.levels[0]); }}}),
            "2020-01-01T00:00:00Z");
  EXPECT_EQ(
      date({.quote = On(Tcb::kGood, true),
            .collateral = {.tcb_info = [&](auto& info) { older(info.tdx_module_identities[1].levels[0]); }}}),
      "2020-01-01T00:00:00Z");
}

TEST(Status, AdvisoriesAreSortedAndNamedOnce) {
  const auto verdict =
      Judge({.quote = On(Tcb::kGood, true),
             .collateral = {.tcb_info =
                                [](auto& info) {
                                  info.levels[0].advisories = {"B", "C"};
                                  info.tdx_module_identities[1].levels[0].advisories = {"C", "A"};
                                },
                            .qe_identity =
                                [](auto& id) {
                                  id.levels[0].advisories = {"D", "B"};
                                }}});
  EXPECT_EQ(verdict->advisories, (std::vector<std::string>{"A", "B", "C", "D"}));
}

TEST(Status, WithoutALevelThereIsNeitherDateNorAdvisory) {
  const auto verdict = Judge({.quote = On(Tcb::kUnsupported, false)});
  ASSERT_TRUE(verdict.ok());
  EXPECT_TRUE(verdict->authentic);
  EXPECT_FALSE(verdict->tcb_status || verdict->tcb_date);
  EXPECT_TRUE(verdict->advisories.empty());
  EXPECT_NE(verdict->hard()->message.find("sgx.00 2 of 5"), std::string::npos) << verdict->hard()->message;
  EXPECT_NE(verdict->hard()->message.find("pcesvn 2 of 5"), std::string::npos) << verdict->hard()->message;
}

// -- shortfalls --

std::string Shortfalls(const Case& c) {
  std::string out;
  const auto verdict = Judge(c);
  for (const Shortfall& s : verdict->shortfalls) {
    out +=
        s.component + " " + std::to_string(s.have) + "<" + std::to_string(s.need) + " (" + s.update + ")\n";
  }
  return out;
}

TEST(Shortfall, NoneWhenEverythingReachesItsTarget) {
  for (const Tcb tcb : {Tcb::kNewest, Tcb::kGood}) {
    EXPECT_EQ(Shortfalls({.quote = On(tcb, false)}), "");
    EXPECT_EQ(Shortfalls({.quote = On(tcb, true)}), "");
  }
}

// The target is the first level that is UpToDate, and the update is named as the TCB info names it.
TEST(Shortfall, OfThePlatform) {
  EXPECT_EQ(Shortfalls({.quote = On(Tcb::kOutOfDate, false)}),
            "sgx.00 8<10 (BIOS: Early Microcode Update)\nsgx.01 8<10 (OS/VMM: SGX Late Microcode Update)\n");
  EXPECT_EQ(Shortfalls({.quote = On(Tcb::kConfigurationNeeded, false)}), "sgx.06 4<12 (microcode or BIOS)\n");
  QuoteOptions pce = On(Tcb::kGood, false);
  pce.platform.pce_svn = 11;
  EXPECT_EQ(Shortfalls({.quote = pce}), "pcesvn 11<13 (PCE (SGX PSW))\n");
}

TEST(Shortfall, OfTheQuotingEnclave) {
  EXPECT_EQ(Shortfalls({.quote = On(Tcb::kGood, false, WithQe(6))}), "qe.isvsvn 6<8 (quoting enclave)\n");
  EXPECT_EQ(Shortfalls({.quote = On(Tcb::kGood, true, WithQe(3))}), "qe.isvsvn 3<4 (TD quoting enclave)\n");
}

TEST(Shortfall, OfTdx) {
  const auto with = [](intel::TcbComponents svn) {
    QuoteOptions options = On(Tcb::kGood, true);
    options.tee_tcb_svn = svn;
    return Shortfalls({.quote = options});
  };
  EXPECT_EQ(with({4, 1, 3}), "tdx_module.isvsvn 4<6 (TDX module)\n");
  EXPECT_EQ(with({6, 1, 2}), "tdx.02 2<3 (OS/VMM: TDX Late Microcode Update)\n");
  EXPECT_EQ(with({4, 0, 3}), "tdx.00 4<5 (OS/VMM: TDX Module)\n");  // version 0: a component of the platform
}

TEST(Shortfall, AlsoWithoutALevel) {
  EXPECT_EQ(Shortfalls({.quote = On(Tcb::kUnsupported, false)}),
            "sgx.00 2<10 (BIOS: Early Microcode Update)\nsgx.01 2<10 (OS/VMM: SGX Late Microcode Update)\n"
            "sgx.06 0<12 (microcode or BIOS)\npcesvn 2<13 (PCE (SGX PSW))\n");
  EXPECT_EQ(Shortfalls({.quote = On(Tcb::kGood, false, WithQe(1))}), "qe.isvsvn 1<8 (quoting enclave)\n");
}

// Without an UpToDate level, the best status there is.
TEST(Shortfall, TheTargetIsTheBestThereIs) {
  const auto without = [](int dropped) {
    return Shortfalls({.quote = On(Tcb::kOutOfDate, false),
                       .collateral = {.tcb_info = [=](auto& info) {
                         info.levels.erase(info.levels.begin(), info.levels.begin() + dropped);
                         info.name_components = false;
                       }}});
  };
  // SWHardeningNeeded, then ConfigurationNeeded: what is short is the microcode alone.
  EXPECT_EQ(without(1), "sgx.00 8<10 (microcode or BIOS)\nsgx.01 8<10 (microcode or BIOS)\n");
  EXPECT_EQ(without(2), "sgx.00 8<10 (microcode or BIOS)\nsgx.01 8<10 (microcode or BIOS)\n");
  EXPECT_EQ(without(4),
            "sgx.00 8<9 (microcode or BIOS)\nsgx.01 8<9 (microcode or BIOS)\n");  // the best OutOfDate
}

}  // namespace
}  // namespace thimble::test
