// SPDX-License-Identifier: Apache-2.0
//
// The SGX extension of the PCK certificate (DCAP 2.3).
#include <gtest/gtest.h>

#include <algorithm>

#include "tcb/base/text.h"
#include "tests/support/der_writer.h"
#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

namespace der = sim::der;
using sim::PckSpec;

using Entries = std::vector<Bytes>;

Bytes Entry(std::string_view suffix, const Bytes& value) {
  return der::Sequence({der::Oid(StrCat("1.2.840.113741.1.13.1", suffix)), value});
}

// The TCB entry with its pairs bent: .2.1 to .2.18.
Bytes TcbEntry(const sim::Bend<Entries>& bend) {
  Entries pairs;
  const auto svns = sim::SgxComponents(sim::Tcb::kGood);
  for (size_t i = 0; i < svns.size(); ++i)
    pairs.push_back(Entry(StrCat(".2.", i + 1), der::Integer(svns[i])));
  pairs.push_back(Entry(".2.17", der::Integer(13)));
  pairs.push_back(Entry(".2.18", der::OctetString(svns)));
  bend(pairs);
  return Entry(".2", der::Sequence(pairs));
}
sim::Bend<Entries> Tcb(sim::Bend<Entries> bend) {
  return [bend](Entries& entries) { entries[1] = TcbEntry(bend); };
}

Bytes Configuration(const Entries& pairs) { return Entry(".7", der::Sequence(pairs)); }
const Bytes kDynamic = Entry(".7.1", der::Boolean(true)), kCached = Entry(".7.2", der::Boolean(true)),
            kSmt = Entry(".7.3", der::Boolean(false));

Case With(std::string name, PckSpec platform, sim::Bend<Entries> bend) {
  platform.entries = std::move(bend);
  return {.name = std::move(name), .quote = {.platform = std::move(platform)}};
}

intel::PlatformFacts FactsOf(const Case& c) {
  const auto verdict = Judge(c);
  EXPECT_TRUE(verdict.ok() && verdict->authentic) << c.name;
  return verdict.ok() ? std::get<intel::PlatformFacts>(verdict->platform) : intel::PlatformFacts{};
}

TEST(SgxExtension, IsReadInFull) {
  PckSpec platform = sim::ServerPlatform();
  platform.sgx_type = 2;
  platform.cached_keys = false;
  const intel::PlatformFacts facts = FactsOf({.quote = {.platform = platform}});
  EXPECT_EQ(facts.fmspc.HexUpper(), sim::kServerFmspc);
  EXPECT_EQ(facts.pce_id.hex(), "0000");
  EXPECT_TRUE(Equal(facts.ppid.view(), platform.ppid));
  EXPECT_EQ(facts.cpu_svn, platform.cpu_svn);
  EXPECT_EQ(static_cast<uint16_t>(facts.pce_svn), 13);
  EXPECT_EQ(facts.ca, intel::PckCa::kPlatform);
  EXPECT_EQ(facts.sgx_type, intel::SgxType::kScalableWithIntegrity);
  EXPECT_TRUE(Equal(facts.platform_instance_id->view(), platform.instance_id));
  EXPECT_EQ(facts.dynamic_platform, true);
  EXPECT_EQ(facts.cached_keys, false);
  EXPECT_EQ(facts.smt_enabled, true);
  EXPECT_EQ(facts.quote_version, 3);
}

// A claim that the certificate does not make is absent, not false.
TEST(SgxExtension, OfTheProcessorCaSaysNothingOfThePlatform) {
  const intel::PlatformFacts facts = FactsOf({.quote = {.platform = sim::ClientPlatform()}});
  EXPECT_EQ(facts.ca, intel::PckCa::kProcessor);
  EXPECT_EQ(facts.sgx_type, intel::SgxType::kStandard);
  EXPECT_EQ(facts.platform_instance_id, std::nullopt);
  EXPECT_EQ(facts.dynamic_platform, std::nullopt);
  EXPECT_EQ(facts.cached_keys, std::nullopt);
  EXPECT_EQ(facts.smt_enabled, std::nullopt);
}

TEST(SgxExtension, EntriesStandInAnyOrder) {
  ExpectGood(With("reversed", sim::ServerPlatform(),
                  [](Entries& entries) { std::reverse(entries.begin(), entries.end()); }));
  ExpectGood(With("TCB reversed", sim::ServerPlatform(),
                  Tcb([](Entries& pairs) { std::reverse(pairs.begin(), pairs.end()); })));
  ExpectGood(With("configuration reversed", sim::ServerPlatform(), [](Entries& entries) {
    entries[6] = Configuration({kSmt, kCached, kDynamic});
  }));
}

struct Bent {
  const char* what;
  sim::Bend<Entries> bend;
};
const Bent kMalformed[] = {
    {"no entries", [](auto& e) { e.clear(); }},
    {"the five of the Processor CA", [](auto& e) { e.resize(5); }},
    {"six", [](auto& e) { e.resize(6); }},
    {"eight", [](auto& e) { e.push_back(Entry(".8", der::Integer(1))); }},
    {"an unknown one instead of the SGX type", [](auto& e) { e[4] = Entry(".8", der::Enumerated(0)); }},
    {"the PPID twice", [](auto& e) { e.push_back(e[0]); }},
    {"the PPID twice, the SGX type not at all", [](auto& e) { e[4] = e[0]; }},
    {"FMSPC twice with two values", [](auto& e) { e[4] = Entry(".4", der::OctetString(Bytes(6, 1))); }},
    {"an entry of another arc",
     [](auto& e) {
       e[3] = der::Sequence({der::Oid("1.2.840.113741.1.14.1.4"), der::OctetString(Bytes(6))});
     }},
    {"an entry with two values",
     [](auto& e) {
       e[4] = der::Sequence({der::Oid("1.2.840.113741.1.13.1.5"), der::Enumerated(0), der::Enumerated(0)});
     }},
    {"an entry without a value",
     [](auto& e) { e[4] = der::Sequence({der::Oid("1.2.840.113741.1.13.1.5")}); }},
    {"PPID of 15 bytes", [](auto& e) { e[0] = Entry(".1", der::OctetString(Bytes(15))); }},
    {"PPID of 17 bytes", [](auto& e) { e[0] = Entry(".1", der::OctetString(Bytes(17))); }},
    {"PPID not octets", [](auto& e) { e[0] = Entry(".1", der::Integer(1)); }},
    {"PCE-ID of 1 byte", [](auto& e) { e[2] = Entry(".3", der::OctetString(Bytes(1))); }},
    {"PCE-ID of 3 bytes", [](auto& e) { e[2] = Entry(".3", der::OctetString(Bytes(3))); }},
    {"FMSPC of 5 bytes", [](auto& e) { e[3] = Entry(".4", der::OctetString(Bytes(5))); }},
    {"FMSPC of 7 bytes", [](auto& e) { e[3] = Entry(".4", der::OctetString(Bytes(7))); }},
    {"SGX type 3", [](auto& e) { e[4] = Entry(".5", der::Enumerated(3)); }},
    {"SGX type as an INTEGER", [](auto& e) { e[4] = Entry(".5", der::Integer(1)); }},
    {"SGX type of two bytes",
     [](auto& e) {
       e[4] = Entry(".5", der::Element(0x0a, Bytes{0, 1}));
     }},
    {"platform instance of 15 bytes", [](auto& e) { e[5] = Entry(".6", der::OctetString(Bytes(15))); }},
    {"configuration of two",
     [](auto& e) {
       e[6] = Configuration({kDynamic, kCached});
     }},
    {"configuration of four",
     [](auto& e) {
       e[6] = Configuration({kDynamic, kCached, kSmt, Entry(".7.4", der::Boolean(true))});
     }},
    {"configuration with one twice",
     [](auto& e) {
       e[6] = Configuration({kDynamic, kCached, kCached});
     }},
    {"configuration not of BOOLEANs",
     [](auto& e) {
       e[6] = Configuration({kDynamic, kCached, Entry(".7.3", der::Integer(1))});
     }},
    {"configuration with a BOOLEAN of 1",
     [](auto& e) {
       e[6] = Configuration({kDynamic, kCached, Entry(".7.3", der::Element(0x01, Bytes{1}))});
     }},
    {"SVN 256", Tcb([](Entries& p) { p[0] = Entry(".2.1", der::Integer(256)); })},
    {"SVN 266, which is 10 in eight bits", Tcb([](Entries& p) { p[0] = Entry(".2.1", der::Integer(266)); })},
    {"SVN -1", Tcb([](Entries& p) { p[15] = Entry(".2.16", der::Element(0x02, Bytes{0xff})); })},
    {"SVN not minimal", Tcb([](Entries& p) {
       p[0] = Entry(".2.1", der::Element(0x02, Bytes{0, 10}));
     })},
    {"SVN of 2^64", Tcb([](Entries& p) {
       p[0] = Entry(".2.1", der::Element(0x02, Bytes{1, 0, 0, 0, 0, 0, 0, 0, 0}));
     })},
    {"PCESVN 65536", Tcb([](Entries& p) { p[16] = Entry(".2.17", der::Integer(65536)); })},
    {"PCESVN -1", Tcb([](Entries& p) { p[16] = Entry(".2.17", der::Element(0x02, Bytes{0xff})); })},
    {"CPUSVN of 15 bytes", Tcb([](Entries& p) { p[17] = Entry(".2.18", der::OctetString(Bytes(15))); })},
    {"TCB without its last component", Tcb([](Entries& p) { p.erase(p.begin() + 15); })},
    {"TCB without CPUSVN", Tcb([](Entries& p) { p.pop_back(); })},
    {"TCB with 19 entries", Tcb([](Entries& p) { p.push_back(Entry(".2.19", der::Integer(1))); })},
    {"TCB with a component twice", Tcb([](Entries& p) { p[15] = p[14]; })},
};

TEST(SgxExtension, IsMalformedOtherwise) {
  ExpectGood(With("the TCB entry as it should be", sim::ServerPlatform(), Tcb([](Entries&) {})));
  for (const auto& [what, bend] : kMalformed) {
    const Case in_quote = With(what, sim::ServerPlatform(), bend);
    ExpectError(in_quote, ErrorKind::kMalformed, Check::kQuoteFormat);
    ExpectError(
        {.name = what,
         .set =
             [&](intel::CollateralSet& set) { set.pck_chain = World().PckChain(in_quote.quote.platform); }},
        ErrorKind::kMalformed, Check::kCollateralMalformed);
  }
}

// Under the Processor CA the last two may be there, both of them and well-formed.
TEST(SgxExtension, FiveOrSevenEntriesUnderTheProcessorCa) {
  const auto client = [](const char* name, std::vector<Bytes> more) {
    return With(name, sim::ClientPlatform(),
                [=](Entries& entries) { entries.insert(entries.end(), more.begin(), more.end()); });
  };
  const Bytes instance = Entry(".6", der::OctetString(Bytes(16, 0x77)));
  const Bytes configuration = Configuration({kDynamic, kCached, kSmt});
  ExpectGood(client("five", {}));
  const intel::PlatformFacts facts = FactsOf(client("seven", {instance, configuration}));
  EXPECT_EQ(facts.ca, intel::PckCa::kProcessor);
  EXPECT_EQ(facts.platform_instance_id->hex(), std::string(32, '7'));
  EXPECT_EQ(facts.dynamic_platform, true);
  EXPECT_EQ(facts.cached_keys, true);
  EXPECT_EQ(facts.smt_enabled, false);
  for (const Case& bad :
       {client("six: no configuration", {instance}), client("six: no instance", {configuration}),
        client("eight", {instance, configuration, Entry(".8", der::Integer(1))}),
        client("an instance of 15 bytes", {Entry(".6", der::OctetString(Bytes(15))), configuration}),
        client("a configuration of two", {instance, Configuration({kDynamic, kCached})})}) {
    ExpectError(bad, ErrorKind::kMalformed, Check::kQuoteFormat);
  }
}

TEST(SgxExtension, IsRequiredOnce) {
  const auto with = [](std::string name, sim::Bend<sim::CertificateSpec> bend) {
    Case c = {.name = std::move(name)};
    c.quote.platform.certificate = std::move(bend);
    return c;
  };
  ExpectError(with("missing", [](auto& spec) { spec.more_extensions.clear(); }), ErrorKind::kMalformed,
              Check::kQuoteFormat);
  ExpectError(with("twice", [](auto& spec) { spec.more_extensions.push_back(spec.more_extensions[0]); }),
              ErrorKind::kMalformed, Check::kQuoteFormat);
  ExpectError(with("not a SEQUENCE",
                   [](auto& spec) {
                     spec.more_extensions = {sim::MakeExtension("1.2.840.113741.1.13.1", false, der::Null())};
                   }),
              ErrorKind::kMalformed, Check::kQuoteFormat);
}

// An SVN from 128 on takes a sign byte in DER (DCAP 2.3).
TEST(SgxExtension, SvnsUpToTheirMaximum) {
  for (const uint64_t pce_svn : {13, 127, 128, 255, 256, 32768, 65535}) {
    PckSpec platform = sim::ServerPlatform();
    platform.pce_svn = pce_svn;
    platform.cpu_svn[15] = 255;
    platform.cpu_svn[14] = 128;
    const intel::PlatformFacts facts = FactsOf({.quote = {.platform = platform}});
    EXPECT_EQ(static_cast<uint16_t>(facts.pce_svn), pce_svn);
    EXPECT_EQ(facts.cpu_svn[15], 255);
    EXPECT_EQ(facts.cpu_svn[14], 128);
  }
}

// The components count, not the CPUSVN blob (DCAP 2.3).
TEST(SgxExtension, CpuSvnIsNotMatchedOn) {
  ExpectGood(With("CPUSVN of zeros", sim::ServerPlatform(),
                  Tcb([](Entries& p) { p[17] = Entry(".2.18", der::OctetString(Bytes(16))); })));
}

}  // namespace
}  // namespace thimble::test
